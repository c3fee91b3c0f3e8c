"""Where rows come from: files by path or glob, and frames in memory."""

from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from clvlab.errors import DataError


@dataclass(frozen=True)
class Table:
    """One table as it stands in its source: its rows, lazily, and the name by which to speak of it."""

    rows: pl.LazyFrame
    name: str


def open_source(source: Any) -> list[Table]:
    """The tables of a source: one for each file, or one for a frame."""
    if isinstance(source, str | Path):
        return [_open_file(path) for path in _paths(source)]
    if isinstance(source, pl.LazyFrame):
        return [Table(source, "frame")]
    if isinstance(source, pl.DataFrame):
        return [Table(source.lazy(), "frame")]
    if isinstance(source, pd.DataFrame):
        return [Table(pl.from_pandas(source).lazy(), "frame")]
    return [Table(pl.DataFrame(source).lazy(), "frame")]


def _paths(source: str | Path) -> list[Path]:
    paths = [Path(source)] if Path(source).exists() else [Path(path) for path in sorted(glob(str(source)))]  # noqa: PTH207
    if not paths:
        raise DataError(f"There is no file {str(source)!r}.")
    return paths


def _open_file(path: Path) -> Table:
    if path.suffix == ".parquet":
        return Table(pl.scan_parquet(path), str(path))
    if path.suffix in (".xlsx", ".xls", ".xlsb", ".ods"):
        return Table(pl.read_excel(path).lazy(), str(path))
    return Table(pl.scan_csv(path, infer_schema=False), str(path))
