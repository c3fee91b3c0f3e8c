"""Rows that are left out by the values of a column, such as orders that were cancelled."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from clvlab.errors import MissingColumnsError
from clvlab.sources import OURS, SourceTable
from clvlab.sources.doubts import warn
from clvlab.sources.faults import fault
from clvlab.sources.headers import plain_header, suggest_status
from clvlab.sources.texts import as_text, fold_ids
from clvlab.transactions.words import words

Where = Mapping[str, Any]
KEPT = OURS + "is_kept"

_SHOWN = 10


def kept_rows(table: SourceTable, mapping: Mapping[str, str], where: Where) -> pl.LazyFrame:
    """The table's rows with `clvlab.is_kept`: whether each column of `where` has one of the values listed for it.

    Case and width do not count; null stands for blank.

    Raises
    ------
    MissingColumnsError : the table has no such column
    """
    schema = table.rows.collect_schema()
    kept = pl.lit(True)
    for name, values in where.items():
        column = _column(table, mapping, name)
        text = _folded(as_text(column, schema[column], table.name))
        wanted = {_plain(value) for value in _listed(values)}
        kept &= text.is_in(list(wanted - {None})).fill_null(None in wanted)
    return table.rows.with_columns(kept.alias(KEPT))


def check_kept(tables: Sequence[SourceTable], mappings: Sequence[Mapping[str, str]], where: Where) -> None:
    """Warn of values that no row has; DataError where that goes for all values of a column."""
    for name, values in where.items():
        found = _values(zip(tables, mappings, strict=True), name)
        unmet = [value for value in _listed(values) if _plain(value) not in found]
        if unmet and len(unmet) == len(_listed(values)):
            there = ", ".join(repr(value) for value in sorted(found, key=str)[:_SHOWN])
            raise fault("no_row_kept", column=repr(name), values=", ".join(map(repr, unmet)), found=there)
        if unmet:
            warn("where_unmet", column=name, values=", ".join(map(repr, unmet)))


def warn_of_states(table: SourceTable, mapping: Mapping[str, str], where: Where) -> None:
    """Warn of a column of states by which nothing is left out though some rows are no sales."""
    named = {plain_header(name) for name in (*where, *mapping.values())}
    free = [name for name in table.columns if plain_header(name) not in named]
    column = suggest_status(free)
    if column is None:
        return
    text = as_text(column, table.rows.collect_schema()[column], table.name)
    counts = table.rows.group_by(state=text).agg(rows=pl.len()).drop_nulls().collect(engine="streaming")
    lost = counts.filter(pl.col("state").str.to_lowercase().is_in(words("not_sold"))).sort(
        "rows", "state", descending=True
    )
    if lost.height:
        states = ", ".join(map(repr, lost["state"].head(3)))
        warn("states_unused", file=table.name, column=repr(column), states=states, rows=lost["rows"].sum())


def _column(table: SourceTable, mapping: Mapping[str, str], name: str) -> str:
    """The table's column of this name, or the one that has it as our name."""
    alike = [header for header in table.columns if plain_header(header) == plain_header(name)]
    chosen = name if name in table.columns else mapping.get(name) or (alike[0] if alike else None)
    if chosen is None:
        raise MissingColumnsError(table.name, [name], table.columns, hint="Correct the names in `where`.")
    return chosen


def _values(tables: "Iterable[tuple[SourceTable, Mapping[str, str]]]", name: str) -> set[str | None]:
    found: set[str | None] = set()
    for table, mapping in tables:
        column = _column(table, mapping, name)
        text = _folded(as_text(column, table.rows.collect_schema()[column], table.name))
        found |= set(table.rows.select(text.alias("text")).unique().collect(engine="streaming")["text"])
    return found


def _folded(text: pl.Expr) -> pl.Expr:
    return text.map_batches(fold_ids, return_dtype=pl.String, is_elementwise=True).str.to_lowercase()


def _listed(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple | set | frozenset) else [values]


def _plain(value: Any) -> str | None:
    if value is None:
        return None
    text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
    folded = fold_ids(pl.Series([text.strip()])).item()
    return folded.lower() if folded else None
