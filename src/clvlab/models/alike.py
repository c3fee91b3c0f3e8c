"""Intervals of single customers who are very many: those who will do nearly alike share their futures.

Whether a customer is still there is a probability that is known for each. Given that, what they will do depends on x
and T, and, as the spend models have it, is worth (gamma + money spent) times what does not depend on that money. So
futures of active customers are simulated once for each class of x and T, at the least and at the most money spent
there, and each customer's interval is read off between the two, at the quantile that P(alive) leaves:

    P(value <= v) = 1 - P(alive) + P(alive) P(value <= v | alive)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from clvlab.arrays import Matrix, Positions, Vector
from clvlab.models.numerics.distinct import DistinctRows, run_starts
from clvlab.models.purchase_model import PurchaseModel
from clvlab.models.simulation import Buyers, Simulation
from clvlab.models.uncertainty import tails

MOST_ALONE = 50_000
"""So many customers are simulated one by one; of more, those nearly alike are taken together."""

WIDTH = 0.02
"""Within a class, rates of purchase differ by so much at most, relative to each other."""

REPEATS = 2
"""Simulated customers of each class in each future."""

FUTURES_OF_ALIVE = 20
"""Futures over which P(alive) is averaged: with so many customers the parameters are known well."""

CLASSES_AT_ONCE = 2_048  # bounds the memory of their futures


def value_ends(simulation: Simulation, buyers: Buyers, level: float) -> tuple[Vector, Vector]:
    """Central intervals of each customer's value: low, high.

    Up to `MOST_ALONE` customers as by `Simulation.intervals`; of more, what is expected of those of one class differs
    by some `WIDTH`, which is less than what chance leaves open of the ends of either.
    """
    if len(buyers) <= MOST_ALONE:
        return simulation.intervals(buyers, level)
    random, ends = np.random.default_rng(simulation.seed), np.empty((2, len(buyers)))
    for z, places in buyers.kinds:
        own, models = buyers[places], [model.model_of(z) for model in simulation.models]
        of_kind = np.empty((2, len(own)))
        for rows, found in _by_class(simulation, models, own, tails(level), random):
            of_kind[:, rows] = found
        ends[:, places] = of_kind
    low, high = ends
    return low, high


@dataclass(frozen=True, eq=False)
class Classes:
    """Customers who are nearly alike.

    Attributes
    ----------
    buyers : one of each class: the mean history, and what their spend depends on; the least money spent
    most : the most money spent in each class
    order : the customers, class by class
    starts : where each class begins among these, and their end
    """

    buyers: Buyers
    most: Vector
    order: Positions
    starts: Positions

    @classmethod
    def of(cls, buyers: Buyers, model: PurchaseModel, width: float) -> Self:
        """The classes of customers of one kind by whose histories `model` expects nearly the same."""
        scale = float(model.time_scale(np.zeros(1))[0])
        times = [buyers.T, buyers.t_x] if model.remembers_last else [buyers.T]
        steps = [in_steps(buyers.x, 1.0, width), *(in_steps(time, scale, width) for time in times)]
        found = DistinctRows.of([*steps, *buyers.of_spend])
        order = np.argsort(found.index, kind="stable")
        starts = run_starts(found.index[order])
        size = np.diff(starts, append=order.size)
        x, t_x, T = (np.add.reduceat(column[order], starts) / size for column in (buyers.x, buyers.t_x, buyers.T))
        spent = buyers.spent[order]
        mean = Buyers(
            np.rint(x),
            t_x,
            T,
            np.minimum.reduceat(spent, starts),
            of_spend=tuple(column[order][starts] for column in buyers.of_spend),
        )
        return cls(mean, np.maximum.reduceat(spent, starts), order, np.append(starts, order.size))

    def __len__(self) -> int:
        return len(self.buyers)


def in_steps(values: Vector, scale: float, width: float) -> Vector:
    """Which step each value is in: whole numbers, within which scale + value differs by `width` relative to it."""
    return np.asarray(np.floor(np.log1p(values / scale) / width))


def _by_class(
    simulation: Simulation,
    models: Sequence[PurchaseModel],
    buyers: Buyers,
    at: tuple[float, float],
    random: np.random.Generator,
) -> Iterator[tuple[Positions, Matrix]]:
    """Some classes at a time: which customers, and the ends of their intervals, shape (2, customers)."""
    classes, alive = Classes.of(buyers, models[0], WIDTH), _mean_p_alive(models, buyers)
    for low in range(0, len(classes), CLASSES_AT_ONCE):
        some = slice(low, low + CLASSES_AT_ONCE)
        bounds = classes.starts[low : low + CLASSES_AT_ONCE + 1]
        rows = classes.order[bounds[0] : bounds[-1]]
        of_class = np.repeat(np.arange(bounds.size - 1), np.diff(bounds))
        least, most = classes.buyers[some].spent[of_class], classes.most[some][of_class]
        share = np.divide(buyers.spent[rows] - least, most - least, out=np.zeros(rows.size), where=most > least)
        futures = _futures(simulation, models, classes.buyers[some], classes.most[some], random)
        ends = []
        for tail in at:
            quantile = 1 - (1 - tail) / np.maximum(alive[rows], 1e-300)
            less, more = (_quantiles(values, of_class, quantile) for values in futures)
            ends.append(less + share * (more - less))
        yield rows, np.stack(ends)


def _mean_p_alive(models: Sequence[PurchaseModel], buyers: Buyers) -> Vector:
    some = models[:: max(1, len(models) // FUTURES_OF_ALIVE)]
    total = np.zeros(len(buyers))
    for model in some:
        total += buyers.p_alive(model)
    return np.asarray(total / len(some))


def _futures(
    simulation: Simulation,
    models: Sequence[PurchaseModel],
    classes: Buyers,
    most: Vector,
    random: np.random.Generator,
) -> tuple[Matrix, Matrix]:
    """Sorted values of active customers of each class, at the least and at the most money spent."""
    rows = np.repeat(np.arange(len(classes)), REPEATS)
    block, t = classes[rows], np.full(rows.size, simulation.horizon)
    blocks = block, replace(block, spent=most[rows])
    values = np.empty((2, len(classes), REPEATS, len(models)))
    for future, (model, spend) in enumerate(zip(models, simulation.spends, strict=True)):
        state = model.state_if_alive(random, block.x, block.t_x, block.T)
        count, last = model.draw_if_alive(random, t, state, block.T)
        seed = int(random.integers(2**63))
        for of_money, each in zip(values, blocks, strict=True):
            # The same chance for both, so that what they are worth lies on one line.
            worth = simulation.worth_of(spend, each, count, last, np.random.default_rng(seed))
            of_money[..., future] = worth.reshape(-1, REPEATS)
    least, largest = np.sort(values.reshape(2, len(classes), -1), axis=2)
    return least, largest


def _quantiles(values: Matrix, of_class: Positions, quantile: Vector) -> Vector:
    """Quantiles of the sorted values of each customer's class; 0 for a quantile of 0 and below."""
    place = np.maximum(quantile, 0.0) * (values.shape[1] - 1)
    below = place.astype(np.intp)
    above = np.minimum(below + 1, values.shape[1] - 1)
    lower = values[of_class, below]
    found: Vector = lower + (place - below) * (values[of_class, above] - lower)
    return np.where(quantile > 0, found, 0.0)
