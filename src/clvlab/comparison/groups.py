"""What the customers of each group did in the holdout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import polars as pl

from clvlab.arrays import Labels, Vector
from clvlab.comparison.outcomes import Outcomes, group_numbers
from clvlab.comparison.resampling import interval

FEWEST = 10
"""A figure of fewer customers is not shown."""

SCHEMA = {
    "strategy": pl.String,
    "group": pl.String,
    "place": pl.Int64,
    "measure": pl.String,
    "n": pl.Int64,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Grouped:
    """The customers by group: names of the groups, and each customer's group as a number into them."""

    names: tuple[str, ...]
    labels: Labels

    @classmethod
    def of(cls, groups: Sequence[str]) -> "Grouped":
        """Number the groups in the order of their names."""
        return cls(tuple(sorted(set(groups))), group_numbers(groups))

    def places(self, predicted: Vector, outcomes: Outcomes) -> list[int]:
        """Each group's place, 1 = best, by the mean of what was predicted of its judged customers."""
        judged = self.labels[outcomes.judged]
        size = np.bincount(judged, minlength=len(self.names))
        mean = np.bincount(judged, predicted, minlength=len(self.names)) / np.maximum(size, 1)
        order = sorted(range(len(self.names)), key=lambda g: (-mean[g] if size[g] else np.inf, self.names[g]))
        return [order.index(g) + 1 for g in range(len(self.names))]


def wilson(successes: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share, within 0..1 whatever the count.

    Examples
    --------
    >>> [round(bound, 4) for bound in wilson(8, 10)]
    [0.4902, 0.9433]

    Reference
    ---------
    Wilson (1927), JASA 22, 209-212.
    """
    z, share = NormalDist().inv_cdf((1 + level) / 2), successes / n
    centre, spread = share + z**2 / (2 * n), z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float((centre - spread) / (1 + z**2 / n)), float((centre + spread) / (1 + z**2 / n))


def group_outcomes(
    strategy: str,
    grouped: Grouped,
    places: Sequence[int],
    measures: Mapping[str, Vector],
    means: Mapping[str, Vector],
) -> pl.DataFrame:
    """Columns of SCHEMA: one row per group and measure; value, low and high are null for fewer than 10 customers.

    Parameters
    ----------
    strategy
        its name
    grouped
        its groups
    places
        of each group
    measures
        each customer's figure, NaN where it is not known; 0 or 1 for `repurchase`
    means
        of each measure, the groups' means in bootstrap rounds, shape (n_rounds, n_groups)
    """
    rows = []
    for measure, values in measures.items():
        for g, name in enumerate(grouped.names):
            known = values[(grouped.labels == g) & ~np.isnan(values)]
            figures: tuple[float | None, ...] = (None, None, None)
            if known.size >= FEWEST:
                low, high = (
                    wilson(known.sum(), known.size) if measure == "repurchase" else interval(means[measure][:, g])
                )
                figures = (float(known.mean()), low, high)
            rows.append((strategy, name, places[g], measure, known.size, *figures))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("measure", "place", maintain_order=True)


def group_means(values: Vector, grouped: Grouped, weight: Vector) -> Vector:
    """Weighted means by group, one row per row of `weight`; NaN where a group has none."""
    known = ~np.isnan(values)
    member = (grouped.labels[known][:, None] == np.arange(len(grouped.names))).astype(float)
    size = weight[:, known] @ member
    total = weight[:, known] @ (member * values[known][:, None])
    return np.where(size > 0, total / np.where(size > 0, size, 1.0), np.nan)
