"""Frames in memory, of pandas, polars or Arrow, as polars."""

from typing import Any

import pandas as pd
import polars as pl

from clvlab.errors import DataError, ParamsError

# What pandas, Arrow (whose errors are Python's own) and polars raise for a column of mixed objects.
_UNCONVERTIBLE = (TypeError, ValueError, OverflowError, NotImplementedError, pl.exceptions.PolarsError)


def open_frame(source: Any) -> pl.LazyFrame:
    """The frame as polars; a lazy one stays lazy. ParamsError for anything that is no frame."""
    if isinstance(source, pl.LazyFrame):
        return source
    if isinstance(source, pl.DataFrame):
        return _without_objects(source).lazy()
    if isinstance(source, pd.DataFrame):
        return _from_pandas(source).lazy()
    if hasattr(source, "__arrow_c_stream__") and not isinstance(source, pl.Series | pd.Series):
        return pl.DataFrame(source).lazy()
    raise ParamsError(
        f"The source is of type {type(source).__name__}. Give a path or glob, or a pandas, polars or Arrow frame."
    )


def _from_pandas(frame: pd.DataFrame) -> pl.DataFrame:
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"The frame has more than one column {twice[0]!r}. Rename them apart.")
    return pl.DataFrame([_series(name, frame.iloc[:, at]) for at, name in enumerate(names)])


def _series(name: str, column: "pd.Series[Any]") -> pl.Series:
    """One column; where it mixes types that no single polars type holds, as text."""
    try:
        series = pl.Series(name, pl.from_pandas(column, nan_to_null=True))
    except _UNCONVERTIBLE:
        return _as_texts(name, column.tolist())
    return _as_texts(name, series.to_list()) if series.dtype == pl.Object else series


def _as_texts(name: str, values: list[Any]) -> pl.Series:
    return pl.Series(name, [None if _is_nothing(value) else str(value) for value in values], dtype=pl.String)


def _is_nothing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and value != value)


def _without_objects(frame: pl.DataFrame) -> pl.DataFrame:
    objects = [name for name, dtype in frame.schema.items() if dtype == pl.Object]
    return frame.with_columns(_as_texts(name, frame[name].to_list()) for name in objects)
