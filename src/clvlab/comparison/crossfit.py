"""What a grouping predicts: each group's outcome, learnt on some customers and judged on others.

Customers are dealt into parts at random: two fifths that only teach, then three parts of a fifth each. A part is
judged by what the *earlier* parts taught: the mean outcome of a customer's group there. So nothing is ever judged by
a mean that the judged customers shaped, neither directly nor through the parts that follow, and a grouping that knows
nothing scores like chance, with errors that do not pile up from part to part: the judged parts are a martingale, and
resampling the customers with their stored predictions gives intervals that hold. Folds that teach each other in turn
would not do: each pair of folds would count twice, and intervals would come out too narrow by a factor of about the
square root of 2 [1]. One deal leaves much to chance; figures are means over many, see `resampling.Figure`.

[1] benchmarks/comparison_coverage.md has both, simulated.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clvlab.arrays import Labels, Vector
from clvlab.comparison.outcomes import Lesson, Outcomes, lessons


def cross_fit(
    groups: Labels, outcome: Vector, part: Labels, unknown: int | None = None, counts: Vector | None = None
) -> Vector:
    """The mean outcome of each customer's group in the earlier parts; NaN in the first part, which none teaches.

    A group that the earlier parts do not have is predicted their overall mean. The group `unknown`, of those of whom
    nothing is known, is predicted the mean of all others: that somebody did not answer earns a grouping nothing.
    Each counts once, or as often as `counts` says.

    Examples
    --------
    >>> groups, part = np.array([0, 1, 0, 1, 2]), np.array([0, 0, 1, 1, 1])
    >>> cross_fit(groups, np.array([4.0, 8.0, 1.0, 1.0, 1.0]), part)
    array([nan, nan,  4.,  8.,  6.])
    """
    return _cross_fit(groups, [outcome], lessons(part), unknown, counts)[0]


def _cross_fit(
    groups: Labels, outcomes: Sequence[Vector], taken: Sequence[Lesson], unknown: int | None, counts: Vector | None
) -> list[Vector]:
    """What the groups predict of each of several outcomes."""
    predicted = [np.full(groups.size, np.nan) for _ in outcomes]
    n_groups = int(groups.max()) + 1
    for taught, judged in taken:
        learners, theirs = groups[taught], groups[judged]
        often = None if counts is None else counts[taught]
        size = np.rint(np.bincount(learners, often, minlength=n_groups))  # or equal shares would not be equal
        for outcome, of_outcome in zip(outcomes, predicted, strict=True):
            did = outcome[taught]
            total = np.bincount(learners, did if often is None else did * often, n_groups)
            mean = total / np.maximum(size, 1)
            if (empty := size <= 0).any():
                mean[empty] = np.average(did, weights=often)
            if unknown is not None:
                known = np.arange(n_groups) != unknown
                mean[unknown] = total[known].sum() / max(size[known].sum(), 1)
            of_outcome[judged] = mean[theirs]
    return predicted


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """What a grouping predicted of the judged customers, for each outcome."""

    spend: Vector
    bought: Vector

    @classmethod
    def of(cls, groups: Labels, outcomes: Outcomes, unknown: int | None = None) -> "CrossFitted":
        """Predict both outcomes."""
        both = _cross_fit(groups, (outcomes.spend, outcomes.bought), outcomes.lessons, unknown, outcomes.counts)
        spend, bought = (predicted[outcomes.judged] for predicted in both)
        return cls(spend, bought)
