"""Amounts as accounts, shops and countries write them."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.sources.numbers import SHARED, currency_mark, read_numbers


def number(text, decimal="."):
    return read_numbers(pl.Series([text]), decimal).item()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("99,999.00", 99999.0), ("1,00,000.00", 100000.0), ("12,34,567.50", 1234567.5), ("1,23,45,678", 12345678.0),
        ("-1,00,000", -100000.0), ("₹ 1,00,000.00", 100000.0), ("(1,00,000)", -100000.0), ("1,00,00", None),
        ("1,000,00", None), ("123,45,678", None), ("1,2,345", None), (",00,000", None),
    ],
)  # fmt: skip
def test_groups_of_two_as_in_india(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("١٬٢٣٤٫٥٠", 1234.5), ("-٧", -7.0), ("۱۲", 12.0), ("१२.५", 12.5), ("12.50 CR", -12.5), ("12.50Cr.", -12.5),
        ("¥12.50 DR", 12.5), ("12.50 DB", 12.5), ("贷12.50", None), ("12.50贷", -12.5), ("12.50 借", 12.5),
        ("-12.50 CR", None), ("(12.50) CR", None), ("₹1.2 Cr", None), ("CR", None),
    ],
)  # fmt: skip
def test_digits_of_other_scripts_and_marks_of_accounts(text, value):
    assert number(text) == value


def test_the_decimal_mark_of_arabic_is_one_whatever_the_column_has():
    assert number("١٬٢٣٤٫٥٠", decimal=",") == 1234.5


@given(st.integers(0, 10**12), st.integers(0, 99))
def test_an_indian_amount_reads_back(whole, cents):
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(end - 2, 0) : end] for end in range(len(head), 0, -2)][::-1]
    assert number(f"{','.join([*groups, tail])}.{cents:02}") == float(f"{whole}.{cents:02}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("US$12.50", 12.5), ("HK$100", 100.0), ("NT$1,200", 1200.0), ("A$5", 5.0), ("C$ 7.00", 7.0), ("S$8", 8.0),
        ("Rs. 1,000", 1000.0), ("Rs1,000", 1000.0), ("100 kr", 100.0), ("kr. 100", 100.0), ("100 zł", 100.0),
        ("฿100", 100.0), ("₫100", 100.0), ("₺5", 5.0), ("₱5", 5.0), ("1,200円", 1200.0), ("1,200 圓", 1200.0),
        ("RM 5.10", 5.1), ("Rp 5", 5.0), ("CHF 1'200.50", 1200.5), ("100 руб.", 100.0), ("5 Kč", 5.0),
        ("R100", 100.0), ("人民币5元", 5.0), ("CNY ¥5", 5.0), ("5 USD", 5.0), ("usd5", 5.0), ("＄５", 5.0),
        ("-US$5", -5.0), ("US$-5", -5.0),
        ("(US$5.00)", -5.0), ("US$(5)", -5.0), ("US$5-", -5.0), ("$ -5", -5.0), ("100,-", 100.0), ("100.-", 100.0),
        ("100,-- kr", 100.0), ("12.– CHF", 12.0), ("△5", -5.0), ("▲1,200", -1200.0), ("负5", -5.0),
        ("1.2万", 12000.0),
        ("3万元", 30000.0), ("0.5亿", 5e7), ("-2千", -2000.0), ("5\u200b", 5.0), ("\u202a5.50\u202c", 5.5),
        ("US$", None), ("kr", None), ("5 apples", None), ("A5", None), ("1R2", None), ("万", None), ("()", None),
    ],
)  # fmt: skip
def test_currencies_and_signs_stand_in_front_and_behind(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("R$ 1.234,50", 1234.5),
        ("1.234,50 €", 1234.5),
        ("12,-", 12.0),
        ("(1.234,5)", -1234.5),
        ("kr 1 234,50", 1234.5),
    ],
)
def test_with_a_decimal_comma(text, value):
    assert number(text, ",") == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("US$12.50", "USD"), ("HK$100", "HKD"), ("NT$1", "TWD"), ("R$ 1,5", "BRL"), ("C$7", "CAD"), ("$5", "$"),
        ("Rs. 1,000", "Rs"), ("100 kr", "kr"), ("100 zł", "PLN"), ("1,200円", "JPY"), ("5元", "元"),
        ("(US$5)", "USD"),
        ("5 eur", "EUR"), ("-¥5", "¥"), ("5", None), ("5 apples", None), ("-5 -", None),
    ],
)  # fmt: skip
def test_which_currency_a_mark_names(text, code):
    assert pl.DataFrame({"text": [text]}).select(currency_mark(pl.col("text"))).item() == code


def test_a_shared_mark_means_currencies_that_have_a_code():
    assert all(len(code) == 3 and code.isupper() for codes in SHARED.values() for code in codes)
