"""The columns of a source under our names, each typed by what it holds."""

from collections.abc import Mapping, Sequence

import polars as pl

from clvlab.columns import LOG, names
from clvlab.errors import DataError, MissingColumnsError, ParamsError, did_you_mean
from clvlab.sources import OURS, SourceTable
from clvlab.sources.cells import DAY_CELL, NUMBER_CELL
from clvlab.sources.dates import SECONDS, GivenFormat, day_of_number, moment_of_number
from clvlab.sources.doubts import warn
from clvlab.sources.faults import fault
from clvlab.sources.headers import columns_of_export, plain_header, suggest_columns
from clvlab.sources.numbers import as_number
from clvlab.sources.texts import as_id, as_text, is_beyond_float, is_text
from clvlab.sources.zones import in_utc

IDS = ("customer_id", "order_id")
TEXTS = ("customer_id", "order_id", "category", "channel", "currency")
_COUNTED_TEXT = r"^(\d{9,10}(?:\.\d+)?|\d{13}|\d{16}|\d{19})$"
NUMBERS = ("amount", "quantity", "unit_price", "cost")


def resolve(columns: Mapping[str, str], tables: Sequence[SourceTable]) -> list[dict[str, str]]:
    """For each table: our name -> the table's name, for every column of the log that it has.

    Columns that already have our name need no mention. Case, spaces, punctuation and units in brackets may differ
    from what is asked for.

    Raises
    ------
    ParamsError : a name is not ours, two of ours name one of the source's, or one takes the column of another
    MissingColumnsError : a table lacks a column that is named, a customer, a date, or the money that others have
    DataError : a column that is named is in a table's header twice
    """
    for ours in columns:
        if ours not in names(LOG):
            raise ParamsError(
                f"columns has the key {ours!r}, which is not a column of a log.{did_you_mean(ours, names(LOG))} "
                f"Known: {', '.join(names(LOG))}. Write `our name: your name`."
            )
        if not isinstance(columns[ours], str):
            raise ParamsError(f"columns maps {ours!r} to {columns[ours]!r}, which is not the name of a column.")
    theirs = list(columns.values())
    twice = sorted({name for name in theirs if theirs.count(name) > 1})
    if twice:
        both = " and ".join(repr(ours) for ours in columns if columns[ours] == twice[0])
        raise fault("mapped_twice", ParamsError, both=both, column=repr(twice[0]))
    mappings = [found_columns(columns, table) for table in tables]
    some_have = any(map(has_money, mappings))
    for table, mapping in zip(tables, mappings, strict=True):
        _check_columns(table, mapping, columns, needs_money=some_have)
    _warn_of_gaps(tables, mappings)
    return mappings


def standardise(
    table: SourceTable, mapping: Mapping[str, str], decimal: str, given: GivenFormat | None
) -> pl.LazyFrame:
    """The table's rows with our columns next to its own, under our prefix.

    `customer_id`, `order_id`, ... as text; `amount`, `quantity`, ... as numbers; `day` where the date is not text,
    else `date_text`; `moment` where it is a moment of UTC; `amount_text` where the amount (or else the unit price) is
    text; `lacks_date`, `lacks_amount`; of ids that may be decimal numbers `rounded_id`: one too large to be exact.
    """
    schema = table.rows.collect_schema()
    mapping = {ours: theirs for ours, theirs in mapping.items() if theirs in schema}
    text = {ours: _text(ours, theirs, schema, table.name) for ours, theirs in mapping.items()}
    number = {
        ours: _number(mapping[ours], schema, as_number(mapping[ours], schema[mapping[ours]], table.name, decimal))
        for ours in NUMBERS
        if ours in mapping
    }
    made = {name: text[name] for name in TEXTS if name in mapping} | number
    made |= {
        "file": pl.lit(table.name),
        "lacks_date": _lacks(mapping["date"], schema, text["date"]),
        "day": _typed_day(mapping["date"], schema, table.facts.get("counts_from", 1900), given),
        "moment": _moment(mapping["date"], schema, given),
    }
    if _has_floats(mapping["customer_id"], schema):
        made["rounded_id"] = is_beyond_float(_numbers(mapping["customer_id"], schema))
    made["date_text"] = text["date"] if is_text(schema[mapping["date"]]) else pl.lit(None, pl.String)
    money = "amount"
    if "amount" in mapping:
        made["lacks_amount"] = _lacks(mapping["amount"], schema, text["amount"])
    elif "quantity" in mapping and "unit_price" in mapping:
        money = "unit_price"
        made["amount"] = (number["quantity"] * number["unit_price"]).fill_nan(None)
        quantity, price = (_lacks(mapping[name], schema, text[name]) for name in ("quantity", "unit_price"))
        made["lacks_amount"] = quantity | price
    if "amount" in made:
        made["amount_text"] = _written(mapping[money], schema, text[money])
    for name in ("quantity", "cost"):
        if name in number and is_text(schema[mapping[name]]):
            made[f"unread_{name}"] = pl.when(number[name].is_null()).then(text[name])
    return table.rows.with_columns(expression.alias(OURS + name) for name, expression in made.items())


def together(tables: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
    """All tables one below the other; a column whose type differs between them as text."""
    schemas = [table.collect_schema() for table in tables]
    types: dict[str, set[pl.DataType]] = {}
    for schema in schemas:
        for name, dtype in schema.items():
            types.setdefault(name, set()).add(dtype)
    mixed = [name for name, dtypes in types.items() if len(dtypes) > 1]
    return pl.concat(
        [
            table.with_columns(pl.col(name).cast(pl.String) for name in mixed if name in schema)
            for table, schema in zip(tables, schemas, strict=True)
        ],
        how="diagonal",
    )


def found_columns(columns: Mapping[str, str], table: SourceTable) -> dict[str, str]:
    """Our name -> the table's name, for what is asked for, what has our names, and exports that are known."""
    _check_once(table, {**dict.fromkeys(names(LOG)), **columns})
    asked = {ours: _header(table, ours, theirs, table.columns) for ours, theirs in columns.items()}
    free = [name for name in table.columns if name not in asked.values()]
    own = {ours: _header(table, ours, ours, free) for ours in names(LOG) if ours not in columns}
    found = {ours: name for ours, name in {**own, **asked}.items() if name is not None}
    exported = columns_of_export(table.columns)
    return {ours: name for ours, name in exported.items() if name not in found.values()} | found


def _header(table: SourceTable, ours: str, name: str, headers: Sequence[str]) -> str | None:
    """The header of this name, else the one that is written a little differently."""
    if name in headers:
        return name
    alike = [header for header in headers if plain_header(header) == plain_header(name)]
    if len(alike) > 1:
        raise _question(table, ours, name, alike)
    return alike[0] if alike else None


def has_money(mapping: Mapping[str, str]) -> bool:
    """Whether these columns tell an amount, by itself or as quantity x unit price."""
    return "amount" in mapping or {"quantity", "unit_price"} <= mapping.keys()


def _check_columns(
    table: SourceTable, mapping: Mapping[str, str], asked: Mapping[str, str], *, needs_money: bool
) -> None:
    """Refuse a table that lacks what is asked for, a customer, a date, or the money that other tables have."""
    needed = {ours: asked.get(ours, ours) for ours in ("customer_id", "date", *asked)}
    if needs_money and not has_money(mapping):
        needed["amount"] = "amount"
    missing = [name for ours, name in needed.items() if ours not in mapping]
    taken = {plain_header(theirs): ours for ours, theirs in asked.items() if ours in mapping}
    for lost in needed:
        ours = taken.get(plain_header(lost))
        if ours is not None and lost not in mapping and lost not in asked:
            raise fault(
                "leaves_without",
                ParamsError,
                ours=repr(ours),
                theirs=repr(asked[ours]),
                lost=repr(lost),
                mapping=f"{{{ours}: {asked[ours]}, {lost}: <your column>}}",
            )
    if missing:
        known = {**suggest_columns(table.columns), **mapping}
        guess = {ours: known.get(ours, "<your column>") for ours in dict.fromkeys([*needed, *known])}
        hint = f"Map yours, perhaps: `columns: {{{', '.join(f'{ours}: {name}' for ours, name in guess.items())}}}`."
        if "format" in table.facts:
            hint += " If the names of the columns are in another row, set `header_row:`."
        raise MissingColumnsError(table.name, missing, table.columns, hint=hint)


def _warn_of_gaps(tables: Sequence[SourceTable], mappings: Sequence[Mapping[str, str]]) -> None:
    """Warn of a table without a column that others have."""
    everywhere = dict.fromkeys(ours for mapping in mappings for ours in mapping)
    for table, mapping in zip(tables, mappings, strict=True):
        missing = [ours for ours in everywhere if ours not in mapping and ours not in NUMBERS[:3]]
        if missing:
            warn("columns_missing", file=table.name, columns=", ".join(missing))


def _check_once(table: SourceTable, mapping: Mapping[str, str | None]) -> None:
    """Refuse a name that is meant and is in the header more than once."""
    for ours, theirs in mapping.items():
        meant = theirs or ours
        if meant in table.facts.get("repeated", ()):
            raise _question(table, ours, meant, [name for name in table.columns if name.startswith(f"{meant} (")])


def _question(table: SourceTable, ours: str, meant: str, headers: Sequence[str]) -> DataError:
    listed, example = ", ".join(map(repr, headers)), f"{{{ours}: {headers[-1]}}}"
    return fault("column_twice", file=table.name, column=repr(meant), headers=listed, mapping=example)


def _text(ours: str, theirs: str, schema: pl.Schema, table: str) -> pl.Expr:
    return (as_id if ours in IDS else as_text)(theirs, schema[theirs], table)


def _lacks(column: str, schema: pl.Schema, text: pl.Expr) -> pl.Expr:
    """Whether a cell says nothing: of a typed column no text is made to tell."""
    dtype, value = schema[column], pl.col(column)
    if is_text(dtype):
        return text.is_null()
    return value.is_null() | value.is_nan() if dtype.is_float() else value.is_null()


def _numbers(column: str, schema: pl.Schema) -> pl.Expr:
    """The cells that are numbers with decimals, or numbers among texts; null for all others."""
    if schema[column].is_float():
        return pl.col(column).cast(pl.Float64)
    return pl.col(NUMBER_CELL + column) if _has_floats(column, schema) else pl.lit(None, pl.Float64)


def _has_floats(column: str, schema: pl.Schema) -> bool:
    return schema[column].is_float() or NUMBER_CELL + column in schema


def _number(column: str, schema: pl.Schema, read: pl.Expr) -> pl.Expr:
    """The cells that are numbers as they are, and the texts as they read."""
    return pl.coalesce(NUMBER_CELL + column, read) if NUMBER_CELL + column in schema else read


def _written(column: str, schema: pl.Schema, text: pl.Expr) -> pl.Expr:
    """The cells that are texts."""
    if not is_text(schema[column]):
        return pl.lit(None, pl.String)
    return pl.when(pl.col(NUMBER_CELL + column).is_null()).then(text) if NUMBER_CELL + column in schema else text


def _typed_day(column: str, schema: pl.Schema, counts_from: int, given: GivenFormat | None) -> pl.Expr:
    """The days of cells that are dates or numbers."""
    dtype = schema[column]
    if isinstance(dtype, pl.Date):
        return pl.col(column)
    if isinstance(dtype, pl.Datetime):
        return pl.col(column).dt.date()
    number = _numbers(column, schema)
    if dtype.is_numeric():
        number = pl.col(column).cast(pl.Float64)
    in_format = given.days_of_numbers(number) if given else None
    days = [pl.col(DAY_CELL + column).dt.date()] if DAY_CELL + column in schema else []
    return pl.coalesce(*days, day_of_number(number, counts_from) if in_format is None else in_format)


def _moment(column: str, schema: pl.Schema, given: GivenFormat | None) -> pl.Expr:
    """The moments of UTC of a column of times, and those that numbers and texts of digits count."""
    dtype = schema[column]
    if isinstance(dtype, pl.Datetime):
        return in_utc(column, dtype)
    number = pl.col(column).cast(pl.Float64) if dtype.is_numeric() else _numbers(column, schema)
    if is_text(dtype):
        pattern = _COUNTED_TEXT if given is None else r"^(-?\d+(?:\.\d+)?)$"
        digits = pl.col(column).cast(pl.String).str.strip_chars().str.extract(pattern)
        number = pl.coalesce(number, digits.cast(pl.Float64))
    if given and given.date_format != SECONDS:
        return pl.lit(None, pl.Datetime("ms"))
    return moment_of_number(number, seconds=given is not None)
