"""The day of every row, from what its date says."""

from datetime import timedelta
from typing import Literal, get_args

import polars as pl

from clvlab.errors import UnsettledError
from clvlab.sources import OURS
from clvlab.sources.dates import WEEKS, GivenFormat, found_formats
from clvlab.sources.day_texts import era_of, of_era
from clvlab.sources.doubts import warn
from clvlab.sources.zones import midnight_elsewhere, moment_of_text, with_days_in

DateCells = Literal["swap", "keep"]
CELLS = "cells"
"""What stands for cells that are dates or numbers, among the formats in use."""

_DAY, _TEXT, _MOMENT = OURS + "day", OURS + "date_text", OURS + "moment"
_YEAR_FIRST = r"^\s*(?:19|20)\d{2}\D"
_TURNABLE = r"^\s*\d{1,2}\s*[-/. ]\s*\d{1,2}\s*[-/. ]\s*\d{2,4}\b"
_TURNABLE_DAYS = 12
_BY_CHANCE = 0.01


def with_days(
    rows: pl.LazyFrame, column: str, given: GivenFormat | None, zone: str | None, date_cells: DateCells | None
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """The rows with their day, and the formats in use.

    Raises
    ------
    UnsettledError : the data leaves the order of day and month open, or shows that part of it was turned round
    """
    where = f"Column {column!r}"
    has_cells = rows.select(pl.col(_DAY).is_not_null().any()).collect(engine="streaming").item()
    if given is None and (era := era_of(column)):
        rows = rows.with_columns(of_era(pl.col(_TEXT), era))
    reader = given or found_formats(rows.filter(pl.col(_DAY).is_null()), _TEXT, where)
    if WEEKS in reader.formats:
        warn("weeks_for_days", column=repr(column))
    formats = (*reader.formats, *([CELLS] if has_cells else []))
    rows = rows.with_columns(pl.coalesce(_DAY, reader.days(pl.col(_TEXT))).alias(_DAY))
    rows = _turned(rows, where, date_cells)
    return (_counted(rows, column) if zone is None else _in_zone(rows, zone)), formats


def _counted(rows: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """Days of moments that are counted since 1970: of the place where all are midnights, else of UTC."""
    counted = rows.filter(pl.col(_DAY).is_null() & pl.col(_MOMENT).is_not_null())
    examples = counted.select(_MOMENT).head(1).collect(engine="streaming")
    if examples.is_empty():
        return rows
    shift = midnight_elsewhere(counted, _MOMENT)
    if shift is None:
        warn("counted_in_utc", column=repr(column))
    elif shift:
        warn("counted_elsewhere", column=repr(column), hours=f"{shift / timedelta(hours=1):+g}")
    day = (pl.col(_MOMENT) + pl.lit(shift or timedelta())).dt.date()
    return rows.with_columns(pl.coalesce(_DAY, day).alias(_DAY))


def _in_zone(rows: pl.LazyFrame, zone: str) -> pl.LazyFrame:
    """Days of moments, those that texts say among them, in the zone."""
    rows = rows.with_columns(pl.coalesce(moment_of_text(pl.col(_TEXT), pl.col(_DAY)), _MOMENT).alias(_MOMENT))
    return with_days_in(rows, _DAY, _MOMENT, zone)


def _turned(rows: pl.LazyFrame, where: str, date_cells: DateCells | None) -> pl.LazyFrame:
    """Rows whose day and month a spreadsheet has turned round are asked about, or turned back.

    A spreadsheet that expects another order makes dates of what could be one, wrong ones, and leaves the rest as it
    was: no date has then a day above 12, and every text has.
    """
    text = pl.col(_TEXT).fill_null("")
    is_date = (text == "") | text.str.contains(_YEAR_FIRST)
    if date_cells == "swap":
        day = pl.col(_DAY)
        turned = pl.when(is_date & (day.dt.day() <= _TURNABLE_DAYS)).then(
            pl.date(day.dt.year(), day.dt.day(), day.dt.month())
        )
        return rows.with_columns(pl.coalesce(turned, day).alias(_DAY))
    if date_cells is None and rows.select(pl.col(_TEXT).is_not_null().any()).collect(engine="streaming").item():
        kind = pl.when(is_date).then(True).when(text.str.contains(_TURNABLE)).then(False)
        days = rows.select(_DAY, kind=kind).unique().drop_nulls().collect(engine="streaming")
        dates, texts = (days.filter(pl.col("kind") == is_one)[_DAY].dt.day() for is_one in (True, False))
        if _look_turned(dates, texts):
            raise UnsettledError(
                f"{where}: all {len(dates)} days that are dates to the spreadsheet are days up to 12, and all "
                f"{len(texts)} that are texts are days above 12, as if day and month had been turned round wherever "
                "they could be. "
                "Set `date_cells: swap` to turn them back, or `date_cells: keep` if they are right.",
                "date_cells",
                get_args(DateCells),
            )
    return rows


def _look_turned(dates: pl.Series, texts: pl.Series) -> bool:
    """Whether days of the month are divided as turning them would, and hardly as chance would."""
    if not (len(dates) and len(texts)) or (dates > _TURNABLE_DAYS).any() or (texts <= _TURNABLE_DAYS).any():
        return False
    share = _TURNABLE_DAYS * 12 / 365.25
    return bool(share ** len(dates) * (1 - share) ** len(texts) < _BY_CHANCE)
