"""Tables and queries of databases: PostgreSQL, by a URL that an environment variable holds, and DuckDB files.

Both are reached by ADBC, Apache Arrow's interface to databases, which hands over typed columns batch by batch: a
million rows of five columns of PostgreSQL in 0.6 s, where SQLAlchemy with psycopg makes Python objects of all cells
and takes 11 s. connectorx reads as fast, but cannot write, and cuts numerics to ten decimals. Its wheels hold libpq;
DuckDB brings a driver of its own. Needs `pip install 'clvlab[databases]'`.

What is read is narrowed in the database: to the columns that are needed, to what `where` and `since` of the source
say, to the days that the run knows. A numeric becomes a number (as an id, a text), an enum, UUID or JSON a text.
"""

import os
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import adbc_driver_duckdb
import adbc_driver_manager
import adbc_driver_manager.dbapi
import adbc_driver_postgresql.dbapi
import polars as pl
import pyarrow as pa

from clvlab.errors import DataError, MissingColumnsError, ParamsError, TryLaterError, did_you_mean
from clvlab.memory_limit import bytes_of_an_engine
from clvlab.scratch import scratch_file
from clvlab.sources.copies import Selection, gathered
from clvlab.sources.faults import fault
from clvlab.sources.texts import printable

KEYS = ("duckdb", "sql", "table", "query", "where", "since", "labels")
"""What a mapping that names a database may say."""
_SCHEMES = frozenset({"postgresql", "postgres"})
_NAME = re.compile(r"[A-Za-z_]\w*")
_LATER = re.compile(r"starting up|shutting down|too many|remaining connection|Could not set lock", re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """A column of a table, as `information_schema` describes it."""

    name: str
    type: str
    length: int | None = None
    decimals: int | None = None


class Database:
    """A connection in one transaction, which is taken back unless it is committed. Made by `connected`."""

    def __init__(
        self, connection: adbc_driver_manager.dbapi.Connection, source: Mapping[str, Any], secrets: Sequence[str]
    ) -> None:
        self._connection, self._source, self._secrets = connection, source, secrets
        self.name = str(source.get("table", "query"))

    @property
    def relation(self) -> str:
        """The table, or the query in brackets, as a statement reads from it."""
        if "table" in self._source:
            return quoted_table(self._source["table"])
        query = str(self._source["query"]).strip().rstrip(";")
        # On lines of its own, for it may end in a comment.
        return f"(\n{query}\n) AS clvlab_query"

    def schema(self) -> pa.Schema:
        """The columns of the table or query, without reading a row."""
        with self._explained(), self._connection.cursor() as cursor:
            return cursor.adbc_execute_schema(f"SELECT * FROM {self.relation}")

    def statement(self, schema: pa.Schema, selection: Selection) -> str:
        """The statement that reads what is selected.

        Raises
        ------
        MissingColumnsError : `where` names a column that is not there
        ParamsError : `since` is given, and the column of days has none
        """
        names = schema.names if selection.columns is None else selection.columns
        selected = ", ".join(as_read(schema.field(name), is_id=name in selection.ids) for name in names)
        conditions = [*self._where(schema), *self._days(schema, selection)]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {selected} FROM {self.relation}{where}"

    def frames(self, statement: str) -> Generator[pl.DataFrame, None, None]:
        """The rows, some at a time; one empty frame where there are none."""
        with self._explained(), self._connection.cursor() as cursor:
            cursor.execute(statement)
            reader = cursor.fetch_record_batch()
            batches = (_typed(pa.Table.from_batches([batch])) for batch in reader)
            yield from gathered(batches, lambda: _typed(reader.schema.empty_table()))

    def columns_of(self, table: str) -> dict[str, Column]:
        """Name -> column of a table, which is in the schema that its name says, else in that of the connection.

        Raises
        ------
        ParamsError : there is no such table
        """
        schema, _, name = table.rpartition(".")
        there = literal(schema) if schema else "current_schema()"
        [*rows] = self._rows(
            "SELECT column_name, data_type, character_maximum_length, numeric_scale FROM information_schema.columns "
            f"WHERE table_name = {literal(name)} AND table_schema = {there}"
        )
        if not rows:
            raise fault("database_no_table", ParamsError, table=repr(table))
        return {row[0]: Column(*row) for row in rows}

    def run(self, statement: str) -> int:
        """Run a statement that gives no rows; how many it has changed."""
        with self._explained(), self._connection.cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.rowcount)

    def commit(self) -> bool:
        """Make lasting what was written; False where the connection was lost, so that nobody knows."""
        try:
            self._connection.commit()
        except adbc_driver_manager.OperationalError:
            return False
        return True

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self._explained(), self._connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def _where(self, schema: pa.Schema) -> Iterator[str]:
        for name, values in (self._source.get("where") or {}).items():
            if name not in schema.names:
                hint = f"Correct the names in `source.where`.{did_you_mean(name, schema.names)}"
                raise MissingColumnsError(self.name, [name], schema.names, hint=hint)
            listed = list(values) if isinstance(values, list | tuple | set | frozenset) else [values]
            known = [literal(value) for value in listed if value is not None]
            either = [f"{quoted(name)} IN ({', '.join(known)})"] if known else []
            either += [f"{quoted(name)} IS NULL"] if None in listed else []
            yield f"({' OR '.join(either)})" if either else "false"

    def _days(self, schema: pa.Schema, selection: Selection) -> Iterator[str]:
        since, day = self._source.get("since"), selection.day
        kind = schema.field(day).type if day is not None else pa.null()
        is_day, is_moment = pa.types.is_date(kind), pa.types.is_timestamp(kind)
        if since is not None:
            if not (is_day or is_moment):
                raise fault("database_since", ParamsError, column=repr(day), type=str(kind))
            yield f"{quoted(str(day))} >= {literal(since)}"
        if selection.until is not None and (is_day or is_moment):
            # Of moments, some more: on which day one falls, its zone decides.
            end = selection.until + timedelta(days=1 if is_day else 2)
            yield f"{quoted(str(day))} < {literal(end)}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn an error of the database into one of ours, without secrets."""
        try:
            yield
        except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:  # the last two while rows come in
            raise fault("database_refused", name=self.name, reason=_reason(error, self._secrets)) from None


@contextmanager
def connected(source: Mapping[str, Any], *, writes: bool = False, time_zone: str | None = None) -> Iterator[Database]:
    """A connection to the database that a source names, for one transaction.

    Parameters
    ----------
    source
        with `duckdb`, a file, or `sql`, the name of an environment variable; and with `table` or `query`
    writes
        whether more than reading is allowed
    time_zone
        the zone in which the database reads a day as a moment; UTC by default

    Raises
    ------
    ParamsError : the source says something wrong, the variable is missing or no URL, or the server refuses the login
    DataError : the file is missing, or no database
    TryLaterError : the server does not answer, or another process holds the file
    """
    check_source(source)
    secrets = _secrets(source)
    try:
        connection = _opened(source, writes)
    except adbc_driver_manager.Error as error:
        raise _unopened(source, _reason(error, secrets)) from None
    with connection:
        database = Database(connection, source, secrets)
        try:
            if not writes and "sql" in source:
                database.run("SET TRANSACTION READ ONLY")
            if "sql" in source:
                database.run("SET standard_conforming_strings = on")
                database.run("SET datestyle = 'ISO'")
            else:
                database.run(f"SET memory_limit = '{bytes_of_an_engine()}B'")
                database.run(f"SET temp_directory = {literal(str(scratch_file()))}")
            database.run(f"SET TIME ZONE {literal(time_zone or 'UTC')}")
            yield database
        finally:
            _take_back(connection)


def check_source(source: Mapping[str, Any]) -> None:
    """Raise ParamsError where a mapping does not name one database and one table or query of it."""
    unknown = [key for key in source if key not in KEYS]
    if unknown:
        near = did_you_mean(unknown[0], KEYS)
        raise ParamsError(f"`source.{unknown[0]}` is unknown.{near} Known: {', '.join(KEYS)}.")
    if ("duckdb" in source) == ("sql" in source) or ("table" in source) == ("query" in source):
        raise fault("database_one_of", ParamsError)
    if "sql" in source and not _NAME.fullmatch(str(source["sql"])):
        raise fault("database_url_given", ParamsError)


def quoted(name: str) -> str:
    """A name as a statement has it, its own quotes doubled.

    >>> quoted("Größe"), quoted('2" pipe')
    ('"Größe"', '"2"" pipe"')
    """
    return '"' + name.replace('"', '""') + '"'


def quoted_table(name: str) -> str:
    """The name of a table, with or without that of its schema.

    >>> print(quoted_table("sales.orders"))
    "sales"."orders"
    """
    return ".".join(quoted(part) for part in name.split("."))


def literal(value: Any) -> str:
    """A value as a statement has it; the database gives it the type of what it is compared with.

    >>> from datetime import date
    >>> literal("it's"), literal(True), literal(date(2024, 1, 31)), literal(None)
    ("'it''s'", "'true'", "'2024-01-31'", 'NULL')
    """
    if value is None:
        return "NULL"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "'" + text.replace("\0", "").replace("'", "''") + "'"


def as_read(column: pa.Field, *, is_id: bool) -> str:
    """A column as it is selected: what Arrow has a plain type for as it is, decimals as numbers, all else as text."""
    name, kind = quoted(column.name), column.type
    if (column.metadata or {}).get(b"POSTGRESQL:type") == b"money":  # in Arrow, its cents
        return f"CAST(CAST({name} AS numeric) AS float8) AS {name}"
    if _is_decimal(kind):
        return f"{as_id(column)} AS {name}" if is_id else f"CAST({name} AS float8) AS {name}"
    plain = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_date, pa.types.is_timestamp)
    if any(is_kind(kind) for is_kind in plain) or kind in (pa.string(), pa.large_string(), pa.string_view()):
        return name
    return f"CAST({name} AS text) AS {name}"


def as_id(column: pa.Field) -> str:
    """A column of ids as text, without decimals where there are none, however many its type has."""
    name = quoted(column.name)
    text = f"CAST({name} AS text)"
    if not _is_decimal(column.type):
        return text
    return (
        f"CASE WHEN {name} = floor({name}) THEN CAST(CAST(floor({name}) AS decimal(38, 0)) AS text) ELSE {text} END"
    )


def _is_decimal(kind: pa.DataType) -> bool:
    return pa.types.is_decimal(kind) or getattr(kind, "type_name", None) == "numeric"


def _typed(table: pa.Table) -> pl.DataFrame:
    """The rows, moments as those of UTC."""
    frame = pl.DataFrame(table)
    zoned = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime) and dtype.time_zone]
    return frame.with_columns(pl.col(zoned).dt.convert_time_zone("UTC")) if zoned else frame


def _opened(source: Mapping[str, Any], writes: bool) -> adbc_driver_manager.dbapi.Connection:
    if "sql" in source:
        connection: adbc_driver_manager.dbapi.Connection = adbc_driver_postgresql.dbapi.connect(_url(source["sql"]))
        return connection
    file = Path(source["duckdb"]).expanduser()
    if not file.is_file():
        raise fault("no_file", source=repr(str(source["duckdb"])), folder=Path.cwd())
    mode = "READ_WRITE" if writes else "READ_ONLY"
    return adbc_driver_manager.dbapi.connect(
        driver=adbc_driver_duckdb.driver_path(),
        entrypoint="duckdb_adbc_init",
        db_kwargs={"path": str(file), "access_mode": mode},
    )


def _url(variable: str) -> str:
    """The URL that an environment variable holds; of one that is malformed nothing is said, for it has a password."""
    url = os.environ.get(variable, "")
    if not url:
        raise fault("database_no_url", ParamsError, variable=variable)
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in _SCHEMES and bool(parts.path or parts.netloc) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url or re.search(r"%(?![0-9A-Fa-f]{2})", url):
        raise fault("database_url", ParamsError, variable=variable) from None
    return url


def _secrets(source: Mapping[str, Any]) -> list[str]:
    """What of the URL no message may repeat, the longest first."""
    if "sql" not in source:
        return []
    url = _url(source["sql"])
    parts = urlsplit(url)
    given = parse_qs(parts.query)
    names = [parts.username, *given.get("user", ())]
    passwords = [parts.password, *given.get("password", ()), *given.get("sslpassword", ())]
    texts = [text for text in (*passwords, *map(unquote, filter(None, passwords))) if text]
    users = [f'"{unquote(name)}"' for name in names if name]
    return sorted({url, *texts, *users}, key=len, reverse=True)


def _reason(error: Exception, secrets: Sequence[str]) -> str:
    """What the database says is wrong, on one line, without the statement and without secrets."""
    text = re.split(r"\n+(?:LINE |Query was)|\s*\. SQLSTATE", str(error))[0]
    text = text.rpartition("ERROR:")[2] if "ERROR:" in text else text.partition(": ")[2] or text
    for secret in secrets:
        text = text.replace(secret, "***")
    return printable(" ".join(text.split())[:300].rstrip(".!"))


def _unopened(source: Mapping[str, Any], reason: str) -> DataError | ParamsError | TryLaterError:
    name = str(source.get("sql") or source.get("duckdb"))
    if _LATER.search(reason):
        return fault("database_later", TryLaterError, name=name, reason=reason)
    if "duckdb" in source:
        return fault("database_unopened", DataError, name=name, reason=reason)
    if "FATAL" in reason:
        return fault("database_login", ParamsError, name=name, reason=reason)
    return fault("database_later", TryLaterError, name=name, reason=reason)


def _take_back(connection: adbc_driver_manager.dbapi.Connection) -> None:
    try:
        connection.rollback()
    except adbc_driver_manager.Error:
        # The connection is lost, and with it the transaction.
        return
