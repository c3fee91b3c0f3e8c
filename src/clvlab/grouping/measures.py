"""Measures that a grouping reads beside the columns of the customer table, each a formula over them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from clvlab.frames import CustomerSummary


@dataclass(frozen=True)
class Measure:
    """A formula over columns of the customer table, as of the cutoff."""

    needs: frozenset[str]
    formula: Callable[[date], pl.Expr]


MEASURES = MappingProxyType(
    {
        "days_since_first": Measure(
            frozenset({"first_purchase"}),
            lambda cutoff: (pl.lit(cutoff) - pl.col("first_purchase")).dt.total_days(),
        ),
    }
)


def sources(columns: Iterable[str]) -> frozenset[str]:
    """The columns of the customer table behind columns and measures."""
    return frozenset[str]().union(*(MEASURES[c].needs if c in MEASURES else {c} for c in columns))


def measured(customers: CustomerSummary, columns: Iterable[str]) -> pl.DataFrame:
    """The customer table with those of `columns` that are measures."""
    formulas = {c: MEASURES[c].formula(customers.cutoff) for c in sorted(columns) if c in MEASURES}
    return customers.data.with_columns(**formulas)
