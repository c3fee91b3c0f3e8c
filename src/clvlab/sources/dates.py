"""Days from text: which formats a column uses, and the expressions that read them."""

import polars as pl

from clvlab.errors import DataError, ParamsError

# A time of day after the date, with or without seconds, zone and am/pm. The day is taken as it is written.
_TIME = r"(?:[T ]\s*\d{1,2}:\d{2}.*)?$"
_FORMATS = {
    "year_first": (r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?" + _TIME, ("%Y-%m-%d",)),
    "compact": (r"^(\d{4})(\d{2})(\d{2})" + _TIME, ("%Y-%m-%d",)),
    "year_last": (r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _TIME, ("%d-%m-%Y", "%m-%d-%Y")),
    "short_year": (r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{2})" + _TIME, ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d")),
    "day_month_name": (r"^(\d{1,2})[- ]([A-Za-z]{3,9})[- ,]+(\d{4})" + _TIME, ("%d-%B-%Y",)),
    "month_name_day": (r"^([A-Za-z]{3,9})[- ](\d{1,2}),?[- ]+(\d{4})" + _TIME, ("%B-%d-%Y",)),
}


def days_of(rows: pl.LazyFrame, column: str, date_format: str | None) -> tuple[pl.Expr, list[str]]:
    """The expression that reads the days of a column of any type, and the formats in use; null where it has none."""
    dtype = rows.collect_schema()[column]
    if dtype == pl.Date or isinstance(dtype, pl.Datetime):
        return pl.col(column).cast(pl.Date), []
    text = pl.col(column).cast(pl.String).str.strip_chars()
    if date_format is not None:
        return read_days(text, date_format), [date_format]
    return detect_days(rows.with_columns(text), column)


def read_days(text: pl.Expr, date_format: str) -> pl.Expr:
    """Days of `text` by a strftime format; null where it does not fit. A time of day may follow the date."""
    bare = text.str.replace(r"[T ]\s*\d{1,2}:\d{2}.*$", "")
    return pl.coalesce(
        text.str.to_datetime(date_format, strict=False).dt.date()
        if "%H" in date_format or "%I" in date_format
        else text.str.to_date(date_format, strict=False),
        bare.str.to_date(date_format, strict=False),
    )


def detect_days(rows: pl.LazyFrame, column: str) -> tuple[pl.Expr, list[str]]:
    """The expression that reads the days of a text column, and the formats that it found in use.

    Raises
    ------
    DataError : the order of day and month is not settled by the data, or the column mixes two orders
    """
    text = pl.col(column)
    parts = {name: _parts(text, pattern) for name, (pattern, _) in _FORMATS.items()}
    chosen = []
    used = []
    for name, (_, formats) in _FORMATS.items():
        counts = rows.select(n=parts[name].is_not_null().sum()).collect(engine="streaming").item()
        if not counts:
            continue
        chosen_format = formats[0] if len(formats) == 1 else _settle(rows, text, parts[name], formats, column)
        used.append(chosen_format)
        chosen.append(parts[name].str.to_date(chosen_format, strict=False))
    return (pl.coalesce(chosen) if chosen else pl.lit(None, dtype=pl.Date)), used


def _parts(text: pl.Expr, pattern: str) -> pl.Expr:
    groups = text.str.extract_groups(pattern).struct
    return pl.concat_str([groups.field(str(i)) for i in (1, 2, 3)], separator="-")


def _settle(rows: pl.LazyFrame, text: pl.Expr, parts: pl.Expr, formats: tuple[str, ...], column: str) -> str:
    days = {fmt: parts.str.to_date(fmt, strict=False) for fmt in formats}
    readable = pl.any_horizontal([day.is_not_null() for day in days.values()])
    found = (
        rows.select(
            *[(readable & day.is_null()).any().alias(fmt) for fmt, day in days.items()],
            example=text.filter(readable).first(),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    example = found.pop("example")
    open_ = [fmt for fmt, excluded in found.items() if not excluded]
    if len(open_) == 1:
        return open_[0]
    problem = "mixes orders of day and month" if not open_ else "does not settle the order of day and month"
    raise DataError(
        f"Column {column!r} {problem}, as in {example!r}. "
        "Say which it is: `date_format: '%d/%m/%Y'` (day first) or `date_format: '%m/%d/%Y'` (month first)."
    )


def check_format(date_format: str) -> None:
    """Raise ParamsError unless `date_format` is a strftime format with a day."""
    if "%" not in date_format:
        raise ParamsError(f"date_format is {date_format!r}. Write it in strftime codes, such as '%d/%m/%Y'.")
