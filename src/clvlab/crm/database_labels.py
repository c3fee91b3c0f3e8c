"""Labels in a table of a database: by key, into rows that are there, all in one transaction or none."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import polars as pl

from clvlab.crm.protocol import Kind, LabelField, Outcome, Row, forget
from clvlab.errors import MissingColumnsError, ParamsError, did_you_mean
from clvlab.params.source import DuckdbSource, SqlSource
from clvlab.sources.databases import Column, Database, as_id, connected, literal, quoted
from clvlab.sources.faults import fault

_ROWS_PER_STATEMENT = 1_000
_TEXTS = frozenset({"character varying", "character", "text", "varchar"})
_INTEGERS = frozenset({"smallint", "integer", "bigint", "tinyint", "hugeint"})
_FLOATS = frozenset({"real", "double precision", "float", "double"})
_DECIMALS = ("numeric", "decimal")
_CASTS: Mapping[Kind, str] = {"text": "text", "number": "float8", "day": "date"}


class DatabaseLabels:
    """The table that the source of a run names for labels.

    Parameters
    ----------
    source
        as the parameters of a run have it, with `labels`
    """

    name = "database"
    most = 5_000
    import_suffix = None

    def __init__(self, source: DuckdbSource | SqlSource) -> None:
        if "labels" not in source:
            raise fault("database_no_labels", ParamsError)
        self._table, self._key = source["labels"]["table"], source["labels"]["key"]
        kept = {name: value for name, value in source.items() if name in ("duckdb", "sql")}
        self._source = {**kept, "table": self._table}

    def close(self) -> None:
        """Nothing is left open between calls."""

    def label_fields(self, names: Sequence[str]) -> list[LabelField]:
        """The columns of these names, as the database describes them.

        Raises
        ------
        MissingColumnsError : one is missing, or that of the key
        ParamsError : one is of a kind that takes no label, or there is no such table
        """
        with connected(self._source) as database:
            return self._fields(database, names)

    def labels(self, names: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
        """customer_id and the present values of these columns, by the ids of customers.

        Raises
        ------
        ParamsError : two rows have one key
        """
        with connected(self._source) as database:
            fields = self._fields(database, names)
            key = database.schema().field(self._key)
            selected = [f"{as_id(key)} AS customer_id"]
            selected += [f"CAST({quoted(it.name)} AS {_read_as(it.kind)}) AS {quoted(it.name)}" for it in fields]
            present = f"{quoted(self._key)} IS NOT NULL"
            rows = f"SELECT {', '.join(selected)} FROM {database.relation} WHERE {present}"
            table = pl.concat(list(database.frames(rows)))
        twice = table.filter(pl.col("customer_id").is_duplicated())
        if twice.height:
            raise fault(
                "database_key_twice",
                ParamsError,
                column=repr(self._key),
                table=self._table,
                example=repr(twice["customer_id"].min()),
            )
        table = table if ids is None else table.filter(pl.col("customer_id").is_in(ids))
        return table.sort("customer_id")

    def batches(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """All rows at once, for they are written in one transaction."""
        yield rows

    def settle(self, name: str) -> None:
        """Nothing goes on in a database when the process that has begun it has ended."""
        del name

    def import_file(self, rows: Sequence[Row], names: Sequence[str]) -> bytes:
        """ParamsError: a database has no import of its own."""
        del rows, names
        raise fault("database_no_import", ParamsError)

    def write_labels(self, rows: Sequence[Row], begun: Callable[[str], None] = forget) -> list[Outcome]:
        """Update rows by key in one transaction; where the answer to the last word of it is lost, nobody knows.

        Raises
        ------
        DataError : the database refuses a value, or a row has gone meanwhile; nothing was written then
        """
        del begun
        with connected(self._source, writes=True) as database:
            fields = self._fields(database, [*dict.fromkeys(name for row in rows for name in row.values)])
            key = database.columns_of(self._table)[self._key]
            written = sum(database.run(each) for each in _updates(database.relation, key, fields, rows))
            if written != len(rows):
                raise fault("database_rows_gone", table=self._table, rows=len(rows), found=written)
            is_sure = database.commit()
        return [Outcome(row.id, "written" if is_sure else "unknown") for row in rows]

    def _fields(self, database: Database, names: Sequence[str]) -> list[LabelField]:
        known = database.columns_of(self._table)
        for name in (self._key, *names):
            if name not in known:
                hint = f"Correct the names in `source.labels`.{did_you_mean(name, known)}"
                raise MissingColumnsError(self._table, [name], known, hint=hint)
        return [self._field(known[name]) for name in names]

    def _field(self, column: Column) -> LabelField:
        kind = _kind(column)
        if kind is None or column.name == self._key:
            raise fault(
                "database_column_closed", ParamsError, column=repr(column.name), table=self._table, type=column.type
            )
        return LabelField(column.name, kind, column.length, _decimals(column))


def _kind(column: Column) -> Kind | None:
    """What a column holds; None for what takes no label."""
    name = column.type.lower()
    if name in _TEXTS:
        return "text"
    if name in _INTEGERS | _FLOATS or name.startswith(_DECIMALS):
        return "number"
    return "day" if name == "date" else None


def _decimals(column: Column) -> int | None:
    name = column.type.lower()
    return 0 if name in _INTEGERS else column.decimals if name.startswith(_DECIMALS) else None


def _read_as(kind: Kind) -> str:
    return "float8" if kind == "number" else "text"


def _updates(table: str, key: Column, fields: Sequence[LabelField], rows: Sequence[Row]) -> Iterator[str]:
    """The statements that update the rows, those in which the same columns change together."""
    by_name = {field.name: field for field in fields}
    ordered = sorted(rows, key=lambda row: sorted(row.values))
    for names, alike in groupby(ordered, key=lambda row: sorted(row.values)):
        listed = list(alike)
        for at in range(0, len(listed), _ROWS_PER_STATEMENT):
            part = listed[at : at + _ROWS_PER_STATEMENT]
            yield _update(table, key, [by_name[name] for name in names], part)


def _update(table: str, key: Column, fields: Sequence[LabelField], rows: Sequence[Row]) -> str:
    places = [f"v{place}" for place in range(len(fields))]
    sets = ", ".join(
        f"{quoted(field.name)} = CAST(label.{place} AS {_CASTS[field.kind]})"
        for field, place in zip(fields, places, strict=True)
    )
    values = ", ".join(f"({', '.join(map(literal, _cells(row, fields)))})" for row in rows)
    there = f"{table}.{quoted(key.name)}"
    return (
        f"UPDATE {table} SET {sets} FROM (VALUES {values}) AS label (id, {', '.join(places)}) "
        f"WHERE {_matches(there, key)}"
    )


def _cells(row: Row, fields: Sequence[LabelField]) -> list[Any]:
    return [row.id, *(row.values[field.name] for field in fields)]


def _matches(there: str, key: Column) -> str:
    """The condition that a row has the id of a label, in the key's own type where an index can serve."""
    name = key.type.lower()
    if name in _TEXTS:
        return f"{there} = label.id"
    if name in _INTEGERS or name.startswith(_DECIMALS) or name == "uuid":
        return f"{there} = CAST(label.id AS {name})"
    return f"CAST({there} AS text) = label.id"
