"""Purchases at a rate ~ Gamma(shape, age), against scipy's negative binomial and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from clvlab.models.negative_binomial import (
    LARGEST_SHAPE,
    SMALLEST_SHAPE,
    by_moments,
    log_buying,
    log_probability,
    upper_tail,
)
from clvlab.models.numerics import jets
from clvlab.models.numerics.population import Population
from tests.models.laws import few_examples

SHAPES, AGES = np.array([0.05, 0.6, 3.0, 400.0]), np.array([0.1, 8.0, 50.0, 3.0])


def population(rows, weight=None):
    """Customers (x, t_x, T)."""
    return Population.of(np.array(rows, dtype=float).T, weight)


@pytest.mark.parametrize("n", [0, 1, 2, 7, 300])
@pytest.mark.parametrize("t", [0.01, 4.0, 900.0])
def test_probabilities_are_those_of_scipys_negative_binomial(n, t):
    expected = stats.nbinom.logpmf(n, SHAPES, AGES / (AGES + t))
    assert log_probability(n, t, SHAPES, AGES) == pytest.approx(expected, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("n", [1, 2, 7, 300])
@pytest.mark.parametrize("t", [0.01, 4.0, 900.0])
def test_the_upper_tail_is_that_of_scipys_negative_binomial(n, t):
    expected = stats.nbinom.sf(n - 1, SHAPES, AGES / (AGES + t))
    assert upper_tail(n, t, SHAPES, AGES) == pytest.approx(expected, rel=1e-9, abs=1e-300)


@few_examples
@given(st.floats(0.05, 30), st.floats(0.1, 100), st.floats(0.01, 50), st.integers(1, 20))
def test_the_upper_tail_is_what_the_probabilities_leave(shape, age, t, n):
    below = sum(np.exp(log_probability(k, t, np.array([shape]), np.array([age]))[0]) for k in range(n))
    assert upper_tail(n, t, np.array([shape]), np.array([age]))[0] == pytest.approx(1 - below, abs=1e-12)


def test_nothing_is_bought_in_no_time():
    assert np.array_equal(log_probability(0, 0.0, SHAPES, AGES), np.zeros(4))
    assert np.array_equal(log_probability(2, 0.0, SHAPES, AGES), np.full(4, -np.inf))
    assert np.array_equal(upper_tail(1, 0.0, SHAPES, AGES), np.zeros(4))


def test_a_known_rate_makes_it_a_poisson_count():
    """A large shape and age in proportion: every customer buys at 0.5 a week."""
    nearly_known = log_probability(3, 4.0, np.array([5e7]), np.array([1e8]))
    assert nearly_known[0] == pytest.approx(stats.poisson.logpmf(3, 2.0), rel=1e-6)


def test_each_customer_may_have_a_time_of_their_own():
    times = np.array([0.0, 1.0, 2.0, 3.0])
    together = log_probability(1, times, SHAPES, AGES)
    apart = [log_probability(1, t, SHAPES[[i]], AGES[[i]])[0] for i, t in enumerate(times)]
    assert np.array_equal(together, apart)


def test_log_likelihood_of_two_customers_by_hand():
    """Gamma(r + x) / Gamma(r) * alpha^r / (alpha + T)^(r + x) with r = 1, alpha = 2: 1 / 4 * 2 and 2 * 2 / 5^3."""
    found = log_buying(1.0, 2.0, population([(0, 0, 6), (2, 1, 3)]))
    assert found == pytest.approx(np.log(2 / 8) + np.log(2 * 2 / 5**3))


@few_examples
@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 200)), min_size=1, max_size=10))
def test_log_likelihood_is_that_of_the_counts_up_to_what_no_parameter_changes(rows):
    """The times of the purchases have the density x! / T^x given their number, whatever the parameters."""
    x, T = np.array(rows, dtype=float).T
    T = np.where(x > 0, T + 1, T)
    customers = population(np.stack([x, np.zeros(x.size), T], axis=1))
    difference = log_buying(0.6, 8.0, customers) - log_buying(2.0, 30.0, customers)
    of_counts = sum(
        stats.nbinom.logpmf(n, 0.6, 8.0 / (8.0 + t)) - stats.nbinom.logpmf(n, 2.0, 30.0 / (30.0 + t))
        for n, t in zip(x, T, strict=True)
    )
    assert difference == pytest.approx(of_counts, rel=1e-9, abs=1e-9)


def test_a_customer_of_weight_two_counts_twice():
    weighted = population([(1, 2, 9), (0, 0, 4)], np.array([2.0, 1.0]))
    repeated = population([(1, 2, 9), (1, 2, 9), (0, 0, 4)])
    assert log_buying(0.6, 8.0, weighted) == pytest.approx(log_buying(0.6, 8.0, repeated), rel=1e-14)


def test_jets_carry_the_slope_of_the_likelihood():
    customers = population([(0, 0, 30), (3, 20, 30), (12, 29, 31)])
    jet = log_buying(*jets.variables(np.array([0.6, 8.0])), customers)
    value, gradient, _ = jets.expanded(jet, 2)
    assert value == pytest.approx(log_buying(0.6, 8.0, customers), rel=1e-14)
    for i, step in enumerate(np.eye(2) * 1e-5):
        up, down = (log_buying(*(np.array([0.6, 8.0]) + way * step), customers) for way in (1, -1))
        assert gradient[i] == pytest.approx((up - down) / 2e-5, rel=1e-6)


def test_moments_find_the_parameters_of_a_large_population():
    random = np.random.default_rng(1)
    x = random.poisson(random.gamma(0.8, 1 / 10.0, 200_000) * 30.0)
    r, alpha = by_moments(population(np.stack([x, np.zeros(x.size), np.full(x.size, 30.0)], axis=1)))
    assert (r, alpha) == pytest.approx((0.8, 10.0), rel=0.03)


@pytest.mark.parametrize("counts", [[1, 1, 1, 1], [0, 1, 0, 1]], ids=["all alike", "less varied than chance"])
def test_customers_who_hardly_differ_have_the_largest_shape(counts):
    r, alpha = by_moments(population([(x, 0, 10) for x in counts]))
    assert r == LARGEST_SHAPE
    assert r / alpha == pytest.approx(np.mean(counts) / 10)


def test_one_odd_customer_does_not_make_the_shape_vanish():
    r, alpha = by_moments(population([(0, 0, 10)] * 999 + [(5_000, 9, 10)]))
    assert r == SMALLEST_SHAPE
    assert r / alpha == pytest.approx(0.5)
