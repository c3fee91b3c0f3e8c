"""Baselines that a grouping must beat: one group, random groups, the hiatus heuristic.

The fourth, last year's spend, is `Tiers` in the list of strategies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, ClassVar

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.decision import PROSPECTS, Case, Condition, DecisionList
from clvlab.grouping.strategy import Group, Rule, Strategy


@dataclass(frozen=True)
class OneGroup(Strategy):
    """Everybody in one group."""

    name: str = field(default="one_group", kw_only=True)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"n_purchases"})

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        return DecisionList((Case("everyone", 1, (Condition("n_purchases", ">=", 0),)),))


@dataclass(frozen=True)
class Hiatus(Strategy):
    """The hiatus heuristic: active if the last purchase lies at most `days` back."""

    days: int = 180
    name: str = field(default="hiatus", kw_only=True)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"n_purchases", "days_since_last"})

    def fit(self, customers: CustomerSummary) -> DecisionList:
        customers.require(self.needs, self.name)
        active = Case("active", 1, (Condition("days_since_last", "<=", self.days),))
        inactive = Case("inactive", 2, (Condition("days_since_last", ">", self.days),))
        return DecisionList((PROSPECTS, active, inactive))


@dataclass(frozen=True)
class RandomGroups(Strategy):
    """Groups that know nothing: drawn from a hash of customer_id and seed.

    The order of customers does not matter; other names give other draws.
    """

    n_groups: int = 5
    seed: int = 0
    name: str = field(default="random_groups", kw_only=True)

    def __post_init__(self) -> None:
        if self.n_groups < 1:
            raise ParamsError(f"n_groups is {self.n_groups}; give 1 or more.")

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"customer_id"})

    def fit(self, customers: CustomerSummary) -> "HashRule":
        customers.require(self.needs, self.name)
        return HashRule(self.n_groups, self.seed)


@dataclass(frozen=True)
class HashRule(Rule):
    """The remainder of a hash of seed and customer_id."""

    kind: ClassVar[str] = "hash"

    n_groups: int
    seed: int

    @property
    def needs(self) -> frozenset[str]:
        return frozenset({"customer_id"})

    @property
    def groups(self) -> tuple[Group, ...]:
        drawn = f"blake2b({self.seed}:customer_id) mod {self.n_groups}"
        return tuple(Group(f"random_{i + 1}", None, f"{drawn} = {i}") for i in range(self.n_groups))

    def label(self, customers: CustomerSummary) -> pl.Series:
        return pl.Series(
            [f"random_{self._draw(name) + 1}" for name in customers.data["customer_id"]], dtype=pl.String
        )

    def _draw(self, customer_id: str) -> int:
        digest = blake2b(f"{self.seed}:{customer_id}".encode(), digest_size=8).digest()
        return int.from_bytes(digest) % self.n_groups

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, "n_groups": self.n_groups, "seed": self.seed}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "HashRule":
        return cls(stored["n_groups"], stored["seed"])
