"""How many customers figures about rules are taken from, where there are more.

Whether a rule comes out the same again, how simply it is told and how far two agree are figures about rules, not
about rows. The standard error of a share of 25,000 customers is at most 0.3 points, where `recommend.NOISE` takes up
to 2 (stability) and 1 (simplicity) for no difference. A rule from a sample is less stable than one from all: of more
customers stability is a lower bound.
What is said of customers (foresight, groups, outcomes) is said of all.
"""

import numpy as np

from clvlab.arrays import Positions

MANY = 25_000
"""Up to so many customers all are taken."""


def sampled(n_customers: int, seed: int) -> Positions:
    """Places of the customers that are taken, ascending: all, or MANY drawn at random."""
    if n_customers <= MANY:
        return np.arange(n_customers)
    return np.sort(np.random.default_rng([seed, 7]).choice(n_customers, MANY, replace=False))
