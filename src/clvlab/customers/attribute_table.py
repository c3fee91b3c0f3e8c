"""One table of attributes: what its columns are, which of its rows say something, and what its values mean."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

import polars as pl

from clvlab.customers.attribute_values import day_reader, typed
from clvlab.displays import Displayed, listed
from clvlab.errors import DataError, MissingColumnsError, all_refused, counted, within
from clvlab.sources import FileSettings, SourceTable
from clvlab.sources.cells import NUMBER_CELL
from clvlab.sources.doubts import warn
from clvlab.sources.faults import fault
from clvlab.sources.headers import plain_header, suggest_attributes
from clvlab.sources.table import FLAW, ROW, readable
from clvlab.sources.texts import as_id, as_text
from clvlab.sources.zones import check_zone, days_in
from clvlab.wording import Name, Words

MANY_REFUSED = 0.1
"""Beyond this share of a table's rows, that they are left out is a warning."""
_RULE = "clvlab.rule"
_DETECTED = FileSettings()


@dataclass(frozen=True)
class AttributeSettings:
    """What is known of the tables of attributes of a run.

    Attributes
    ----------
    columns : our name -> the header that stands for it, where it is not recognised: customer_id, date, or any
        attribute
    customers : the header that the log has its customers by; a table that has it as well is about the same ones
    static : columns that never change, whatever their name suggests
    dated : columns that say since when a row is true
    files : encoding, separator and sheet
    strict : whether a table that `files` does not fit is an error; else it is read as it shows itself
    date_format, decimal : how days (where the data leaves them open) and numbers are written
    time_zone : on whose days moments count
    """

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    customers: str | None = None
    static: tuple[str, ...] = ()
    dated: tuple[str, ...] = ()
    files: FileSettings = _DETECTED
    strict: bool = True
    date_format: str | None = None
    decimal: str = "."
    time_zone: str | None = None

    def __post_init__(self) -> None:
        if self.time_zone is not None:
            check_zone(self.time_zone)


@dataclass(frozen=True, eq=False)
class AttributeTable(Displayed):
    """One table of attributes: customer_id, date if it is dated, and the attributes.

    Attributes
    ----------
    headers : our name -> the table's own, where it is another
    refused : rule -> rows that say nothing of anybody: missing_customer, missing_date, unreadable_date
    static : attributes that were declared never to change
    """

    name: str
    data: pl.DataFrame
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    refused: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    static: frozenset[str] = frozenset()

    @property
    def _facts(self) -> str:
        return f"{self.name!r}, {counted(self.data.height, 'row')}; attributes {listed(self.columns)}"

    @property
    def _shown(self) -> pl.DataFrame:
        return self.data.head(5)

    @property
    def is_dated(self) -> bool:
        """Whether each value says when it was true."""
        return "date" in self.data.columns

    @property
    def columns(self) -> list[str]:
        """The attributes."""
        return [name for name in self.data.columns if name not in ("customer_id", "date")]

    @property
    def repeated(self) -> pl.Series:
        """The customers of a table without a day who are in more than one row of it, each once."""
        ids = self.data["customer_id"]
        return ids.filter(ids.is_duplicated() & (not self.is_dated)).unique(maintain_order=True)

    @classmethod
    def of(cls, table: SourceTable, given: AttributeSettings) -> "AttributeTable":
        """The attributes that a table of a source holds; the errors are those of `read_attributes`."""
        with readable(table.name):
            rows = table.rows.collect(engine="streaming")
        _check_whole(table, rows)
        ours = _named(table, given)
        rows = (
            _as_written(rows, given.decimal)
            .select(table.columns)
            .rename({theirs: name for name, theirs in ours.items()})
        )
        ids = as_id("customer_id", rows.schema["customer_id"], table.name)
        known, refused = _kept(rows.with_columns(ids.alias("customer_id")), table.name, given)
        values = [name for name in known.columns if name not in ("customer_id", "date")]
        how = (table.name, given.date_format, given.decimal, given.time_zone)
        return cls(
            table.name,
            known.with_columns(typed(known[name], *how) for name in values),
            MappingProxyType({name: header for name, header in ours.items() if name != header}),
            MappingProxyType(refused),
            frozenset(name for name in values if {name, ours.get(name, name)} & set(given.static)),
        )

    def as_of(self, day: date) -> pl.DataFrame:
        """One row per customer: what was known by the end of `day`."""
        if not self.is_dated:
            return self.data
        known = self.data.filter(pl.col("date") <= day).sort("customer_id", "date", maintain_order=True)
        return known.group_by("customer_id", maintain_order=True).agg(pl.col(self.columns).drop_nulls().last())


def _as_written(rows: pl.DataFrame, decimal: str) -> pl.DataFrame:
    """The rows with numbers among texts as these would write them, so that all of a column are read alike."""
    mixed = [name.removeprefix(NUMBER_CELL) for name in rows.columns if name.startswith(NUMBER_CELL)]
    return rows.with_columns(
        pl.when(pl.col(NUMBER_CELL + name).is_not_null())
        .then(pl.col(name).str.replace(".", decimal, literal=True))
        .otherwise(pl.col(name))
        .alias(name)
        for name in mixed
    )


def _named(table: SourceTable, given: AttributeSettings) -> dict[str, str]:
    """Our name -> header: of the customers, of the day if the table is dated, and of the attributes that we know."""
    ours = {name: header for name, header in given.columns.items() if header in table.columns}
    free = [header for header in table.columns if header not in ours.values()]
    found = suggest_attributes(free)
    day = _day_column(table.name, free, found.pop("as_of", None), given)
    if day is not None:
        ours.setdefault("date", day)
    customers = plain_header(given.customers or "")
    if same := [header for header in free if plain_header(header) == customers]:
        ours.setdefault("customer_id", same[0])
    ours |= {name: header for name, header in found.items() if name not in ours and header not in ours.values()}
    if "customer_id" not in ours:
        hint = "Name the column of its customers: `attribute_columns: {customer_id: <your column>}`."
        raise MissingColumnsError(table.name, ["customer_id"], table.columns, hint=hint)
    renamed = {header: name for name, header in ours.items()}
    for name, n in Counter(renamed.get(header, header) for header in table.columns).items():
        if n > 1 or (name == "date" and "date" not in ours):
            raise DataError(is_taken(table.name, name, "" if n == 1 else "another column of it"))
    return ours


def _day_column(table: str, free: list[str], recognised: str | None, given: AttributeSettings) -> str | None:
    """The column that says since when a row is true: as declared, else as recognised."""
    declared = [header for header in free if header in given.dated]
    if len(declared) > 1:
        raise fault("two_days", file=table, columns=" and ".join(map(repr, declared)))
    return declared[0] if declared else recognised if recognised not in given.static else None


def _kept(rows: pl.DataFrame, table: str, given: AttributeSettings) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows that say something of somebody (and when), and how many others there are, by rule."""
    rules = {"missing_customer": pl.col("customer_id").is_null()}
    if "date" in rows.columns:
        texts = rows.select(as_text("date", rows.schema["date"], table).alias("date")).to_series()
        rows = rows.with_columns(_days(rows["date"], texts, table, given))
        rules |= {"missing_date": pl.lit(texts).is_null(), "unreadable_date": pl.col("date").is_null()}
    broken = [pl.when(is_broken).then(pl.lit(rule)) for rule, is_broken in rules.items()]
    judged = rows.with_columns(pl.coalesce(broken).alias(_RULE))
    refused = dict(judged.group_by(_RULE).len().drop_nulls().sort(_RULE).iter_rows())
    kept = judged.filter(pl.col(_RULE).is_null()).drop(_RULE)
    _check_not_all_refused(table, rows.height, refused)
    return kept, refused


def _days(dates: pl.Series, texts: pl.Series, table: str, given: AttributeSettings) -> pl.Series:
    if isinstance(dates.dtype, pl.Date | pl.Datetime):
        days = dates.cast(pl.Date)
        return days_in(days, dates, given.time_zone) if isinstance(dates.dtype, pl.Datetime) else days
    reader = day_reader(texts, f"Column 'date' of {within(table)}", given.date_format)
    return days_in(texts.to_frame().select(reader.days(pl.col("date"))).to_series(), texts, given.time_zone)


def _check_not_all_refused(table: str, n_rows: int, refused: Mapping[str, int]) -> None:
    """Raise DataError if no row is left, warn if one in ten is refused."""
    words, lost = Words("en"), sum(refused.values())
    if n_rows and lost == n_rows:
        reasons = ", ".join(f"{words.name('refusals', rule)} ({counted(n, 'row')})" for rule, n in refused.items())
        raise DataError(f"{all_refused(n_rows, table)}: {reasons}. Check its columns and its dates.")
    if lost > MANY_REFUSED * n_rows:
        rule = Name("refusals", max(refused, key=lambda rule: refused[rule]))
        warn("rows_left_out", part=within(table), refused=lost, rows=n_rows, rule=rule)


def _check_whole(table: SourceTable, rows: pl.DataFrame) -> None:
    flawed = rows.filter(pl.col(FLAW).is_not_null())
    if flawed.height:
        row, flaw = flawed.select(ROW, FLAW).row(0)
        raise fault("damaged_row", file=table.name, row=row, flaw=Name("refusals", flaw))


def check_once(table: AttributeTable) -> None:
    """Raise DataError where a table without a day has a customer in more than one row."""
    twice = table.repeated
    if len(twice):
        raise DataError(
            f"{table.name} has customer {twice[0]!r} in more than one row ({len(twice):,} such customers). "
            "Keep one row per customer, add a column `date` that says when each row was true, or name the column "
            "that does: `dated: [<your column>]`."
        )


def is_taken(table: str, column: str, by: str) -> str:
    """What to say of an attribute whose name another column has; one of ours, where `by` names none."""
    if by:
        return f"{table} has an attribute {column!r}, which {within(by)} has too. Rename one of them."
    return (
        f"{table} has an attribute {column!r}, which is the name of a figure of ours: it would take its place. "
        f"Rename it, for instance `attribute_columns: {{crm_{column}: {column}}}`."
    )
