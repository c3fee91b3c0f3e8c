"""Moments, and the days on which they fall in a time zone.

Without a zone a day is the one that is written. With one, whatever says a moment (a time with its offset, a number of
seconds since 1970, a time that names no zone, which is then one of UTC) counts on the zone's own day.
"""

from datetime import timedelta
from zoneinfo import ZoneInfo

import polars as pl

from clvlab.errors import ParamsError
from clvlab.sources.faults import fault
from clvlab.sources.texts import plain_text

_DAY = timedelta(days=1)
_TIME = r"(\d{1,2})\s?[:：时時点點h]\s?(\d{2})?"
_OFFSET = r"(?:UTC|GMT)?([-+])(\d{2}):?(\d{2})?(?:\s*\([^)]*\))?$"
_AFTERNOON, _MORNING = r"(?i)\bP\.?M\b|下午|晚上|午後|오후", r"(?i)\bA\.?M\b|上午|早上|凌晨|午前|오전"
_ENOUGH = 3
_LONGEST_STEP = timedelta(hours=1)  # by which clocks are set forward in summer


def check_zone(name: str) -> str:
    """The name of a time zone, such as Asia/Shanghai; ParamsError where there is none of that name."""
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise fault("no_zone", ParamsError, given=repr(name)) from None


def day_in(moment: pl.Expr, zone: str) -> pl.Expr:
    """The day of a moment of UTC in a zone."""
    return moment.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()


def with_days_in(rows: pl.LazyFrame, day: str, moment: str, zone: str) -> pl.LazyFrame:
    """The rows with the days of their moments in the zone, in the column `day`; a row without a moment keeps its own.

    Where every moment is a midnight of UTC, they are days that were given a time, and stay.
    """
    at = pl.col(moment)
    has_times = rows.select((at != at.dt.truncate("1d")).any()).collect(engine="streaming").item()
    return rows.with_columns(pl.coalesce(day_in(at, zone) if has_times else at.dt.date(), day).alias(day))


def days_in(days: pl.Series, written: pl.Series, zone: str | None) -> pl.Series:
    """The days of texts or moments in the zone; as they are without one."""
    if zone is None:
        return days
    table = pl.DataFrame({"day": days, "written": written}).lazy()
    is_moment = isinstance(written.dtype, pl.Datetime)
    moment = in_utc("written", written.dtype) if is_moment else moment_of_text(pl.col("written"), pl.col("day"))
    return with_days_in(table.with_columns(moment=moment), "day", "moment", zone).collect()["day"].alias(days.name)


def in_utc(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column of moments as those of UTC; they are so already where they name no zone."""
    moment = pl.col(column)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        moment = moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return moment.dt.cast_time_unit("ms")


def moment_of_text(text: pl.Expr, day: pl.Expr) -> pl.Expr:
    """The moment of UTC that a text says, whose day is known; null where it has no time."""
    text = text.map_batches(plain_text, return_dtype=pl.String, is_elementwise=True)
    hour, minute = (text.str.extract(_TIME, group).cast(pl.Int64, strict=False) for group in (1, 2))
    hour = (
        pl.when(text.str.contains(_AFTERNOON) & (hour < 12))
        .then(hour + 12)
        .when(text.str.contains(_MORNING) & (hour == 12))
        .then(0)
        .otherwise(hour)
    )
    sign = pl.when(text.str.extract(_OFFSET, 1) == "-").then(-1).otherwise(1)
    hours, minutes = (text.str.extract(_OFFSET, group).cast(pl.Int64).fill_null(0) for group in (2, 3))
    written = day.cast(pl.Datetime("ms")) + pl.duration(hours=hour, minutes=minute.fill_null(0))
    return written - pl.duration(minutes=sign * (60 * hours + minutes))


def midnight_elsewhere(moments: pl.LazyFrame, column: str) -> timedelta | None:
    """How far moments are from midnight in UTC, where all are midnights of one place; None where they are not.

    A day that was stored as a moment is a midnight where it was stored: 16:00 of the day before for China.
    """
    moment = pl.col(column)
    clock = moment - moment.dt.truncate("1d")
    found = moments.select(first=clock.min(), last=clock.max(), count=moment.n_unique()).collect(engine="streaming")
    first: timedelta | None = found["first"][0]
    if first is None or found["last"][0] - first > _LONGEST_STEP or (first and found["count"][0] < _ENOUGH):
        return None
    return _DAY - first if first > _DAY / 2 else timedelta() - first
