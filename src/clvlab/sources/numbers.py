"""Numbers from text: signs, thousands separators and currency marks, with one decimal mark for a column."""

import polars as pl

from clvlab.errors import DataError

_CODES = (
    "CNY|RMB|USD|EUR|GBP|JPY|HKD|TWD|KRW|INR|AUD|CAD|CHF|SGD|SEK|NOK|DKK|RUB|BRL|MXN|ZAR|NZD|THB|VND|MYR|IDR|PHP|"
    "PLN|CZK|HUF|TRY|AED|SAR|ILS"
)
_MARKS = rf"[¥$€£₩₹₽元]|(?i:{_CODES})"
_SAME = {
    "¥": "CNY",
    "RMB": "CNY",
    "元": "CNY",
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "₩": "KRW",
    "₹": "INR",
    "₽": "RUB",
}
_NOISE = rf"[\s'’]|{_MARKS}"


def as_number(column: str, dtype: pl.DataType, table: str, decimal: str) -> pl.Expr:
    """A column as Float64: null where it is no number; NaN is null, infinity stays.

    Raises
    ------
    DataError : the column holds dates, lists or the like
    """
    value = pl.col(column)
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return read_numbers(value.cast(pl.String), decimal)
    if dtype.is_numeric() or isinstance(dtype, pl.Null):
        return value.cast(pl.Float64).fill_nan(None)
    raise DataError(f"Column {column!r} of {table} holds {dtype}. Numbers are expected.")


def read_numbers(text: pl.Expr, decimal: str) -> pl.Expr:
    """Numbers of `text`; null where it is none.

    Brackets and a trailing minus mean negative, as in accounts. A thousands separator counts only between groups of
    three digits: "12,50" is not twelve hundred and fifty.

    >>> texts = pl.Series("text", ["¥1,234.50", "(7)", "3-", "12,50", "1e3", "inf", "x"]).to_frame()
    >>> texts.select(read_numbers(pl.col("text"), ".")).to_series().to_list()
    [1234.5, -7.0, -3.0, None, 1000.0, inf, None]
    """
    bare = text.str.normalize("NFKC").str.replace_all("[−–]", "-")
    infinite = bare.str.strip_chars().str.to_lowercase().str.extract(r"^([-+]?)(?:inf|infinity)$")
    bare = bare.str.replace_all(_NOISE, "").str.replace(r"^\((.+)\)$", "-$1").str.replace(r"^([^-].*)-$", "-$1")
    thousands = "," if decimal == "." else "."
    grouped = bare.str.contains(rf"^[-+]?\d{{1,3}}(\{thousands}\d{{3}})+(\{decimal}\d*)?$")
    bare = pl.when(grouped).then(bare.str.replace_all(thousands, "", literal=True)).otherwise(bare)
    number = bare.str.contains(rf"^[-+]?(\d+(\{decimal}\d*)?|\{decimal}\d+)([eE][-+]?\d+)?$")
    finite = pl.when(number).then(bare.str.replace(decimal, ".", literal=True)).cast(pl.Float64, strict=False)
    return (
        pl.when(infinite == "-").then(float("-inf")).when(infinite.is_not_null()).then(float("inf")).otherwise(finite)
    )


def currency_mark(text: pl.Expr) -> pl.Expr:
    """The code of the currency that a text names, by code or symbol; ¥ is taken for CNY and $ for USD."""
    mark = text.str.normalize("NFKC").str.extract(rf"({_MARKS})").str.to_uppercase()
    return mark.replace(_SAME)
