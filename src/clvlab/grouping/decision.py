"""A rule as a list of conditions: a customer belongs to the first group whose condition holds.

Each condition compares columns of the customer table with a bound in the user's units, or with another column
of the same customer (such as the time since the last purchase with the customer's own gaps).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.measures import compared, sources
from clvlab.grouping.strategy import PROSPECT, UNKNOWN, Group, Rule

Operator = Literal["<", "<=", ">", ">=", "==", "known"]
_MIRRORED: Mapping[Operator, Operator] = MappingProxyType({">": "<", ">=": "<="})
_OPPOSITE: Mapping[Operator, Operator] = MappingProxyType({"<": ">=", "<=": ">", ">": "<=", ">=": "<"})


@dataclass(frozen=True)
class Condition:
    """One comparison of a column with a number or with another column. A null satisfies none.

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
    def negated(self) -> "Condition":
        """The comparison that holds where this one does not, nulls apart.

        >>> Condition("days_since_last", "<=", 365).negated
        Condition(column='days_since_last', operator='>', bound=365)
        """
        return Condition(self.column, _OPPOSITE[self.operator], self.bound)

    @property
    def expression(self) -> pl.Expr:
        """The comparison as a polars expression over columns as they are compared; never null."""
        column = pl.col(self.column)
        if self.operator == "known":
            return column.is_not_null()
        bound = pl.col(self.bound) if isinstance(self.bound, str) else pl.lit(self.bound)
        holds = {
            "<": column < bound,
            "<=": column <= bound,
            ">": column > bound,
            ">=": column >= bound,
            "==": column == bound,
        }[self.operator]
        return holds.fill_null(False)

    @property
    def bound_text(self) -> str:
        """The bound as text, with every digit that counts.

        >>> Condition("total_spend", ">=", 1_234_567_890.123456).bound_text
        '1234567890.123456'
        """
        return self.bound if isinstance(self.bound, str) else np.format_float_positional(self.bound, trim="-")

    def __str__(self) -> str:
        return (
            f"{self.column} {self.operator} {self.bound_text}" if self.operator != "known" else f"{self.column} known"
        )


@dataclass(frozen=True)
class Case:
    """A group, its rank, and conditions that must all hold."""

    group: str
    rank: int | None
    conditions: tuple[Condition, ...]

    @property
    def holds(self) -> pl.Expr:
        """Whether the conditions hold, over columns as they are compared; never null."""
        return pl.all_horizontal(condition.expression for condition in self.conditions)

    @property
    def text(self) -> str:
        """The conditions as formula text, both bounds of a column together.

        >>> Case("mid", 2, (Condition("total_spend", ">=", 50), Condition("total_spend", "<", 312.5))).text
        '50 <= total_spend < 312.5'
        """
        by_column: dict[str, list[Condition]] = {}
        for condition in self.conditions:
            by_column.setdefault(condition.column, []).append(condition)
        return ", ".join(_text(conditions) for conditions in by_column.values())


def _text(conditions: list[Condition]) -> str:
    """The conditions on one column: a lower and an upper bound as one double inequality."""
    low, *high = sorted(conditions, key=lambda condition: condition.operator, reverse=True)
    if len(high) == 1 and low.operator in _MIRRORED and high[0].operator in ("<", "<="):
        return f"{low.bound_text} {_MIRRORED[low.operator]} {high[0]}"
    return ", ".join(map(str, conditions))


PROSPECTS = Case(PROSPECT, None, (Condition("n_purchases", "==", 0),))
"""Customers without a purchase, apart from every group that reads purchases."""


@dataclass(frozen=True)
class DecisionList(Rule):
    """Cases in order; the first that holds gives the group.

    Whoever satisfies none, because a column is null, is `unknown`. A group may have several cases: its card
    joins their conditions by "; ".
    """

    kind: ClassVar[str] = "decision_list"

    cases: tuple[Case, ...]

    @property
    def needs(self) -> frozenset[str]:
        return sources(self._columns)

    @property
    def _columns(self) -> set[str]:
        return {column for case in self.cases for c in case.conditions for column in c.columns}

    @property
    def groups(self) -> tuple[Group, ...]:
        texts: dict[tuple[str, int | None], list[str]] = {}
        for case in self.cases:
            texts.setdefault((case.group, case.rank), []).append(case.text)
        groups = [Group(code, rank, "; ".join(parts)) for (code, rank), parts in texts.items()]
        best_first = sorted(groups, key=lambda group: (group.rank is None, group.rank or 0))
        return (*best_first, Group(UNKNOWN, None, "–"))

    def label(self, customers: CustomerSummary) -> pl.Series:
        codes = pl.Enum(list(dict.fromkeys((*(case.group for case in self.cases), UNKNOWN))))
        groups = (pl.when(case.holds).then(pl.lit(case.group, codes)) for case in self.cases)
        chain = pl.coalesce(*groups, pl.lit(UNKNOWN, codes))
        return compared(customers, self._columns).select(group=chain)["group"]

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
