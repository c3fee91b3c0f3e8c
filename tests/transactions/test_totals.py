"""Rows that are totals are found among the few texts that may be words."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.transactions import totals
from clvlab.transactions.words import words


@given(code=st.from_regex(totals._CODE, fullmatch=True))
def test_a_code_says_no_total(code):
    text = pl.Series([code])
    assert not text.str.contains(totals._WORDS).any()
    assert not text.str.contains(totals._OF_A_CUSTOMER).any()


@pytest.mark.parametrize("code", ["C0001", "7", "2024-01-31 10:00:00", "INV-7/2", "total7"])
def test_these_are_codes(code):
    assert pl.Series([code]).str.contains(totals._CODE).all()


def test_no_word_for_a_guest_has_a_digit():
    assert not pl.Series(words("guests")).str.contains(r"\p{N}").any()


def refused(ids, orders=None):
    table = {"customer_id": ids, "date": "2024-01-31", "amount": [float(i + 1) for i in range(len(ids))]}
    log = cl.read_transactions(pl.DataFrame(table | ({"order_id": orders} if orders else {})))
    return dict(zip(log.rejected["customer_id"], log.rejected["rule"], strict=True))


def test_the_total_of_a_customer_is_one_where_the_customer_is():
    ids = ["Miller", "C7", "Miller total", "Total C7", "Smith total", "C7 ", "Grand total", "2024合计", "C8"]
    totals_found = dict.fromkeys(["Miller total", "Total C7", "Grand total", "2024合计"], "total_row")
    assert refused(ids) == totals_found


def test_an_order_may_say_that_a_row_is_a_total():
    assert refused(["C1", "C2", "C3"], ["1", "小计：", "3"]) == {"C2": "total_row"}


def test_guests_are_found_among_words_and_ids_that_are_given():
    rows = pl.DataFrame({"customer_id": ["Walk-In", "c 1", "C2"], "date": "2024-01-31", "amount": 1.0})
    assert cl.read_transactions(rows).rejected["customer_id"].to_list() == ["Walk-In"]
    given_too = cl.read_transactions(rows, guests=["C_1"]).rejected["customer_id"]
    assert given_too.to_list() == ["Walk-In", "c 1"]
