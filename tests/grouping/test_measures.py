from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.errors import DataError
from clvlab.grouping.measures import MEASURES, measured, sources
from clvlab.shares import comparable
from tests.grouping.customers import table


def values(name, **columns):
    """One measure or column of customers, as `measured` gives it."""
    return measured(table(**columns), {name})[name].to_list()


def test_days_since_the_first_purchase_count_up_to_the_cutoff():
    first = [date(2025, 12, 31), date(2025, 12, 1), date(2024, 12, 31), None]
    assert values("days_since_first", first_purchase=first) == [0.0, 30.0, 365.0, None]


def test_days_from_first_to_last_are_zero_for_who_bought_once():
    first = [date(2025, 1, 1), date(2024, 2, 28), None]
    last = [date(2025, 1, 1), date(2024, 3, 1), None]
    assert values("days_first_to_last", first_purchase=first, last_purchase=last) == [0.0, 2.0, None]


def test_gain_is_expected_value_less_last_years_spend():
    columns = {"clv": [100.0, 20.0, None, 5.0], "spend_last_year": [30.0, 50.0, 10.0, None]}
    assert values("clv_gain", **columns) == [70.0, -30.0, None, None]


def test_an_open_pipeline_adds_to_a_buyers_gain_and_is_a_prospects_whole_gain():
    columns = {
        "n_purchases": [2, 2, 0, 0, 2],
        "clv": [100.0, 100.0, None, 99.0, None],
        "spend_last_year": [30.0, 30.0, 0.0, 0.0, 10.0],
        "pipeline": [5.0, None, 500.0, None, 7.0],
    }
    assert values("clv_gain_with_pipeline", **columns) == [75.0, 70.0, 500.0, 0.0, None]


def test_the_sources_of_a_measure_are_its_columns_and_those_of_a_column_itself():
    assert sources(["days_since_first", "total_spend"]) == {"first_purchase", "total_spend"}
    assert sources(["clv_gain", "clv"]) == {"clv", "spend_last_year"}
    assert sources([]) == frozenset()


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_reads_no_more_than_it_says(name):
    dates = {"first_purchase", "last_purchase"}
    columns = {column: [date(2025, 1, 1)] if column in dates else [1.0] for column in sorted(MEASURES[name].needs)}
    assert values(name, **columns)[0] is not None


def test_whatever_the_numbers_are_stored_as_they_become_floats_in_the_order_of_customers():
    table_of = measured(table(a=pl.Series([3, 1, 2], dtype=pl.UInt8), b=[0.5, None, 1.5]), ["b", "a", "b"])
    assert table_of.schema == {"a": pl.Float64, "b": pl.Float64}
    assert table_of.rows() == [(3.0, 0.5), (1.0, None), (2.0, 1.5)]


def test_what_is_not_a_number_is_missing_and_infinity_is_not():
    assert values("x", x=[float("nan"), float("inf"), 1.0]) == [None, float("inf"), 1.0]
    assert values("x", x=pl.Series([None, None], dtype=pl.Null)) == [None, None]


@pytest.mark.parametrize("column", [["1", "2"], [True, False], [date(2025, 1, 1)] * 2], ids=["text", "bool", "day"])
def test_a_column_of_anything_but_numbers_is_refused_by_name(column):
    with pytest.raises(DataError, match=r"Column 'x' of the customer table holds .*; this grouping needs numbers"):
        values("x", x=column)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_same_money_added_in_another_order_compares_as_equal(cents, order):
    amounts = [cent / 100 for cent in cents]
    shuffled = order.sample(amounts, len(amounts))
    sums = pl.DataFrame({"total_spend": [sum(amounts), sum(shuffled)]})
    here, there = sums.select(comparable(pl.col("total_spend")))["total_spend"]
    assert here == there == pytest.approx(sum(cents) / 100)
