"""What if a rule were another."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.comparison.foresight import HEADLINE
from clvlab.errors import DataError, ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping import FixedBounds, Shares, Tiers
from clvlab.rule_change import RuleChange

TIERS = Tiers("total_spend", ("vip", "ordinary", "value_low"), Shares((0.2, 0.3, 0.5)), name="tiers")
SPENDS = [10.0 * n for n in range(1, 11)]


def ten(**columns):
    """Ten customers who spent 10, 20, ..., 100, and a prospect."""
    table = {
        "customer_id": [f"c{n:02}" for n in range(11)],
        "total_spend": [*SPENDS, 0.0],
        "n_purchases": [1] * 10 + [0],
        **columns,
    }
    return CustomerSummary(pl.DataFrame(table), date(2024, 6, 30), "week")


@pytest.fixture(scope="module")
def halves():
    return cl.split_holdout(cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", "week")


def test_ten_customers_by_hand():
    # By 0.2, 0.3, 0.5 vip are 90 and 100, ordinary 60 to 80; by 0.1, 0.3, 0.6 vip is 100, ordinary 70 to 90.
    change = RuleChange.none(TIERS, ten(), None).changed({"shares": (0.1, 0.3, 0.6)})
    assert change.table.drop("share_customers_before", "share_customers_after").rows() == [
        ("vip", 1, 2, 1, 190 / 550, 100 / 550),
        ("ordinary", 2, 3, 3, 210 / 550, 240 / 550),
        ("value_low", 3, 5, 6, 150 / 550, 210 / 550),
        ("prospect", None, 1, 1, 0.0, 0.0),
    ]
    assert change.moves.rows() == [
        ("vip", "vip", 1),
        ("vip", "ordinary", 1),
        ("ordinary", "ordinary", 2),
        ("ordinary", "value_low", 1),
        ("value_low", "value_low", 5),
        ("prospect", "prospect", 1),
    ]
    assert change.moved == 2
    assert change.score.is_empty()


def test_bounds_and_shares_take_each_others_place():
    start = RuleChange.none(TIERS, ten(), None)
    assert start.numbers["bounds"].value == (60.0, 90.0)
    fixed = start.changed({"bounds": (20, 95)})
    assert fixed.after.strategy.cut == FixedBounds((20, 95))
    assert fixed.table["customers_after"].to_list() == [1, 8, 1, 1]
    assert fixed.numbers["shares"].value is None
    again = fixed.changed({"shares": (0.2, 0.3, 0.5)})
    assert again.after.strategy == TIERS
    assert again.moved == 0


def test_another_part_can_be_given_as_a_whole():
    start = RuleChange.none(TIERS, ten(), None)
    assert start.changed({"cut": FixedBounds((20, 95))}).moves.equals(start.changed({"bounds": (20, 95)}).moves)


def test_without_money_there_are_no_shares_of_spend():
    customers = CustomerSummary(
        pl.DataFrame({"customer_id": ["a", "b"], "n_purchases": [1, 4]}), date(2024, 6, 30), "week"
    )
    table = RuleChange.none(Tiers("n_purchases", ("many", "few"), name="own"), customers, None).table
    assert table["share_spend_after"].null_count() == table.height == 2


def test_what_cannot_be_is_said_and_nothing_is_changed(halves):
    start = RuleChange.none(TIERS, ten(), None)
    with pytest.raises(ParamsError, match="add up to 1"):
        start.changed({"shares": (0.5, 0.5, 0.5)})
    with pytest.raises(ParamsError, match=r"no number 'share'. Did you mean 'shares'\?"):
        start.changed({"share": 0.1})
    with pytest.raises(ParamsError, match="one number"):
        RuleChange.none(cl.strategies["lifecycle5"], halves[0], None).changed({"new_days": (1, 2)})
    assert start.after is start.before


def test_a_holdout_in_which_nobody_bought_judges_nothing(halves):
    calibration, holdout = halves
    nothing = cl.Holdout(
        holdout.data.with_columns(pl.exclude("customer_id") * 0), holdout.cutoff, holdout.end, "week", holdout.daily
    )
    with pytest.raises(DataError, match="nothing to judge by"):
        RuleChange.none(TIERS, calibration, nothing)


def test_the_score_is_that_of_a_comparison(halves):
    board = cl.compare(
        ["value_tiers"], cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", n_rounds=20, seed=0
    )
    score = RuleChange.none(cl.strategies["value_tiers"], *halves).score.row(0, named=True)
    value, low, high = (
        board.metric(HEADLINE.name).filter(strategy="value_tiers").select("value", "low", "high").row(0)
    )
    assert score["before"] == score["after"] == pytest.approx(value, abs=(high - low) / 10)
    assert (score["change"], score["low"], score["high"]) == (0, 0, 0)
    assert score["judged_by"] == "spend"


def test_worse_groups_score_worse(halves):
    """Everybody in one tier but a handful tells nothing of the others."""
    change = RuleChange.none(cl.strategies["value_tiers"], *halves).changed({"bounds": (0.5, 5000)})
    score = change.score.row(0, named=True)
    assert score["after"] < score["before"]
    assert score["high"] < 0


@settings(max_examples=25)
@given(st.lists(st.floats(1, 110), min_size=2, max_size=2, unique=True))
def test_sizes_and_moves_add_up(bounds):
    change = RuleChange.none(TIERS, ten(), None).changed({"bounds": tuple(bounds)})
    assert change.table["customers_before"].sum() == change.table["customers_after"].sum() == 11
    assert change.moves["customers"].sum() == 11
    stayed = change.moves.filter(pl.col("before") == pl.col("after"))["customers"].sum()
    assert change.moved == 11 - stayed
    for side in ("before", "after"):
        sizes = change.moves.group_by(side).agg(pl.col("customers").sum()).rename({side: "group"})
        told = change.table.select("group", customers=f"customers_{side}").filter(pl.col("customers") > 0)
        assert sizes.sort("group").equals(told.sort("group"))
        assert change.table[f"share_spend_{side}"].sum() == pytest.approx(1)


def test_too_few_to_judge_by_are_refused_as_in_a_comparison(halves):
    few = [replace(each, data=each.data.head(60)) for each in halves]
    idle = few[1].data.with_columns(
        holdout_spend=pl.Series([1.0] * 9 + [0.0] * 51), holdout_purchases=pl.Series([1] * 9 + [0] * 51)
    )
    with pytest.raises(DataError, match=r"Of 60 customers 9 bought again .* 10 or more are needed to judge by"):
        RuleChange.none(TIERS, few[0], replace(few[1], data=idle))
    fewer = replace(few[0], data=few[0].data.head(49))
    with pytest.raises(DataError, match="49 customers bought up to 1997-09-30; 50 or more are needed"):
        RuleChange.none(TIERS, fewer, few[1])
