"""Groups say what their names say where most customers are alike: no large tie turns over or vanishes."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.grouping import CumulativeShare, EqualShares, NaturalBreaks, SampledClusters, Shares, Tiers
from tests.grouping.customers import CUTOFF, groups, table

ABC = ("a", "b", "c")
GONE = {"lost", "hibernating", "cant_lose", "at_risk"}


def buyers(days, purchases, spend):
    n = len(days)
    return table(
        customer_id=[f"{i:04d}" for i in range(n)],
        days_since_last=list(days),
        n_purchases=list(purchases),
        total_spend=[float(amount) for amount in spend],
        first_purchase=[CUTOFF - timedelta(days=700)] * n,
    )


def subscribers():
    """600 who are billed on the first of the month, four days ago: 518 paid, the others stopped in a month before."""
    rng = np.random.default_rng(0)
    stopped = 4 + 30 * rng.integers(1, 13, 82)
    days = np.concatenate([np.full(518, 4), stopped])
    months = rng.integers(1, 25, 600)
    return buyers(days.tolist(), months.tolist(), (months * 20.0).tolist())


# RFM by hand


@pytest.mark.parametrize("name", ["rfm11", "rfm11_125"])
def test_of_600_subscribers_the_518_who_paid_four_days_ago_are_not_gone(name):
    customers = subscribers()
    found = customers.data.join(cl.strategies[name].assign(customers), on="customer_id")
    paid, stopped = found.filter(pl.col("days_since_last") == 4), found.filter(pl.col("days_since_last") > 4)
    assert paid.height == 518
    assert not GONE & set(paid["group"])
    assert set(paid.filter(pl.col("n_purchases") >= 20)["group"]) == {"champions"}
    assert GONE & set(stopped["group"])


def test_subscribers_who_all_paid_and_as_often_as_each_other_are_not_gone_and_not_new():
    customers = buyers([4] * 20, [12] * 20, [30.0, 60.0] * 10)
    assert set(groups(cl.strategies["rfm11"].assign(customers))) == {"champions"}


def test_with_three_counts_of_purchases_there_are_champions_and_loyal_customers():
    # Last bought 0, 1, ... 39 days ago: eight to each score. 80 % bought once, 15 % twice, 5 % thrice.
    counts = dict.fromkeys(range(40), 1) | dict.fromkeys((1, 9, 17, 25, 33, 34), 2) | dict.fromkeys((0, 8), 3)
    assigned = groups(cl.strategies["rfm11"].assign(buyers(range(40), counts.values(), range(40))))
    assert [assigned[days] for days in (0, 8)] == ["champions", "loyal"]
    assert [assigned[days] for days in (1, 9, 17, 25, 33)] == [
        "potential_loyalist",
        "potential_loyalist",
        "need_attention",
        "at_risk",
        "at_risk",
    ]
    assert [assigned[days] for days in (2, 10, 18, 26, 35)] == [
        "new",
        "promising",
        "about_to_sleep",
        "hibernating",
        "lost",
    ]


def test_who_is_recent_with_the_majority_is_high_in_the_cube():
    customers = buyers([4] * 6 + [40] * 4, [1] * 5 + [2] * 5, [10.0] * 9 + [90.0])
    assert groups(cl.strategies["rfm8"].assign(customers)) == [
        *["general_develop"] * 5,  # recent, once, little
        "general_value",  # recent, twice, little
        *["general_recall"] * 3,
        "key_recall",
    ]


def test_customers_all_alike_are_recent_and_low_in_the_cube():
    rule = cl.strategies["rfm8"].fit(buyers([4] * 3, [1] * 3, [10.0] * 3))
    assert groups(rule.assign(buyers([4, 5, 4, 4], [1, 1, 2, 1], [10.0, 10.0, 10.0, 10.01]))) == [
        "general_develop",
        "general_retain",
        "general_value",
        "key_develop",
    ]


# RFM laws

rows = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4), st.integers(1, 5)), min_size=5, max_size=50)
mostly_today = st.lists(st.tuples(st.just(3), st.integers(1, 4), st.integers(1, 5)), min_size=26, max_size=40)


@settings(deadline=None)
@given(rows)
@pytest.mark.parametrize("name", ["rfm11", "rfm11_125", "rfm8", "value_rfm"])
def test_the_best_in_recency_frequency_and_spend_are_in_the_best_group_that_is_filled(name, rows):
    days, purchases, spend = map(list, zip(*rows, strict=True))
    if name == "rfm11_125" and set(purchases) == {1}:
        return  # The published map ranks 511 (new) above 515 (promising).
    best = (min(days), max(purchases), max(spend))
    customers = buyers([*days, best[0]], [*purchases, best[1]], [*spend, best[2]])
    ranks = cl.strategies[name].assign(customers)["rank"]
    assert ranks[-1] == ranks.min()


@settings(deadline=None)
@given(mostly_today, st.lists(st.tuples(st.integers(4, 400), st.integers(1, 9), st.integers(1, 9)), max_size=25))
@pytest.mark.parametrize("name", ["rfm11", "rfm11_125"])
def test_no_group_of_the_gone_holds_who_bought_last_with_the_majority(name, last, others):
    customers = buyers(*map(list, zip(*last, *others, strict=True)))
    assert not GONE & set(groups(cl.strategies[name].assign(customers))[: len(last)])


# Tiers by hand


def spenders(*spend):
    return table(customer_id=[f"{i:03d}" for i in range(len(spend))], n_purchases=[1] * len(spend), total_spend=spend)


@pytest.mark.parametrize("cut", [EqualShares(), Shares((0.2, 0.3, 0.5)), NaturalBreaks(), CumulativeShare()])
@pytest.mark.parametrize(
    ("spend", "expected"),
    [
        pytest.param([5.0] * 97 + [9.0] * 3, ["c"] * 97 + ["a"] * 3, id="nearly all at the bottom"),
        pytest.param([5.0] * 3 + [9.0] * 97, ["c"] * 3 + ["a"] * 97, id="nearly all at the top"),
    ],
)
def test_two_values_are_the_last_tier_and_the_best(cut, spend, expected):
    assert groups(Tiers("total_spend", ABC, cut, name="t").assign(spenders(*spend))) == expected


def test_a_tie_at_the_top_is_the_best_tier_and_the_others_share_what_is_left():
    spend = [1.0, 2.0, 3.0, 4.0, 5.0, *[9.0] * 5]
    assert groups(cl.strategies["value_tiers"].assign(spenders(*spend))) == [
        *["value_low"] * 3,
        *["ordinary"] * 2,
        *["vip"] * 5,
    ]
    assert groups(cl.strategies["spend_tiers"].assign(spenders(*spend))) == [
        *["spend_low"] * 3,
        *["spend_mid"] * 2,
        *["spend_high"] * 5,
    ]


def test_tiers_between_are_left_out_of_the_card():
    card = cl.strategies["value_grades"].fit(spenders(*[5.0] * 8, 6.0, 9.0)).card
    assert card.filter(pl.col("rank").is_not_null()).rows() == [
        ("diamond", 1, "total_spend >= 9"),
        ("gold", 3, "6 <= total_spend < 9"),
        ("bronze", 5, "total_spend < 6"),
    ]


def test_abc_keeps_the_many_who_bring_little_out_of_a():
    # Three of 100 bring 300 of 397; the 97 begin at 76 % and reach 100 %.
    found = groups(cl.strategies["abc"].assign(spenders(*[1.0] * 97, *[100.0] * 3)))
    assert found == ["class_c"] * 97 + ["class_a"] * 3


def test_abc_puts_equal_customers_where_the_middle_of_what_they_bring_falls():
    # 60 | 20 in two, from 60 % to 80 % | 20 in ten, from 80 % to 100 %, but for the last, who are the worst.
    found = groups(cl.strategies["abc"].assign(spenders(60.0, 10.0, 10.0, 4.0, 4.0, 4.0, 4.0, 2.0, 2.0)))
    assert found == ["class_a"] * 3 + ["class_b"] * 4 + ["class_c"] * 2


def test_the_frequent_are_those_who_buy_most_though_they_are_more_than_a_quarter():
    customers = buyers([1] * 10, [1] * 4 + [2] * 6, [10.0] * 3 + [90.0] * 7)
    assert groups(cl.strategies["purchase_behaviour"].assign(customers)) == [
        *["freq_low"] * 3,
        "freq_low_big",
        *["freq_high"] * 6,
    ]


@pytest.mark.parametrize("spend", [9.0, 161545.01615450002, 2 / 3])
@pytest.mark.parametrize("name", ["purchase_behaviour", "rfm8"])
def test_nobody_spends_much_where_all_spend_alike(name, spend):
    alike = cl.strategies[name].assign(buyers([4] * 3, [1] * 3, [spend] * 3))
    assert set(groups(alike)) <= {"freq_low", "general_develop"}


def test_all_who_gain_as_much_as_anybody_have_potential():
    customers = table(n_purchases=[1] * 5, clv=[30.0] * 4 + [0.0], spend_last_year=[10.0] * 5)
    assert groups(cl.strategies["potential"].assign(customers)) == ["potential"] * 4 + ["fading"]


# Tiers: laws

QUANTILE = {
    "frequency_tiers": "n_purchases",
    "spend_tiers": "total_spend",
    "spend_breaks": "total_spend",
    "value_tiers": "total_spend",
    "value_grades": "total_spend",
    "clv_tiers": "clv",
    "profit_tiers": "profit_last_year",
    "abc": "total_spend",
    "last_year_spend": "spend_last_year",
}
few_values = st.lists(st.integers(1, 4), min_size=1, max_size=30)


@settings(deadline=None, max_examples=25)
@given(few_values, st.integers(0, 200), st.sampled_from([1, 4]))
@pytest.mark.parametrize("name", QUANTILE)
def test_the_best_are_in_the_best_tier_and_the_worst_in_the_last_however_large_a_tie(name, values, tie, tied):
    numbers = [*values, *[tied] * tie]
    if len(set(numbers)) == 1:
        return
    column = QUANTILE[name]
    others = {} if column == "n_purchases" else {column: [float(number) for number in numbers]}
    purchases = numbers if column == "n_purchases" else [1] * len(numbers)
    customers = table(customer_id=[str(i) for i in range(len(numbers))], n_purchases=purchases, **others)
    rule = cl.strategies[name].fit(customers)
    ranks = dict(zip(numbers, rule.assign(customers)["rank"], strict=True))
    assert ranks[max(numbers)] == 1
    assert ranks[min(numbers)] == max(ranks.values()) > 1
    assert [ranks[number] for number in sorted(ranks)] == sorted(ranks.values(), reverse=True)


# Clusters


def without_gaps(n, seed):
    rng = np.random.default_rng(seed)
    purchases = rng.geometric(0.4, n)
    spend = np.round(rng.lognormal(4, 1, n) * purchases, 2)
    return buyers(rng.integers(0, 365, n).tolist(), purchases.tolist(), spend.tolist())


@pytest.mark.parametrize("n", [12, 20, 30, 60])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_small_base_without_gaps_is_one_cluster_and_nobody_is_an_outlier(n, seed):
    found = groups(cl.strategies["clusters_hdbscan"].assign(without_gaps(n, seed)))
    assert found.count("outliers") <= n / 2
    assert "cluster_1" in found


def test_a_clusterer_to_which_all_are_outliers_found_one_cluster():
    from sklearn.cluster import DBSCAN

    strategy = SampledClusters(DBSCAN(eps=1e-6), name="dbscan")
    assert set(groups(strategy.assign(without_gaps(40, 0)))) == {"cluster_1"}
