"""Any table as a reader has it: names and figures in their language, the first rows of many."""

from collections.abc import Mapping
from math import isfinite
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.columns import CUSTOMERS, HOLDOUT, LOG, RESULTS
from clvlab.displays import MOST_ROWS
from clvlab.tables import DisplayColumn, DisplayTable, Fragment
from clvlab.wording import Language, Words, catalogue

_CODES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "after": ("group", ()),
        "attribute": ("attribute", ()),
        "before": ("group", ()),
        "category": ("name:values", ("values",)),
        "channel": ("name:values", ("values",)),
        "check": ("name:gate", ("gate",)),
        "condition": ("condition", ()),
        "group": ("group", ()),
        "method": ("name:methods", ("methods",)),
        "metric": ("name:columns", ("columns",)),
        "rule": ("rule", ("rows", "refusals")),
        "strategy": ("strategy", ()),
        "versus": ("strategy", ()),
        "what": ("name:outcomes", ("outcomes",)),
    }
)
"""Column -> what names its codes, and the catalogues that must have all of them; none where users bring their own."""
_SHARES = frozenset({"coverage", "reached", *(column.name for column in RESULTS if column.unit == "probability")})
_MONEY = frozenset(column.name for column in (*LOG, *CUSTOMERS, *RESULTS, *HOLDOUT) if column.unit == "currency")
_SHORTENED_FROM = 1_000_000
"""From which amount on the reports write a column of money in thousands."""


def show(
    table: Any, *, lang: Language = "en", currency: str | None = None, caption: str = "", most: int = MOST_ROWS
) -> Fragment:
    """A table for a reader: headings, names of codes and figures as the reports have them.

    Parameters
    ----------
    table
        a polars or pandas frame; columns and codes that clvlab does not know are shown as they are
    lang
        "en" or "zh"
    currency
        ISO code of the amounts
    caption
        what the table shows
    most
        so many rows are shown, from the first on; the caption then says of how many

    Examples
    --------
    >>> groups = pl.DataFrame({"group": ["champions", "lost"], "customers": [1234, 56], "clv": [35.2, 0.5]})
    >>> show(groups, lang="zh", currency="CNY")
    分组        客户数  预期价值
    冠军客户     1,234    ¥35.20
    已流失客户      56     ¥0.50
    >>> show(groups, caption="Groups", most=1)
    Groups (first 1 of 2 rows)
    Group      Customers  Expected value
    Champions      1,234           35.20
    """
    frame, words = pl.DataFrame(table), Words(lang, currency)
    if frame.height > most:
        caption = words("page.first_rows", caption=caption, shown=most, rows=frame.height).strip()
    shown = DisplayTable(tuple(_column(it, words) for it in frame.head(most)), caption)
    return Fragment(shown.to_html(), shown.to_text())


def _column(column: pl.Series, words: Words) -> DisplayColumn:
    """The column as it reads; money in full, so that what adds up is seen to."""
    kind, heading = _kind(column), words.attribute(column.name)
    if kind != "price" or max((abs(amount) for amount in column.drop_nulls()), default=0.0) < _SHORTENED_FROM:
        return DisplayColumn.of(column, kind, heading, words)
    return DisplayColumn(heading, tuple(words.number(amount, "price") for amount in column), numeric=True)


def _kind(column: pl.Series) -> str:
    """How the cells of a column read, as `clvlab.tables.display` has it."""
    kind, catalogues = _CODES.get(column.name, ("text", ()))
    if kind != "text" and _are_named(column, catalogues):
        return kind
    if column.dtype == pl.Boolean:
        return "yesno"
    if isinstance(column.dtype, pl.Date | pl.Datetime):
        return "date"
    if not column.dtype.is_numeric():
        return "text"
    if column.name in _MONEY:
        return "price"
    if column.name in _SHARES or column.name.startswith("share") or column.name.endswith("_error"):
        return "pct1"
    return "int" if column.dtype.is_integer() else _decimals(column)


def _are_named(column: pl.Series, catalogues: tuple[str, ...]) -> bool:
    """Whether one of the catalogues has each code of a column."""
    codes = column.drop_nulls().unique() if catalogues else ()
    return all(any(f"{name}.{code}" in catalogue() for name in catalogues) for code in codes)


def _decimals(column: pl.Series) -> str:
    """As many decimals as the figures of a column have; at most three below ten, and none from a thousand on."""
    values = [abs(value) for value in column.drop_nulls().drop_nans() if isfinite(value)]
    if all(value == round(value) for value in values):
        return "int"
    if all(value == round(value, 1) for value in values) and max(values) < 1_000:
        return "dec1"
    return "dec3" if max(values) < 10 else "dec1" if max(values) < 1_000 else "int"
