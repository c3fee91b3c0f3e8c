"""Customer value by the weighted sum of R, F and M scores."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import DecisionList
from clvlab.grouping.strategy import Group, Rule, Strategy
from clvlab.grouping.tiers import EQUAL_SHARES, Cut, Tiers
from clvlab.rfm import NEEDS, RfmThresholds

SCORE = "rfm_score"


@dataclass(frozen=True)
class RfmValue(Strategy):
    """Tiers of the weighted mean of the three scores.

    Parameters
    ----------
    groups
        codes of the tiers, best first
    cut
        how the weighted score is cut
    weights
        of recency, frequency and spend; only their proportions matter
    n_bins
        scores run from 1 to n_bins
    """

    groups: tuple[str, ...]
    cut: Cut = EQUAL_SHARES
    weights: tuple[float, float, float] = (1, 1, 1)
    n_bins: int = 5

    def __post_init__(self) -> None:
        if min(self.weights) < 0 or sum(self.weights) <= 0:
            raise ParamsError(f"weights is {self.weights}; give three weights, none negative, not all zero.")

    @property
    def needs(self) -> frozenset[str]:
        return NEEDS

    def fit(self, customers: CustomerSummary) -> "RfmValueRule":
        customers.require(self.needs, self.name)
        thresholds = RfmThresholds.fit(customers, n_bins=self.n_bins)
        tiers = Tiers(SCORE, self.groups, self.cut, name=self.name)
        return RfmValueRule(thresholds, self.weights, tiers.fit(_scored(customers, thresholds, self.weights)))


@dataclass(frozen=True)
class RfmValueRule(Rule):
    """Thresholds of the scores, their weights, and the bounds of the weighted mean."""

    kind: ClassVar[str] = "rfm_value"

    thresholds: RfmThresholds
    weights: tuple[float, float, float]
    tiers: DecisionList

    @property
    def needs(self) -> frozenset[str]:
        return NEEDS

    @property
    def groups(self) -> tuple[Group, ...]:
        return self.tiers.groups

    def label(self, customers: CustomerSummary) -> pl.Series:
        return self.tiers.label(_scored(customers, self.thresholds, self.weights))

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "thresholds": self.thresholds.to_dict(),
            "weights": list(self.weights),
            "tiers": self.tiers.to_dict(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "RfmValueRule":
        r, f, m = stored["weights"]
        return cls(RfmThresholds.from_dict(stored["thresholds"]), (r, f, m), DecisionList.from_dict(stored["tiers"]))


def _scored(
    customers: CustomerSummary, thresholds: RfmThresholds, weights: tuple[float, float, float]
) -> CustomerSummary:
    """The customers with their weighted mean score, to six decimals; null for prospects."""
    r, f, m = weights
    scores = thresholds.score(customers)
    total = r * pl.col("r_score") + f * pl.col("f_score") + m * pl.col("m_score")
    score = scores.select((total / sum(weights)).round(6).alias(SCORE)).to_series()
    return replace(customers, data=customers.data.with_columns(score))
