"""A log cut in two at a day: what is known before, what happened after."""

from datetime import date

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.comparison.split import Split
from clvlab.errors import DataError

PEOPLE = [f"c{i:02d}" for i in range(60)]


def rows(*further, columns=("customer_id", "date", "amount")):
    """Everybody bought once before the cutoff, and the latter half once after it, for 1."""
    cost = (5.0,) * (len(columns) - 3)
    before = [(who, "2024-03-01", 10.0, *cost) for who in PEOPLE]
    after = [(who, "2024-10-10", 1.0, *cost) for who in PEOPLE[30:]]
    return pl.DataFrame([*before, *after, *further], schema=list(columns), orient="row")


def split_at(frame, attributes=None):
    return Split.read(cl.read_transactions(frame), "2024-06-30", "2024-12-31", attributes, "day", seed=0)


def test_spend_and_repurchase_by_hand():
    split = split_at(rows(("c00", "2024-07-01", 7.0), ("c00", "2024-12-31", 3.0), ("c01", "2024-08-01", -4.0)))
    assert split.measures["spend"][:3].tolist() == [10, -4, 0]
    assert split.measures["repurchase"][:3].tolist() == [1, 0, 0]  # a return is no purchase
    assert list(split.measures) == ["spend", "repurchase"]


def test_rows_after_the_end_are_not_seen():
    near = split_at(rows(("c00", "2024-07-01", 7.0)))
    far = split_at(rows(("c00", "2024-07-01", 7.0), ("c00", "2025-01-01", 99.0)))
    assert far.outcomes.spend.tolist() == near.outcomes.spend.tolist()


def test_profit_is_spend_less_cost_of_the_holdout():
    columns = ("customer_id", "date", "amount", "cost")
    split = split_at(rows(("c00", "2024-07-01", 7.0, 2.0), ("c01", "2024-07-01", 7.0, 9.0), columns=columns))
    assert split.measures["profit"][:3].tolist() == [5, -2, 0]


def test_profit_is_not_known_where_a_cost_is_not():
    columns = ("customer_id", "date", "amount", "cost")
    bought = (("c00", "2024-07-01", 7.0, 2.0), ("c01", "2024-07-01", 7.0, 9.0), ("c01", "2024-07-02", 7.0, None))
    assert split_at(rows(*bought, columns=columns)).measures["profit"][[0, 2]].tolist() == [5, 0]
    assert np.isnan(split_at(rows(*bought, columns=columns)).measures["profit"][1])


def test_the_last_dated_answer_within_the_holdout_counts():
    answers = pl.DataFrame(
        {
            "customer_id": ["c00", "c00", "c00", "c01", "c02"],
            "date": [date(2024, 6, 30), date(2024, 7, 1), date(2024, 9, 1), date(2025, 1, 1), date(2024, 12, 31)],
            "satisfaction": [1, 2, 5, 3, 4],
        }
    )
    split = split_at(rows(("c00", "2024-07-01", 7.0)), answers)
    known = split.measures["satisfaction"]
    assert known[[0, 2]].tolist() == [5, 4]
    assert np.isnan(known[1])


def test_prospects_and_later_customers_are_not_judged():
    regions = pl.DataFrame({"customer_id": [*PEOPLE, "prospect"], "region": ["north"] * 61})
    split = split_at(rows(("c00", "2024-07-01", 7.0), ("late", "2024-08-01", 50.0)), regions)
    assert len(split.customers) == 61
    assert split.buyers.data["customer_id"].to_list() == PEOPLE
    assert split.outcomes.spend.sum() == 7 + 30


def test_a_quarter_later_the_customers_have_aged():
    split = split_at(rows(("c00", "2024-07-01", 7.0)))
    later = split.later()
    assert later.cutoff == date(2024, 9, 29)
    assert later.data["n_purchases"].to_list()[:2] == [2, 1]


def test_the_deal_depends_on_the_seed_alone():
    frame = rows(("c00", "2024-07-01", 7.0))
    log = cl.read_transactions(frame)
    dealt = [Split.read(log, "2024-06-30", "2024-12-31", None, "day", seed).outcomes.part for seed in (0, 0, 1)]
    assert dealt[0].tolist() == dealt[1].tolist() != dealt[2].tolist()
    assert np.bincount(dealt[0]).tolist() == [24, 12, 12, 12]


def test_what_changes_with_the_customers_doings_needs_a_day():
    undated = pl.DataFrame({"customer_id": PEOPLE, "满意度": [5] * 60})
    with pytest.raises(DataError, match="'满意度' without a date"):
        split_at(rows(("c00", "2024-07-01", 7.0)), undated)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (rows(("c00", "2024-07-01", 7.0)).filter(pl.col("customer_id") < "c49"), "49 customers bought"),
        (rows(("new", "2024-07-01", 7.0)).filter(pl.col("amount") != 1), "spent nothing"),
        (rows().filter((pl.col("amount") != 1) | (pl.col("customer_id") > "c50")), "9 bought again from 2024-06-30"),
    ],
)
def test_what_cannot_be_judged_is_refused(frame, message):
    with pytest.raises(DataError, match=message):
        split_at(frame)


def test_without_amounts_purchases_are_what_counts():
    split = split_at(rows(("c00", "2024-07-01", 7.0), ("c00", "2024-07-09", 7.0)).drop("amount"))
    assert split.judged_by == "purchases"
    assert split.outcomes.spend[0] == 2
    assert set(split.measures) == {"purchases", "repurchase"}


def test_the_first_deal_is_the_one_of_the_outcomes_and_others_differ():
    split = split_at(rows(("c00", "2024-07-01", 7.0)))
    assert split.deal(0) is split.outcomes
    assert split.deal(1).part.tolist() != split.outcomes.part.tolist()
    assert split.deal(1).spend is split.outcomes.spend
