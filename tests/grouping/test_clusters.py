from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.comparison.agreement import adjusted_rand
from clvlab.comparison.outcomes import group_numbers
from clvlab.errors import ParamsError
from clvlab.grouping import Clusters, SampledClusters, clusters, rule_from_dict
from tests.grouping.customers import groups, table


def three_kinds(n=60, seed=0):
    """Three kinds of customers, far apart, in turn: poor, rich, middling."""
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 3
    return table(
        customer_id=[f"{i:03d}" for i in range(n)],
        n_purchases=np.array([1, 40, 8])[kind],
        days_since_last=np.array([700, 5, 60])[kind] + rng.integers(0, 4, n),
        total_spend=np.array([10.0, 9000.0, 400.0])[kind] * rng.uniform(0.9, 1.1, n),
    )


KINDS = three_kinds()
EXPECTED = ["cluster_3", "cluster_1", "cluster_2"] * 20


@pytest.mark.parametrize(
    "strategy",
    [
        Clusters(3),
        Clusters(),
        Clusters(seed=7),
        SampledClusters("mixture", k=3, name="mixture"),
        SampledClusters("hierarchical", name="hierarchical"),
        SampledClusters("hdbscan", name="hdbscan"),
    ],
    ids=lambda strategy: f"{strategy.name}, k={strategy.k}, seed={strategy.seed}",
)
def test_kinds_far_apart_are_found_and_numbered_by_value(strategy):
    assert groups(strategy.assign(KINDS)) == EXPECTED


def test_any_clusterer_of_scikit_learn_serves_and_stays_as_it_was():
    from sklearn.cluster import Birch

    clusterer = Birch(n_clusters=3, threshold=0.1)
    assert groups(SampledClusters(clusterer, name="birch").assign(KINDS)) == EXPECTED
    assert not hasattr(clusterer, "labels_")


def test_clusters_are_described_in_the_users_units():
    rule = Clusters(3).fit(three_kinds(9))
    rich = KINDS.data.filter(pl.col("n_purchases") == 40)
    condition = Clusters(3).fit(KINDS).card["condition"][0]
    low, middle, high = (rich["total_spend"].quantile(q, "linear") for q in (0.25, 0.5, 0.75))
    assert "n_purchases 40 [40, 40]" in condition
    assert f"total_spend {middle:.6g} [{low:.6g}, {high:.6g}]" in condition
    assert rule.card["group"].to_list() == [
        "cluster_1",
        "cluster_2",
        "cluster_3",
        "returned_all",
        "prospect",
        "unknown",
    ]


def test_k_means_on_cdnow_agrees_with_scikit_learn_itself(cdnow):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    logs = np.log1p(cdnow.data.select("days_since_last", "n_purchases", "total_spend").to_numpy())
    theirs = KMeans(4, n_init=10, tol=1e-6, random_state=1).fit_predict((logs - logs.mean(axis=0)) / logs.std(axis=0))
    ours = Clusters(4).assign(cdnow)["group"].to_list()
    assert adjusted_rand_score(theirs, ours) > 0.995


def test_codes_on_cdnow_fall_in_value_and_another_seed_finds_the_same_customers(cdnow):
    assigned = Clusters(5).assign(cdnow).join(cdnow.data, on="customer_id")
    means = assigned.group_by("rank").agg(pl.col("total_spend").mean()).sort("rank")["total_spend"]
    assert means.is_sorted(descending=True)
    assert len(means) == 5
    same = (Clusters(5, seed=1).assign(cdnow)["group"] == assigned["group"]).mean()
    assert same > 0.97


def test_k_is_chosen_by_silhouette():
    two = replace(KINDS, data=KINDS.data.filter(pl.col("n_purchases") != 8))
    assert set(groups(Clusters().assign(two))) == {"cluster_1", "cluster_2"}


def test_silhouettes_by_hand():
    # 0, 1 and 4 on a line: 0 is 1 from its fellow and 4 from the other cluster, 1 is 1 and 3; 4 is by itself.
    distances = np.abs(np.subtract.outer([0.0, 1.0, 4.0], [0.0, 1.0, 4.0]))
    assert clusters.silhouettes(distances, [np.array([0, 0, 1])]) == [pytest.approx((3 / 4 + 2 / 3 + 0) / 3)]


def test_silhouettes_are_those_of_scikit_learn_one_point_alone_and_equal_points_included():
    from sklearn.metrics import silhouette_score

    rng = np.random.default_rng(0)
    points = np.vstack([rng.integers(0, 3, (300, 2)), np.zeros((20, 2))]).astype(float)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    partitions = [np.concatenate([np.arange(k), rng.integers(1, k, 320 - k)]) for k in range(2, 9)]
    partitions.append(np.where(np.arange(320) < 300, 5, 2))
    expected = [silhouette_score(distances, labels, metric="precomputed") for labels in partitions]
    assert clusters.silhouettes(distances, partitions) == pytest.approx(expected, abs=1e-12)
    assert clusters.silhouettes(np.zeros((4, 4)), [np.array([0, 0, 1, 1])]) == [0.0]


def test_more_clusters_than_distinct_customers_are_as_many_as_those():
    few = table(n_purchases=[1, 1, 5], days_since_last=[9, 9, 1], total_spend=[5.0, 5.0, 80.0])
    assert groups(Clusters(8).assign(few)) == ["cluster_2", "cluster_2", "cluster_1"]


def test_everybody_of_a_real_base_joins_the_nearest_sampled_customer_but_for_those_without_place_or_purchase(cdnow):
    rule = SampledClusters("mixture", name="m").fit(cdnow)
    some = replace(cdnow, data=cdnow.data.sample(500, seed=0))
    points = rule.scale.apply(some.data)
    nearest = ((points[:, None] - np.array(rule.points)) ** 2).sum(axis=2).argmin(axis=1)
    expected = [f"cluster_{rule.clusters[at]}" for at in nearest]
    assert groups(rule.assign(some)) == expected
    lacking = some.data.with_columns(
        total_spend=pl.when(pl.int_range(pl.len()) == 1).then(None).otherwise("total_spend"),
        n_purchases=pl.when(pl.int_range(pl.len()) == 2).then(0).otherwise("n_purchases"),
    )
    assert groups(rule.assign(replace(some, data=lacking))) == [expected[0], "unknown", "returned_all", *expected[3:]]


def test_customers_like_nobody_are_outliers_to_hdbscan():
    odd = table(customer_id=["odd"], n_purchases=[1], days_since_last=[0], total_spend=[5e6])
    both = replace(KINDS, data=pl.concat([KINDS.data, odd.data], how="diagonal_relaxed"))
    assert groups(SampledClusters("hdbscan", name="h").assign(both)) == [*EXPECTED, "outliers"]


def test_most_customers_of_a_base_without_gaps_are_no_outliers_to_hdbscan():
    log = cl.datasets.lighting(n_customers=2_500, seed=0)
    customers = cl.summarise_customers(log, log.data["date"].max(), "week")
    found = pl.Series(groups(SampledClusters("hdbscan", name="h").assign(customers)))
    assert (found == "outliers").mean() < 0.25
    assert found.n_unique() > 2


def test_a_kept_rule_puts_new_customers_to_the_cluster_they_are_like():
    new = table(n_purchases=[38, 1, 9, 0], days_since_last=[6, 650, 70, None], total_spend=[8000.0, 12.0, 350.0, 0.0])
    for strategy in (Clusters(3), SampledClusters("hierarchical", k=3, name="h")):
        rule = rule_from_dict(strategy.fit(KINDS).to_dict())
        assert groups(rule.assign(new)) == ["cluster_1", "cluster_3", "cluster_2", "prospect"]


def test_a_sample_is_enough_and_everybody_joins_the_nearest():
    strategy = SampledClusters("hierarchical", k=3, sample=30, name="h")
    assert len(strategy.fit(KINDS).points) <= 30
    assert groups(strategy.assign(KINDS)) == EXPECTED


def test_further_features_serve_and_a_buyer_who_lacks_one_is_unknown():
    visits = KINDS.with_columns(
        KINDS.data.select(
            "customer_id", visits=pl.when(pl.col("customer_id") != "000").then(pl.col("n_purchases") * 2)
        )
    )
    strategy = Clusters(3, features=("visits", "total_spend"))
    assert strategy.needs == {"visits", "total_spend", "n_purchases"}
    assert groups(strategy.assign(visits)) == ["unknown", *EXPECTED[1:]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Clusters(0), "must be 1 or more"),
        (lambda: SampledClusters("kmeans++", name="x"), "Choose mixture"),
        (lambda: SampledClusters("mixture", k=0, name="x"), "must be 1 or more"),
    ],
)
def test_wrong_parameters_are_refused(make, message):
    with pytest.raises(ParamsError, match=message):
        make()


@pytest.fixture
def starts_of_some(cdnow, monkeypatch):
    """CDNOW's clusters by starts on all; thereafter starts are tried on some."""
    whole = {k: Clusters(k).fit(cdnow) for k in (2, 3, 4, 5)}
    monkeypatch.setattr(clusters, "STARTED_FROM", 3_000)
    return whole


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_starts_tried_on_some_customers_end_where_those_on_all_do(cdnow, starts_of_some, k):
    rule = Clusters(k).fit(cdnow)
    one, other = (group_numbers(each.assign(cdnow)["group"]) for each in (rule, starts_of_some[k]))
    assert adjusted_rand(one, other) > 0.99
    assert np.array(rule.centres) == pytest.approx(np.array(starts_of_some[k].centres), abs=0.05)


def test_starts_tried_on_some_do_not_depend_on_order_names_or_currency(cdnow, monkeypatch):
    monkeypatch.setattr(clusters, "STARTED_FROM", 3_000)
    shuffled = replace(cdnow, data=cdnow.data.sample(fraction=1, shuffle=True, seed=1))
    renamed = replace(cdnow, data=cdnow.data.with_columns(customer_id="r" + pl.col("customer_id")))
    dearer = replace(cdnow, data=cdnow.data.with_columns(pl.col("total_spend") * 7.2))
    rule = Clusters(4).fit(cdnow)
    assert Clusters(4).fit(shuffled) == rule == Clusters(4).fit(renamed)
    assert groups(Clusters(4).assign(dearer)) == groups(rule.assign(cdnow))


def test_starts_tried_on_some_who_are_all_alike_make_one_cluster(monkeypatch):
    monkeypatch.setattr(clusters, "STARTED_FROM", 10)
    alike = table(n_purchases=[2] * 50, days_since_last=[9] * 50, total_spend=[5.0] * 50)
    assert set(groups(Clusters(4).assign(alike))) == {"cluster_1"}
