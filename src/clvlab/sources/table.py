"""A table as it is in its source."""

import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from clvlab.errors import DataError
from clvlab.sources.faults import fault
from clvlab.sources.texts import printable

OURS = "clvlab."  # prefix of our columns next to the source's own
ROW = OURS + "row"
FLAW = OURS + "flaw"


@dataclass(frozen=True, eq=False)
class SourceTable:
    """The rows of one file, sheet or frame.

    Attributes
    ----------
    rows : the source's own columns, `clvlab.row` (1 for the first row of data) and `clvlab.flaw` (null, or the rule
        that the row breaks as text: see `delimited`); next to a column of mixed cells also what `cells` says
    name : what to call it before the user
    facts : what was detected: encoding, separator, sheet, ...
    is_large : whether the rows are better read again by every step than kept in memory
    """

    rows: pl.LazyFrame
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_large: bool = False

    @classmethod
    def of(
        cls,
        rows: pl.LazyFrame,
        name: str,
        facts: Mapping[str, Any] | None = None,
        *,
        is_large: bool = False,
        made: Collection[str] = (),
    ) -> "SourceTable":
        """Number the rows; DataError where the source has no columns, or uses our prefix but for what we `made`."""
        with readable(name):
            found = rows.collect_schema().names()
        if not found:
            raise fault("no_columns", file=name)
        for column in found:
            if column.startswith(OURS) and column not in (FLAW, *made):
                raise fault("our_prefix", file=name, column=repr(column), prefix=repr(OURS))
        if FLAW not in found:
            rows = rows.with_columns(pl.lit(None, pl.String).alias(FLAW))
        return cls(rows.with_row_index(ROW, offset=1), name, facts or {}, is_large)

    @property
    def columns(self) -> list[str]:
        """The source's own columns."""
        return [name for name in self.rows.collect_schema().names() if not name.startswith(OURS)]


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what goes wrong while a source is read into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, EOFError, zlib.error) as error:
        reason = printable(" ".join(str(error).split())[:300])
        raise fault("unreadable", file=name, reason=reason) from error
