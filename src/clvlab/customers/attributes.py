"""What is known of customers apart from their purchases: industry, region, satisfaction, ...

A table of attributes has a `customer_id`, or a header that is recognised as one, such as 客户编号; the catalogue
sources/headers.yaml has the attributes that are recognised, too. Without a day it is static, one row per customer.
With one it is dated: a column called `date`, 日期, 调查日期 or the like says since when its row is true, and as of a
day the last value up to that day counts, for each column by itself. When a record was created or last changed says
nothing of that, and is an attribute like others. `AttributeSettings` can declare it, and the opposite.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import polars as pl

from clvlab.columns import CUSTOMERS, HOLDOUT, RESULTS, names
from clvlab.customers.attribute_table import AttributeSettings, AttributeTable, check_once, is_taken
from clvlab.errors import DataError, MissingColumnsError, did_you_mean
from clvlab.sources import SourceTable, open_source
from clvlab.sources.headers import suggest_attributes

OURS = frozenset({*names(CUSTOMERS), *names(RESULTS), *names(HOLDOUT)})
"""Names that no attribute may have: it would take the place of what is computed."""


def read_attributes(source: Any, settings: AttributeSettings | None = None) -> list[AttributeTable]:
    """The attribute tables of a path, a glob, a frame, or a list of these; tables that are already read stay.

    Text columns whose every value is a number become numbers, those of days days; codes such as 01234 stay text;
    blanks and "nan" become null.

    Raises
    ------
    DataError : a customer is in a static table twice, an attribute in two tables, or an attribute has the name of
        a column that clvlab computes
    UnsettledError : a DataError; days leave the order of day and month open
    MissingColumnsError : a table without customer_id, or a column that is declared and in no table
    """
    read = read_tables(source, settings)
    for table in read:
        check_once(table)
    check_names(read, OURS)
    return read


def read_tables(source: Any, settings: AttributeSettings | None = None) -> list[AttributeTable]:
    """The same, whatever names the attributes have and whether or not a customer is there twice."""
    given = settings or AttributeSettings()
    sources = source if isinstance(source, list | tuple) else [source]
    opened = [_opened(each, given) for each in sources]
    _check_declared(given, [table for tables in opened for table in tables if isinstance(table, SourceTable)])
    return [
        table if isinstance(table, AttributeTable) else AttributeTable.of(table, given)
        for tables in opened
        for table in tables
    ]


def check_names(tables: Iterable[AttributeTable], ours: Iterable[str]) -> None:
    """Raise DataError for an attribute whose name one of our columns has, or an attribute of another table."""
    taken = dict.fromkeys(ours, "")
    for table in tables:
        for column in table.columns:
            if column in taken:
                raise DataError(is_taken(table.name, column, taken[column]))
            taken[column] = table.name


def attributes_as_of(tables: list[AttributeTable], day: date) -> pl.DataFrame:
    """All attributes known by the end of `day`: one row per customer that any table knows, sorted."""
    known = pl.DataFrame(schema={"customer_id": pl.String})
    for table in tables:
        known = known.join(table.as_of(day), on="customer_id", how="full", coalesce=True)
    return known.sort("customer_id")


def _opened(source: Any, given: AttributeSettings) -> list[SourceTable] | list[AttributeTable]:
    if isinstance(source, AttributeTable):
        return [source]
    try:
        return open_source(source, given.files)
    except DataError:
        if given.strict:
            raise
        return open_source(source)


def _check_declared(given: AttributeSettings, tables: list[SourceTable]) -> None:
    """Raise MissingColumnsError for a column that is declared and in no table."""
    headers = list(dict.fromkeys(header for table in tables for header in table.columns))
    ours = {name for table in tables for name in suggest_attributes(table.columns)}
    declared = {"attribute_columns": given.columns.values(), "static": given.static, "dated": given.dated}
    for key, named in declared.items():
        for name in named:
            if name not in headers and not (key == "static" and name in {*ours, *given.columns}):
                raise MissingColumnsError(
                    f"`{key}` names a column: no table of attributes",
                    [name],
                    headers,
                    hint=did_you_mean(name, headers).strip(),
                )
