from dataclasses import replace

import polars as pl
import pytest

import clvlab as cl
from clvlab import memory_limit
from clvlab.customers import customer_days, numbered_days, places_of, with_ids
from clvlab.customers.purchase_days import describe_span
from tests.customers.logs import day, log_of


@pytest.mark.filterwarnings("ignore:The amount of every row is 0")
@pytest.mark.parametrize(
    ("amounts", "spend", "is_purchase"),
    [
        ((10.0, 5.0), 15.0, True),
        ((10.0, -4.0), 6.0, True),
        ((10.0, -10.0), 0.0, False),
        ((10.0, -12.0), -2.0, False),
        ((-4.0,), -4.0, False),
        ((0.0,), 0.0, True),
        ((0.0, -4.0), -4.0, False),
        ((10.1, 5.05, -15.15), 0.0, False),  # 1.8e-15 in floating point
    ],
)
def test_a_day_is_a_purchase_unless_returns_bring_it_to_nothing(amounts, spend, is_purchase):
    log = log_of(*(("a", "2024-01-01", amount) for amount in amounts))
    assert customer_days(log, day("2024-01-01")).rows() == [("a", day("2024-01-01"), spend, is_purchase)]


def test_rows_after_the_end_are_outside():
    log = log_of(("a", "2024-01-01", 1.0), ("a", "2024-01-02", 1.0))
    assert customer_days(log, day("2024-01-01")).height == 1


def test_without_amounts_each_day_is_a_purchase():
    log = log_of(("a", "2024-01-01"), ("a", "2024-01-01"), columns="customer_id date")
    assert customer_days(log, day("2024-01-01")).rows() == [("a", day("2024-01-01"), True)]


def test_days_are_sorted_by_customer_and_day_whatever_the_order_of_rows():
    log = log_of(
        ("b", "2024-01-02", 1.0), ("a", "2024-01-03", 2.0), ("a", "2024-01-01", 3.0), ("a", "2024-01-03", 4.0)
    )
    assert customer_days(log, day("2024-12-31")).rows() == [
        ("a", day("2024-01-01"), 3.0, True),
        ("a", day("2024-01-03"), 6.0, True),
        ("b", day("2024-01-02"), 1.0, True),
    ]


def test_returns_of_another_day_leave_a_purchase_one():
    log = log_of(("a", "2024-01-01", 10.0), ("a", "2024-01-02", -10.0))
    assert customer_days(log, day("2024-12-31"))["is_purchase"].to_list() == [True, False]


def test_a_log_says_from_when_to_when_it_runs():
    assert describe_span(log_of(("a", "2024-01-05", 1.0), ("b", "2024-01-01", 1.0))) == (
        "The log runs from 2024-01-01 to 2024-01-05."
    )


def test_numbered_days_tell_customers_by_their_places_and_money_in_millionths():
    log = log_of(("b", "2024-01-02", 1.5), ("a", "2024-01-03", 2.0))
    numbered = numbered_days(log, day("2024-12-31"))
    assert numbered.select("customer", "date", "spend").rows() == [
        (0, day("2024-01-03"), 2_000_000),
        (1, day("2024-01-02"), 1_500_000),
    ]
    assert with_ids(log, numbered)["customer_id"].to_list() == ["a", "b"]


def test_places_are_those_of_all_customers_and_strangers_have_none():
    log = log_of(("b", "2024-01-02", 1.5), ("d", "2024-01-03", 2.0), ("a", "2024-01-03", 2.0))
    assert places_of(log, pl.Series(["a", "a0", "d", "e", "0"])).to_list() == [0, None, 2, None, None]


def test_a_log_in_parts_has_the_same_numbers(monkeypatch):
    log, end = cl.datasets.lighting(600, seed=1), day("2024-12-31")
    monkeypatch.setattr(memory_limit, "DEFAULT", 1)
    in_parts = replace(log)
    assert len(in_parts.days) > 3
    assert numbered_days(in_parts, end).equals(numbered_days(log, end))
    then = day("2023-12-31")
    assert numbered_days(in_parts.until(then), end).equals(numbered_days(log, then))
