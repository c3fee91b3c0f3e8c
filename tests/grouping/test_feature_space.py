"""Where clusters are looked for, by hand: with numbers e - 1 and the like, whose logarithms are whole."""

from math import e, inf, nan

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.grouping import Clusters
from clvlab.grouping.clusters import CentreRule
from clvlab.grouping.feature_space import LogScale, Profile, by_value, check_k, clusterable
from tests.grouping.customers import groups, table

ONE, TWO = e - 1, e**2 - 1  # log(1 + v) is 1 and 2


def test_a_feature_becomes_its_logarithm_less_the_mean_over_the_deviation():
    scale = LogScale.fit(pl.DataFrame({"days_since_last": [0.0, TWO]}), ("days_since_last",))
    assert (scale.mean, scale.deviation) == (pytest.approx((1.0,), abs=1e-6), pytest.approx((1.0,), abs=1e-6))
    points = scale.apply(pl.DataFrame({"days_since_last": [0.0, ONE, TWO]}))
    assert points[:, 0] == pytest.approx([-1.0, 0.0, 1.0], abs=1e-5)


def test_a_negative_number_mirrors_the_positive_one():
    scale = LogScale(("x",), (0.0,), (1.0,), (1.0,))
    points = scale.apply(pl.DataFrame({"x": [-TWO, -ONE, 0.0, ONE]}))
    assert points[:, 0] == pytest.approx([-2.0, -1.0, 0.0, 1.0], abs=1e-5)


def test_a_feature_without_spread_is_zero_for_everybody():
    data = pl.DataFrame({"x": [5.0, 5.0], "y": [0.0, TWO]})
    scale = LogScale.fit(data, ("x", "y"))
    assert scale.deviation[0] == 1.0
    assert scale.apply(data)[:, 0].tolist() == [0.0, 0.0]


def test_a_scale_of_nobody_changes_nothing_but_the_logarithm():
    scale = LogScale.fit(
        pl.DataFrame({"days_since_last": []}, schema={"days_since_last": pl.Float64}), ("days_since_last",)
    )
    assert scale == LogScale(("days_since_last",), (0.0,), (1.0,), (1.0,))
    assert LogScale.from_dict(scale.to_dict()) == scale


def test_other_customers_are_put_on_the_scale_of_those_it_was_fitted_to():
    scale = LogScale.fit(pl.DataFrame({"days_since_last": [0.0, TWO]}), ("days_since_last",))
    assert scale.apply(pl.DataFrame({"days_since_last": [e**3 - 1]}))[0, 0] == pytest.approx(2.0, abs=1e-5)


def test_whole_numbers_and_digits_beyond_the_twelfth_are_the_same_point():
    scale = LogScale(("x",), (0.0,), (1.0,), (1.0,))
    same = [scale.apply(pl.DataFrame({"x": pl.Series([v])}))[0, 0] for v in (3, 3.0, 3.0 + 1e-12)]
    assert len(set(same)) == 1


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 10**7), min_size=2, max_size=30))
def test_scaled_customers_have_mean_zero_and_deviation_one_and_keep_their_order(cents):
    data = pl.DataFrame({"x": sorted(cent / 100 for cent in cents)})
    points = LogScale.fit(data, ("x",)).apply(data)[:, 0]
    assert points.mean() == pytest.approx(0, abs=1e-6)
    assert points.std() == pytest.approx(1 if len(set(cents)) > 1 else 0, abs=1e-6)
    assert (np.diff(points) >= 0).all()


def test_a_profile_tells_median_and_quartiles():
    profile = Profile.of(pl.DataFrame({"x": [1, 2, 3, 4, 5], "y": [0.5] * 5}), ("x", "y"))
    assert profile.quartiles == ((2.0, 3.0, 4.0), (0.5, 0.5, 0.5))
    assert profile.text == "x 3 [2, 4], y 0.5 [0.5, 0.5]"
    assert Profile.from_dict(profile.to_dict()) == profile


def test_a_profile_of_one_customer_is_that_customer():
    assert Profile.of(pl.DataFrame({"x": [1234567.891]}), ("x",)).text == "x 1234567.89 [1234567.89, 1234567.89]"


def test_only_a_buyer_of_whom_every_feature_is_known_can_be_a_point():
    customers = table(n_purchases=[1, 0, 2, 2, 2, None], x=[1.0, 1.0, None, nan, inf, 1.0])
    assert customers.data.select(clusterable(("x",))).to_series().to_list() == [True, *[False] * 4, None]


def test_clusters_are_numbered_by_their_mean_spend_and_outliers_are_none():
    labels = np.array([2, 2, 0, -1, 1])
    spend = np.array([10.0, 30.0, 15.0, 9999.0, 50.0])
    assert by_value(labels, spend) == [1, 2, 0]  # means 50, 20, 15
    assert by_value(np.array([-1, -1]), spend[:2]) == []


@pytest.mark.parametrize("k", [None, 1, 8])
def test_a_number_of_clusters_is_one_or_more_or_left_open(k):
    check_k(k)


@pytest.mark.parametrize("k", [0, -3])
def test_no_clusters_are_refused(k):
    with pytest.raises(ParamsError, match=f"k is {k}; the number of clusters must be 1 or more"):
        check_k(k)


def test_buyers_come_in_one_order_whatever_order_they_are_in():
    customers = table(
        customer_id=["a", "b", "c", "d"],
        n_purchases=[2, 1, 0, 3],
        days_since_last=[9, 1, None, 5],
        total_spend=[5.0, 7.0, 0.0, 6.0],
    )
    assert Clusters().buyers(customers)["customer_id"].to_list() == ["b", "d", "a"]


def test_a_feature_that_is_not_there_is_named():
    with pytest.raises(MissingColumnsError, match="which clusters reads, has no column 'visits'"):
        Clusters(features=("visits",)).fit(table(n_purchases=[1], total_spend=[1.0]))


CENTRES = CentreRule(
    LogScale(("x",), (0.0,), (1.0,), (1.0,)),
    (Profile(("x",), ((6.0, 6.4, 7.0),)), Profile(("x",), ((0.0, 0.0, 0.0),))),
    ((2.0,), (0.0,)),
)


def test_a_customer_belongs_to_the_nearest_centre():
    customers = table(n_purchases=[1, 1, 1], x=[TWO, 0.0, e**0.9 - 1])
    assert groups(CENTRES.assign(customers)) == ["cluster_1", "cluster_2", "cluster_2"]


def test_prospects_and_buyers_without_a_feature_are_in_no_cluster():
    customers = table(n_purchases=[0, 0, 1, 1], x=[TWO, None, None, nan])
    assert groups(CENTRES.assign(customers)) == ["prospect", "prospect", "unknown", "unknown"]


def test_where_there_are_no_clusters_buyers_are_unknown():
    rule = CentreRule(LogScale(("x",), (0.0,), (1.0,), (1.0,)), (), ())
    assert groups(rule.assign(table(n_purchases=[1, 0], x=[1.0, 1.0]))) == ["unknown", "prospect"]


def test_the_card_lists_clusters_with_their_profiles_best_first():
    assert CENTRES.card.rows() == [
        ("cluster_1", 1, "x 6.4 [6, 7]"),
        ("cluster_2", 2, "x 0 [0, 0]"),
        ("returned_all", None, "n_purchases == 0, n_orders >= 1; n_purchases == 0, total_spend < 0"),
        ("prospect", None, "n_purchases == 0"),
        ("unknown", None, "–"),
    ]
    assert CENTRES.needs == {"x", "n_purchases"}
