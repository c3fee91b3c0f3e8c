"""What the customers of each group did in the holdout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
import polars as pl

from clvlab.arrays import Flags, Labels, Vector
from clvlab.comparison.mean_interval import mean_interval
from clvlab.comparison.outcomes import numbered
from clvlab.grouping.strategy import UNKNOWN
from clvlab.wording import CROSSED

FEWEST = 15
"""A figure of fewer customers is not shown: no interval would hold."""

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
    def of(cls, groups: Sequence[str] | pl.Series) -> "Grouped":
        """Number the groups in the order of their names."""
        return cls(*numbered(groups))

    @property
    def groups(self) -> pl.Series:
        """The name of each customer's group."""
        return pl.Series(self.names, dtype=pl.String).gather(self.labels)

    @cached_property
    def known(self) -> Flags:
        """Of which customers the grouping knows what it reads."""
        return np.not_equal(self.labels, self.names.index(UNKNOWN) if UNKNOWN in self.names else -1)

    def crossed(self, other: "Grouped") -> "Grouped":
        """Every pair of a group of this grouping and one of another."""
        pair = self.labels * len(other.names) + other.labels
        found = np.flatnonzero(np.bincount(pair))
        both = Grouped.of(
            [f"{self.names[at // len(other.names)]}{CROSSED}{other.names[at % len(other.names)]}" for at in found]
        )
        number = np.zeros(found[-1] + 1, np.int64)
        number[found] = both.labels
        return Grouped(both.names, number[pair])

    @cached_property
    def unknown(self) -> int | None:
        """The number of the group of whom nothing is known, where there are others."""
        return self.names.index(UNKNOWN) if UNKNOWN in self.names and len(self.names) > 1 else None

    def places(self, expected: Vector) -> list[int]:
        """Each group's place, 1 = best, by what is expected of it; those of whom that is not known come last."""
        order = sorted(
            range(len(self.names)),
            key=lambda g: (np.inf if np.isnan(expected[g]) else -expected[g], self.names[g]),
        )
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
    strategy: str, grouped: Grouped, places: Sequence[int], measures: Mapping[str, Vector]
) -> pl.DataFrame:
    """Columns of SCHEMA: one row per group and measure; value, low and high are null for fewer than 15 customers.

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
    """
    rows = []
    for measure, values in measures.items():
        everyone = values[~np.isnan(values)]
        for g, name in enumerate(grouped.names):
            known = values[(grouped.labels == g) & ~np.isnan(values)]
            figures: tuple[float | None, ...] = (None, None, None)
            if known.size >= FEWEST:
                bounds = (
                    wilson(known.sum(), known.size) if measure == "repurchase" else mean_interval(known, everyone)
                )
                figures = (float(known.mean()), *bounds)
            rows.append((strategy, name, places[g], measure, known.size, *figures))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row").sort("measure", "place", maintain_order=True)
