"""Columns whose cells are of several types. What a cell is decides how it is read, not what its column becomes.

Such a column becomes text, and next to it are `clvlab.number_cell.<column>`, the cells that were numbers, and
`clvlab.day_cell.<column>`, the cells that were dates or times.
"""

from datetime import date, datetime, time
from decimal import Decimal
from numbers import Real
from typing import Any

import pandas as pd
import polars as pl

from clvlab.sources.table import OURS

NUMBER_CELL, DAY_CELL = OURS + "number_cell.", OURS + "day_cell."


def mixed_column(name: str, values: list[Any]) -> list[pl.Series]:
    """The values as text, and next to it those that are numbers and those that are days, as far as there are any.

    A whole number has no ".0", whatever type it has.

    >>> for column in mixed_column("id", ["7", 7.0, date(2024, 1, 31)]):
    ...     print(column.name, column.to_list())
    id ['7', '7', '2024-01-31']
    clvlab.number_cell.id [None, 7.0, None]
    clvlab.day_cell.id [None, None, datetime.datetime(2024, 1, 31, 0, 0)]
    """
    texts = pl.Series(name, [_text(value) for value in values], dtype=pl.String)
    numbers = pl.Series(NUMBER_CELL + name, [_number(value) for value in values], dtype=pl.Float64)
    days = pl.Series(DAY_CELL + name, [_moment(value) for value in values], dtype=pl.Datetime("us"))
    return [texts, *(cells for cells in (numbers, days) if cells.null_count() < len(cells))]


def _is_nothing(value: Any) -> bool:
    """Whether a cell is empty, in whatever way pandas or Python says so."""
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, Real) and value != value)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real | Decimal) and not isinstance(value, bool)


def _text(value: Any) -> str | None:
    if _is_nothing(value):
        return None
    number = _number(value)
    if number is not None and number.is_integer() and abs(number) < 2**63:
        return str(int(value))
    return str(value)


def _number(value: Any) -> float | None:
    if _is_nothing(value) or not _is_number(value):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return float("inf") if value > 0 else float("-inf")
    return None if number != number else number


def _moment(value: Any) -> datetime | None:
    """The date and time as they are written, without their zone."""
    if _is_nothing(value):
        return None
    try:
        if isinstance(value, pd.Period):
            value = value.start_time
        if isinstance(value, pd.Timestamp):
            value = value.to_pydatetime(warn=False)
        if isinstance(value, datetime):
            return value.replace(tzinfo=None)
        return datetime.combine(value, time()) if isinstance(value, date) else None
    except (ValueError, OverflowError):
        return None
