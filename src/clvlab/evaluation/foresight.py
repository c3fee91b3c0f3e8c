"""What a grouping foretells: each group's outcome, learnt on some customers and judged on others.

Customers are dealt into parts at random: two fifths that only teach, then three parts of a fifth each. A part is
judged by what the *earlier* parts taught: the mean outcome of a customer's group there. So nothing is ever judged by
a mean that the judged customers shaped, neither directly nor through the parts that follow, and a grouping that knows
nothing scores like chance, with errors that do not pile up from part to part: the judged parts are a martingale, and
resampling the customers with their stored predictions gives intervals that hold. Folds that teach each other in turn
would not do: each pair of folds would count twice, and intervals would come out too narrow by a factor of about the
square root of 2 [1].

[1] benchmarks/comparison_coverage.md has both, simulated.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clvlab.evaluation import metrics

Vector = NDArray[np.float64]  # shape (n_customers,)
Labels = NDArray[np.int64]  # shape (n_customers,)

FIFTHS = 5
ONLY_TEACH = 2  # fewer would be taught too little, more would leave too few to judge
_ROUNDS_AT_ONCE = 50
_CELLS_AT_ONCE = 20_000_000  # of the resampling weights: 160 MB


@dataclass(frozen=True)
class Metric:
    """A metric of foresight: its name, its formula, and which outcome it is about."""

    name: str
    outcome: Literal["spend", "bought"]
    score: Callable[..., Vector]


CAPTURES: Mapping[float, Metric] = MappingProxyType(
    {
        share: Metric(f"capture_{100 * share:02.0f}", "spend", partial(metrics.top_capture, share=share))
        for share in (0.05, 0.10, 0.20, 0.30, 0.50)
    }
)
"""Spend reached by contacting the best 5, 10, 20, 30 or 50 % of customers."""
HEADLINE = Metric("gini", "spend", metrics.gini)
FORESIGHT: tuple[Metric, ...] = (
    HEADLINE,
    CAPTURES[0.10],
    CAPTURES[0.20],
    Metric("variance_explained", "spend", metrics.variance_explained),
    Metric("calibration_slope", "spend", metrics.calibration_slope),
    Metric("buys_again_auc", "bought", metrics.auc),
    Metric("buys_again_brier", "bought", metrics.brier),
)


@dataclass(frozen=True)
class Outcomes:
    """What customers did in the holdout, and the part that each was dealt into.

    Attributes
    ----------
    spend : net spend
    bought : 1 where there was a purchase, else 0
    part : 0 (only teaches), then 1, 2, 3 in the order in which they are judged
    """

    spend: Vector
    bought: Vector
    part: Labels

    @classmethod
    def deal(cls, spend: Vector, bought: Vector, seed: int) -> "Outcomes":
        """Deal the customers at random, by their order and the seed."""
        order = np.random.default_rng([seed, 1]).permutation(spend.size)
        return cls(spend, bought, np.maximum(order % FIFTHS - ONLY_TEACH + 1, 0))

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which customers are judged."""
        return self.part > 0

    def of(self, outcome: str) -> Vector:
        """The outcome of that name."""
        return self.spend if outcome == "spend" else self.bought


def foretell(groups: Labels, outcome: Vector, part: Labels) -> Vector:
    """The mean outcome of each customer's group in the earlier parts; NaN in the first part, which none teaches.

    A group that the earlier parts do not have is foretold their overall mean.

    Examples
    --------
    >>> groups, part = np.array([0, 1, 0, 1, 2]), np.array([0, 0, 1, 1, 1])
    >>> foretell(groups, np.array([4.0, 8.0, 1.0, 1.0, 1.0]), part)
    array([nan, nan,  4.,  8.,  6.])
    """
    foretold = np.full(groups.size, np.nan)
    n_groups = int(groups.max()) + 1
    for judged in range(1, int(part.max()) + 1):
        taught = part < judged
        size = np.bincount(groups[taught], minlength=n_groups)
        total = np.bincount(groups[taught], outcome[taught], minlength=n_groups)
        mean = np.where(size > 0, total / np.maximum(size, 1), outcome[taught].mean())
        foretold[part == judged] = mean[groups[part == judged]]
    return foretold


def codes(labels: Sequence[str]) -> Labels:
    """Groups as numbers 0, 1, ... in the order of their codes."""
    return np.unique(np.asarray(labels, dtype=str), return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True)
class Forecast:
    """What a grouping foretold of the judged customers, for each outcome."""

    spend: Vector
    bought: Vector

    @classmethod
    def of(cls, groups: Labels, outcomes: Outcomes) -> "Forecast":
        """Foretell both outcomes."""
        judged = outcomes.judged
        spend, bought = (
            foretell(groups, outcomes.of(outcome), outcomes.part)[judged] for outcome in ("spend", "bought")
        )
        return cls(spend, bought)


def resamples(n_customers: int, n_rounds: int, seed: int) -> Iterator[Vector]:
    """How often each customer counts in each bootstrap round, shape (some rounds, n_customers), block by block."""
    rng = np.random.default_rng([seed, 2])
    block = min(_ROUNDS_AT_ONCE, max(1, _CELLS_AT_ONCE // n_customers))
    for start in range(0, n_rounds, block):
        rounds = min(block, n_rounds - start)
        drawn = rng.integers(0, n_customers, (rounds, n_customers)) + n_customers * np.arange(rounds)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rounds * n_customers).reshape(rounds, n_customers).astype(float)


def scored(forecast: Forecast, outcomes: Outcomes, metric: Metric, weight: Vector | None = None) -> Vector:
    """The metric's figure for a forecast, one for each row of `weight`."""
    judged = outcomes.judged
    foretold = forecast.spend if metric.outcome == "spend" else forecast.bought
    return metric.score(foretold, outcomes.of(metric.outcome)[judged], outcomes.part[judged], weight)


def interval(values: Vector, level: float = 0.95) -> tuple[float, float]:
    """Percentiles that hold the middle `level` of bootstrap values; NaN where a value is."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
