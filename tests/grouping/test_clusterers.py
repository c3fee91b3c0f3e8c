import json
from math import e

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator

from clvlab.grouping import SampledClusters, rule_from_dict
from clvlab.grouping.clusterers import NeighbourRule
from clvlab.grouping.feature_space import LogScale, Profile
from tests.grouping.customers import groups, table


class BySpend(BaseEstimator):
    """Labels points by the sign of their scaled spend, and calls the one furthest from 0 an outlier."""

    def fit_predict(self, points):
        labels = (points[:, -1] > 0).astype(int)
        labels[np.abs(points[:, -1]).argmax()] = -1
        return labels


class SeesAll(BaseEstimator):
    """One cluster; remembers in the class how many points it saw."""

    seen = 0

    def fit_predict(self, points):
        type(self).seen = len(points)
        return np.zeros(len(points), dtype=int)


def spenders(*spend):
    n = len(spend)
    return table(
        customer_id=[f"{i:04d}" for i in range(n)],
        n_purchases=[1] * n,
        days_since_last=[10] * n,
        total_spend=list(map(float, spend)),
    )


TWELVE = spenders(1, 2, 3, 4, 5, 6, 60, 70, 80, 90, 100, 5_000_000)


def test_a_clusterers_negative_labels_are_outliers_and_the_others_are_numbered_by_value():
    # On the log scale the mean lies between 6 and 60; five million is furthest from it.
    found = groups(SampledClusters(BySpend(), name="own").assign(TWELVE))
    assert found == [*["cluster_2"] * 6, *["cluster_1"] * 5, "outliers"]


def test_ranks_are_the_clusters_and_outliers_have_none():
    assigned = SampledClusters(BySpend(), name="own").assign(TWELVE)
    ranks = dict(assigned.select("group", "rank").unique().iter_rows())
    assert ranks["outliers"] is None
    assert ranks["cluster_1"] == 1


@pytest.mark.parametrize("method", ["mixture", "hierarchical", "hdbscan"])
def test_fewer_than_ten_kinds_of_customers_are_one_cluster(method):
    few = spenders(*[1, 2, 3, 4, 5, 6, 7, 8, 9] * 4)
    assert set(groups(SampledClusters(method, name="m").assign(few))) == {"cluster_1"}


def test_more_clusters_than_kinds_of_customers_are_one():
    assert set(groups(SampledClusters("mixture", k=20, name="m").assign(TWELVE))) == {"cluster_1"}


@pytest.mark.parametrize(("sample", "seen"), [(30, 30), (50, 50), (1_000, 50)])
def test_a_clusterer_sees_at_most_the_sample(sample, seen):
    SampledClusters(SeesAll(), sample=sample, name="own").fit(spenders(*range(1, 51)))
    assert SeesAll.seen == seen


def test_the_sample_depends_on_the_seed_alone():
    customers = spenders(*range(1, 101))
    drawn = [SampledClusters(SeesAll(), sample=20, seed=seed, name="own").fit(customers).points for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert len(set(drawn[0])) == 20


def test_nobody_has_bought():
    rule = SampledClusters("hierarchical", name="h").fit(
        table(n_purchases=[0], days_since_last=pl.Series([None], dtype=pl.Int64), total_spend=[0.0])
    )
    assert rule.points == ()
    assert groups(rule.assign(TWELVE)) == ["unknown"] * 12


ONE = e - 1  # log(1 + v) is 1
KEPT = NeighbourRule(
    LogScale(("x",), (0.0,), (1.0,), (1.0,)),
    (Profile(("x",), ((20.0, 20.0, 20.0),)), Profile(("x",), ((0.0, 0.0, 0.0),))),
    ((0.0,), (1.0,), (3.0,)),
    (2, 0, 1),
)


def test_everybody_joins_the_nearest_sampled_customer():
    customers = table(n_purchases=[1] * 5, x=[0.0, e**0.4 - 1, ONE, e**1.9 - 1, 1e9])
    assert groups(KEPT.assign(customers)) == ["cluster_2", "cluster_2", "outliers", "outliers", "cluster_1"]


def test_the_card_lists_clusters_then_who_is_in_none():
    assert KEPT.card["group"].to_list() == [
        "cluster_1",
        "cluster_2",
        "returned_all",
        "prospect",
        "unknown",
        "outliers",
    ]
    assert KEPT.card["rank"].to_list() == [1, 2, None, None, None, None]


def test_a_kept_rule_comes_back_from_json():
    assert rule_from_dict(json.loads(json.dumps(KEPT.to_dict()))) == KEPT


@pytest.mark.parametrize("factor", [1.0, 1000.0])
def test_two_kinds_apart_are_found_in_any_currency(factor):
    small, large = np.linspace(900, 1_100, 12), np.linspace(900_000, 1_100_000, 12)
    customers = spenders(*(factor * v for v in (*small, *large)))
    found = groups(SampledClusters("hierarchical", k=2, name="h").assign(customers))
    assert found == ["cluster_2"] * 12 + ["cluster_1"] * 12
