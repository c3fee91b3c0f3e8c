"""A rule as a list of conditions: a customer belongs to the first group whose condition holds.

Each condition compares columns of the customer table with a bound in the user's units, or with another column
of the same customer (such as the time since the last purchase with the customer's own gaps).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.measures import measured, sources
from clvlab.grouping.strategy import PROSPECT, UNKNOWN, Group, Rule

Operator = Literal["<", "<=", ">", ">=", "==", "missing"]


@dataclass(frozen=True)
class Condition:
    """One comparison of a column with a number or with another column. Nulls satisfy only `missing`.

    >>> str(Condition("total_spend", ">=", 312.5))
    'total_spend >= 312.5'
    >>> str(Condition("days_since_last", "<=", "gap_p80"))
    'days_since_last <= gap_p80'
    """

    column: str
    operator: Operator
    bound: float | str = 0

    def __post_init__(self) -> None:
        if self.operator not in get_args(Operator):
            raise ParamsError(f"{self.operator!r} is not an operator. Choose one of {', '.join(get_args(Operator))}.")

    @property
    def columns(self) -> frozenset[str]:
        """The columns or measures that the comparison reads."""
        return frozenset({self.column, self.bound} if isinstance(self.bound, str) else {self.column})

    @property
    def expression(self) -> pl.Expr:
        """The comparison as a polars expression; never null."""
        column = pl.col(self.column)
        if self.operator == "missing":
            return column.is_null()
        bound = pl.col(self.bound) if isinstance(self.bound, str) else pl.lit(self.bound)
        holds = {
            "<": column < bound,
            "<=": column <= bound,
            ">": column > bound,
            ">=": column >= bound,
            "==": column == bound,
        }[self.operator]
        return holds.fill_null(False)

    def __str__(self) -> str:
        if self.operator == "missing":
            return f"{self.column} missing"
        bound = self.bound if isinstance(self.bound, str) else f"{self.bound:.12g}"
        return f"{self.column} {self.operator} {bound}"


@dataclass(frozen=True)
class Case:
    """A group, its rank, and conditions that must all hold; none means every customer still left."""

    group: str
    rank: int | None
    conditions: tuple[Condition, ...] = ()

    @property
    def expression(self) -> pl.Expr:
        """The group where the conditions hold, null elsewhere."""
        holds = pl.all_horizontal(True, *(condition.expression for condition in self.conditions))
        return pl.when(holds).then(pl.lit(self.group))

    @property
    def text(self) -> str:
        """The conditions as formula text."""
        return ", ".join(map(str, self.conditions)) or "*"


PROSPECTS = Case(PROSPECT, None, (Condition("n_purchases", "==", 0),))
"""Customers without a purchase, apart from every group that reads purchases."""


@dataclass(frozen=True)
class DecisionList(Rule):
    """Cases in order; the first that holds gives the group.

    Whoever satisfies none, because a column is null, is `unknown`. A group may stand in several cases: its card
    joins their conditions by "; ".
    """

    kind: ClassVar[str] = "decision_list"

    cases: tuple[Case, ...]

    @property
    def needs(self) -> frozenset[str]:
        return sources(column for case in self.cases for c in case.conditions for column in c.columns)

    @property
    def groups(self) -> tuple[Group, ...]:
        texts: dict[tuple[str, int | None], list[str]] = {}
        for case in self.cases:
            texts.setdefault((case.group, case.rank), []).append(case.text)
        groups = [Group(code, rank, "; ".join(parts)) for (code, rank), parts in texts.items()]
        groups += [Group(UNKNOWN, None, "missing")] if self.cases[-1].conditions else []
        return tuple(sorted(groups, key=lambda group: (group.rank is None, group.rank or 0)))

    def label(self, customers: CustomerSummary) -> pl.Series:
        chain = pl.coalesce(*(case.expression for case in self.cases), pl.lit(UNKNOWN))
        columns = {column for case in self.cases for c in case.conditions for column in c.columns}
        return measured(customers, columns).select("customer_id", group=chain)["group"]

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "cases": [
                {
                    "group": case.group,
                    "rank": case.rank,
                    "conditions": [[c.column, c.operator, c.bound] for c in case.conditions],
                }
                for case in self.cases
            ],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "DecisionList":
        return cls(
            tuple(
                Case(case["group"], case["rank"], tuple(Condition(*c) for c in case["conditions"]))
                for case in stored["cases"]
            )
        )


def ranked(groups: Iterable[tuple[str, tuple[Condition, ...]]]) -> tuple[Case, ...]:
    """Cases ranked in the order given, best first."""
    return tuple(Case(group, rank, conditions) for rank, (group, conditions) in enumerate(groups, start=1))
