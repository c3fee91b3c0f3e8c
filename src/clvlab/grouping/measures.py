"""The numbers that a grouping reads: columns of the customer table, and measures, each a formula over them."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from clvlab.errors import DataError
from clvlab.frames import CustomerSummary
from clvlab.shares import comparable


@dataclass(frozen=True)
class Measure:
    """A formula over columns of the customer table and the day of the cutoff."""

    needs: frozenset[str]
    formula: pl.Expr


_CUTOFF = "day of the cutoff"
_GAIN = pl.col("clv") - pl.col("spend_last_year")
_BUYERS_GAIN = pl.when(pl.col("n_purchases") > 0).then(_GAIN).otherwise(0.0)

MEASURES = MappingProxyType(
    {
        # Days from the first purchase to the cutoff.
        "days_since_first": Measure(
            frozenset({"first_purchase"}), (pl.col(_CUTOFF) - pl.col("first_purchase")).dt.total_days()
        ),
        # Days from the first purchase to the last.
        "days_first_to_last": Measure(
            frozenset({"first_purchase", "last_purchase"}),
            (pl.col("last_purchase") - pl.col("first_purchase")).dt.total_days(),
        ),
        # Value expected over the horizon less what the last year brought.
        "clv_gain": Measure(frozenset({"clv", "spend_last_year"}), _GAIN),
        # The same plus open opportunities; a prospect's gain is the pipeline alone.
        "clv_gain_with_pipeline": Measure(
            frozenset({"clv", "spend_last_year", "pipeline", "n_purchases"}),
            _BUYERS_GAIN + pl.col("pipeline").fill_null(0),
        ),
    }
)


def sources(columns: Iterable[str]) -> frozenset[str]:
    """The columns of the customer table behind columns and measures."""
    return frozenset[str]().union(*(MEASURES[c].needs if c in MEASURES else {c} for c in columns))


def measured(customers: CustomerSummary, columns: Iterable[str]) -> pl.DataFrame:
    """`columns` and measures as numbers (Float64), one row per customer, in their order; NaN counts as missing.

    DataError where a column holds no numbers.
    """
    wanted = sorted(set(columns))
    formulas = {c: MEASURES[c].formula if c in MEASURES else pl.col(c) for c in wanted}
    table = customers.data.select(*sources(wanted), pl.lit(customers.cutoff).alias(_CUTOFF)).select(**formulas)
    for name, dtype in table.schema.items():
        if not dtype.is_numeric() and dtype != pl.Null:
            raise DataError(
                f"Column {name!r} of the customer table holds {dtype}; this grouping needs numbers there."
            )
    return table.select(pl.all().cast(pl.Float64).fill_nan(None))


def compared(customers: CustomerSummary, columns: Iterable[str]) -> pl.DataFrame:
    """The same as they are compared (see `comparable`): once, however many conditions read them."""
    return measured(customers, columns).select(comparable(pl.all()))
