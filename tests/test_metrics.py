"""Metrics of foresight: numbers worked out by hand, then the laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from clvlab.comparison.foresight import FORESIGHT
from clvlab.errors import ParamsError
from clvlab.metrics import (
    Ranked,
    auc,
    brier,
    calibration_slope,
    capture_curve,
    gini,
    top_capture,
    variance_explained,
)
from clvlab.wording import catalogue

RANKING = [gini, top_capture, auc]
ALL = [pytest.param(metric.score, id=metric.name) for metric in FORESIGHT]

sizes = st.integers(4, 40)


def customers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """predicted (with ties), actual 0/1 with both present, part, weight."""
    n = draw(sizes)
    predicted = draw(arrays.arrays(np.int64, n, elements=st.integers(0, 5))).astype(float)
    actual = draw(arrays.arrays(np.int64, n, elements=st.integers(0, 1))).astype(float)
    actual[:2] = [0.0, 1.0]
    part = draw(arrays.arrays(np.int64, n, elements=st.integers(0, 2)))
    part[:2] = 0
    weight = draw(arrays.arrays(np.int64, n, elements=st.integers(0, 3))).astype(float)
    weight[:2] = 1.0
    return predicted, actual, part, weight


some_customers = st.composite(customers)()


@pytest.mark.parametrize("metric", FORESIGHT, ids=lambda metric: metric.name)
def test_a_metric_has_a_heading(metric):
    assert f"columns.{metric.name}" in catalogue()


@pytest.mark.parametrize("metric", FORESIGHT, ids=lambda metric: metric.name)
def test_what_does_not_belong_together_is_refused(metric):
    with pytest.raises(ParamsError, match=r"the shape \(3,\) and outcomes \(2,\); give one of each"):
        metric.score([1, 2, 3], [0, 1])
    with pytest.raises(ParamsError, match="The prediction of customer 1, counted from 0, is not a number"):
        metric.score([0.5, np.nan], [0, 1])
    with pytest.raises(ParamsError, match="The outcome of customer 0"):
        metric.score([0.5, 1], [np.nan, 1])


def test_gini_by_hand():
    # Places of four customers from the worst: 1/8, 3/8, 5/8, 7/8. Spend 1, 2, 3, 4 in the order of the ranking.
    expected = 2 * (1 * 1 + 2 * 3 + 3 * 5 + 4 * 7) / 8 / 10 - 1
    assert gini([1, 2, 3, 4], [1, 2, 3, 4]) == pytest.approx(expected)
    assert gini([4, 3, 2, 1], [1, 2, 3, 4]) == pytest.approx(-expected)


def test_gini_of_groups_by_hand():
    # Two groups of two share their places, 1/4 and 3/4: spend 3 and 7.
    assert gini([0, 0, 1, 1], [1, 2, 3, 4]) == pytest.approx(2 * (3 * 0.25 + 7 * 0.75) / 10 - 1)


def test_gini_of_the_best_ranking_is_the_gini_coefficient_of_spend():
    spend = np.random.default_rng(0).lognormal(size=200)
    mean_difference = np.abs(spend[:, None] - spend).mean()
    assert gini(spend, spend) == pytest.approx(mean_difference / (2 * spend.mean()))


def test_gini_within_parts_by_hand():
    # Within each part the better customer brings all: place 3/4 of spend, in both parts.
    assert gini([1, 2, 11, 12], [0, 5, 0, 5], within=[0, 0, 1, 1]) == pytest.approx(0.5)
    # Over both parts at once the first part's buyer would stand below the second part's non-buyer.
    assert gini([1, 2, 11, 12], [0, 5, 0, 5]) == pytest.approx(2 * (5 * 3 + 5 * 7) / 8 / 10 - 1)


def test_top_capture_by_hand():
    assert top_capture([3, 2, 1, 0], [6, 3, 1, 0], share=0.5) == pytest.approx(0.9)
    # Half of the best group of three is taken: 1.5 of 3 customers who bring 9.
    assert top_capture([1, 1, 1, 0], [6, 3, 0, 1], share=0.375) == pytest.approx(0.45)


def test_variance_explained_by_hand():
    # Mean 3; squares about it 4 + 0 + 0 + 4; errors 1, 1, 1, 1.
    assert variance_explained([2, 2, 4, 4], [1, 3, 3, 5]) == pytest.approx(1 - 4 / 8)


def test_variance_explained_is_below_zero_for_worse_than_the_mean():
    assert variance_explained([5, 5, 1, 1], [1, 1, 5, 5]) == pytest.approx(1 - 64 / 16)


def test_auc_by_hand():
    # Buyers at 3 and 1, others at 2 and 1: of four pairs two are right, one tied, one wrong.
    assert auc([3, 1, 2, 1], [1, 1, 0, 0]) == pytest.approx((2 + 0.5) / 4)


def test_auc_forms_pairs_within_parts_alone():
    # In each part the one pair is right; across parts it would be wrong.
    assert auc([2, 1, 12, 11], [1, 0, 1, 0], within=[0, 0, 1, 1]) == 1.0
    assert auc([2, 1, 12, 11], [1, 0, 1, 0]) == pytest.approx(0.75)


def test_brier_by_hand():
    assert brier([0.8, 0.3, 0.5], [1, 0, 1]) == pytest.approx((0.04 + 0.09 + 0.25) / 3)


def test_calibration_slope_by_hand():
    # Means predicted 1 and 3, found 2 and 3: half as far apart.
    assert calibration_slope([1, 1, 3, 3], [1, 3, 2, 4]) == pytest.approx(0.5)
    assert calibration_slope([1, 3, 11, 13], [5, 6, 1, 2], within=[0, 0, 1, 1]) == pytest.approx(0.5)


def test_what_the_data_leave_open_is_nan():
    assert np.isnan(gini([1, 2], [0, 0]))
    assert np.isnan(top_capture([1, 2], [0, 0]))
    assert np.isnan(auc([1, 2], [1, 1]))
    assert np.isnan(variance_explained([1, 2], [3, 3]))
    assert np.isnan(calibration_slope([1, 1], [0, 3]))


@pytest.mark.parametrize("metric", ALL)
@given(some_customers)
@settings(max_examples=40, deadline=None)
def test_weights_are_repetition(metric, case):
    predicted, actual, part, weight = case
    times = weight.astype(int)
    repeated = metric(predicted.repeat(times), actual.repeat(times), part.repeat(times))
    assert metric(predicted, actual, part, weight) == pytest.approx(repeated, nan_ok=True)


@pytest.mark.parametrize("metric", ALL)
@given(some_customers, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_of_customers_does_not_matter(metric, case, random):
    order = list(range(case[0].size))
    random.shuffle(order)
    shuffled = [values[order] for values in case]
    assert metric(*shuffled) == pytest.approx(metric(*case), nan_ok=True)


@pytest.mark.parametrize("metric", ALL)
@given(some_customers)
@settings(max_examples=20, deadline=None)
def test_many_resamples_at_once_are_each_of_them(metric, case):
    predicted, actual, part, weight = case
    both = metric(predicted, actual, part, np.stack([weight, np.ones_like(weight)]))
    assert both[0] == pytest.approx(metric(predicted, actual, part, weight), nan_ok=True)
    assert both[1] == pytest.approx(metric(predicted, actual, part), nan_ok=True)


@pytest.mark.parametrize("metric", ALL)
@given(some_customers)
@settings(max_examples=20, deadline=None)
def test_customers_ranked_once_for_all_metrics_have_the_same_figures(metric, case):
    np.testing.assert_array_equal(metric(Ranked(*case), *case[1:]), metric(*case))


@pytest.mark.parametrize("metric", RANKING)
@given(some_customers)
@settings(max_examples=40, deadline=None)
def test_only_the_order_of_predictions_counts(metric, case):
    predicted, actual, part, weight = case
    assert metric(np.exp(predicted), actual, part, weight) == pytest.approx(metric(*case))


def test_a_curve_is_the_capture_of_each_share():
    random = np.random.default_rng(0)
    predicted, actual, shares = random.integers(0, 9, 200), random.gamma(1, 1, 200), np.linspace(0, 1, 21)
    assert capture_curve(predicted, actual, shares) == [
        top_capture(predicted, actual, share=share) for share in shares
    ]


@pytest.mark.parametrize(("metric", "low", "high"), [(gini, -1, 1), (top_capture, 0, 1), (auc, 0, 1), (brier, 0, 25)])
@given(some_customers)
@settings(max_examples=40, deadline=None)
def test_bounds(metric, low, high, case):
    assert low <= metric(*case) <= high


@pytest.mark.parametrize("metric", RANKING)
@given(some_customers)
@settings(max_examples=40, deadline=None)
def test_no_ranking_beats_that_by_the_outcome_itself(metric, case):
    predicted, actual, part, weight = case
    assert metric(predicted, actual, part, weight) <= metric(actual, actual, part, weight) + 1e-12


@given(some_customers)
@settings(max_examples=40, deadline=None)
def test_turning_the_ranking_round_turns_gini_and_auc_round(case):
    predicted, actual, part, weight = case
    assert gini(-predicted, actual, part, weight) == pytest.approx(-gini(*case))
    assert auc(-predicted, actual, part, weight) == pytest.approx(1 - auc(*case))


@given(some_customers, st.floats(0.05, 0.95))
@settings(max_examples=40, deadline=None)
def test_one_prediction_for_all_is_worth_what_chance_is(case, share):
    _, actual, part, weight = case
    same = np.ones_like(actual)
    assert gini(same, actual, part, weight) == pytest.approx(0.0, abs=1e-12)
    assert auc(same, actual, part, weight) == pytest.approx(0.5)
    assert top_capture(same, actual, part, weight, share=share) == pytest.approx(share)


@given(some_customers)
@settings(max_examples=40, deadline=None)
def test_spend_may_be_in_any_currency(case):
    predicted, actual, part, weight = case
    for metric in (gini, top_capture):
        assert metric(predicted, 7.5 * actual, part, weight) == pytest.approx(metric(*case))
    rated = variance_explained(7.5 * predicted, 7.5 * actual, part, weight)
    assert rated == pytest.approx(variance_explained(*case), nan_ok=True)


@given(some_customers)
@settings(max_examples=20, deadline=None)
def test_the_best_constant_explains_nothing(case):
    _, actual, part, weight = case
    mean = np.full_like(actual, np.average(actual, weights=weight))
    assert variance_explained(mean, actual, part, weight) == pytest.approx(0.0, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1e6))
@settings(max_examples=25, deadline=None)
def test_the_unit_of_money_does_not_matter_to_rankings(seed, factor):
    rng = np.random.default_rng(seed)
    predicted, actual = rng.integers(0, 5, 40).astype(float), rng.exponential(size=40)
    assert gini(predicted * factor, actual * factor) == pytest.approx(gini(predicted, actual))
    assert top_capture(predicted * factor, actual * factor) == pytest.approx(top_capture(predicted, actual))
    assert variance_explained(predicted * factor, actual * factor) == pytest.approx(
        variance_explained(predicted, actual)
    )
    assert calibration_slope(predicted * factor, actual * factor) == pytest.approx(
        calibration_slope(predicted, actual), nan_ok=True
    )


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_a_weight_is_a_repetition(seed):
    rng = np.random.default_rng(seed)
    predicted, actual = rng.integers(0, 4, 15).astype(float), rng.exponential(size=15)
    times = rng.integers(1, 4, 15)
    again, happened = np.repeat(predicted, times), np.repeat(actual, times)
    for metric in (gini, top_capture, variance_explained, calibration_slope):
        assert metric(predicted, actual, weight=times) == pytest.approx(metric(again, happened), nan_ok=True)


def test_a_ranking_by_the_outcome_itself_is_the_best_there_is():
    actual = np.array([5.0, 0.0, 3.0, 1.0])
    best = float(gini(actual, actual))
    assert best == max(float(gini(order, actual)) for order in ([4, 1, 3, 2], [1, 2, 3, 4], [2, 2, 1, 1], actual))
