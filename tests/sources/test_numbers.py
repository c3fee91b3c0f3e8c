import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.errors import DataError
from clvlab.sources.numbers import as_number, currency_mark, read_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12.0), ("12.50", 12.5), ("-3", -3.0), ("+3", 3.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0),
        (" 7 ", 7.0), ("1,234", 1234.0), ("1,234,567.89", 1234567.89), ("¥1,234.50", 1234.5), ("￥12", 12.0),
        ("12元", 12.0), ("$-5", -5.0), ("-$5", -5.0), ("USD 5.10", 5.1), ("5 EUR", 5.0), ("(7.50)", -7.5),
        ("7.50-", -7.5), ("−7", -7.0), ("1 234,00", None), ("1 234.50", 1234.5), ("12 50", None), ("- 5", -5.0),
        ("( 7.50 )", -7.5), ("5 -", -5.0),
        ("1\u00a0234.00", 1234.0), ("1'234.00", 1234.0),
        ("１２．５", 12.5), ("inf", float("inf")), ("-Infinity", float("-inf")), ("12,50", None),
        ("1,23,456", 123456.0), ("1.2.3", None), ("abc", None), ("12abc", None), ("--5", None), ("0x10", None),
        ("1e", None), ("nan", None), ("", None), (None, None), ("()", None), ("-", None),
    ],
)  # fmt: skip
def test_texts_with_a_decimal_point(text, number):
    assert read_numbers(pl.Series([text], dtype=pl.String), ".").to_list() == [number]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12,50", 12.5),
        ("1.234,50", 1234.5),
        ("1.234", 1234.0),
        ("12.50", None),
        ("12", 12.0),
        ("-0,5", -0.5),
        ("1,234.50", None),
    ],
)
def test_texts_with_a_decimal_comma(text, number):
    assert read_numbers(pl.Series([text]), ",").to_list() == [number]


@given(st.decimals(-(10**9), 10**9, places=2))
def test_money_reads_back_as_it_was_written(amount):
    for text, mark in ((f"{amount:,}", "."), (f"{amount:,}".translate(str.maketrans(",.", ".,")), ",")):
        assert read_numbers(pl.Series([text]), mark).to_list() == [float(amount)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("¥12", "¥"),
        ("￥12", "¥"),
        ("12 RMB", "CNY"),
        ("$12", "$"),
        ("usd 12", "USD"),
        ("€12", "EUR"),
        ("12", None),
        ("abc", None),
    ],
)
def test_marks_name_currencies(text, code):
    assert pl.DataFrame({"text": [text]}).select(currency_mark(pl.col("text"))).item() == code


@pytest.mark.parametrize(
    ("values", "numbers"),
    [
        (pl.Series([1, 2], dtype=pl.Int8), [1.0, 2.0]),
        (pl.Series([1.5, float("nan")]), [1.5, None]),
        (pl.Series(["1.5"], dtype=pl.Decimal(10, 2)), [1.5]),
        (pl.Series([None], dtype=pl.Null), [None]),
        (pl.Series(["1,000"], dtype=pl.Categorical), [1000.0]),
    ],
)
def test_any_type_of_number_will_do(values, numbers):
    frame = values.alias("v").to_frame()
    assert frame.select(as_number("v", frame.schema["v"], "The frame", ".")).to_series().to_list() == numbers


@pytest.mark.parametrize("dtype", [pl.Date(), pl.List(pl.Int64), pl.Boolean(), pl.Binary()])
def test_other_types_are_refused_by_name(dtype):
    with pytest.raises(DataError, match=r"Column 'v' of the frame holds .*Numbers are expected"):
        as_number("v", dtype, "The frame", ".")
