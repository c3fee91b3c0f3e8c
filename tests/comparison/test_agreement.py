"""Agreement of groupings as a table of pairs."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from clvlab.comparison.agreement import adjusted_mutual_information, adjusted_rand, agreement_table

GROUPINGS = {
    "halves": np.array([0, 0, 0, 1, 1, 1]),
    "renamed": np.array([1, 1, 1, 0, 0, 0]),
    "pairs": np.array([0, 0, 1, 1, 2, 2]),
}


def test_every_ordered_pair_is_there_once():
    table = agreement_table(GROUPINGS)
    pairs = set(table.select("strategy", "other").rows())
    assert table.height == len(pairs) == 9


def test_a_grouping_agrees_with_itself_and_with_its_own_renamed():
    found = {(one, other): value for one, other, value in agreement_table(GROUPINGS).rows()}
    assert found["halves", "halves"] == 1
    assert found["halves", "renamed"] == pytest.approx(1)
    assert found["halves", "pairs"] == found["pairs", "halves"] == found["pairs", "renamed"]
    assert found["halves", "pairs"] == pytest.approx(
        adjusted_mutual_information(GROUPINGS["halves"], GROUPINGS["pairs"])
    )


@pytest.mark.parametrize("n_groups", [1, 2, 7])
@pytest.mark.parametrize("n", [2, 40, 60_000])
def test_agreement_over_pairs_is_that_of_scikit_learn(n, n_groups):
    rng = np.random.default_rng(n)
    groups = rng.integers(0, n_groups, n)
    other = np.where(rng.random(n) < 0.7, groups, rng.integers(0, 4, n))
    assert adjusted_rand(groups, other) == adjusted_rand_score(groups, other)


@pytest.mark.parametrize("n_groups", [1, 2, 7])
@pytest.mark.parametrize("n", [2, 40, 20_000])
def test_mutual_information_is_that_of_scikit_learn_whatever_the_numbers_of_groups(n, n_groups):
    rng = np.random.default_rng(n)
    groups = rng.integers(0, n_groups, n)
    for other in (groups, rng.permutation(groups), np.where(rng.random(n) < 0.7, groups, 4), np.arange(n) % 500):
        for one, two in ((groups, other), (other, groups)):
            expected = adjusted_mutual_info_score(one, two)
            assert adjusted_mutual_information(2 * one, 3 * two) == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_agreement_over_the_pairs_of_a_million_customers_is_whole():
    halves = np.repeat([0, 1], 500_000)
    assert adjusted_rand(halves, 1 - halves) == 1
    assert abs(adjusted_rand(halves, np.tile([0, 1], 500_000))) < 1e-5
