from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError, ParamsError
from clvlab.grouping import CumulativeShare, EqualShares, FixedBounds, NaturalBreaks, Shares, Tiers
from tests.grouping.customers import groups, table

ABC = ("a", "b", "c")


def spenders(*spend):
    return table(n_purchases=[1] * len(spend), total_spend=[float(s) for s in spend])


def test_shares_fill_from_the_lowest_tier_and_keep_equals_together():
    tiers = Tiers("total_spend", ABC, Shares((0.2, 0.3, 0.5)), name="t")
    assert groups(tiers.assign(spenders(*range(1, 11)))) == ["c"] * 5 + ["b"] * 3 + ["a"] * 2
    assert groups(tiers.assign(spenders(1, 1, 1, 1, 1, 1, 1, 2, 3, 4))) == ["c"] * 7 + ["b"] * 2 + ["a"]


def test_frequency_tiers_put_one_time_buyers_of_cdnow_below_all_repeaters(cdnow):
    assigned = cl.strategies["frequency_tiers"].assign(cdnow)
    once = cdnow.data["n_purchases"] == 1
    assert set(assigned.filter(once)["group"]) == {"freq_low"}
    assert set(assigned.filter(~once)["group"]) == {"freq_mid", "freq_high"}


def test_grades_hold_the_customary_shares_of_cdnow(cdnow):
    counts = dict(cl.strategies["value_grades"].assign(cdnow)["group"].value_counts(normalize=True).iter_rows())
    expected = {"diamond": 0.05, "platinum": 0.15, "gold": 0.30, "silver": 0.40, "bronze": 0.10}
    assert counts == pytest.approx(expected, abs=0.005)


def test_fixed_bounds_are_reached_by_whoever_equals_them():
    tiers = Tiers("total_spend", ABC, FixedBounds((100, 500)), name="t")
    rule = tiers.fit(spenders(7))
    assert groups(rule.assign(spenders(99.99, 100, 499.99, 500))) == ["c", "b", "b", "a"]
    assert rule.card["condition"].to_list()[:3] == [
        "total_spend >= 500",
        "100 <= total_spend < 500",
        "total_spend < 100",
    ]


def test_natural_breaks_fall_in_the_gaps():
    tiers = Tiers("total_spend", ABC, NaturalBreaks(), name="t")
    assert groups(tiers.assign(spenders(1, 2, 3, 50, 52, 200, 210))) == ["c"] * 3 + ["b"] * 2 + ["a"] * 2


def test_natural_breaks_of_two_values_make_the_best_and_the_last_tier():
    tiers = Tiers("total_spend", ABC, NaturalBreaks(), name="t")
    assert groups(tiers.assign(spenders(1, 1, 9))) == ["c", "c", "a"]


def test_abc_by_hand():
    # 50 + 30 reach 80 % of 100; 10 and 6 reach 96 %, past 95 %.
    assert groups(cl.strategies["abc"].assign(spenders(4, 50, 10, 30, 6))) == [
        "class_c",
        "class_a",
        "class_b",
        "class_a",
        "class_b",
    ]


def test_abc_of_equal_spenders_is_all_a():
    assert set(groups(cl.strategies["abc"].assign(spenders(5, 5, 5)))) == {"class_a"}


def test_abc_of_customers_who_brought_nothing_is_c():
    assert groups(cl.strategies["abc"].assign(spenders(0, -5, 100))) == ["class_c", "class_c", "class_a"]
    assert set(groups(cl.strategies["abc"].assign(spenders(0, -5)))) == {"class_c"}


def test_a_of_cdnow_brings_eighty_percent(cdnow):
    assigned = cdnow.data.join(cl.strategies["abc"].assign(cdnow), on="customer_id")
    share = assigned.group_by("group").agg(pl.col("total_spend").sum() / cdnow.data["total_spend"].sum())
    assert dict(share.iter_rows()) == pytest.approx({"class_a": 0.80, "class_b": 0.15, "class_c": 0.05}, abs=0.001)


def test_upper_tiers_are_left_out_where_all_are_alike():
    rule = Tiers("total_spend", ABC, name="t").fit(spenders(5, 5, 5))
    assert rule.card.filter(pl.col("rank").is_not_null()).rows() == [("c", 3, "total_spend known")]


@pytest.mark.parametrize("values", [(float("nan"),), (1.0, float("nan")), (1.0, float("inf")), (1.0, 1.0)])
def test_bounds_of_ones_own_are_distinct_numbers(values):
    with pytest.raises(ParamsError, match="distinct numbers"):
        FixedBounds(values).bounds(pl.Series([1.0, 2.0]), len(values) + 1)


def test_a_nan_is_missing_and_a_text_is_refused():
    attribute = Tiers("age", ABC, FixedBounds((30, 50)), buyers_only=False, name="t")
    assert groups(attribute.assign(table(age=[float("nan"), 20, 30, 60, None]))) == [
        "unknown",
        "c",
        "b",
        "a",
        "unknown",
    ]
    with pytest.raises(DataError, match=r"'age'.*needs numbers"):
        attribute.assign(table(age=["20", "30"]))


def test_age_bands_have_no_order():
    assert cl.strategies["demographics"].sensitive
    assigned = cl.strategies["demographics"].assign(table(age=[24, 25, 34, 55]))
    assert groups(assigned) == ["age_under_25", "age_25_34", "age_25_34", "age_55_plus"]
    assert assigned["rank"].null_count() == 4


def test_satisfaction_and_nps_bands_are_the_customary_ones():
    satisfaction = cl.strategies["satisfaction"].assign(table(satisfaction=[1, 2, 3, 4, 5, None]))
    assert groups(satisfaction) == ["dissatisfied"] * 2 + ["neutral"] + ["satisfied"] * 2 + ["unknown"]
    nps = cl.strategies["nps"].assign(table(nps=[0, 6, 7, 8, 9, 10]))
    assert groups(nps) == ["detractor"] * 2 + ["passive"] * 2 + ["promoter"] * 2


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (Shares((0.5, 0.4)), "give 3 positive shares"),
        (Shares((0.5, 0.4, 0.2)), "add up to 1"),
        (FixedBounds((10,)), "for 3 tiers give 2 distinct"),
        (FixedBounds((10, 10)), "for 3 tiers give 2 distinct"),
        (CumulativeShare((0.9, 0.8)), "2 rising shares"),
        (CumulativeShare((0.8, 1.0)), "2 rising shares"),
    ],
)
def test_cuts_that_do_not_fit_the_tiers_are_refused(cut, message):
    with pytest.raises(ParamsError, match=message):
        Tiers("total_spend", ABC, cut, name="t").fit(spenders(1, 2, 3))


@settings(deadline=None)
@given(st.lists(st.integers(-20, 200), min_size=1, max_size=40))
@pytest.mark.parametrize("cut", [EqualShares(), Shares((0.2, 0.3, 0.5)), CumulativeShare(), NaturalBreaks()])
def test_more_is_never_in_a_lower_tier(cut, spend):
    customers = table(customer_id=list(map(str, range(len(spend)))), n_purchases=[1] * len(spend), total_spend=spend)
    ranks = Tiers("total_spend", ABC, cut, name="t").assign(customers)["rank"]
    ordered = [rank for _, rank in sorted(zip(spend, ranks, strict=True), key=lambda pair: (-pair[0], pair[1]))]
    assert ordered == sorted(ordered)


@pytest.mark.parametrize(
    ("cut", "values", "n_tiers", "bounds"),
    [
        (EqualShares(), [1, 2, 3, 4, 5, 6], 3, (3.0, 5.0)),
        (EqualShares(), [1, 1, 1, 1, 2, 3], 3, (2.0, 3.0)),
        (EqualShares(), [1, 2], 1, ()),
        (Shares((0.5, 0.5)), [10, 20, 30, 40], 2, (30.0,)),
        (Shares((0.25, 0.75)), [10, 20, 30, 40], 2, (40.0,)),
        (FixedBounds((500, 100)), [], 3, (100.0, 500.0)),
        (NaturalBreaks(), [1, 2, 3, 100], 2, (100.0,)),
        (NaturalBreaks(), [7, 7, 7], 3, ()),
        (CumulativeShare((0.5,)), [50, 30, 20], 2, (50.0,)),
        (CumulativeShare((0.51,)), [50, 30, 20], 2, (50.0,)),
        (CumulativeShare((0.7,)), [50, 30, 20], 2, (30.0,)),
        (CumulativeShare((0.8, 0.95)), [0, -5], 3, ()),
    ],
)
def test_cuts_by_hand(cut, values, n_tiers, bounds):
    assert cut.bounds(pl.Series(values, dtype=pl.Float64), n_tiers) == bounds


@pytest.mark.parametrize(
    "values",
    [[1, 2, 3, 50, 52, 200, 210], [0, 1, 2, 10, 11, 12, 30], [5, 5, 6, 40, 41, 90, 95, 99], [1, 4, 9, 16, 25]],
)
def test_natural_breaks_have_the_least_variance_within_of_all_cuts(values):
    def within(bounds):
        tiers = np.digitize(values, bounds)
        return sum(
            ((np.array(values)[tiers == t] - np.mean(np.array(values)[tiers == t])) ** 2).sum() for t in set(tiers)
        )

    every = [(a, b) for a, b in combinations(sorted(set(values))[1:], 2)]
    found = NaturalBreaks().bounds(pl.Series(values), 3)
    assert within(found) == pytest.approx(min(map(within, every)))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 500), min_size=1, max_size=40))
def test_no_other_a_comes_nearer_to_its_share(spend):
    customers = table(customer_id=list(map(str, range(len(spend)))), n_purchases=[1] * len(spend), total_spend=spend)
    in_a = cl.strategies["abc"].assign(customers)["group"] == "class_a"
    found = sum(s for s, is_a in zip(spend, in_a, strict=True) if is_a)
    least = sorted(set(spend))[1:] or spend  # the worst are not in A, where there are better ones
    every = [sum(s for s in spend if s >= bound) for bound in least]
    assert abs(found - 0.8 * sum(spend)) == pytest.approx(min(abs(a - 0.8 * sum(spend)) for a in every))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=30), st.sampled_from([0.01, 6.5, 1000.0]))
@pytest.mark.parametrize("cut", [EqualShares(), Shares((0.2, 0.3, 0.5)), CumulativeShare()])
def test_the_currency_does_not_matter(cut, cents, factor):
    def tiers(money):
        customers = table(
            customer_id=list(map(str, range(len(money)))), n_purchases=[1] * len(money), total_spend=money
        )
        return groups(Tiers("total_spend", ABC, cut, name="t").assign(customers))

    assert tiers([cent / 100 for cent in cents]) == tiers([cent / 100 * factor for cent in cents])


def test_a_buyer_whose_number_is_not_known_is_unknown_and_a_prospect_is_apart():
    customers = table(n_purchases=[1, 1, 1, 0], clv=[5.0, 1.0, None, None])
    assert groups(Tiers("clv", ("high", "low"), name="t").assign(customers)) == ["high", "low", "unknown", "prospect"]


def test_prospects_do_not_shift_the_tiers_of_buyers():
    buyers, crowd = spenders(1, 2, 3), table(n_purchases=[1, 1, 1, *[0] * 9], total_spend=[1.0, 2.0, 3.0, *[0.0] * 9])
    tiers = Tiers("total_spend", ABC, name="t")
    assert tiers.fit(buyers) == tiers.fit(crowd)
    assert groups(tiers.assign(crowd)) == ["c", "b", "a", *["prospect"] * 9]


def test_needs_are_the_metrics_own_and_purchases_where_buyers_are_apart():
    assert Tiers("days_since_first", ABC, name="t").needs == {"first_purchase", "n_purchases"}
    assert Tiers("nps", ABC, FixedBounds((7, 9)), buyers_only=False, name="t").needs == {"nps"}
