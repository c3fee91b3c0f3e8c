"""Customers on a map: cells to draw, and whom a rectangle holds."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.exploration import N_BINS, Exploration
from clvlab.frames import CustomerSummary
from clvlab.grouping import FixedBounds, Tiers

TIERS = Tiers("total_spend", ("high", "low"), FixedBounds((50,)), name="own")


def few(**columns):
    """Four buyers and a prospect."""
    table = {
        "customer_id": list("abcde"),
        "days_since_last": [0, 10, 64, 64, None],
        "total_spend": [100.0, 50.0, 20.0, -5.0, 0.0],
        "n_purchases": [3, 1, 1, 1, 0],
        **columns,
    }
    customers = CustomerSummary(pl.DataFrame(table), date(2024, 6, 30), "week")
    return Exploration(customers, TIERS.fit(customers))


def ids(frame):
    return "".join(frame["customer_id"])


def test_who_is_selected_by_hand():
    exploration = few()
    assert exploration.groups == ("high", "low", "prospect")
    assert ids(exploration.selected(None, {})) == "abcde"
    assert ids(exploration.selected("low", {})) == "cd"
    assert ids(exploration.selected(None, {"days_since_last": (10, 64)})) == "bcd"
    assert ids(exploration.selected(None, {"days_since_last": (10, 64), "total_spend": (20, 50)})) == "bc"
    assert ids(exploration.selected("high", {"days_since_last": (10, 64), "total_spend": (20, 50)})) == "b"
    assert exploration.selected("high", {})["group"].to_list() == ["high", "high"]


def test_what_is_told_of_a_selection_by_hand():
    exploration = few()
    facts = exploration.facts(exploration.selected("high", {}))
    assert facts == {"customers": 2, "share_customers": 0.4, "spend": 150.0, "share_spend": 150 / 165}


def test_cells_hold_every_buyer_and_no_prospect_and_as_few_rows_as_a_chart_can_have():
    cells = few().cells
    assert cells["customers"].sum() == 4
    # 65 days in at most 32 bins are 3 days each.
    assert cells.sort("across_from")["across_from"].to_list() == [0, 9, 63, 63]
    log = cl.datasets.cdnow()
    customers = cl.summarise_customers(log, "1998-06-30", "week")
    exploration = Exploration(customers, cl.strategies["rfm11"].fit(customers))
    assert exploration.cells["customers"].sum() == 23_570
    assert exploration.cells.height < 5_000
    assert exploration.distributions.height < 12 * N_BINS * 3


def test_a_cell_holds_its_lower_ends_and_customers_are_within_theirs():
    exploration = few()
    ends = [edges[-1] for edges in (exploration.edges["days_since_last"], exploration.edges["total_spend"])]
    for cell in exploration.cells.iter_rows(named=True):
        within = pl.col("group") == cell["group"]
        for column, side, end in zip(("days_since_last", "total_spend"), ("across", "up"), ends, strict=True):
            low, high = cell[f"{side}_from"], cell[f"{side}_to"]
            within &= pl.col(column).is_between(low, high, closed="both" if high == end else "left")
        assert exploration.data.filter(within).height == cell["customers"]


def test_distributions_count_everybody_of_whom_the_measure_is_known():
    exploration = few(clv=[5.0, None, 0.0, 1e6, None])
    sizes = exploration.distributions.group_by("measure").agg(pl.col("customers").sum())
    assert dict(sizes.iter_rows()) == {"days_since_last": 4, "total_spend": 5, "clv": 3}
    assert exploration.measures == ("days_since_last", "total_spend", "clv")


def test_a_value_that_nobody_has_is_not_shown():
    assert few(clv=pl.Series([None] * 5, dtype=pl.Float64)).measures == ("days_since_last", "total_spend")


def test_without_money_purchases_are_shown():
    table = pl.DataFrame({"customer_id": ["a", "b"], "days_since_last": [1, 9], "n_purchases": [1, 4]})
    customers = CustomerSummary(table, date(2024, 6, 30), "week")
    exploration = Exploration(customers, cl.strategies["frequency_tiers"].fit(customers))
    assert exploration.measures == ("days_since_last", "n_purchases")
    assert exploration.facts(exploration.data)["spend"] is None


def test_an_unknown_group_is_told():
    with pytest.raises(ParamsError, match=r"no group 'hihg'. Did you mean 'high'\?"):
        few().check("hihg")


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 900), st.floats(-1e4, 1e6)), min_size=1, max_size=40),
    st.tuples(st.floats(-10, 1000), st.floats(-10, 1000)),
    st.tuples(st.floats(-1e4, 1e6), st.floats(-1e4, 1e6)),
)
def test_a_selection_is_a_filter_whatever_is_drawn(customers, days, spend):
    table = pl.DataFrame(
        {
            "customer_id": [f"{n:03}" for n in range(len(customers))],
            "days_since_last": [each[0] for each in customers],
            "total_spend": [each[1] for each in customers],
            "n_purchases": [1] * len(customers),
        }
    )
    summary = CustomerSummary(table, date(2024, 6, 30), "week")
    exploration = Exploration(summary, TIERS.fit(summary))
    bounds = {"days_since_last": (min(days), max(days)), "total_spend": (min(spend), max(spend))}
    expected = [
        f"{n:03}"
        for n, (since, spent) in enumerate(customers)
        if min(days) <= since <= max(days) and min(spend) <= spent <= max(spend)
    ]
    assert exploration.selected(None, bounds)["customer_id"].to_list() == expected
    assert exploration.cells["customers"].sum() == len(customers)
    for measure, low, high in (("days_since_last", "across_from", "across_to"), ("total_spend", "up_from", "up_to")):
        assert exploration.cells[low].min() <= table[measure].min()
        assert exploration.cells[high].max() >= table[measure].max()
