"""Rows that are left out by the values of a column, such as orders that were cancelled."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import polars as pl

from clvlab.errors import DataError, MissingColumnsError, did_you_mean
from clvlab.sources import OURS, SourceTable
from clvlab.sources.doubts import warn
from clvlab.sources.faults import fault
from clvlab.sources.headers import plain_header, suggest_states
from clvlab.sources.texts import as_text, fold_ids
from clvlab.transactions.words import words

Where = Mapping[str, Any]
KEPT = OURS + "is_kept"

_SHOWN = 10
_LOST = r"^closed|lost|输单|无效"


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
            raise _nothing_kept(name, unmet, found)
        if unmet:
            warn("where_unmet", column=name, values=", ".join(map(repr, unmet)))


def is_open(stage: pl.Expr, won: Sequence[Any]) -> pl.Expr:
    """Whether a deal is neither won, as the values say that `where` keeps, nor lost.

    >>> deals = pl.DataFrame({"Stage": ["Closed Won", "Qualification", "closed lost", None]})
    >>> deals.select(is_open(pl.col("Stage"), ["closed won"]))["Stage"].to_list()
    [False, True, False, False]
    """
    state = _folded(stage)
    is_won = state.is_in([_plain(value) for value in won if value is not None])
    return (~is_won & ~state.is_in(words("not_sold")) & ~state.str.contains(_LOST)).fill_null(False)


def warn_of_states(table: SourceTable, mapping: Mapping[str, str], where: Where) -> None:
    """Warn of a column of states by which nothing is left out though some rows are no sales."""
    named = {plain_header(name) for name in (*where, *mapping.values())}
    free = [name for name in table.columns if plain_header(name) not in named]
    for kind, column in suggest_states(free).items():
        text = as_text(column, table.rows.collect_schema()[column], table.name)
        counts = table.rows.group_by(state=text).agg(rows=pl.len()).drop_nulls().collect(engine="streaming")
        counts = counts.sort("rows", "state", descending=[True, False])
        state = pl.col("state").str.to_lowercase()
        unsold = counts.filter(state.is_in(words("not_sold")) if kind == "status" else ~state.is_in(words("sold")))
        if unsold.height:
            listed = [f"{state!r} ({rows:,})" for state, rows in counts.head(_SHOWN).iter_rows()]
            states = ", ".join([*listed, "…"] if counts.height > _SHOWN else listed)
            rows = unsold["rows"].sum()
            warn("states_unused", file=table.name, column=repr(column), states=states, rows=rows)


def _column(table: SourceTable, mapping: Mapping[str, str], name: str) -> str:
    """The table's column of this name, or the one that has it as our name."""
    alike = [header for header in table.columns if plain_header(header) == plain_header(name)]
    chosen = name if name in table.columns else mapping.get(name) or (alike[0] if alike else None)
    if chosen is None:
        hint = f"Correct the names in `where`.{did_you_mean(name, table.columns)}"
        raise MissingColumnsError(table.name, [name], table.columns, hint=hint)
    return chosen


def _nothing_kept(name: str, unmet: Sequence[Any], found: Mapping[str | None, str | None]) -> DataError:
    """The error that says which values there are, and which of them may be meant."""
    there = ", ".join(repr(found[value]) for value in sorted(found, key=str)[:_SHOWN])
    figures = {"column": repr(name), "values": ", ".join(map(repr, unmet)), "found": there}
    meant, known = _plain(unmet[0]) or "", [value for value in found if value]
    near = [value for value in sorted(known) if meant in value] or get_close_matches(meant, known, n=1)
    if near:
        return fault("no_row_kept_near", DataError, near=repr(found[near[0]]), **figures)
    return fault("no_row_kept", DataError, **figures)


def _values(tables: "Iterable[tuple[SourceTable, Mapping[str, str]]]", name: str) -> dict[str | None, str | None]:
    """The values of a column, folded -> as they are written."""
    found: dict[str | None, str | None] = {}
    for table, mapping in tables:
        column = _column(table, mapping, name)
        written = as_text(column, table.rows.collect_schema()[column], table.name)
        texts = table.rows.select(text=written).unique().collect(engine="streaming").sort("text")
        folded = texts.select(_folded(pl.col("text"))).to_series()
        found |= dict(zip(folded, texts["text"], strict=True))
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
