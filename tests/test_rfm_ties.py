"""Scores of customers who are much alike: subscribers billed on one day, bases with few counts of purchases."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.rfm import RfmThresholds, score_rfm
from clvlab.wording import Words
from tests.grouping.customers import table


def buyers(days, purchases, spend):
    ids = [f"{i:04d}" for i in range(len(days))]
    return table(customer_id=ids, days_since_last=days, n_purchases=purchases, total_spend=spend)


def scores(customers, n_bins=5):
    return score_rfm(customers, n_bins).select("r_score", "f_score", "m_score").to_dict(as_series=False)


# By hand


def test_who_paid_on_the_day_of_billing_has_the_best_score_though_they_are_nine_in_ten():
    days = [4] * 18 + [35, 66]
    found = scores(buyers(days, list(range(1, 21)), list(range(1, 21))), n_bins=3)
    assert found["r_score"] == [3] * 18 + [2, 1]


def test_three_counts_of_purchases_have_the_first_the_middle_and_the_last_score():
    counts = [1] * 16 + [2] * 3 + [3]
    assert scores(buyers(list(range(20)), counts, list(range(20))))["f_score"] == [1] * 16 + [3] * 3 + [5]
    top_heavy = [1, 2] + [3] * 18
    assert scores(buyers(list(range(20)), top_heavy, list(range(20))))["f_score"] == [1, 3] + [5] * 18


def test_of_twice_bought_at_most_the_one_time_buyers_have_score_1_and_the_others_the_highest():
    assert scores(buyers([1, 2, 3], [1, 1, 2], [5, 6, 7]), n_bins=3)["f_score"] == [1, 1, 3]


@pytest.mark.parametrize(
    ("purchases", "expected"),
    [
        (1, {"r_score": [5] * 5, "f_score": [1] * 5, "m_score": [1] * 5}),
        (12, {"r_score": [5] * 5, "f_score": [5] * 5, "m_score": [1] * 5}),
    ],
)
def test_customers_all_alike_are_behind_in_nothing_but_spend_and_purchases_that_were_the_only_ones(
    purchases, expected
):
    assert scores(buyers([4] * 5, [purchases] * 5, [30.0] * 5)) == expected


def test_thresholds_of_customers_all_alike_tell_those_of_the_next_month_apart():
    thresholds = RfmThresholds.fit(buyers([4] * 3, [12] * 3, [30.0] * 3))
    later = thresholds.score(buyers([4, 5], [12, 11], [30.0, 40.0]))
    assert later.rows() == [("0000", 5, 5, 1), ("0001", 1, 1, 1)]


def test_prospects_do_not_move_the_scores_of_buyers():
    with_prospect = table(days_since_last=[4, 4, 9, None], n_purchases=[2, 1, 1, 0], total_spend=[9.0, 5.0, 5.0, 0.0])
    assert score_rfm(with_prospect, n_bins=2).rows() == [
        ("a", 2, 2, 2),
        ("b", 2, 1, 1),
        ("c", 1, 1, 1),
        ("d", None, None, None),
    ]


def test_one_customer_and_nobody():
    customer = buyers([700], [1], [9.0])
    assert RfmThresholds.fit(customer).score(customer).rows() == [("0000", 5, 1, 1)]
    nobody = replace(customer, data=customer.data.clear())
    assert RfmThresholds.fit(nobody) == RfmThresholds((), (), ())


# Laws

rows = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5), st.integers(-3, 9)), min_size=5, max_size=60)


def columns(rows):
    return tuple(map(list, zip(*rows, strict=True)))


@settings(deadline=None)
@given(rows, st.integers(2, 5))
def test_the_best_value_has_the_highest_score_and_the_worst_has_1(rows, n_bins):
    days, purchases, spend = columns(rows)
    found = scores(buyers(days, purchases, spend), n_bins)
    better = {"r_score": [-d for d in days], "f_score": purchases, "m_score": spend}
    for name, values in better.items():
        of_value = dict(zip(values, found[name], strict=True))
        if len(of_value) > 1:
            assert (of_value[min(values)], of_value[max(values)]) == (1, n_bins)
            assert len(set(of_value.values())) == min(len(of_value), n_bins)


@settings(deadline=None)
@given(rows, st.sampled_from([7.2, 0.001, 1 / 3, 1e-6, 1e6]))
def test_scores_do_not_depend_on_the_currency(rows, rate):
    days, purchases, spend = columns(rows)
    cents = [amount / 100 for amount in spend]
    dear = [amount * rate for amount in cents]
    assert scores(buyers(days, purchases, dear)) == scores(buyers(days, purchases, cents))


@settings(deadline=None)
@given(rows, st.integers(2, 3))
def test_scores_do_not_change_when_every_customer_comes_more_than_once(rows, times):
    found = scores(buyers(*columns(rows)))
    assert scores(buyers(*columns(rows * times))) == {name: values * times for name, values in found.items()}


@settings(deadline=None)
@given(rows)
def test_one_time_buyers_are_in_score_1_unless_nobody_bought_more(rows):
    _, purchases, _ = columns(rows)
    found = scores(buyers(*columns(rows)))["f_score"]
    assert {score for score, n in zip(found, purchases, strict=True) if n == 1} <= {1}


# Thresholds by hand


def by_hand(printed, value, *, descending=False):
    """The first score, best first, whose printed bound a value reaches; the last needs nothing."""
    for score, bound in printed:
        if bound == "–":
            continue
        number = float(bound.replace(",", "").replace("$", "").replace("−", "-"))
        if value <= number if descending else value >= number:
            return score
    return 1


# An amount of less than a millionth is no money.
amounts = st.floats(-1e7, 1e7).map(lambda x: x * 1.000_000_1).filter(lambda x: x == 0 or abs(x) > 1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 4_000), amounts), min_size=5, max_size=40))
def test_the_printed_thresholds_give_every_customer_the_score_that_they_have(rows):
    days, purchases, spend = columns(rows)
    customers = buyers(days, purchases, spend)
    thresholds = RfmThresholds.fit(customers)
    words = Words("en", "USD")
    kinds = {"days_since_last": "exact", "n_purchases": "exact", "total_spend": "exact_price"}
    printed = {
        name: [
            (score, words.number(bound, kind)) for score, bound in thresholds.table.select("score", name).iter_rows()
        ]
        for name, kind in kinds.items()
    }
    expected = thresholds.score(customers).drop("customer_id").rows()
    assert expected == [
        (
            by_hand(printed["days_since_last"], d, descending=True),
            by_hand(printed["n_purchases"], n),
            by_hand(printed["total_spend"], m),
        )
        for d, n, m in rows
    ]


def test_money_of_any_size_scores():
    spend = [-1e300, -0.01, 0.0, 0.01, 1e15, 1e300]
    found = score_rfm(buyers([1] * 6, [2] * 6, spend), n_bins=6)
    assert found["m_score"].to_list() == [1, 2, 3, 4, 5, 6]
    assert found["m_score"].dtype == pl.Int8


def test_money_that_was_returned_in_full_is_nothing_though_its_sum_is_off_in_the_last_bits():
    returned = buyers([1] * 3, [2] * 3, [0.1 + 0.2 - 0.3, 0.0, 20.0])
    assert score_rfm(returned, n_bins=3)["m_score"].to_list() == [1, 1, 3]
