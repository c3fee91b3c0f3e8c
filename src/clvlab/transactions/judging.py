"""Which rule refuses a row, if one does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import polars as pl

from clvlab.errors import DataError, ParamsError
from clvlab.sources import OURS, SourceTable
from clvlab.transactions.days import with_days
from clvlab.transactions.guests import is_guest
from clvlab.transactions.mapping import IDS, resolve, standardise
from clvlab.transactions.rules import ZeroAmounts, broken_by, check_choice, check_largest, rule_of
from clvlab.transactions.signs import Signs, with_signs
from clvlab.transactions.sorting import RULE, Sorted, sorted_out
from clvlab.transactions.totals import says_total, sums_up, words_among


def judged_rows(
    rows: pl.LazyFrame,
    zero_amounts: ZeroAmounts,
    guests: Iterable[Any],
    largest_amount: float | None,
    *,
    by_itself: bool = False,
) -> pl.LazyFrame:
    """Standardised rows with the rule that refuses each, null for those that pass; by itself without the others."""
    found = rows.collect_schema()
    words = words_among(rows, "customer_id")
    is_total, is_nobody = says_total(rows, words, by_itself=by_itself), is_guest(rows, words, guests)
    broken = broken_by(found, zero_amounts, is_total, is_nobody, largest_amount)
    some = rows.select(is_broken.any().alias(rule) for rule, is_broken in broken.items()).collect(engine="streaming")
    # A rule that no row breaks costs a look, not a column.
    return rows.with_columns(rule_of({name: broken[name] for name in some.columns if some[name].any()}).alias(RULE))


def without_sums(judged: pl.LazyFrame, n_files: int) -> pl.LazyFrame:
    """The rows with those refused, too, that are as much as all others of their file."""
    if OURS + "amount" not in judged.collect_schema():
        return judged
    is_sum = sums_up(judged.filter(pl.col(RULE).is_null()), n_files)
    return judged.with_columns(pl.when(is_sum).then(pl.lit("total_row")).otherwise(pl.col(RULE)).alias(RULE))


@dataclass(frozen=True)
class EachByItself:
    """How rows are judged whatever others there are, so that any part of a log can be read alone.

    Attributes
    ----------
    time_zone, signs, zero_amounts, guests, largest_amount : as in `read_transactions`
    """

    time_zone: str | None
    signs: Signs
    zero_amounts: ZeroAmounts
    guests: tuple[Any, ...]
    largest_amount: float | None

    def __post_init__(self) -> None:
        check_choice("signs", self.signs, get_args(Signs))
        check_choice("zero_amounts", self.zero_amounts, get_args(ZeroAmounts))
        check_largest(self.largest_amount)

    def sorted_out(self, rows: pl.DataFrame) -> Sorted:
        """Rows with some of a log's columns, days and numbers typed, by what becomes of them."""
        mapping = {name: name for name in rows.columns}
        standard = standardise(SourceTable.of(rows.lazy(), "The frame"), mapping, ".", None)
        standard, _ = with_days(standard, "date", None, self.time_zone, "keep")
        judged = judged_rows(
            with_signs(standard, self.signs), self.zero_amounts, self.guests, self.largest_amount, by_itself=True
        )
        return sorted_out(judged.collect().lazy())


def counted_columns(columns: Mapping[str, str], table: SourceTable) -> dict[str, str]:
    """The table's name -> our name, of what customers are counted by.

    Raises
    ------
    DataError : a day or an amount is a text, which only all rows together tell how to read
    MissingColumnsError, ParamsError : as by `resolve`, and for a column of currencies
    """
    [mapping] = resolve(columns, [table])
    if "currency" in mapping:
        raise ParamsError(
            f"The frame has currencies in {mapping['currency']!r}. Customers are counted in one: keep its rows, and "
            "leave the column out."
        )
    money = ("amount",) if "amount" in mapping else ("quantity", "unit_price")
    counted = {ours: mapping[ours] for ours in ("customer_id", "date", *money, "order_id") if ours in mapping}
    for ours, theirs in counted.items():
        _check_type(ours, theirs, table.rows.collect_schema()[theirs])
    return {theirs: ours for ours, theirs in counted.items()}


def _check_type(ours: str, theirs: str, dtype: pl.DataType) -> None:
    is_typed = isinstance(dtype, pl.Date | pl.Datetime) if ours == "date" else dtype.is_numeric()
    if not is_typed and ours not in IDS:
        needed = "a date or a timestamp" if ours == "date" else "a number"
        raise DataError(
            f"Column {theirs!r} of the frame is {dtype}, and {ours} has to be {needed} here: each part of the rows "
            "is read by itself, and all of them tell how texts are to be read. Cast it where the frame is."
        )
