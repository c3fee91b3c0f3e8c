"""A learned model: a log whose every figure is known, then laws on CDNOW's sample."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import DataError, ParamsError
from clvlab.learned import model as learned_model

CUTOFF, HORIZON = "1997-12-31", "13 weeks"


def log_of(rows, columns=("customer_id", "date", "amount")):
    return cl.read_transactions(pl.DataFrame(rows, schema=list(columns), orient="row"))


def every(days, amount, customers, last=date(2024, 4, 9)):
    """Customers who buy every so many days from the first of January on."""
    first = date(2024, 1, 1)
    when = [first + timedelta(days=step) for step in range(0, (last - first).days + 1, days)]
    return [(customer, day, amount) for customer in customers for day in when]


@pytest.fixture(scope="module")
def log():
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def customers(log):
    return cl.summarise_customers(log, CUTOFF, "week")


@pytest.fixture(scope="module")
def learned(log):
    return cl.Learned.fit(log, CUTOFF, HORIZON)


def test_who_buys_every_ten_days_for_twenty_buys_three_times_a_month_for_sixty():
    log = log_of(every(10, 20.0, "ABCDE"))
    learned = cl.Learned.fit(log, "2024-04-09", "30 days")
    customers = cl.summarise_customers(log, "2024-04-09")
    assert learned.value(customers, margin=0.5).rows() == [
        (name, pytest.approx(3), pytest.approx(20), pytest.approx(30)) for name in "ABCDE"
    ]


def test_it_tells_often_from_seldom_and_dear_from_cheap():
    often, seldom = ([f"{kind}{place:03}" for place in range(150)] for kind in "os")
    log = log_of(every(5, 10.0, often) + every(15, 90.0, seldom))
    table = cl.Learned.fit(log, "2024-04-09", "30 days").value(cl.summarise_customers(log, "2024-04-09"))
    means = table.group_by(pl.col("customer_id").str.head(1)).mean().sort("customer_id")
    assert means["expected_purchases"].to_list() == pytest.approx([6, 2], rel=0.05)
    assert means["expected_spend"].to_list() == pytest.approx([10, 90], rel=0.05)


def test_an_attribute_tells_what_a_history_cannot():
    """Customers who begin on different days; one kind comes back after 25 days, and nothing else tells who will."""
    kinds = {f"{place:03}": "ab"[place % 2] for place in range(800)}
    begun = {name: date(2024, 1, 1) + timedelta(days=place // 10) for place, name in enumerate(kinds)}
    rows = [(name, begun[name], 1.0) for name in kinds]
    rows += [(name, begun[name] + timedelta(days=25), 1.0) for name in kinds if kinds[name] == "a"]
    known = pl.DataFrame({"customer_id": list(kinds), "region": list(kinds.values())})
    learned = cl.Learned.fit(log_of(rows), "2024-03-20", "30 days", attributes=known)
    assert learned.encoding.values["region"] == ("a", "b")
    table = learned.known.with_columns(expected=pl.Series(learned._predicted(learned.purchases)))
    recent = table.filter(pl.col("age") < 20).group_by("region").agg(pl.col("expected").mean())
    assert dict(recent.rows()) == {"a": pytest.approx(1, abs=0.3), "b": pytest.approx(0, abs=0.1)}
    without_a_day = known.rename({"region": "level"})
    assert "level" not in cl.Learned.fit(log_of(rows), "2024-03-20", "30 days", attributes=without_a_day).names


def test_on_cdnow_it_ranks_customers_and_comes_near_their_total(log, learned, customers):
    _, holdout = cl.split_holdout(log, CUTOFF, "1998-04-01", "week")
    purchases = learned.expected_purchases(customers)
    assert np.corrcoef(purchases, holdout.data["holdout_purchases"])[0, 1] > 0.4
    assert purchases.sum() == pytest.approx(holdout.data["holdout_purchases"].sum(), rel=0.35)


def test_what_happens_after_the_cutoff_changes_nothing(log, learned, customers):
    later = pl.col("date") > learned.cutoff
    other = log.data.with_columns(
        customer_id=pl.when(later).then(pl.col("customer_id").reverse()).otherwise("customer_id"),
        amount=pl.when(later).then(pl.col("amount") * 2).otherwise("amount"),
    ).reverse()
    again = cl.Learned.fit(replace(log, accepted=other.lazy()), CUTOFF, HORIZON)
    assert again.value(customers).equals(learned.value(customers))


def test_in_another_currency_spend_alone_changes(log, learned, customers):
    cents = replace(log, accepted=log.accepted.with_columns(pl.col("amount") * 64))
    again = cl.Learned.fit(cents, CUTOFF, HORIZON).value(customers)
    was = learned.value(customers)
    assert again["expected_purchases"].to_list() == pytest.approx(was["expected_purchases"].to_list(), rel=1e-6)
    assert again["expected_spend"].to_list() == pytest.approx((was["expected_spend"] * 64).to_list(), rel=1e-6)


def test_past_days_had_ended_by_the_cutoff(learned):
    assert len(learned.windows) == learned_model.WINDOWS
    assert max(learned.windows) + timedelta(days=learned.days) <= learned.cutoff


def test_of_many_customers_a_sample_teaches(log, customers, monkeypatch):
    monkeypatch.setattr(learned_model, "MOST_ROWS", 600)
    drawn = [cl.Learned.fit(log, CUTOFF, HORIZON, seed=seed).expected_purchases(customers) for seed in (0, 0, 1)]
    assert drawn[0].tolist() == drawn[1].tolist()
    assert drawn[0].tolist() != drawn[2].tolist()


def test_it_has_no_p_alive_and_says_so(learned, customers):
    with pytest.raises(ParamsError, match="has no P\\(alive\\)"):
        learned.p_alive(customers)


def test_it_serves_its_own_horizon_day_and_log(log, learned, customers):
    assert learned.expected_purchases(customers, 13).tolist() == learned.expected_purchases(customers).tolist()
    with pytest.raises(ParamsError, match="looks 91 days ahead"):
        learned.expected_purchases(customers, "26 weeks")
    with pytest.raises(ParamsError, match="as of 1997-11-30"):
        learned.expected_purchases(cl.summarise_customers(log, "1997-11-30"))
    stranger = replace(customers, data=customers.data.with_columns(customer_id="x" + pl.col("customer_id")))
    with pytest.raises(DataError, match="has not bought in the log"):
        learned.expected_purchases(stranger)


def test_prospects_have_no_prediction(log, learned):
    known = pl.DataFrame({"customer_id": ["0001", "prospect"], "region": ["north", "south"]})
    customers = cl.summarise_customers(log, CUTOFF, attributes=known)
    assert np.flatnonzero(np.isnan(learned.expected_purchases(customers))).size == 1
    assert learned.value(customers).filter(customer_id="prospect").row(0) == ("prospect", None, None, None)


def test_a_log_without_amounts_has_purchases_alone():
    log = log_of([row[:2] for row in every(10, 1.0, "ABC")], ["customer_id", "date"])
    learned, customers = cl.Learned.fit(log, "2024-04-09", "30 days"), cl.summarise_customers(log, "2024-04-09")
    assert learned.expected_purchases(customers).tolist() == pytest.approx([3, 3, 3])
    with pytest.raises(DataError, match="no amounts"):
        learned.expected_spend(customers)


def test_what_cannot_be_learnt_is_told():
    log = log_of(every(10, 1.0, "ABC"))
    with pytest.raises(DataError, match="too short to learn"):
        cl.Learned.fit(log, "2024-04-09", "80 days")
    with pytest.raises(DataError, match="no purchase up to"):
        cl.Learned.fit(log, "2023-12-31", "30 days")
    with pytest.raises(DataError, match="Nobody bought within"):
        cl.Learned.fit(log_of([*every(1, 1.0, "A", date(2024, 1, 1)), ("B", date(2024, 4, 9), 1.0)]), "2024-04-08", 4)
    with pytest.raises(ParamsError, match="shorter than a day"):
        cl.Learned.fit(log, "2024-04-09", "0.1 days")


def test_it_shows_what_it_is(learned):
    assert repr(learned).startswith("Learned: 13 weeks from 1997-12-31, learnt from 6 past days")
    assert learned._shown.equals(learned.known.head(5))
