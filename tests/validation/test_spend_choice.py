"""What the spend model rests on is chosen by what customers then spent, given how often they bought."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.validation.spend_choice import choose_spend, judged

FIRST, DAYS, CUTOFF, END = date(2024, 1, 1), 500, "2024-12-31", "2025-05-14"


def simulated(seed=0, n=400, *, q=1.6, sampler=False, by_frequency=False):
    """Orders of customers at prices of their own, who differ the more the nearer q is to 1.

    With `sampler` the first order is one of a price for everybody, and with `by_frequency` a customer's price is the
    higher the more often they buy.
    """
    random = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        per_day = random.gamma(1.0, 0.008)
        price = 120.0 / random.gamma(q) * (1 + 600 * per_day if by_frequency else 1)
        born = random.integers(0, 150)
        days = np.unique(np.append(born, born + np.flatnonzero(random.random(DAYS - born) < per_day)))
        amounts = price * random.gamma(6.0, 1 / 6.0, days.size)
        if sampler:
            amounts[0] = 100 * random.gamma(6.0, 1 / 6.0)
        rows += [
            (f"c{number:03d}", FIRST + timedelta(int(day)), round(float(amount), 2) + 0.01)
            for day, amount in zip(days, amounts, strict=True)
        ]
    return pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row")


def halves(frame):
    return cl.split_holdout(cl.read_transactions(frame), CUTOFF, END, "week")


@pytest.fixture(scope="module")
def heavy():
    """Prices so different between customers that their mean says little of one of them."""
    return simulated()


@pytest.fixture(scope="module")
def of_heavy(heavy):
    return choose_spend(*halves(heavy))


def test_two_customers_by_hand():
    # One purchase for 10, two for 40. Ten each costs 1 ln 10 + 1 and 2 ln 10 + 4; ten and twenty 1 ln 10 + 1 and
    # 2 ln 20 + 2: less by 0 and by 2 - 2 ln 2, so that mean and standard error are 1 - ln 2 both.
    expected = {"repeat_purchases": np.array([10.0, 10.0]), "first_purchases": np.array([10.0, 20.0])}
    found = judged(expected, np.array([1.0, 2.0]), np.array([10.0, 40.0]), np.array([True, False]))
    assert found["total_error"].to_list() == pytest.approx([30 / 50 - 1, 0.0])
    assert found["one_time_error"].to_list() == pytest.approx([0.0, 0.0])
    assert found["gain"].to_list() == pytest.approx([0.0, 1 - np.log(2)])
    assert found["excess"].to_list() == pytest.approx([0.0, 1.0])


def test_the_right_mean_costs_least():
    n, spent = np.array([1.0, 1.0, 1.0]), np.array([1.0, 2.0, 9.0])
    means = {
        "repeat_purchases": np.full(3, 2.0),
        "first_purchases": np.full(3, 4.0),
        "frequency_bands": np.full(3, 8.0),
    }
    gains = dict(judged(means, n, spent, n > 0).select("kind", "gain").rows())
    assert max(gains, key=gains.get) == "first_purchases"


def test_one_time_buyers_who_bring_nothing_have_no_error():
    e = {"repeat_purchases": np.array([10.0, 10.0])}
    found = judged(e, np.array([0.0, 1.0]), np.array([0.0, 12.0]), np.array([True, False]))
    assert found["one_time_error"].to_list() == [None]


def test_first_purchases_count_where_they_tell_what_comes(of_heavy):
    assert of_heavy.kind == "first_purchases"
    assert of_heavy.table["excess"][1] > 1.645
    assert of_heavy.table.filter("chosen")["kind"].to_list() == ["first_purchases"]


def test_first_purchases_that_tell_nothing_of_the_others_do_not_count():
    choice = choose_spend(*halves(simulated(q=3.0, sampler=True, by_frequency=True)))
    assert choice.kind == "repeat_purchases"
    assert choice.table["gain"][1] < 0


def test_the_literature_serves_where_the_difference_is_chance(cdnow):
    choice = choose_spend(*cdnow)
    assert choice.kind == "repeat_purchases"
    assert abs(choice.table["excess"][1]) < 1.645
    assert choice.other_than(choice.kind)["kind"] == "first_purchases"


def test_spend_that_grows_with_frequency_is_taken_by_frequency():
    choice = choose_spend(*halves(simulated(q=8.0, sampler=True, by_frequency=True)))
    assert choice.kind == "frequency_bands"


@pytest.mark.parametrize(
    ("names", "chosen"),
    [((), "first_purchases"), (("region",), "attributes_and_first"), (("coin",), "first_purchases")],
)
def test_spend_that_depends_on_an_attribute_is_taken_by_it_where_that_is_named(names, chosen):
    """In the south, half of the customers, orders are worth four times as much."""
    number = pl.col("customer_id").str.slice(1).cast(pl.Int64)
    frame = simulated(q=4.0).with_columns(amount=pl.col("amount") * pl.when(number % 2 == 1).then(4.0).otherwise(1.0))
    people = frame.select(
        "customer_id",
        region=pl.when(number % 2 == 1).then(pl.lit("south")).otherwise(pl.lit("north")),
        coin=pl.when(number % 4 < 2).then(pl.lit("heads")).otherwise(pl.lit("tails")),
    ).unique()
    log = cl.read_transactions(frame)
    choice = choose_spend(*cl.split_holdout(log, CUTOFF, END, "week", attributes=people), names)
    assert choice.kind == chosen
    assert ("attributes" in choice.table["kind"]) == bool(names)


def test_currency_does_not_matter(heavy, of_heavy):
    dear = choose_spend(*halves(heavy.with_columns(pl.col("amount") * 100)))
    assert_frame_equal(dear.table, of_heavy.table, rel_tol=1e-5)


def test_row_order_does_not_matter(heavy, of_heavy):
    shuffled = choose_spend(*halves(heavy.sample(fraction=1.0, shuffle=True, seed=3)))
    assert_frame_equal(shuffled.table, of_heavy.table, rel_tol=1e-9)


def test_one_price_leaves_nothing_to_choose(heavy):
    assert choose_spend(*halves(heavy.with_columns(amount=pl.lit(20.0)))) is None


def test_a_period_of_returns_alone_cannot_choose(heavy):
    later = pl.col("date") > date.fromisoformat(CUTOFF)
    returned = heavy.with_columns(pl.when(later).then(-pl.col("amount")).otherwise("amount").alias("amount"))
    assert choose_spend(*halves(returned)) is None
