"""What is known of customers apart from their purchases: industry, region, satisfaction, ...

A table of attributes has a `customer_id`, or a header that is recognised as one, such as 客户编号. Without a `date`
it is static, one row per customer. With one it is dated, and as of a day the last value up to that day counts, for
each column by itself.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from clvlab.columns import CUSTOMERS, names
from clvlab.errors import DataError, MissingColumnsError
from clvlab.sources import SourceTable, open_source
from clvlab.sources.dates import found_formats
from clvlab.sources.headers import suggest_columns
from clvlab.sources.numbers import numbers_or_codes
from clvlab.sources.table import FLAW, ROW, readable
from clvlab.sources.texts import as_id, as_text, is_text
from clvlab.wording import Words


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """One table of attributes: customer_id, date if it is dated, and the attributes."""

    name: str
    data: pl.DataFrame

    @property
    def is_dated(self) -> bool:
        """Whether each value says when it was true."""
        return "date" in self.data.columns

    @property
    def columns(self) -> list[str]:
        """The attributes."""
        return [name for name in self.data.columns if name not in ("customer_id", "date")]

    def as_of(self, day: date) -> pl.DataFrame:
        """One row per customer: what was known by the end of `day`."""
        if not self.is_dated:
            return self.data
        known = self.data.filter(pl.col("date") <= day).sort("customer_id", "date", maintain_order=True)
        return known.group_by("customer_id", maintain_order=True).agg(pl.col(self.columns).drop_nulls().last())


def read_attributes(source: Any) -> list[AttributeTable]:
    """The attribute tables of a path, a glob, a frame, or a list of these.

    Text columns whose every value is a number become numbers, unless they are codes such as "01234"; words for
    nothing, such as "nan", become null.

    Raises
    ------
    DataError : a customer is in a static table twice, an attribute in two tables, or an attribute has the name of
        a column of the customer table
    MissingColumnsError : a table without customer_id
    """
    sources = source if isinstance(source, list | tuple) else [source]
    tables = [_attribute_table(table) for each in sources for table in open_source(each)]
    taken = dict.fromkeys(names(CUSTOMERS), "the customer table")
    for table in tables:
        for column in table.columns:
            if column in taken:
                raise DataError(
                    f"{table.name} has an attribute {column!r}, which {taken[column]} has too. Rename one of them."
                )
            taken[column] = table.name
    return tables


def attributes_as_of(tables: list[AttributeTable], day: date) -> pl.DataFrame:
    """All attributes known by the end of `day`: one row per customer that any table knows, sorted."""
    known = pl.DataFrame(schema={"customer_id": pl.String})
    for table in tables:
        known = known.join(table.as_of(day), on="customer_id", how="full", coalesce=True)
    return known.sort("customer_id")


def _attribute_table(table: SourceTable) -> AttributeTable:
    with readable(table.name):
        rows = table.rows.collect(engine="streaming")
    _check_whole(table, rows)
    rows = rows.select(table.columns).rename(_recognised(table))
    ids = as_id("customer_id", rows.schema["customer_id"], table.name)
    rows = rows.with_columns(ids.alias("customer_id")).filter(pl.col("customer_id").is_not_null())
    if "date" in rows.columns:
        rows = rows.with_columns(_days(table.name, rows)).filter(pl.col("date").is_not_null())
    else:
        _check_once(table.name, rows)
    texts = [name for name, dtype in rows.schema.items() if is_text(dtype) and name != "customer_id"]
    return AttributeTable(table.name, rows.with_columns(numbers_or_codes(rows[name]) for name in texts))


def _days(name: str, rows: pl.DataFrame) -> pl.Series:
    dtype = rows.schema["date"]
    if isinstance(dtype, pl.Date | pl.Datetime):
        return rows["date"].dt.date()
    texts = rows.lazy().select(as_text("date", dtype, name).alias("date"))
    reader = found_formats(texts, "date", f"Column 'date' of {name}")
    return texts.select(reader.days(pl.col("date")).alias("date")).collect()["date"]


def _recognised(table: SourceTable) -> dict[str, str]:
    """What to rename so that customers, days and attributes that we know have our names."""
    found = suggest_columns(table.columns, "attributes")
    if "customer_id" not in {*found, *table.columns}:
        hint = "Rename the column of its customers."
        raise MissingColumnsError(table.name, ["customer_id"], table.columns, hint=hint)
    return {theirs: ours for ours, theirs in found.items() if ours not in table.columns}


def _check_whole(table: SourceTable, rows: pl.DataFrame) -> None:
    flawed = rows.filter(pl.col(FLAW).is_not_null())
    if flawed.height:
        row, flaw = flawed.select(ROW, FLAW).row(0)
        what = Words("en").name("refusals", flaw)
        raise DataError(f"{table.name} is damaged in row {row}: {what}. Repair the file.")


def _check_once(name: str, rows: pl.DataFrame) -> None:
    twice = rows.filter(pl.col("customer_id").is_duplicated())["customer_id"]
    if len(twice):
        raise DataError(
            f"{name} has customer {twice[0]!r} in more than one row ({twice.n_unique()} such customers). "
            "Keep one row per customer, or add a column `date` that says when each row was true."
        )
