"""Shape of a grouping, and agreement of two: numbers by hand, then the laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.comparison.agreement import adjusted_mutual_information, adjusted_rand, agreement_table
from clvlab.comparison.shape import balance, cluster_separation, coverage

labels = st.lists(st.integers(0, 4), min_size=2, max_size=60).map(lambda values: np.array(values, np.int64))
AGREEMENTS = [adjusted_rand, adjusted_mutual_information]


def test_balance_by_hand():
    share = np.array([0.5, 0.25, 0.25])
    expected = -(share @ np.log2(share)) / np.log2(3)
    assert balance(np.array([0, 0, 1, 2])) == pytest.approx(expected)


@given(labels)
@settings(max_examples=50, deadline=None)
def test_balance_is_a_share_and_open_for_one_group(groups):
    if len(set(groups)) == 1:
        assert np.isnan(balance(groups))
    else:
        assert 0 < balance(groups) <= 1 + 1e-12
        assert balance(groups.max() - groups) == pytest.approx(balance(groups))


def test_coverage_by_hand():
    assert coverage(np.array([False, True, False, True])) == 0.5
    assert coverage(np.array([True])) == 1.0


def test_separation_by_hand():
    # Two pairs, 1 apart within and 10 between: silhouettes (10.5 - 1) / 10.5 outside and (9.5 - 1) / 9.5 inside.
    points, groups = np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])
    found = cluster_separation(points, groups, seed=0)
    assert found["silhouette"] == pytest.approx((9.5 / 10.5 + 8.5 / 9.5) / 2)
    # Between: 4 * 5^2 on 1 degree of freedom; within: 4 * 0.5^2 on 2.
    assert found["calinski_harabasz"] == pytest.approx(100 / (1 / 2))
    # Mean distance to the centre 0.5 in both, centres 10 apart.
    assert found["davies_bouldin"] == pytest.approx((0.5 + 0.5) / 10)


def test_farther_clusters_are_better_separated():
    rng = np.random.default_rng(0)
    groups = np.arange(200) % 2
    near, far = (cluster_separation(rng.normal(size=(200, 2)) + d * groups[:, None], groups, 0) for d in (2, 6))
    assert far["silhouette"] > near["silhouette"]
    assert far["calinski_harabasz"] > near["calinski_harabasz"]
    assert far["davies_bouldin"] < near["davies_bouldin"]


@pytest.mark.parametrize("groups", [np.zeros(5, np.int64), np.arange(5)])
def test_separation_is_open_for_one_group_and_for_single_customers(groups):
    assert all(np.isnan(value) for value in cluster_separation(np.arange(5.0)[:, None], groups, seed=0).values())


def test_adjusted_rand_by_hand():
    # Of 6 pairs one is together in both; expected by chance 2 * 1 / 6, at most (2 + 1) / 2.
    found = adjusted_rand(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]))
    assert found == pytest.approx((1 - 2 * 1 / 6) / ((2 + 1) / 2 - 2 * 1 / 6))


@pytest.mark.parametrize("agreement", AGREEMENTS)
@given(labels, st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_agreement_is_symmetric_at_most_one_and_blind_to_names(agreement, groups, seed):
    rng = np.random.default_rng(seed)
    other, names = rng.integers(0, 3, groups.size), rng.permutation(5)
    assert agreement(groups, names[groups]) == pytest.approx(1.0)
    assert agreement(groups, other) == pytest.approx(agreement(other, groups))
    assert agreement(groups, other) <= 1 + 1e-12


@pytest.mark.parametrize("agreement", AGREEMENTS)
def test_random_groupings_agree_no_more_than_by_chance(agreement):
    rng = np.random.default_rng(1)
    found = [agreement(rng.integers(0, 4, 500), rng.integers(0, 6, 500)) for _ in range(40)]
    assert np.mean(found) == pytest.approx(0.0, abs=0.005)


def test_agreement_table_has_every_ordered_pair_once():
    groupings = {"a": np.array([0, 0, 1, 1]), "b": np.array([1, 1, 0, 0]), "c": np.array([0, 1, 0, 1])}
    table = agreement_table(groupings)
    assert table.height == 9
    assert table.select("strategy", "other").is_unique().all()
    assert dict(zip(table.select("strategy", "other").rows(), table["agreement"], strict=True))["a", "b"] == 1.0
