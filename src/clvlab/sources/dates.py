"""Days from texts and numbers.

    2024-01-31, 2024/1/31, 2024. 1. 31., 2024年1月31日, 20240131   year first
    31/01/2024, 1-31-2024, 31.01.2024                           day or month first: the data must settle which
    31/01/24, 24-01-31                                          two-digit year: 69-99 are 1969-1999, 00-68 2000-2068
    31 Jan 2024, 31-JAN-24, 31. Januar 2024, Sept 5, 2024       names of months, in the languages of `day_texts`
    2024-W05-3, 2024W053, 2024-W05                              ISO weeks; a week without a day is its Monday
    45322, 45322.5                                              days since 1899-12-30, as spreadsheets count
    1706659200, 1706659200000                                   seconds since 1970, or thousandths: see `zones`

A weekday and a time of day may stand next to it.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from clvlab.errors import ParamsError, UnsettledError
from clvlab.sources.day_texts import day_part, era_of, of_era, with_english_months, with_numbered_months
from clvlab.sources.faults import fault
from clvlab.sources.texts import plain_text

SECONDS = "%s"
"""The format of seconds since 1970, which `moment_of_number` reads."""
WEEKS = "%G-W%V"
"""The format of weeks without a day."""
COUNTED = "45322"
"""What stands for days that spreadsheets count, among the formats in use."""
_SPREADSHEET_ZERO = {1900: date(1899, 12, 30), 1904: date(1904, 1, 1)}
_SERIALS = (18264, 73415)  # 1950-01-01 to 2100-12-31: smaller and larger numbers are more likely something else
_SECONDS = (315532800, 4133980799)  # 1980 to 2100
_PER_SECOND = (1, 10**3, 10**6, 10**9)
_ZONE_CODES = "%:?z|%Z"
_OF_DIGITS = frozenset({"%d", "%m", "%Y", "%y", "%j"})


@dataclass(frozen=True)
class Family:
    """Texts of one shape: a pattern with three groups, the orders in which these may be meant, and how to show it."""

    pattern: str
    formats: tuple[str, ...]
    shown: str = ""

    def parts(self, text: pl.Expr) -> pl.Expr:
        """The three groups, joined by hyphens; null where the pattern does not fit."""
        groups = text.str.extract_groups(self.pattern).struct
        return pl.concat_str([groups.field(str(place)) for place in (1, 2, 3)], separator="-")


_DAY, _MONTH, _APART = r"(?:\p{L}+ )?(\d{1,2})(?:st|nd|rd|th|er|\.|º|ª)?", r"=(\d{2})=", r"[-/ ,.']*(?:del? |of )?"
_FAMILIES = (
    Family(r"^(\d{4})\s*[-/.年년 ]\s*(\d{1,2})\s*[-/.月월 ]\s*(\d{1,2})\s*[日號号일.]?$", ("%Y-%m-%d",)),
    Family(r"^((?:19|20)\d{2})(\d{2})(\d{2})(?:\d{2}|\d{4}|\d{6})?$", ("%Y-%m-%d",), "%Y%m%d"),
    Family(r"^(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4})\.?$", ("%d-%m-%Y", "%m-%d-%Y")),
    Family(r"^(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{2})\.?$", ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d")),
    Family(r"^(\d{2})年(\d{1,2})月(\d{1,2})[日號号]?$", ("%y-%m-%d",), "%y年%m月%d日"),
    Family(rf"^{_DAY}{_APART}{_MONTH}{_APART}(\d{{4}})(?: ?\p{{L}}\.?)?$", ("%d-%m-%Y",), "%d %B %Y"),
    Family(rf"^{_DAY}{_APART}{_MONTH}{_APART}(\d{{2}})$", ("%d-%m-%y",), "%d %B %y"),
    Family(rf"^{_MONTH}[-/ ,.]*(\d{{1,2}})(?:st|nd|rd|th)?[-/ ,.']+(\d{{4}})$", ("%m-%d-%Y",), "%B %d %Y"),
    Family(rf"^{_MONTH}[-/ ,.]*(\d{{1,2}})(?:st|nd|rd|th)?[-/ ,.']+(\d{{2}})$", ("%m-%d-%y",), "%B %d %y"),
    Family(rf"^(\d{{4}})[-/ ,.]*{_MONTH}[-/ ,.]*(\d{{1,2}})\.?$", ("%Y-%m-%d",), "%Y %B %d"),
    Family(r"^(\d{4})-?W(\d{2})-?([1-7])$", ("%G-%V-%u",), "%G-W%V-%u"),
)
_WEEK = r"^(\d{4})-?W(\d{2})$"
_YEAR_FIRST = _FAMILIES[0]


@dataclass(frozen=True)
class GivenFormat:
    """Reads days in the one strftime format that was given, and days written year first, which leave nothing open.

    Where the format itself begins with the year, no other order of it is read. Years of two or three digits are
    counted in the era, if one is given.
    """

    date_format: str
    era: str = ""

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats in use, for the account of what was detected."""
        return (self.era + self.date_format,)

    def days(self, text: pl.Expr) -> pl.Expr:
        """The days of `text`, null where it is none."""
        counted = of_era(text, self.era) if self.era else text
        return counted.map_batches(self._days, return_dtype=pl.Date, is_elementwise=True)

    def days_of_numbers(self, number: pl.Expr) -> pl.Expr | None:
        """The days of numbers that are digits of the format, such as 31012024; None where it has other signs."""
        codes = self.date_format.replace("%", " %").split()
        if "".join(codes) != self.date_format or not _OF_DIGITS.issuperset(codes):
            return None
        width = len(datetime(2024, 1, 31).strftime(self.date_format))
        digits = number.cast(pl.Int64, strict=False).cast(pl.String).str.zfill(width)
        return self.days(pl.when(number == number.round()).then(digits))

    def _days(self, texts: pl.Series) -> pl.Series:
        given = self._read(texts)
        if self.date_format.startswith("%Y"):
            return given
        year_first = _in_format(_YEAR_FIRST.parts(pl.lit(day_part(texts))), "%Y-%m-%d")
        return pl.select(pl.coalesce(pl.lit(given), year_first)).to_series()

    def _read(self, texts: pl.Series) -> pl.Series:
        if self.date_format == SECONDS:
            return pl.Series([None] * len(texts), dtype=pl.Date)
        if _has_time(self.date_format):
            return _moments(texts, self.date_format)
        bare = day_part(texts, keeps_weekday="%a" in self.date_format.lower())
        days = _in_format(pl.col("text"), self.date_format)
        table = pl.DataFrame({"text": bare, "english": with_english_months(bare)})
        return table.select(pl.coalesce(days, _in_format(pl.col("english"), self.date_format))).to_series()


@dataclass(frozen=True, eq=False)
class FoundFormats:
    """Reads the texts of one column, whose formats were found out.

    Attributes
    ----------
    known : text (its day part) and day, for every text of the column
    formats : the formats in use, for the account of what was detected
    """

    known: pl.DataFrame
    formats: tuple[str, ...]

    def days(self, text: pl.Expr) -> pl.Expr:
        """The days of `text`, null where it is none."""
        # By batches: a replacement as such would take the whole column into memory.
        return text.map_batches(self._look_up, return_dtype=pl.Date, is_elementwise=True)

    def _look_up(self, texts: pl.Series) -> pl.Series:
        known = self.known
        return day_part(texts).replace_strict(known["text"], known["day"], default=None, return_dtype=pl.Date)


DayReader = GivenFormat | FoundFormats
"""How the texts of a column become days."""


def given_format(date_format: str) -> GivenFormat:
    """A reader for one strftime format; ParamsError where it names no day.

    Behind an era, as in 民國%Y/%m/%d, its years are those of that era.
    """
    era = era_of(date_format)
    days = pl.Series([datetime(2024, 2, 1), datetime(2024, 2, 2), datetime(2024, 3, 1), datetime(2023, 2, 1)])
    try:
        complete = days.dt.strftime(re.sub(_ZONE_CODES, "", date_format)).n_unique() == len(days)
    except pl.exceptions.PolarsError:
        complete = False
    if not complete:
        raise fault("not_a_day_format", ParamsError, given=repr(date_format))
    return GivenFormat(date_format.removeprefix(era), era)


def found_formats(texts: pl.LazyFrame, column: str, where: str) -> FoundFormats:
    """A reader for the formats that the texts of a column are in.

    Raises
    ------
    UnsettledError : the data leaves the order of day and month open, or mixes two orders
    """
    bare = texts.select(text=pl.col(column).map_batches(day_part, return_dtype=pl.String, is_elementwise=True))
    known = bare.unique().drop_nulls().collect(engine="streaming").sort("text")
    is_week = known["text"].str.contains(_WEEK)
    numbered = with_numbered_months(known["text"].str.replace(_WEEK, "$1-W$2-1"))
    day, formats = pl.lit(None, pl.Date), [WEEKS] if is_week.any() else []
    for family in _FAMILIES:
        parts = pl.select(parts=family.parts(pl.lit(numbered))).to_series()
        if parts.null_count() < len(parts):
            chosen = _settle(known["text"], parts, family.formats, where)
            if not is_week.filter(parts.is_not_null()).all():
                formats.append(family.shown or _as_set(chosen))
            day = pl.coalesce(day, _in_format(pl.lit(parts), chosen))
    serial = pl.col("text").str.extract(r"^(\d{5}(?:\.\d+)?)$").cast(pl.Float64)
    if known.select(day_of_number(serial).is_not_null().any()).item():
        formats.append(COUNTED)
    return FoundFormats(known.with_columns(day=pl.coalesce(day, day_of_number(serial))), tuple(formats))


def day_of_number(number: pl.Expr, counts_from: int = 1900) -> pl.Expr:
    """Days of numbers, written as 20240131 (with a time or without) or counted as spreadsheets do; else null.

    `counts_from` is the year, 1900 or 1904, from which the spreadsheet counts.
    """
    whole = number.floor().cast(pl.Int64, strict=False)
    digits = pl.coalesce(
        pl.when((whole // time).is_between(19000101, 21001231)).then(whole // time) for time in (1, 10**4, 10**6)
    )
    written = digits.cast(pl.String).str.to_date("%Y%m%d", strict=False)
    counted = pl.lit(_SPREADSHEET_ZERO[counts_from]) + pl.duration(
        days=pl.when(whole.is_between(*_SERIALS)).then(whole)
    )
    return pl.coalesce(written, counted)


def moment_of_number(number: pl.Expr, *, seconds: bool = False) -> pl.Expr:
    """Moments, in UTC, of seconds since 1970, or of thousandths, millionths or billionths of them; null for others.

    From 1980 to 2100, which each unit counts by numbers of its own; `seconds` takes any number for seconds.
    """
    first, last = (-_SECONDS[1], _SECONDS[1]) if seconds else _SECONDS
    counted = [
        pl.when(number.is_between(first * each, last * each)).then(number / each)
        for each in (_PER_SECOND[:1] if seconds else _PER_SECOND)
    ]
    return pl.from_epoch((pl.coalesce(counted) * 1000).cast(pl.Int64), time_unit="ms")


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
        examples = [repr(texts.filter(readable)[0])]
        message = f"{where}: the dates do not settle the order of day and month, as in {examples[0]}. Set {choices}."
    else:
        examples = list({repr(texts.filter(readable & day.is_null())[0]): None for day in days.values()})
        message = (
            f"{where}: the dates mix orders of day and month, as in {' and '.join(examples)}. Set {choices}; rows in "
            "another order will be refused."
        )
    return UnsettledError(message, "date_format", meanings, ", ".join(examples))


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


def _moments(texts: pl.Series, date_format: str) -> pl.Series:
    """The days of texts that have a time, as they are written: an offset to another zone is not applied."""
    bare = plain_text(texts).str.strip_chars()
    written = re.sub(_ZONE_CODES, "", date_format).rstrip()
    if written != date_format:
        bare = bare.str.replace(r"\s*(?:Z|[A-Z]{2,5}|(?:UTC|GMT)?[-+]\d{2}:?\d{2})$", "")
    moment = bare.str.to_datetime(written, strict=False).dt.date()
    return pl.select(_century(pl.lit(moment), date_format)).to_series()


def _has_time(date_format: str) -> bool:
    return any(code in date_format for code in ("%H", "%I", "%T", "%R", "%X", "%c"))
