"""Numbers from text: signs, thousands separators and currency marks, with one decimal mark for a column."""

import re
from collections.abc import Mapping

import polars as pl

from clvlab.errors import within
from clvlab.shipped import shipped
from clvlab.sources.faults import fault
from clvlab.sources.texts import ANY_DIGIT, is_text, missing_to_null, plain_text

_CATALOGUE = shipped("sources", "currencies.yaml")
SHARED: Mapping[str, tuple[str, ...]] = {mark: tuple(each["means"]) for mark, each in _CATALOGUE["shared"].items()}
"""Mark -> the currencies that share it, likeliest first."""
_MEANING: Mapping[str, str] = {
    **{code: code for code in _CATALOGUE["codes"]},
    **{mark.upper(): code for code, marks in _CATALOGUE["marks"].items() for mark in marks},
    **{mark.upper(): shared for shared, each in _CATALOGUE["shared"].items() for mark in each["written"]},
}
"""Code or mark in capitals -> the code, or the mark that several currencies share."""
_MARKS = rf"(?i:{'|'.join(sorted(map(re.escape, _MEANING), key=len, reverse=True))})"
_IN_FRONT, _BEHIND = rf"^([-+\s]*){_MARKS}\s*", rf"\s*{_MARKS}([-\s]*)$"
_MINUS = r"^[△▲负負]\s*"
CREDIT, _DEBIT = r"^([^-+(].*?)\s*(?:CR|Cr|cr|贷|貸)\.?$", r"^([^-+(].*?)\s*(?:DR|Dr|dr|DB|借)\.?$"
"""Patterns of amounts that are marked as credits, and as debits."""
_RUPEES = r"(?i)₹|\bRs|\bINR"
_MULTIPLES = {"千": 10**3, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_NUMBER, _CODE = r"^-?\d+(\.\d+)?$|^-?\d{1,3}(,\d{3})+(\.\d+)?$", r"^-?0\d|\d{16}"
_NOTHING = pl.Series([None], dtype=pl.String)


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
    raise fault("no_numbers", column=repr(column), table=within(table), type=dtype)


def numbers_or_codes(texts: pl.Series) -> pl.Series:
    """Texts as numbers if every one is a number and none is a code; else as they are, null where they say nothing.

    A code has letters or signs, zeros in front, or more digits than a number can hold. Numbers are whole ones (Int64)
    if all are.

    >>> for texts in (["1", "2", "-"], ["1.5", "2,000", None], ["01234", "1234"]):
    ...     print(numbers_or_codes(pl.Series(texts)).to_list())
    [1, 2, None]
    [1.5, 2000.0, None]
    ['01234', '1234']
    """
    bare = (
        texts.to_frame("text").select(missing_to_null(pl.col("text").cast(pl.String))).to_series().alias(texts.name)
    )
    plain = plain_text(bare)
    if bare.null_count() == len(bare) or not plain.str.contains(_NUMBER).all() or plain.str.contains(_CODE).any():
        return bare
    numbers = read_numbers(bare, ".")
    return numbers.cast(pl.Int64) if (numbers == numbers.round()).all() else numbers


def read_numbers(texts: pl.Series, decimal: str) -> pl.Series:
    """The numbers that texts are; null where one is none.

    Brackets, a trailing minus and a triangle mean negative, as in accounts. A thousands separator (the other mark, a
    space, an apostrophe) counts only between groups of three digits, or of two as in India: "12,50" and "12 50" are
    not twelve hundred and fifty. Marks of currencies stand in front or behind; 1.2万 is twelve thousand. Credits (CR)
    are negative, debits (DR) are not, as in the account that a shop keeps for a customer.

    >>> read_numbers(pl.Series(["¥1,234.50", "(7)", "3-", "12,50", "1e3", "-inf", "x"]), ".").to_list()
    [1234.5, -7.0, -3.0, None, 1000.0, -inf, None]
    >>> read_numbers(pl.Series(["₹ 12,34,567.50", "US$(5)", "Rs. 1,000", "1,200円", "100,- kr"]), ".").to_list()
    [1234567.5, -5.0, 1000.0, 1200.0, 100.0]
    >>> read_numbers(pl.Series(["١٬٢٣٤٫٥٠", "۱۲", "12.50 CR", "12.50 Dr", "₹1.2 Cr"]), ".").to_list()
    [1234.5, 12.0, -12.5, 12.5, None]
    """
    numbers = _plain_numbers(texts, decimal)
    hard = texts.filter(numbers.is_null() & texts.str.contains(ANY_DIGIT)).unique()
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
    other = "," if decimal == "." else "."
    bare = plain_text(texts).str.replace_all("٫", decimal, literal=True).str.replace_all("٬", other, literal=True)
    bare = _with_signs(bare.str.replace_all("[−–—]", "-").str.strip_chars())
    bare = _without_marks(bare).str.replace(r"^\(\s*(.+?)\s*\)$", "-$1").str.replace(_MINUS, "-")
    bare = _without_marks(bare).str.replace(r"[.,]-+$", "").str.replace(r"^([^-].*?)\s*-$", "-$1")
    bare = bare.str.replace(r"^([-+])\s+", "$1")
    multiple = bare.str.extract(f"([{''.join(_MULTIPLES)}])$").replace_strict(_MULTIPLES, default=1).fill_null(1)
    bare = bare.str.replace(f"\\s*[{''.join(_MULTIPLES)}]$", "")
    grouped = bare.str.contains(rf"^[-+]?\d{{1,3}}({thousands}\d{{3}})+({point}\d*)?$")
    if decimal == ".":
        grouped |= bare.str.contains(r"^[-+]?\d{1,2}(,\d{2})+,\d{3}(\.\d*)?$")
    bare = bare.zip_with(~grouped.fill_null(False), bare.str.replace_all(thousands, ""))
    number = bare.str.contains(rf"^[-+]?(\d+({point}\d*)?|{point}\d+)([eE][-+]?\d+)?$")
    with_point = bare.str.replace(decimal, ".", literal=True)
    return with_point.zip_with(number.fill_null(False), _NOTHING).cast(pl.Float64, strict=False) * multiple


def _with_signs(texts: pl.Series) -> pl.Series:
    """Debits without their mark, credits with a minus; of rupees, Cr is ten million, and stays."""
    signed = texts.str.replace(CREDIT, "-$1").str.replace(_DEBIT, "$1")
    return texts.zip_with(texts.str.contains(_RUPEES).fill_null(False), signed)


def _without_marks(texts: pl.Series) -> pl.Series:
    """Without marks of currencies in front and behind: a code and a sign may come together."""
    for _ in range(2):
        texts = texts.str.replace(_IN_FRONT, "$1").str.replace(_BEHIND, "$1")
    return texts.str.strip_chars()


def currency_mark(text: pl.Expr) -> pl.Expr:
    """The code of the currency that a text names; of a mark that several share, such as ¥, $, kr and 元, the mark."""
    plain = text.str.normalize("NFKC").str.strip_chars().str.strip_chars("()").str.strip_chars()
    plain = plain.str.replace(CREDIT, "$1").str.replace(_DEBIT, "$1")
    mark = pl.coalesce(
        plain.str.extract(rf"^[-+\s(]*({_MARKS})"), plain.str.extract(rf"({_MARKS})[-\s)]*$")
    ).str.to_uppercase()
    return mark.replace(_MEANING)
