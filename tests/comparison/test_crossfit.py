"""What groups cross_fit: learnt on some customers, judged on others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab import metrics
from clvlab.comparison.crossfit import CrossFitted, cross_fit
from clvlab.comparison.foresight import CAPTURES, FORESIGHT, HEADLINE, scored
from clvlab.comparison.outcomes import Outcomes, group_numbers
from clvlab.comparison.resampling import resamples


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    rng = np.random.default_rng(7)
    bought = (rng.random(1_000) < 0.5).astype(float)
    return Outcomes.deal(bought * rng.lognormal(size=1_000), bought, seed=0)


def test_two_fifths_teach_and_three_are_judged(outcomes):
    assert np.bincount(outcomes.part).tolist() == [400, 200, 200, 200]
    assert outcomes.judged.sum() == 600


def test_foretold_means_by_hand():
    groups, part = np.array([0, 0, 1, 0, 1, 1, 0]), np.array([0, 0, 0, 1, 1, 2, 2])
    spend = np.array([2.0, 4.0, 10.0, 9.0, 20.0, 99.0, 99.0])
    expected = [3.0, 10.0, (10 + 20) / 2, (2 + 4 + 9) / 3]
    assert cross_fit(groups, spend, part)[3:].tolist() == pytest.approx(expected)


def test_a_group_nobody_taught_is_foretold_the_mean():
    assert cross_fit(np.array([0, 0, 1]), np.array([1.0, 3.0, 50.0]), np.array([0, 0, 1]))[2] == 2.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 20))
@settings(max_examples=30, deadline=None)
def test_nobody_is_foretold_what_their_own_part_or_a_later_one_did(seed, n_groups):
    rng = np.random.default_rng(seed)
    groups, spend, part = rng.integers(0, n_groups, 90), rng.random(90), np.arange(90) % 4
    for judged in (1, 2, 3):
        other = np.where(part >= judged, rng.random(90), spend)
        mine = part == judged
        assert cross_fit(groups, other, part)[mine].tolist() == cross_fit(groups, spend, part)[mine].tolist()


@given(st.integers(0, 2**32 - 1), st.integers(2, 9))
@settings(max_examples=30, deadline=None)
def test_names_of_groups_do_not_matter(seed, n_groups):
    rng = np.random.default_rng(seed)
    groups, spend, part = rng.integers(0, n_groups, 90), rng.random(90), np.arange(90) % 4
    renamed = rng.permutation(n_groups)[groups]
    assert cross_fit(renamed, spend, part)[part > 0] == pytest.approx(cross_fit(groups, spend, part)[part > 0])


def test_codes_number_groups_in_the_order_of_their_names():
    assert group_numbers(["vip", "low", "vip", "new"]).tolist() == [2, 0, 2, 1]


def test_resamples_draw_as_many_customers_as_there_are():
    weight = np.concatenate(list(resamples(300, 120, seed=1)))
    assert weight.shape == (120, 300)
    assert (weight.sum(axis=1) == 300).all()
    assert weight.mean(axis=0).std() == pytest.approx(1 / np.sqrt(120), rel=0.3)


def test_the_same_seed_draws_the_same_customers():
    one, again, other = (np.concatenate(list(resamples(50, 30, seed))) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_every_metric_of_the_list_is_scored_on_the_judged_alone(outcomes):
    predicted = CrossFitted.of(np.arange(1_000) % 7, outcomes)
    judged = outcomes.judged
    assert predicted.spend.size == judged.sum()
    expected = metrics.gini(predicted.spend, outcomes.spend[judged], outcomes.part[judged])
    assert scored(predicted, outcomes, HEADLINE) == expected
    for metric in (*FORESIGHT, *CAPTURES.values()):
        assert np.isfinite(scored(predicted, outcomes, metric)), metric.name


def test_a_grouping_by_the_outcome_itself_foretells_nearly_all(outcomes):
    tenths = np.argsort(np.argsort(outcomes.spend)) // 100
    gini = scored(CrossFitted.of(tenths, outcomes), outcomes, HEADLINE)
    assert gini > 0.95 * metrics.gini(outcomes.spend, outcomes.spend)


def test_scoring_on_the_customers_learnt_from_would_flatter_random_groups(outcomes):
    groups = np.random.default_rng(3).permutation(1_000) % 200
    mean = np.bincount(groups, outcomes.spend) / np.bincount(groups)
    assert metrics.gini(mean[groups], outcomes.spend) > 0.3
    assert abs(scored(CrossFitted.of(groups, outcomes), outcomes, HEADLINE)) < 0.12
    assert metrics.variance_explained(mean[groups], outcomes.spend) > 0.1
    variance = next(metric for metric in FORESIGHT if metric.name == "variance_explained")
    one = scored(CrossFitted.of(np.zeros(1_000, np.int64), outcomes), outcomes, variance)
    assert scored(CrossFitted.of(groups, outcomes), outcomes, variance) < one


def test_who_did_not_answer_earns_a_grouping_nothing():
    # The unknown spend more than anybody; they are predicted the mean of all others.
    groups, part = np.array([0, 1, 2, 0, 1, 2]), np.array([0, 0, 0, 1, 1, 1])
    spend = np.array([2.0, 6.0, 90.0, 1.0, 1.0, 90.0])
    assert cross_fit(groups, spend, part, unknown=2)[3:].tolist() == [2.0, 6.0, 4.0]
    assert cross_fit(groups, spend, part)[3:].tolist() == [2.0, 6.0, 90.0]
