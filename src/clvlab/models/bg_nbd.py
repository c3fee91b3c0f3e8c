"""BG/NBD: how often a customer buys, and whether they still do.

A customer buys at Poisson rate lambda while active and may leave after any repeat purchase with probability p; across
customers lambda ~ Gamma(r, alpha) and p ~ Beta(a, b). Nobody leaves before the first repeat purchase, so that all
one-time buyers are active; where they dominate, consider MBG/NBD.

[1] Fader, Hardie & Lee (2005), "Counting your customers the easy way", Marketing Science 24(2), 275-284.
[2] Fader, Hardie & Lee (2008), "Computing P(alive) using the BG/NBD model".
"""

from dataclasses import dataclass
from typing import ClassVar

from clvlab.arrays import Vector
from clvlab.models.beta_geometric import BetaGeometric
from clvlab.models.numerics.population import Population


@dataclass(frozen=True)
class BgNbd(BetaGeometric):
    """A fitted BG/NBD model.

    Attributes
    ----------
    r, alpha : purchase rates are Gamma(r, alpha), alpha in time units
    a, b : probabilities of leaving after a repeat purchase are Beta(a, b)

    Examples
    --------
    The first customer of [1], with the parameters printed there:

    >>> import polars as pl
    >>> model = BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week")
    >>> customer = pl.DataFrame({"frequency": [2], "recency": [30.43], "T": [38.86]})
    >>> model.p_alive(customer).round(3), model.expected_purchases(customer, "39 weeks").round(3)
    (array([0.727]), array([1.226]))
    >>> round(model.expected_purchases_new("52 weeks"), 3)
    1.446
    """

    leaves_from: ClassVar[int] = 1

    @staticmethod
    def survived(x: Vector) -> Vector:
        return x

    @staticmethod
    def may_have_left(population: Population) -> Population:
        return population.repeaters
