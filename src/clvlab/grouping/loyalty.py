"""Loyalty: signs of a lasting relation, one point each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import Condition
from clvlab.grouping.measures import compared, sources
from clvlab.grouping.strategy import PROSPECT, Group, Rule, Strategy

SIGNS = (
    Condition("n_purchases", ">=", 2),
    Condition("n_purchases", ">=", 4),
    # Gaps of a customer who buys at random times vary by their mean; less than that is a habit.
    Condition("gap_cv", "<=", 1.0),
    Condition("days_first_to_last", ">=", 365),
    Condition("days_since_last", "<=", 365),
)
"""Has come back, has come back often, in a regular rhythm, over a year or longer, and within the last year."""


@dataclass(frozen=True)
class Loyalty(Strategy):
    """Customers by how many signs of loyalty they show.

    Parameters
    ----------
    signs
        conditions worth one point each
    points
        fewest points for key-maintenance customers, loyal customers and ordinary customers; whoever has less is an
        occasional buyer
    referrals
        add a sign, at least one referral, from the attribute `referrals`
    """

    signs: tuple[Condition, ...] = SIGNS
    points: tuple[int, int, int] = (5, 4, 2)
    referrals: bool = False
    name: str = field(default="loyalty", kw_only=True)

    def __post_init__(self) -> None:
        if list(self.points) != sorted(set(self.points), reverse=True):
            raise ParamsError(f"points is {self.points}; give three falling numbers of points.")

    @property
    def needs(self) -> frozenset[str]:
        return self._rule.needs

    def fit(self, customers: CustomerSummary) -> "PointsRule":
        customers.require(self.needs, self.name)
        return self._rule

    @property
    def _rule(self) -> "PointsRule":
        signs = (*self.signs, Condition("referrals", ">=", 1)) if self.referrals else self.signs
        return PointsRule(signs, (*zip(("key_keep", "loyal", "ordinary"), self.points, strict=True), ("freq_low", 0)))


@dataclass(frozen=True)
class PointsRule(Rule):
    """Conditions worth one point each, and the fewest points of each group, best first; the last takes all.

    A condition on a value that is not known is worth nothing.
    """

    kind: ClassVar[str] = "points"

    signs: tuple[Condition, ...]
    tiers: tuple[tuple[str, int], ...]

    @property
    def needs(self) -> frozenset[str]:
        return sources(self._columns)

    @property
    def _columns(self) -> set[str]:
        return {"n_purchases", *(column for sign in self.signs for column in sign.columns)}

    @property
    def groups(self) -> tuple[Group, ...]:
        signs = "; ".join(map(str, self.signs))
        named = (
            Group(code, rank, f"{least}+ / {len(self.signs)}: {signs}")
            for rank, (code, least) in enumerate(self.tiers, 1)
        )
        return (*named, Group(PROSPECT, None, "n_purchases == 0"))

    def label(self, customers: CustomerSummary) -> pl.Series:
        points = pl.sum_horizontal(sign.expression for sign in self.signs)
        bought = pl.col("n_purchases") > 0
        tiers = (pl.when(bought, points >= least).then(pl.lit(code)) for code, least in self.tiers)
        table = compared(customers, self._columns)
        return table.select(group=pl.coalesce(*tiers, pl.lit(PROSPECT)))["group"]

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "signs": [[sign.column, sign.operator, sign.bound] for sign in self.signs],
            "tiers": [list(tier) for tier in self.tiers],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "PointsRule":
        signs = tuple(Condition(*sign) for sign in stored["signs"])
        return cls(signs, tuple((code, least) for code, least in stored["tiers"]))
