"""What is read of another system, in a Parquet file that is the run's source."""

import os
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow as pa

_ROWS_AT_ONCE = 100_000
_CONTENT = b"clvlab.content"


@dataclass(frozen=True)
class Selection:
    """What of a table or query is read.

    Attributes
    ----------
    columns : their names; None for all
    ids : those of the columns that are ids, whose numbers are read as text
    day : the column of days
    until : the last day that is needed; None for all
    """

    columns: Sequence[str] | None = None
    ids: Collection[str] = ()
    day: str | None = None
    until: date | None = None


@dataclass(frozen=True)
class Copy:
    """What was read: by which statement, how many rows, and whether a copy of the same rows was there already."""

    statement: str
    rows: int
    is_new: bool


class Selected(Protocol):
    """A table or query of another system, which is connected."""

    name: str

    def schema(self) -> Any:
        """The columns, whose `names` are a list, without reading a row."""

    def statement(self, schema: Any, selection: Selection) -> str:
        """The statement that reads what is selected."""

    def frames(self, statement: str) -> Generator[pl.DataFrame, None, None]:
        """The rows, some at a time; one empty frame where there are none."""


def copy(source: Selected, selection: Selection, path: Path) -> Copy:
    """Write what is selected into a Parquet file, whole or not at all.

    A file that has these rows already, in whatever order, stays as it is: databases give rows in any order.
    """
    from pyarrow.parquet import read_metadata

    statement = source.statement(source.schema(), selection)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with closing(source.frames(statement)) as frames:
            rows, content = write(frames, new)
        is_new = not path.is_file() or (read_metadata(path).metadata or {}).get(_CONTENT) != content
        if is_new:
            new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    return Copy(statement, rows, is_new)


def write(frames: Iterator[pl.DataFrame], path: Path) -> tuple[int, bytes]:
    """Write frames of one schema; how many rows, and what tells them from others, whatever their order."""
    from pyarrow.parquet import ParquetWriter

    first = next(frames)
    rows, total, schema = 0, 0, _arrow(first).schema
    with ParquetWriter(path, schema, compression="zstd") as writer:
        for frame in chain([first], frames):
            writer.write_table(_arrow(frame))
            rows += frame.height
            total += int(frame.hash_rows(seed=0).cast(pl.UInt128).sum())
        # Another version of polars may hash otherwise.
        content = f"{pl.__version__} {rows} {total} {first.schema}".encode()
        writer.add_key_value_metadata({_CONTENT: content})
    return rows, content


def gathered(frames: Iterable[pl.DataFrame], none: Callable[[], pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The rows of small frames in larger ones; the empty frame `none` where there are none."""
    waiting: list[pl.DataFrame] = []
    is_empty = True
    for frame in frames:
        waiting.append(frame)
        is_empty = False
        if sum(each.height for each in waiting) >= _ROWS_AT_ONCE:
            yield pl.concat(waiting)
            waiting = []
    if waiting or is_empty:
        yield pl.concat(waiting or [none()])


def _arrow(frame: pl.DataFrame) -> pa.Table:
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())
