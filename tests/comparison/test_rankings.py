"""The bar, by hand: customers ranked by what they spent last year, and by the rate at which they did."""

import polars as pl
import pytest

import clvlab as cl
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.rankings import BARS, rankings
from tests.comparison.splits import split_of

ROWS = [
    ("long", "2022-01-01", 500.0),  # more than a year ago
    ("long", "2024-06-01", 73.0),
    ("half", "2024-01-01", 70.0),  # 182 days a customer
    ("new", "2024-06-30", 20.0),  # since today: a quarter is the least that a rate is made of
]


def values(frame):
    log = cl.read_transactions(frame)
    found = rankings(log, cl.summarise_customers(log, "2024-06-30"))
    assert tuple(each.name for each in found) == BARS
    ids = sorted(set(frame["customer_id"]))
    return [dict(zip(ids, each.values.tolist(), strict=True)) for each in found]


def test_spend_of_the_last_year_and_its_rate():
    spend, rate = values(pl.DataFrame(ROWS, schema=["customer_id", "date", "amount"], orient="row"))
    assert spend == {"long": 73, "half": 70, "new": 20}
    assert rate == pytest.approx({"long": 73 / 365, "half": 70 / 182, "new": 20 / 91})


def test_purchases_where_there_is_no_money():
    spend, rate = values(pl.DataFrame([row[:2] for row in ROWS], schema=["customer_id", "date"], orient="row"))
    assert spend == {"long": 1, "half": 1, "new": 1}
    assert rate["long"] < rate["half"] < rate["new"]


def test_a_ranking_learns_nothing_from_others():
    log = cl.read_transactions(pl.DataFrame(ROWS, schema=["customer_id", "date", "amount"], orient="row"))
    by_spend, _ = rankings(log, cl.summarise_customers(log, "2024-06-30"))
    outcomes = split_of([1, 2, 3], [0, 1, 1]).outcomes
    predicted = by_spend.taught(by_spend.labels(0), outcomes)
    assert isinstance(predicted, CrossFitted)
    assert by_spend.values.tolist() == [70, 73, 20]
    assert predicted.spend.tolist() == [2, 0] == predicted.bought.tolist()
