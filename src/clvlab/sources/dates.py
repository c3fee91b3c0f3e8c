"""Days from texts and numbers.

    2024-01-31, 2024/1/31, 2024.1.31, 2024年1月31日, 20240131      year first
    31/01/2024, 1-31-2024, 31.01.2024                           day or month first: the data must settle which
    31/01/24, 24-01-31                                          two-digit year: 69-99 are 1969-1999, 00-68 2000-2068
    31 Jan 2024, 31-January-24, January 31, 2024, Jan 31 24     English month names
    45322, 45322.5                                              days since 1899-12-30, as spreadsheets count

A time of day may follow; the day is taken as it is written, without converting its time zone.
"""

from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from clvlab.errors import ParamsError, UnsettledError

EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
_SPREADSHEET_ZERO = {1900: date(1899, 12, 30), 1904: date(1904, 1, 1)}
_SERIALS = (18264, 73415)  # 1950-01-01 to 2100-12-31: smaller and larger numbers are more likely something else
_TIME = r",?(?:T|\s+)(?:[^\d\s]+\s*)?\d{1,2}[:时]\d{2}.*$"
_WEEKDAY = r"^[A-Za-z]{3,9},\s*"


@dataclass(frozen=True)
class Family:
    """Texts of one shape: a pattern with three groups, and the orders in which these may be meant."""

    pattern: str
    formats: tuple[str, ...]

    def parts(self, text: pl.Expr) -> pl.Expr:
        """The three groups, joined by hyphens; null where the pattern does not fit."""
        groups = text.str.extract_groups(self.pattern).struct
        return pl.concat_str([groups.field(str(place)) for place in (1, 2, 3)], separator="-")


_FAMILIES = (
    Family(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$", ("%Y-%m-%d",)),
    Family(r"^(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6})?$", ("%Y-%m-%d",)),
    Family(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})$", ("%d-%m-%Y", "%m-%d-%Y")),
    Family(r"^(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{2})$", ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d")),
    Family(r"^(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]+(\d{4})$", ("%d-%B-%Y",)),
    Family(r"^(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]+(\d{2})$", ("%d-%B-%y",)),
    Family(r"^([A-Za-z]{3,9})\.?[- ](\d{1,2})[- ,]+(\d{4})$", ("%B-%d-%Y",)),
    Family(r"^([A-Za-z]{3,9})\.?[- ](\d{1,2})[- ,]+(\d{2})$", ("%B-%d-%y",)),
)


_YEAR_FIRST = _FAMILIES[0]


@dataclass(frozen=True)
class GivenFormat:
    """Reads days in the one strftime format that was given, and days written year first, which leave nothing open.

    Where the format itself begins with the year, no other order of it is read.
    """

    date_format: str

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats in use, for the account of what was detected."""
        return (self.date_format,)

    def days(self, text: pl.Expr) -> pl.Expr:
        """The days of `text`, null where it is none."""
        if self.date_format.startswith("%Y"):
            return self._given(text)
        return pl.coalesce(self._given(text), _in_format(_YEAR_FIRST.parts(_without_time(text)), "%Y-%m-%d"))

    def _given(self, text: pl.Expr) -> pl.Expr:
        if _has_time(self.date_format):
            return _century(text.str.to_datetime(self.date_format, strict=False).dt.date(), self.date_format)
        return _in_format(_without_time(text), self.date_format)


@dataclass(frozen=True, eq=False)
class FoundFormats:
    """Reads the texts of one column, whose formats were found out.

    Attributes
    ----------
    known : text (without a time of day) and day, for every text of the column
    formats : the formats in use, for the account of what was detected
    """

    known: pl.DataFrame
    formats: tuple[str, ...]

    def days(self, text: pl.Expr) -> pl.Expr:
        """The days of `text`, null where it is none."""
        # By batches: a replacement as such would take the whole column into memory.
        return _without_time(text).map_batches(self._look_up, return_dtype=pl.Date, is_elementwise=True)

    def _look_up(self, texts: pl.Series) -> pl.Series:
        return texts.replace_strict(self.known["text"], self.known["day"], default=None, return_dtype=pl.Date)


DayReader = GivenFormat | FoundFormats
"""How the texts of a column become days."""


def given_format(date_format: str) -> GivenFormat:
    """A reader for one strftime format; ParamsError where it names no day."""
    days = pl.Series([datetime(2024, 2, 1), datetime(2024, 2, 2), datetime(2024, 3, 1), datetime(2023, 2, 1)])
    try:
        complete = days.dt.strftime(date_format).n_unique() == len(days)
    except pl.exceptions.PolarsError:
        complete = False
    if not complete:
        raise ParamsError(
            f"date_format is {date_format!r}, which names no day. "
            "Write strftime codes, such as '%d/%m/%Y' for 31/12/2024."
        )
    return GivenFormat(date_format)


def found_formats(texts: pl.LazyFrame, column: str, where: str) -> FoundFormats:
    """A reader for the formats that the texts of a column are in.

    Raises
    ------
    UnsettledError : the data leaves the order of day and month open, or mixes two orders
    """
    bare = texts.select(_without_time(pl.col(column)).alias("text")).unique().drop_nulls().collect(engine="streaming")
    bare = bare.sort("text")
    day, formats = pl.lit(None, pl.Date), []
    for family in _FAMILIES:
        parts = bare.select(parts=family.parts(pl.col("text")))["parts"]
        if parts.null_count() < len(parts):
            chosen = _settle(bare["text"], parts, family.formats, where)
            formats.append(_as_set(chosen))
            day = pl.coalesce(day, _in_format(family.parts(pl.col("text")), chosen))
    serial = pl.col("text").str.extract(r"^(\d{5}(?:\.\d+)?)$").cast(pl.Float64)
    known = bare.with_columns(day=pl.coalesce(day, day_of_number(serial)))
    return FoundFormats(known, tuple(formats))


def day_of_number(number: pl.Expr, counts_from: int = 1900) -> pl.Expr:
    """Days of numbers, written as 20240131 or counted as spreadsheets do; null for any other number.

    `counts_from` is the year, 1900 or 1904, from which the spreadsheet counts.
    """
    whole = number.floor().cast(pl.Int64, strict=False)
    written = (
        pl.when(whole.is_between(19000101, 21001231)).then(whole.cast(pl.String)).str.to_date("%Y%m%d", strict=False)
    )
    counted = pl.lit(_SPREADSHEET_ZERO[counts_from]) + pl.duration(
        days=pl.when(whole.is_between(*_SERIALS)).then(whole)
    )
    return pl.coalesce(written, counted)


def _settle(texts: pl.Series, parts: pl.Series, formats: tuple[str, ...], where: str) -> str:
    """The one format that reads every text which any of them reads."""
    days = {fmt: parts.to_frame().select(_in_format(pl.col("parts"), fmt)).to_series() for fmt in formats}
    readable = pl.Series([False] * len(parts))
    for day in days.values():
        readable |= day.is_not_null()
    open_ = {fmt: day for fmt, day in days.items() if not (readable & day.is_null()).any()}
    first = next(iter(open_), None)
    if first is not None and all((day == open_[first]).filter(readable).all() for day in open_.values()):
        return first
    raise _question(texts, days, readable, list(open_), where)


def _question(
    texts: pl.Series, days: dict[str, pl.Series], readable: pl.Series, open_: list[str], where: str
) -> UnsettledError:
    meanings = {_as_set(fmt): _ORDER[fmt[:2]] for fmt in open_ or days}
    choices = " or ".join(f"`date_format: '{fmt}'` ({order})" for fmt, order in meanings.items())
    if open_:
        example = texts.filter(readable)[0]
        message = f"{where}: the dates do not settle the order of day and month, as in {example!r}. Set {choices}."
    else:
        examples = " and ".join({repr(texts.filter(readable & day.is_null())[0]): None for day in days.values()})
        message = (
            f"{where}: the dates mix orders of day and month, as in {examples}. Set {choices}; rows in another order "
            "will be refused."
        )
    return UnsettledError(message, "date_format", meanings)


def _as_set(date_format: str) -> str:
    """A format as one would set it: years first with hyphens, other orders with slashes."""
    return date_format if date_format.startswith("%Y") else date_format.replace("-", "/")


_ORDER = {"%d": "day first", "%m": "month first", "%y": "year first"}


def _in_format(text: pl.Expr, date_format: str) -> pl.Expr:
    return _century(text.str.to_date(date_format, strict=False), date_format)


def _century(day: pl.Expr, date_format: str) -> pl.Expr:
    """Two-digit years from 69 on in the last century, whichever of its parsers polars has used."""
    if "%y" not in date_format:
        return day
    return pl.when(day.dt.year() > 2068).then(day.dt.offset_by("-100y")).otherwise(day)


def _without_time(text: pl.Expr) -> pl.Expr:
    return text.str.replace(_WEEKDAY, "").str.replace(_TIME, "").str.strip_chars()


def _has_time(date_format: str) -> bool:
    return any(code in date_format for code in ("%H", "%I", "%T", "%R", "%X", "%c", "%s"))
