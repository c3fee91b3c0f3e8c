"""Things known in advance that change how much everybody buys: holidays, campaigns, as a dated table.

One row for each time that it takes place: event (its name), first_day, last_day (blank for a single day). Spring
Festival, Ramadan and campaigns move, so that a table serves them where no rule would. An event whose past days are in
the table, too, has an effect that can be learned.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from clvlab.errors import DataError, MissingColumnsError
from clvlab.sources import open_source
from clvlab.units import parse_day

SCHEMA = {"event": pl.String, "first_day": pl.Date, "last_day": pl.Date}


def read_events(source: Any) -> pl.DataFrame:
    """event, first_day, last_day: of a path, a frame, or a list of these and of rows; without a source no rows.

    Days are dates, or texts such as "2024-11-11".

    Raises
    ------
    MissingColumnsError : no column event or first_day
    ParamsError : a day that is none
    DataError : an event without a name, or one that ends before it begins

    Examples
    --------
    >>> read_events([{"event": "singles_day", "first_day": "2024-11-11"}]).rows()
    [('singles_day', datetime.date(2024, 11, 11), datetime.date(2024, 11, 11))]
    """
    if source is None:
        return pl.DataFrame(schema=SCHEMA)
    parts = source if isinstance(source, list | tuple) else [source]
    read = [_event(number, row) for number, row in enumerate((row for part in parts for row in _rows_of(part)), 1)]
    return pl.DataFrame(read, schema=SCHEMA, orient="row").sort("first_day", "event", "last_day")


def _rows_of(part: Any) -> Iterator[Mapping[str, Any]]:
    """A row by itself, or those of a file or frame."""
    if isinstance(part, Mapping):
        yield part
    else:
        for table in open_source(part):
            yield from table.rows.collect().iter_rows(named=True)


def _event(number: int, row: Mapping[str, Any]) -> tuple[Any, ...]:
    missing = {"event", "first_day"} - set(row)
    if missing:
        found = [name for name in row if not name.startswith("clvlab.")]
        raise MissingColumnsError(
            "The table of events", missing, found, hint="It has the columns event, first_day and last_day."
        )
    name = str(row["event"] or "").strip()
    if not name:
        raise DataError(f"The table of events, row {number}: there is no name in the column event.")
    first = parse_day(f"first_day of the event {name!r}, row {number},", _day(row["first_day"]))
    last = parse_day(f"last_day of the event {name!r}, row {number},", _day(row.get("last_day")) or first)
    if last < first:
        raise DataError(f"The event {name!r}, row {number}, ends on {last}, before it begins on {first}.")
    return name, first, last


def _day(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value
