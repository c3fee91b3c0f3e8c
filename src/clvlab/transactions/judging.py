"""Which rule refuses a row, if one does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import polars as pl

from clvlab.errors import DataError
from clvlab.sources import OURS, SourceTable
from clvlab.transactions.currencies import found_currencies, one_currency
from clvlab.transactions.days import with_days
from clvlab.transactions.guests import is_guest
from clvlab.transactions.mapping import NUMBERS, resolve, standardise
from clvlab.transactions.rules import ZeroAmounts, broken_by, check_choice, check_largest, rule_of
from clvlab.transactions.sorting import RULE, Sorted, sorted_out
from clvlab.transactions.totals import says_total, sums_up, words_among

_NO_TEXTS = pl.DataFrame(schema={"text": pl.String, "rows": pl.Int64})


def judged_rows(
    rows: pl.LazyFrame, zero_amounts: ZeroAmounts, guests: Iterable[Any], largest_amount: float | None
) -> pl.LazyFrame:
    """Standardised rows with the rule that refuses each by what it says itself; null for those that pass."""
    found = rows.collect_schema()
    words = words_among(rows, "customer_id")
    is_total, is_nobody = says_total(rows, words), is_guest(rows, words, guests)
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
    """How rows of typed columns are judged whatever others there are: so that any part of a log can be read alone.

    Attributes
    ----------
    mapping : our name -> the name of the rows' column, see `typed_columns`
    currency : in which all rows have to be, where they have a column of currencies
    time_zone, zero_amounts, guests, largest_amount : as in `read_transactions`
    """

    mapping: Mapping[str, str]
    currency: str | None
    time_zone: str | None
    zero_amounts: ZeroAmounts
    guests: Iterable[Any]
    largest_amount: float | None

    def __post_init__(self) -> None:
        check_choice("zero_amounts", self.zero_amounts, get_args(ZeroAmounts))
        check_largest(self.largest_amount)

    def sorted_out(self, rows: pl.DataFrame) -> Sorted:
        """These rows by what becomes of them; UnsettledError where one is in another currency."""
        standard = standardise(SourceTable.of(rows.lazy(), "The frame"), self.mapping, ".", None)
        standard = one_currency(standard, found_currencies(standard, _NO_TEXTS, self.currency), None, self.currency)
        standard, _ = with_days(standard, self.mapping["date"], None, self.time_zone, "keep")
        judged = judged_rows(standard, self.zero_amounts, self.guests, self.largest_amount)
        return sorted_out(judged.collect().lazy())


def typed_columns(columns: Mapping[str, str], none: pl.DataFrame) -> dict[str, str]:
    """Our name -> the name of the column, of a table of which `none` has the columns without a row.

    Raises
    ------
    DataError : a day, an amount or another number is a text, which only all rows together tell how to read
    MissingColumnsError, ParamsError : as by `resolve`
    """
    [mapping] = resolve(columns, [SourceTable.of(none.lazy(), "The frame")])
    for ours, theirs in mapping.items():
        dtype = none.schema[theirs]
        if (ours == "date" and not isinstance(dtype, pl.Date | pl.Datetime)) or (
            ours in NUMBERS and not dtype.is_numeric()
        ):
            needed = "a date or a timestamp" if ours == "date" else "a number"
            raise DataError(
                f"Column {theirs!r} of the frame is {dtype}, and {ours} has to be {needed} here: each part of the "
                "rows is read by itself, and all of them tell how texts are to be read. Cast it where the frame is."
            )
    return mapping
