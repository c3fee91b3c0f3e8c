"""An attribute as a few values to group customers by: bands of numbers, ages, years, the largest values."""

from datetime import date
from itertools import pairwise

import polars as pl

from clvlab.customers import is_personal

MOST_VALUES = 12
N_BANDS = 5
AGES = (18, 25, 35, 45, 55, 65)
"""Where bands of ages begin."""
BIRTHDAYS = frozenset({"birthday", "birth_date", "date_of_birth", "dob", "生日", "出生日期"})
MOSTLY_OWN = 0.5
"""Of so many different values a customer, a text names customers rather than kinds of them."""


def banded(column: pl.Series, as_of: date) -> tuple[pl.Series, list[str | None]] | str:
    """The attribute as texts and its values in their order, null for "all others"; or the reason why it is none.

    Numbers of more than MOST_VALUES values come in N_BANDS bands of about equally many customers; birthdays as ages,
    in bands; other days as years. Of texts the largest values are kept, and the others are one.

    Reasons: "personal" (it says who customers are), "unknown" (no value at all), "one_value", "own_values" (nearly
    every customer has another)
    """
    if is_personal(column):
        return "personal"
    known = column.drop_nulls()
    if known.is_empty():
        return "unknown"
    if column.dtype.is_temporal():
        day = column.cast(pl.Date)
        values = _ages(day, as_of) if column.name.lower() in BIRTHDAYS else _years(day)
    elif column.dtype.is_numeric():
        values = _ordered(column) if known.n_unique() <= MOST_VALUES else _bands(column.cast(pl.Float64))
    elif column.dtype == pl.Boolean:
        values = column.cast(pl.String), ["true", "false"]
    elif known.n_unique() > max(MOST_VALUES, MOSTLY_OWN * len(known)):
        return "own_values"
    else:
        values = _largest(column.cast(pl.String))
    return values if len(values[1]) > 1 else "one_value"


def _ordered(numbers: pl.Series) -> tuple[pl.Series, list[str | None]]:
    """Each number a value of its own, in the order of the numbers."""
    return _written(numbers), _written(numbers.drop_nulls().unique().sort()).to_list()


def _years(days: pl.Series) -> tuple[pl.Series, list[str | None]]:
    years = days.dt.strftime("%Y")
    return years, years.drop_nulls().unique().sort().to_list()


def _bands(numbers: pl.Series) -> tuple[pl.Series, list[str | None]]:
    """N_BANDS bands of about equally many customers; fewer where many are equal."""
    bounds = [numbers.quantile(step / N_BANDS, "nearest") for step in range(1, N_BANDS)]
    return _cut(numbers, sorted({float(bound) for bound in bounds if bound is not None}))


def _ages(birthday: pl.Series, as_of: date) -> tuple[pl.Series, list[str | None]]:
    had_it = (birthday.dt.month() < as_of.month) | (
        (birthday.dt.month() == as_of.month) & (birthday.dt.day() <= as_of.day)
    )
    years = as_of.year - birthday.dt.year() - (~had_it).cast(pl.Int32)
    return _cut(years.cast(pl.Float64), [float(age) for age in AGES])


def _cut(numbers: pl.Series, bounds: list[float]) -> tuple[pl.Series, list[str | None]]:
    """Bands that begin at these bounds, named by where they begin and where the next one does; filled ones alone."""
    texts = _written(pl.Series(bounds, dtype=pl.Float64)).to_list()
    names = [
        f"< {texts[0]}",
        *(f"{low} – < {high}" for low, high in pairwise(texts)),
        f"≥ {texts[-1]}",
    ]
    place = numbers.to_frame("n").select(pl.sum_horizontal(pl.col("n") >= bound for bound in bounds))
    column = place.to_series().replace_strict(range(len(names)), names, return_dtype=pl.String)
    column = pl.select(pl.when(numbers.is_not_null()).then(column)).to_series()
    filled = set(column.drop_nulls())
    return column, [name for name in names if name in filled]


def _largest(texts: pl.Series) -> tuple[pl.Series, list[str | None]]:
    """The largest values, the others as one (null in the list, "" in the column)."""
    counts = texts.drop_nulls().value_counts().sort(["count", texts.name], descending=[True, False])
    if counts.height <= MOST_VALUES:
        return texts, counts[texts.name].to_list()
    kept = counts[texts.name].head(MOST_VALUES - 1).to_list()
    return pl.select(pl.when(texts.is_in(kept) | texts.is_null()).then(texts).otherwise(pl.lit(""))).to_series(), [
        *kept,
        None,
    ]


def _written(numbers: pl.Series) -> pl.Series:
    """Numbers as a reader writes them: 3, not 3.0."""
    return pl.Series([None if number is None else f"{number:,.10g}" for number in numbers], dtype=pl.String)
