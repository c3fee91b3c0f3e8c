"""Crossings: what two groupings say together, such as value x lifecycle."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import polars as pl

from clvlab.frames import CustomerSummary
from clvlab.grouping.strategy import Group, Rule, Strategy, rule_from_dict
from clvlab.wording import CROSSED


@dataclass(frozen=True)
class Crossing(Strategy):
    """Every pair of a group of `first` and a group of `second`; use `cross`."""

    first: Strategy
    second: Strategy

    @property
    def needs(self) -> frozenset[str]:
        return self.first.needs | self.second.needs

    def fit(self, customers: CustomerSummary) -> "CrossRule":
        return CrossRule(self.first.fit(customers), self.second.fit(customers))


def cross(first: Strategy, second: Strategy, name: str | None = None) -> Crossing:
    """The crossing of two strategies, named after both unless `name` is given.

    Its groups are written ``vip × active``; two groups of one name, such as prospects in both, stay one. Ranks
    follow the sum of both ranks, then the first's.
    """
    return Crossing(
        first,
        second,
        name=name or f"{first.name}{CROSSED}{second.name}",
        sensitive=first.sensitive or second.sensitive,
    )


@dataclass(frozen=True)
class CrossRule(Rule):
    """Two rules, both applied."""

    kind: ClassVar[str] = "cross"

    first: Rule
    second: Rule

    @property
    def needs(self) -> frozenset[str]:
        return self.first.needs | self.second.needs

    @property
    def groups(self) -> tuple[Group, ...]:
        pairs = [pair for pair in product(self.first.groups, self.second.groups) if self._can_meet(*pair)]
        ordered = [(a.rank + b.rank, a.rank, a, b) for a, b in pairs if a.rank is not None and b.rank is not None]
        ordered.sort(key=lambda entry: entry[:2])
        ranks = {(a.code, b.code): rank for rank, (_, _, a, b) in enumerate(ordered, start=1)}
        found = [
            Group(_join(a.code, b.code), ranks.get((a.code, b.code)), _condition(a, b), own=a.own and b.own)
            for a, b in pairs
        ]
        return tuple(sorted(found, key=lambda group: (group.rank is None, group.rank or 0)))

    def _can_meet(self, a: Group, b: Group) -> bool:
        """Whether one customer can be in both: where both rules know prospects, a prospect is one to both."""
        both_know = all(any(group.is_prospects for group in rule.groups) for rule in (self.first, self.second))
        return not both_know or a.is_prospects == b.is_prospects

    @property
    def own(self) -> frozenset[str]:
        return super().own | self.first.own | self.second.own

    def label(self, customers: CustomerSummary) -> pl.Series:
        both = pl.DataFrame({"a": self.first.label(customers), "b": self.second.label(customers)}).cast(pl.String)
        joined = pl.concat_str("a", pl.lit(CROSSED), "b")
        return both.select(pl.when(pl.col("a") == pl.col("b")).then("a").otherwise(joined)).to_series()

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "first": self.first.to_dict(), "second": self.second.to_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "CrossRule":
        return cls(rule_from_dict(stored["first"]), rule_from_dict(stored["second"]))


def _join(a: str, b: str) -> str:
    return a if a == b else f"{a}{CROSSED}{b}"


def _condition(a: Group, b: Group) -> str:
    return a.condition if a.condition == b.condition else f"({a.condition}) & ({b.condition})"
