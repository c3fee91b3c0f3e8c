"""Numbers from text: signs, thousands separators and currency marks, with one decimal mark for a column."""

import polars as pl

from clvlab.errors import DataError
from clvlab.sources.texts import is_text, missing_to_null

_CODES = (
    "CNY|RMB|USD|EUR|GBP|JPY|HKD|TWD|KRW|INR|AUD|CAD|CHF|SGD|SEK|NOK|DKK|RUB|BRL|MXN|ZAR|NZD|THB|VND|MYR|IDR|PHP|"
    "PLN|CZK|HUF|TRY|AED|SAR|ILS"
)
_MARKS = rf"[¥$€£₩₹₽元]|(?i:{_CODES})"
_CODE = r"^-?0\d|^\+|\d{16}"
_NOTHING = pl.Series([None], dtype=pl.String)
_SAME = {"RMB": "CNY", "元": "CNY", "€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "₽": "RUB"}


def as_number(column: str, dtype: pl.DataType, table: str, decimal: str) -> pl.Expr:
    """A column as Float64: null where it is not a number; NaN is null, infinity stays.

    Raises
    ------
    DataError : the column holds dates, lists or the like
    """
    value = pl.col(column)
    if is_text(dtype):
        return value.cast(pl.String).map_batches(
            lambda texts: read_numbers(texts, decimal), return_dtype=pl.Float64, is_elementwise=True
        )
    if dtype.is_numeric() or isinstance(dtype, pl.Null):
        return value.cast(pl.Float64).fill_nan(None)
    raise DataError(f"Column {column!r} of {table} holds {dtype}. Numbers are expected.")


def numbers_or_codes(texts: pl.Series) -> pl.Series:
    """Texts as numbers if every one is a number and none is a code; else as they are, null where they say nothing.

    A code has zeros in front, a plus sign, or more digits than a number can hold. Numbers are whole ones (Int64) if
    all are.

    >>> for texts in (["1", "2", "-"], ["1.5", "2,000", None], ["01234", "1234"]):
    ...     print(numbers_or_codes(pl.Series(texts)).to_list())
    [1, 2, None]
    [1.5, 2000.0, None]
    ['01234', '1234']
    """
    bare = (
        texts.to_frame("text").select(missing_to_null(pl.col("text").cast(pl.String))).to_series().alias(texts.name)
    )
    if bare.null_count() == len(bare) or bare.str.contains(_CODE).any():
        return bare
    numbers = read_numbers(bare, ".")
    if numbers.null_count() > bare.null_count() or numbers.is_infinite().any():
        return bare
    return numbers.cast(pl.Int64) if (numbers == numbers.round()).all() else numbers


def read_numbers(texts: pl.Series, decimal: str) -> pl.Series:
    """The numbers that texts are; null where one is none.

    Brackets and a trailing minus mean negative, as in accounts. A thousands separator (the other mark, a space, an
    apostrophe) counts only between groups of three digits: "12,50" and "12 50" are not twelve hundred and fifty.

    >>> read_numbers(pl.Series(["¥1,234.50", "(7)", "3-", "12,50", "1e3", "-inf", "x"]), ".").to_list()
    [1234.5, -7.0, -3.0, None, 1000.0, -inf, None]
    """
    numbers = _plain_numbers(texts, decimal)
    hard = texts.filter(numbers.is_null() & texts.is_not_null()).unique()
    if hard.is_empty():
        return numbers
    return numbers.fill_null(texts.replace_strict(hard, _hard_numbers(hard, decimal), default=None))


def _plain_numbers(texts: pl.Series, decimal: str) -> pl.Series:
    """What needs no care, fast: digits with at most a sign, a decimal mark and an exponent."""
    if decimal == ",":
        no_point = ~texts.str.contains(".", literal=True).fill_null(False)
        texts = texts.str.replace(",", ".", literal=True).zip_with(no_point, _NOTHING)
    return texts.cast(pl.Float64, strict=False).fill_nan(None)


def _hard_numbers(texts: pl.Series, decimal: str) -> pl.Series:
    thousands, point = (r"[,\s'’]", r"\.") if decimal == "." else (r"[.\s'’]", ",")
    bare = texts.str.normalize("NFKC").str.replace_all("[−–]", "-").str.replace_all(_MARKS, "").str.strip_chars()
    bare = bare.str.replace(r"^\(\s*(.+?)\s*\)$", "-$1").str.replace(r"^([^-].*?)\s*-$", "-$1")
    bare = bare.str.replace(r"^([-+])\s+", "$1")
    grouped = bare.str.contains(rf"^[-+]?\d{{1,3}}({thousands}\d{{3}})+({point}\d*)?$")
    bare = bare.zip_with(~grouped.fill_null(False), bare.str.replace_all(thousands, ""))
    number = bare.str.contains(rf"^[-+]?(\d+({point}\d*)?|{point}\d+)([eE][-+]?\d+)?$")
    with_point = bare.str.replace(decimal, ".", literal=True)
    return with_point.zip_with(number.fill_null(False), _NOTHING).cast(pl.Float64, strict=False)


def currency_mark(text: pl.Expr) -> pl.Expr:
    """The code of the currency that a text names; the symbols ¥ and $, which several share, stay symbols."""
    mark = text.str.normalize("NFKC").str.extract(rf"({_MARKS})").str.to_uppercase()
    return mark.replace(_SAME)
