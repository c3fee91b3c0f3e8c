"""Sums over sets of customers in simulated futures; of very many customers a sample is simulated.

What is expected of a set in a future follows from the future's parameters, without chance: that is computed, for
customers who are nearly alike at once. Chance is simulated on a sample. Whoever is in it with the probability pi
stands for 1 / pi customers whose chances are independent, so that their variance, and not their chance itself, is
taken so many times:

    sum = expected(all) + sum over the sample of (outcome - expected) / sqrt(pi)

pi is the larger the more is expected of a customer, and 1 for all of a small set, whose sum is then simulated as it
is. Where values have a mean but no variance (a Gamma-Gamma's q below 2) chance comes out somewhat too small.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.models.alike import MOST_ALONE, in_steps
from clvlab.models.numerics.distinct import DistinctRows
from clvlab.models.simulation import Buyers, Simulation

SAMPLE = 2_000
"""Customers of each set who are simulated, about, where there are more than `MOST_ALONE` in all."""

WIDTH = 0.2
"""Customers whose rates differ by so much, relative to each other, gain and lose alike where parameters differ."""


@dataclass(frozen=True, eq=False)
class Sets:
    """All customers, and the sets of some partitions of them.

    Attributes
    ----------
    codes : of each partition, which of its sets every customer is in
    sizes : of each partition, how many sets it has
    """

    codes: Sequence[Positions]
    sizes: Sequence[int]

    def totals(self, values: Vector) -> Vector:
        """The sum of all values, then of each set, partition by partition."""
        by_set = (np.bincount(code, values, size)[:size] for code, size in zip(self.codes, self.sizes, strict=True))
        return np.concatenate([[values.sum()], *by_set])

    def largest(self, totals: Vector) -> Vector:
        """The largest of a figure of all and of each set over those that a customer is in."""
        of_all, *of_sets = np.split(totals, np.cumsum([1, *self.sizes])[:-1])
        found = np.full(self.codes[0].size if self.codes else 1, of_all[0])  # one for all, where there are no sets
        for code, each in zip(self.codes, of_sets, strict=True):
            np.maximum(found, each[code], out=found)
        return found

    def __getitem__(self, rows: Positions) -> "Sets":
        return Sets([code[rows] for code in self.codes], self.sizes)


def summed(simulation: Simulation, buyers: Buyers, sets: Sets) -> tuple[Matrix, Matrix]:
    """Purchases and their value in each future, shape (futures, 1 + sets): of all customers, and of each set."""
    if len(buyers) > MOST_ALONE:
        expected = simulation.expected(0, buyers)
        if np.isfinite(expected).all():
            return _of_sample(simulation, buyers, sets, expected)
    return _of_each(simulation, buyers, sets, np.ones(len(buyers)))


def _of_each(simulation: Simulation, buyers: Buyers, sets: Sets, weight: Vector) -> tuple[Matrix, Matrix]:
    """The sums of each customer's simulated outcomes times a weight."""
    n_sets = 1 + sum(sets.sizes)
    purchases, values = np.zeros((2, simulation.n_futures, n_sets))
    for rows, *outcomes in simulation.purchases_and_values(buyers):
        among, by = sets[rows], weight[rows]
        for total, found in zip((purchases, values), outcomes, strict=True):
            total += np.stack([among.totals(each * by) for each in found])
    return purchases, values


def _of_sample(simulation: Simulation, buyers: Buyers, sets: Sets, expected: Matrix) -> tuple[Matrix, Matrix]:
    """The same of very many customers, of whom the first future expects so much (two rows)."""
    chance = _chances(sets, expected)
    sample = np.flatnonzero(np.random.default_rng([simulation.seed, 1]).random(len(buyers)) < chance)
    weight = 1 / np.sqrt(chance[sample])
    simulated = _of_each(simulation, buyers[sample], sets[sample], weight)
    in_sample = np.zeros(len(buyers))
    in_sample[sample] = weight
    of_all, of_sample = _expected(simulation, buyers, sets, np.stack([np.ones(len(buyers)), in_sample]))
    exact = np.stack([sets.totals(each) for each in expected])
    is_whole = sets.totals((chance < 1).astype(float)) == 0
    purchases, values = (
        np.where(is_whole, found, np.maximum(_scaled(mean, mean[0], whole) + _without_mean(found, of), 0.0))
        for found, mean, of, whole in zip(simulated, of_all, of_sample, exact, strict=True)
    )
    return purchases, values


def _chances(sets: Sets, expected: Matrix) -> Vector:
    """With which probability each customer is simulated: as by a sample of each set, half of it by value."""
    everybody = np.ones(expected.shape[1])
    by_number, by_value = (
        sets.largest(1 / np.maximum(sets.totals(each), np.finfo(float).tiny)) * each
        for each in (everybody, expected[1])
    )
    return np.minimum(1.0, SAMPLE / 2 * (by_number + by_value))


def _expected(simulation: Simulation, buyers: Buyers, sets: Sets, weights: Matrix) -> NDArray[np.float64]:
    """What is expected in each future of customers with each of some weights.

    Shape (weights, what, futures, 1 + sets). Customers nearly alike are one: from future to future theirs changes as
    it should, but its level is slightly off.
    """
    scale = float(simulation.models[0].model_of(buyers.kinds[0][0]).time_scale(np.zeros(1))[0])
    kind = np.empty(len(buyers))
    for number, (_, places) in enumerate(buyers.kinds):
        kind[places] = number
    columns = (buyers.x, buyers.t_x, buyers.T)
    steps = [in_steps(column, by, WIDTH) for column, by in zip(columns, (1.0, scale, scale), strict=True)]
    # The mean of a step, and not of a cell: ages are then few, and what depends on them alone is soon computed.
    x, t_x, T = (_mean_of_steps(step, column) for step, column in zip(steps, columns, strict=True))
    x = np.rint(x)
    t_x = np.where(x == 0, 0.0, np.minimum(t_x, T))
    found = DistinctRows.of([*(code.astype(float) for code in sets.codes), *steps, kind, *buyers.of_spend])
    n, index = found.rows.shape[1], found.index
    first = np.empty(n, dtype=np.intp)
    first[index[::-1]] = np.arange(len(buyers))[::-1]
    cells = replace(
        buyers[first], x=x[first], t_x=t_x[first], T=T[first], spent=_mean_of_steps(index, buyers.spent)[first]
    )
    among = sets[first]
    by_cell = [np.bincount(index, weight, n) for weight in weights]
    futures = [simulation.expected(future, cells) for future in range(simulation.n_futures)]
    return np.array(
        [[[among.totals(each[what] * weight) for each in futures] for what in range(2)] for weight in by_cell]
    )


def _mean_of_steps(step: Vector | Positions, values: Vector) -> Vector:
    """The mean over those of its step of each value."""
    place = step.astype(np.intp)
    size = np.maximum(np.bincount(place), 1)
    return np.asarray((np.bincount(place, values) / size)[place])


def _scaled(mean: Matrix, level: Vector, exact: Vector) -> Matrix:
    """What is expected of each set, shape (futures, sets), put right by what it should be where it is `level`."""
    return mean * np.divide(exact, level, out=np.ones(level.size), where=level > 0)


def _without_mean(simulated: Matrix, expected: Matrix) -> Matrix:
    """What chance adds to each future of the sample, on average nothing."""
    return simulated - _scaled(expected, expected.mean(axis=0), simulated.mean(axis=0))
