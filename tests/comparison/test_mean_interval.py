"""The interval of a mean of money: it holds where few spend much, and is the usual one of many customers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.comparison.mean_interval import mean_interval

RNG = np.random.default_rng(0)
EVERYONE = np.where(RNG.random(50_000) < 0.6, 0.0, RNG.lognormal(3, 1.2, 50_000))


def held(n: int, samples: int = 300) -> float:
    """How often the interval of n customers holds the mean of all."""
    rng = np.random.default_rng(n)
    bounds = np.array([mean_interval(rng.choice(EVERYONE, n), EVERYONE) for _ in range(samples)])
    return float(((bounds[:, 0] <= EVERYONE.mean()) & (EVERYONE.mean() <= bounds[:, 1])).mean())


@pytest.mark.parametrize("n", [15, 40, 200])
def test_it_holds_on_money_of_which_most_spend_nothing(n):
    assert 0.92 <= held(n) <= 1


def test_that_nobody_spent_does_not_prove_that_nobody_will():
    few, many = (mean_interval(np.zeros(n), EVERYONE) for n in (15, 1_000))
    assert few[0] < 0.1
    assert few[1] > many[1] > 0


def test_of_many_it_is_about_that_of_the_normal_distribution():
    values = EVERYONE[:20_000]
    low, high = mean_interval(values, EVERYONE)
    reach = 1.96 * values.std() / np.sqrt(values.size)
    assert (low, high) == pytest.approx((values.mean() - reach, values.mean() + reach), rel=0.005)


def test_scores_that_all_give_have_the_interval_of_a_mean():
    answers = np.array([4.0, 5.0] * 10)
    low, high = mean_interval(answers, answers)
    assert (low + high) / 2 == pytest.approx(4.5)
    assert high - low == pytest.approx(2 * 1.96 * answers.std(ddof=1) / np.sqrt(20), rel=1e-3)


def test_losses_widen_it_downwards():
    values = np.concatenate([EVERYONE[:60], np.full(6, -40.0)])
    everyone = np.concatenate([EVERYONE[:5_000], np.full(500, -40.0)])
    low, high = mean_interval(values, everyone)
    assert low < values.mean() < high


@given(st.lists(st.just(0.0) | st.floats(0.01, 1e6), min_size=15, max_size=60), st.floats(0.01, 100))
@settings(max_examples=40, deadline=None)
def test_it_holds_its_estimate_and_follows_the_currency(spent, rate):
    values = np.array(spent)
    everyone = np.concatenate([values, EVERYONE[:100]])
    low, high = mean_interval(values, everyone)
    assert low <= values.mean() + 1e-6
    assert high >= values.mean() - 1e-6
    exchanged = mean_interval(values * rate, everyone * rate)
    assert exchanged == pytest.approx((low * rate, high * rate), rel=1e-6, abs=1e-6)
