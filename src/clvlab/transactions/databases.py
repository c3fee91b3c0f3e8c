"""A log out of a database or of Spark: of its table or query, only what a log needs is read."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from clvlab.errors import ParamsError
from clvlab.scratch import scratch_file
from clvlab.sources import SourceTable, set_down
from clvlab.sources.faults import fault
from clvlab.sources.headers import plain_header, suggest_states
from clvlab.transactions.mapping import IDS, resolve

if TYPE_CHECKING:
    from clvlab.sources.copies import Copy, Selected


def copied(
    source: Mapping[str, Any],
    path: Path,
    columns: Mapping[str, str],
    *,
    also: Iterable[str] = (),
    whole: bool = False,
    until: date | None = None,
    time_zone: str | None = None,
) -> "Copy":
    """Copy what a log needs of a database into a Parquet file.

    Parameters
    ----------
    source
        the database, or Spark, with its table or query, as in params
    path
        the file
    columns
        our name -> the database's, as `read_transactions` takes it
    also
        further columns that are needed, by our names or the database's
    whole
        whether all columns are, as where repetitions are merged
    until
        the last day that is needed
    time_zone
        on whose days moments count

    Raises
    ------
    ClvlabError : as by `connected` of `clvlab.sources.databases`, or of `spark.tables` there; or a column is missing
    """
    from clvlab.sources.copies import Selection, copy

    with _connected(source, time_zone) as database:
        names = database.schema().names
        [mapping] = resolve(columns, [SourceTable.of(pl.LazyFrame(schema=dict.fromkeys(names)), database.name)])
        needed = None if whole else _needed(names, mapping, also)
        ids = [theirs for ours, theirs in mapping.items() if ours in IDS]
        return copy(database, Selection(needed, ids, mapping["date"], until), path)


def _connected(source: Mapping[str, Any], time_zone: str | None) -> "AbstractContextManager[Selected]":
    if "spark" in source:
        from clvlab.sources.spark.tables import connected as connected_to_spark

        return connected_to_spark(source, time_zone=time_zone)
    try:
        from clvlab.sources.databases import connected
    except ModuleNotFoundError as error:
        raise fault("database_no_extra", ParamsError, module=error.name) from None
    return connected(source, time_zone=time_zone)


def table_of(source: Mapping[str, Any], columns: Mapping[str, str], **how: Any) -> SourceTable:
    """The same as a table in memory, or, where it is large, in a file that lives as long as this process."""
    path = scratch_file()
    copied(source, path, columns, **how)
    return set_down(path, str(source.get("table", "query")), {"format": "database"})


def _needed(names: Collection[str], mapping: Mapping[str, str], also: Iterable[str]) -> list[str]:
    """The columns of the log, those that are asked for besides, and those that say whether a row is a sale."""
    plain = {plain_header(name): name for name in names}
    asked = [name if name in names else plain.get(plain_header(name)) for name in also if name not in mapping]
    states = suggest_states(name for name in names if name not in mapping.values()).values()
    return [*dict.fromkeys([*mapping.values(), *filter(None, asked), *states])]
