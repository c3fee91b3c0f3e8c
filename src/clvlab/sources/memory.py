"""Frames in memory, of pandas, polars or Arrow, as polars."""

from typing import Any

import pandas as pd
import polars as pl

from clvlab.errors import ParamsError
from clvlab.sources.cells import mixed_column
from clvlab.sources.headers import distinct
from clvlab.sources.table import SourceTable

# What pandas, Arrow (whose errors are Python's own) and polars raise for a column of mixed objects.
_UNCONVERTIBLE = (TypeError, ValueError, OverflowError, NotImplementedError, pl.exceptions.PolarsError)


def open_frame(source: Any, name: str) -> SourceTable:
    """The frame as a table; a lazy one stays lazy. ParamsError for anything that is not a frame."""
    if isinstance(source, pl.LazyFrame):
        return SourceTable.of(source, name, is_large=True)
    if isinstance(source, pl.DataFrame):
        return _table(name, source.columns, [column for each in source for column in _unmixed(each)])
    if isinstance(source, pd.DataFrame):
        source = _indexed(source)
        names, repeated = distinct(map(str, source.columns))
        columns = [column for at, each in enumerate(names) for column in _series(each, source.iloc[:, at])]
        return _table(name, names, columns, repeated)
    if hasattr(source, "__arrow_c_stream__") and not isinstance(source, pl.Series | pd.Series):
        return SourceTable.of(pl.DataFrame(source).lazy(), name)
    raise ParamsError(
        f"The source is of type {type(source).__name__}. "
        "Give a path or glob, or a pandas, polars, Arrow, DuckDB or Spark frame."
    )


def from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    """A pandas frame as polars, whatever it holds: a mixed column becomes text, an index with a name a column.

    >>> from_pandas(pd.DataFrame({"T": [1.5, 2.0], "note": ["seven", 7]})).rows()
    [(1.5, 'seven'), (2.0, '7')]
    >>> from_pandas(pd.DataFrame({"T": [1.5]}, index=pd.Index(["007"], name="customer_id"))).rows()
    [('007', 1.5)]
    """
    frame = _indexed(frame)
    names, _ = distinct(map(str, frame.columns))
    return pl.DataFrame([_series(name, frame.iloc[:, at])[0] for at, name in enumerate(names)])


def _indexed(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the named levels of its index as columns, but for those that it has as columns already."""
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(level=named) if named else frame


def _table(name: str, own: list[str], columns: list[pl.Series], repeated: list[str] | None = None) -> SourceTable:
    made = [column.name for column in columns if column.name not in own]
    return SourceTable.of(pl.DataFrame(columns).lazy(), name, {"repeated": repeated} if repeated else {}, made=made)


def _series(name: str, column: "pd.Series[Any]") -> list[pl.Series]:
    """One column; what no type of polars' own holds (mixed cells, periods, bands) as text, with numbers and days."""
    try:
        series = pl.Series(name, pl.from_pandas(column, nan_to_null=True))
    except _UNCONVERTIBLE:
        return mixed_column(name, column.tolist())
    return mixed_column(name, column.tolist()) if isinstance(series.dtype, pl.BaseExtension) else _unmixed(series)


def _unmixed(series: pl.Series) -> list[pl.Series]:
    return mixed_column(series.name, series.to_list()) if series.dtype == pl.Object else [series]
