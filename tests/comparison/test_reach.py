"""Whom to contact, and where to put a budget, by hand."""

import numpy as np
import polars as pl
import pytest

from clvlab.comparison.reach import allocation, reach_table
from clvlab.comparison.scoring import Scoring, Window
from tests.comparison.splits import fitted_on, split_of

# Two teach (a spent 8, b 2); of the four who are judged a and a spend 6 and 4, b and b nothing and 2.
SPLIT = split_of([8, 2, 6, 4, 0, 2], [0, 0, 1, 1, 1, 1], kind=list("abaabb"))
(KIND,) = fitted_on(SPLIT, "kind")


def scoring_of(split):
    """One deal, and few rounds."""
    return Scoring.run([Window(split, fitted_on(split, "kind"))], 20, lambda _: None, n_deals=1)


def test_a_budget_follows_customers_times_what_was_predicted_of_them():
    table = allocation(KIND.grouped, scoring_of(SPLIT).expected["kind"])
    assert table["group"].to_list() == ["a", "b"]
    assert table["place"].to_list() == [1, 2]
    assert table["customers"].to_list() == [3, 3]
    assert table["share_customers"].to_list() == [0.5, 0.5]
    assert table["expected_spend"].to_list() == [8, 2]
    assert table["share_budget"].to_list() == [0.8, 0.2]


def test_a_group_that_is_expected_to_cost_is_given_nothing():
    split = split_of([8, -5, 6, 0], [0, 0, 1, 1], kind=list("abab"))
    (kind,) = fitted_on(split, "kind")
    table = allocation(kind.grouped, scoring_of(split).expected["kind"])
    assert table["expected_spend"].to_list() == [8, -5]
    assert table["share_budget"].to_list() == [1, 0]


def test_where_nothing_is_expected_nothing_is_shared_out():
    (kind,) = fitted_on(SPLIT, "kind")
    assert allocation(kind.grouped, np.array([0.0, -1.0]))["share_budget"].to_list() == [0, 0]


def test_what_contacts_reach_by_hand():
    table = reach_table(scoring_of(SPLIT))
    at_half = {row["strategy"]: row for row in table.filter(share=0.5).iter_rows(named=True)}
    assert at_half["kind"]["reached"] == pytest.approx(10 / 12)  # both of a, of the four who are judged
    assert at_half["oracle"]["reached"] == pytest.approx(10 / 12)
    assert at_half["random"]["reached"] == 0.5
    assert at_half["kind"]["contacts"] == 3
    assert at_half["kind"]["spend"] == pytest.approx(10 / 12 * 22)  # 22 is what all six spend
    quarter = dict(table.filter(share=0.3).select("strategy", "reached").iter_rows())
    assert quarter["kind"] == pytest.approx(0.6 * 10 / 12)  # 1.2 of the two of a, who share their place
    assert quarter["oracle"] == pytest.approx((6 + 0.2 * 4) / 12)


def test_bounds_have_no_interval():
    table = reach_table(scoring_of(SPLIT))
    bounds = table.filter(pl.col("strategy").is_in(["oracle", "random"]))
    assert bounds["low"].null_count() == bounds["high"].null_count() == bounds.height == 10
    mine = table.filter(strategy="kind")
    assert (mine["low"] <= mine["high"]).all()
    assert np.diff(mine.sort("share")["reached"]).min() >= 0
