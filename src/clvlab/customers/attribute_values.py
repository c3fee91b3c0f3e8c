"""What the texts of an attribute mean: numbers, days, or texts, codes among them.

35, 1,200, ¥ 3.50      numbers, where every known value is one
01234, 430...0018      a code keeps its zeros and its digits: text
2024-01-31, 31/1/2024  days, where every known value is one and nothing is left open
"""

import re
from typing import Literal

import polars as pl

from clvlab.errors import UnsettledError, within
from clvlab.sources.dates import WEEKS, DayReader, day_of_number, found_formats, given_format
from clvlab.sources.numbers import read_numbers
from clvlab.sources.texts import as_text, is_text, missing_to_null, plain_text
from clvlab.sources.zones import days_in

Kind = Literal["number", "day", "code", "text", "blank"]
DAYS = frozenset({"birthday", "last_contact"})
"""Attributes that are days whatever they look like."""
_CODE = r"^\s*[-+]?0\d|\d{16}|[eE]|(?i:inf)"
_NAMES_CODES = re.compile(
    r"zip|postal|post.?code|phone|mobile|(?:^|[\W_])(?:id|code|no|number)$|编号|邮编|邮政编码|电话|手机|代码|编码|工号|账号",
    re.IGNORECASE,
)


def typed(values: pl.Series, table: str, date_format: str | None, decimal: str, zone: str | None = None) -> pl.Series:
    """The values as numbers, days (of the zone, where they say moments) or texts; null for what says nothing.

    Raises
    ------
    UnsettledError : a day whose order of day and month the values leave open; `date_format` settles it
    """
    if values.name in DAYS:
        return _known_days(values, table, date_format, zone)
    if not is_text(values.dtype):
        return values
    text = missing_to_null(pl.col(values.name).cast(pl.String)).alias(values.name)
    texts = values.to_frame().select(text).to_series()
    known = texts.drop_nulls().unique()
    if known.is_empty():
        return texts
    numbers = read_numbers(known, decimal)
    if numbers.null_count() == 0 and not plain_text(known).str.contains(_CODE).any():
        days = known.to_frame().select(_written_day(pl.col(known.name))).to_series()
        if days.null_count() == 0:
            return texts.replace_strict(known, days, default=None, return_dtype=pl.Date)
        is_code = _NAMES_CODES.search(values.name) is not None
        return texts if is_code else _numbers(texts, known, numbers)
    read = _open_days(known, table, date_format, zone)
    return texts if read is None else texts.replace_strict(known, read, default=None, return_dtype=pl.Date)


def kind_of(values: pl.Series) -> Kind:
    """What the values of an attribute are, once they are typed; a code is text of digits, or is called one.

    >>> kind_of(pl.Series("zip", ["01234", "99999"])), kind_of(pl.Series("age", [31, 42]))
    ('code', 'number')
    """
    if values.dtype.is_temporal():
        return "day"
    if values.dtype.is_numeric():
        return "number"
    known = values.cast(pl.String).drop_nulls().unique()
    if known.is_empty():
        return "blank"
    is_code = read_numbers(known, ".").null_count() == 0 or _NAMES_CODES.search(values.name)
    return "code" if is_code else "text"


def day_reader(texts: pl.Series, where: str, date_format: str | None) -> DayReader:
    """How these texts become days: as the format given reads them all, else as they settle it, else as it was given.

    Raises
    ------
    UnsettledError : the texts leave the order of day and month open, and no format was given
    """
    frame = texts.drop_nulls().alias("text").to_frame()
    given = None if date_format is None else given_format(date_format)
    if given is not None and frame.select(given.days(pl.col("text"))).to_series().null_count() == 0:
        return given
    try:
        return found_formats(frame.lazy(), "text", where)
    except UnsettledError as question:
        if given is not None:
            return given
        raise UnsettledError(
            f"{question} In a params file: `attribute_reading: {{date_format: '{question.choices[0]}'}}`, or "
            "`reading:` where the log writes its dates alike.",
            question.key,
            question.choices,
            question.example,
        ) from None


def _numbers(texts: pl.Series, known: pl.Series, numbers: pl.Series) -> pl.Series:
    """Whole numbers as Int64, so that 1 does not read 1.0."""
    whole = bool((numbers == numbers.round()).all())
    column = texts.replace_strict(known, numbers, default=None, return_dtype=pl.Float64)
    return column.cast(pl.Int64) if whole else column


def _known_days(values: pl.Series, table: str, date_format: str | None, zone: str | None) -> pl.Series:
    if values.dtype.is_temporal():
        days = values.cast(pl.Date)
        return days_in(days, values, zone) if isinstance(values.dtype, pl.Datetime) else days
    texts = values.to_frame().select(as_text(values.name, values.dtype, table).alias(values.name)).to_series()
    reader = day_reader(texts, f"Column {values.name!r} of {within(table)}", date_format)
    return days_in(texts.to_frame().select(reader.days(pl.col(values.name))).to_series(), texts, zone)


def _open_days(known: pl.Series, table: str, date_format: str | None, zone: str | None) -> pl.Series | None:
    """The days that all of these texts are; None where one is none, or where they leave open which."""
    try:
        reader = day_reader(known, f"Column {known.name!r} of {within(table)}", date_format)
    except UnsettledError:
        return None
    days = known.to_frame().select(reader.days(pl.col(known.name))).to_series()
    return days_in(days, known, zone) if days.null_count() == 0 and WEEKS not in reader.formats else None


def _written_day(text: pl.Expr) -> pl.Expr:
    """The days of numbers of eight digits, such as 20240131; null for any other text."""
    return day_of_number(text.str.extract(r"^(\d{8})$").cast(pl.Float64))
