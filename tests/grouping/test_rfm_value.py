import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError, ParamsError
from clvlab.grouping import FixedBounds, RfmValue, Shares, rule_from_dict
from tests.grouping.customers import groups, table

ABC = ("a", "b", "c")
# Scores (recency, frequency, spend) of 1 to 3: (3, 3, 1), (2, 2, 2), (1, 1, 3).
THREE = table(days_since_last=[1, 5, 9], n_purchases=[3, 2, 1], total_spend=[10.0, 20.0, 30.0])


def test_the_mean_of_the_scores_is_cut_into_tiers():
    by_all = RfmValue(ABC, n_bins=3, name="v").fit(THREE)
    # Means 7/3, 2 and 5/3.
    assert by_all.card["condition"].to_list()[:3] == [
        "rfm_score >= 2.333333",
        "2 <= rfm_score < 2.333333",
        "rfm_score < 2",
    ]
    assert groups(by_all.assign(THREE)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [((0, 0, 1), ["c", "b", "a"]), ((1, 0, 0), ["a", "b", "c"]), ((0, 5, 0), ["a", "b", "c"])],
)
def test_a_score_of_all_the_weight_decides_alone(weights, expected):
    assert groups(RfmValue(ABC, weights=weights, n_bins=3, name="v").assign(THREE)) == expected


def test_weights_may_balance_scores_so_that_all_are_equal():
    # Twice the spend outweighs recency and frequency: 8/4, 8/4 and 8/4.
    rule = RfmValue(ABC, weights=(1, 1, 2), n_bins=3, name="v").fit(THREE)
    assert groups(rule.assign(THREE)) == ["c", "c", "c"]


@pytest.mark.parametrize("factor", [0.5, 2, 1000])
def test_only_the_proportions_of_the_weights_matter(factor):
    once, again = (
        RfmValue(ABC, weights=weights, n_bins=3, name="v").fit(THREE)
        for weights in ((3, 2, 1), (3 * factor, 2 * factor, factor))
    )
    assert once.tiers == again.tiers
    assert groups(once.assign(THREE)) == groups(again.assign(THREE))


@pytest.mark.parametrize("weights", [(0, 0, 0), (1, -1, 1), (-1, 5, 5)])
def test_weights_without_meaning_are_refused(weights):
    with pytest.raises(ParamsError, match="none negative, not all zero"):
        RfmValue(ABC, weights=weights, name="v")


def test_the_mean_is_cut_as_any_number_is():
    shares = RfmValue(("top", "rest"), Shares((1 / 3, 2 / 3)), n_bins=3, name="v")
    assert groups(shares.assign(THREE)) == ["top", "rest", "rest"]
    fixed = RfmValue(("top", "rest"), FixedBounds((2,)), n_bins=3, name="v")
    assert groups(fixed.assign(THREE)) == ["top", "top", "rest"]


def test_prospects_have_no_score_and_are_apart():
    customers = table(days_since_last=[1, None, 9], n_purchases=[3, 0, 1], total_spend=[10.0, 0.0, 30.0])
    assigned = RfmValue(("top", "rest"), n_bins=2, name="v").assign(customers)
    assert groups(assigned)[1] == "prospect"
    assert assigned["rank"][1] is None


def test_a_kept_rule_scores_new_customers_by_the_old_thresholds():
    rule = RfmValue(ABC, n_bins=3, name="v").fit(THREE)
    stored = rule_from_dict(json.loads(json.dumps(rule.to_dict())))
    new = table(days_since_last=[1, 100], n_purchases=[9, 1], total_spend=[9999.0, 0.01])
    assert stored == rule
    assert groups(stored.assign(new)) == ["a", "c"]


def test_a_buyer_whose_spend_is_not_known_is_refused_by_name():
    customers = table(days_since_last=[1, 5], n_purchases=[3, 2], total_spend=[None, 20.0])
    with pytest.raises(DataError, match=r"1 customers with purchases lack .* the first 'a'"):
        RfmValue(ABC, name="v").fit(customers)


def test_the_shipped_one_weighs_the_scores_equally():
    shipped = cl.strategies["value_rfm"]
    assert (shipped.weights, shipped.n_bins, shipped.groups[0]) == ((1, 1, 1), 5, "value_high")


CUSTOMERS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 9), st.integers(0, 10_000)), min_size=1, max_size=25
)


def customers_of(rows, factor=1.0):
    days, purchases, cents = zip(*rows, strict=True)
    return table(
        customer_id=list(map(str, range(len(rows)))),
        days_since_last=days,
        n_purchases=purchases,
        total_spend=[cent * factor / 100 for cent in cents],
    )


@settings(max_examples=30, deadline=None)
@given(CUSTOMERS)
def test_a_customer_who_is_better_in_all_three_is_never_in_a_lower_tier(rows):
    ranks = RfmValue(ABC, name="v").assign(customers_of(rows))["rank"]
    for (days, purchases, cents), rank in zip(rows, ranks, strict=True):
        better = [r for (d, p, c), r in zip(rows, ranks, strict=True) if d <= days and p >= purchases and c >= cents]
        assert max(better) <= rank


@settings(max_examples=30, deadline=None)
@given(CUSTOMERS, st.sampled_from([0.01, 7.0, 1000.0]))
def test_the_currency_does_not_matter(rows, factor):
    strategy = RfmValue(ABC, name="v")
    assert groups(strategy.assign(customers_of(rows))) == groups(strategy.assign(customers_of(rows, factor)))


def test_needs_are_the_three_inputs_of_the_scores():
    strategy = RfmValue(ABC, name="v")
    assert strategy.needs == {"days_since_last", "n_purchases", "total_spend"}
    assert strategy.fit(THREE).needs == strategy.needs
