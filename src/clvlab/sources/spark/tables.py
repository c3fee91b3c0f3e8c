"""Tables and queries of Apache Spark: what a log needs of them, narrowed by Spark."""

import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

import polars as pl

from clvlab.errors import MissingColumnsError, ParamsError, did_you_mean
from clvlab.sources.copies import Selection
from clvlab.sources.faults import fault
from clvlab.sources.spark.frames import TOKEN, explained, frames_of, quiet, quoted, reason_of
from clvlab.sources.spark.sessions import opened

KEYS = ("spark", "table", "query", "where", "since")
"""What a mapping that names a table or query of Spark may say."""

_ADDRESS = re.compile(r"sc://[^\s/;@?#]+(/(;(use_ssl|user_id)=[^;=\s]+)*)?|local(\[(\d+|\*)\])?")
_MOMENTS = frozenset({"timestamp", "timestamp_ntz"})


class Cluster:
    """A session of Spark, of which one table or query is read. Made by `connected`."""

    def __init__(self, session: Any, source: Mapping[str, Any]) -> None:
        self._session, self._source = session, source
        self.name = str(source.get("table", "query"))

    @property
    def relation(self) -> str:
        """The table, or the query in brackets, as a statement reads from it."""
        if "table" in self._source:
            return ".".join(map(quoted, str(self._source["table"]).split(".")))
        query = str(self._source["query"]).strip().rstrip(";")
        # On lines of its own, for it may end in a comment.
        return f"(\n{query}\n) AS clvlab_query"

    def schema(self) -> Any:
        """The columns of the table or query, without reading a row."""
        try:
            return self._session.sql(f"SELECT * FROM {self.relation}").schema
        except Exception as error:  # Spark's own, whose class is there only where PySpark is
            if "TABLE_OR_VIEW_NOT_FOUND" in str(error) and "table" in self._source:
                raise self._no_table() from error
            raise fault("spark_refused", name=self.name, reason=reason_of(error)) from error

    def statement(self, schema: Any, selection: Selection) -> str:
        """The statement that reads what is selected.

        Raises
        ------
        MissingColumnsError : `where` names a column that is not there
        ParamsError : `since` is given, and the column of days has none
        """
        names = schema.names if selection.columns is None else selection.columns
        selected = ", ".join(map(quoted, names))
        conditions = [*self._where(schema), *self._days(schema, selection)]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {selected} FROM {self.relation}{where}"

    def frames(self, statement: str) -> Generator[pl.DataFrame, None, None]:
        """The rows, some at a time; one empty frame where there are none."""
        with explained("spark_refused", name=self.name):
            frame = self._session.sql(statement)
            yield from frames_of(frame, frame.columns)

    def _where(self, schema: Any) -> Iterator[str]:
        for name, values in (self._source.get("where") or {}).items():
            if name not in schema.names:
                hint = f"Correct the names in `source.where`.{did_you_mean(name, schema.names)}"
                raise MissingColumnsError(self.name, [name], schema.names, hint=hint)
            listed = list(values) if isinstance(values, list | tuple | set | frozenset) else [values]
            known = [literal(value) for value in listed if value is not None]
            either = [f"{quoted(name)} IN ({', '.join(known)})"] if known else []
            either += [f"{quoted(name)} IS NULL"] if None in listed else []
            yield f"({' OR '.join(either)})" if either else "false"

    def _days(self, schema: Any, selection: Selection) -> Iterator[str]:
        since, day = self._source.get("since"), selection.day
        kind = "void" if day is None else schema[day].dataType.typeName()
        if since is not None:
            if kind != "date" and kind not in _MOMENTS:
                raise fault("database_since", ParamsError, column=repr(day), type=kind)
            yield f"{quoted(str(day))} >= DATE{literal(since)}"
        if selection.until is not None and (kind == "date" or kind in _MOMENTS):
            # Of moments, some more: on which day one falls, its zone decides.
            end = selection.until + timedelta(days=1 if kind == "date" else 2)
            yield f"{quoted(str(day))} < DATE{literal(end)}"

    def _no_table(self) -> ParamsError:
        schema, _, name = self.name.rpartition(".")
        try:
            there = [table.name for table in self._session.catalog.listTables(schema or None)]
        except Exception:  # noqa: BLE001  # no such schema: no table is near
            there = []
        if near := get_close_matches(name, there, n=1):
            return fault("spark_no_table_near", ParamsError, table=repr(self.name), near=repr(near[0]))
        return fault("spark_no_table", ParamsError, table=repr(self.name))


@contextmanager
def connected(source: Mapping[str, Any], *, time_zone: str | None = None) -> Iterator[Cluster]:
    """A session of the Spark that a source names.

    Parameters
    ----------
    source
        with `spark`, an address such as sc://host:15002, or local[2] for a Spark in this process; and with `table`
        or `query`
    time_zone
        the zone on whose days moments count; UTC by default

    Raises
    ------
    ParamsError : the source says something wrong, PySpark is missing, or the server refuses the login
    TryLaterError : the server does not answer
    """
    check_source(source)
    if find_spec("pyspark") is None:
        raise fault("spark_no_extra", ParamsError, module="pyspark")
    with quiet(), opened(str(source["spark"])) as session:
        session.conf.set("spark.sql.session.timeZone", time_zone or "UTC")
        yield Cluster(session, source)


def check_source(source: Mapping[str, Any]) -> None:
    """Raise ParamsError where a mapping does not name one Spark and one table or query of it."""
    unknown = [key for key in source if key not in KEYS]
    if unknown:
        near = did_you_mean(unknown[0], KEYS)
        raise ParamsError(f"`source.{unknown[0]}` is unknown.{near} Known: {', '.join(KEYS)}.")
    if ("table" in source) == ("query" in source):
        raise fault("spark_one_of", ParamsError)
    if not _ADDRESS.fullmatch(str(source["spark"])):
        raise fault("spark_address", ParamsError, variable=TOKEN)


def literal(value: Any) -> str:
    r"""A value as a statement has it; Spark gives it the type of what it is compared with.

    >>> print(literal("it's"), literal("a\\b"), literal(True), literal(7))
    'it\'s' 'a\\b' 'true' '7'
    """
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
