import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError, ParamsError
from clvlab.grouping import CumulativeShare, EqualShares, FixedBounds, NaturalBreaks, RfmValue, Shares, Tiers
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


def test_natural_breaks_of_two_values_make_two_tiers():
    tiers = Tiers("total_spend", ABC, NaturalBreaks(), name="t")
    assert groups(tiers.assign(spenders(1, 1, 9))) == ["c", "c", "b"]


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


def test_rfm_value_by_hand():
    customers = table(days_since_last=[1, 5, 9], n_purchases=[3, 2, 1], total_spend=[10.0, 20.0, 30.0])
    # Scores (3, 3, 1), (2, 2, 2), (1, 1, 3): with spend alone in weight, the last is best.
    by_spend = RfmValue(ABC, weights=(0, 0, 1), n_bins=3, name="v")
    assert groups(by_spend.assign(customers)) == ["c", "b", "a"]
    by_all = RfmValue(ABC, weights=(1, 1, 1), n_bins=3, name="v")
    assert by_all.fit(customers).card["condition"].to_list()[:3] == [
        "rfm_score >= 2.333333",
        "2 <= rfm_score < 2.333333",
        "rfm_score < 2",
    ]


@pytest.mark.parametrize("weights", [(0, 0, 0), (1, -1, 1)])
def test_rfm_value_refuses_weights_without_meaning(weights):
    with pytest.raises(ParamsError, match="none negative, not all zero"):
        RfmValue(ABC, weights=weights, name="v")
