"""Nodes and weights, against integrals that are known in closed form."""

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import special, stats

from clvlab.models.negative_binomial import log_probability, upper_tail
from clvlab.models.numerics.quadrature import MEANS_AT_ONCE, BetaMean, beta_nodes, count_nodes, legendre
from tests.models.laws import few_examples

SHAPES = [(0.7, 2.5), (0.05, 0.05), (0.1, 40.0), (5.0, 1e4), (2e3, 3e3), (0.79, 1e6)]


@pytest.mark.parametrize("n", [2, 7, 16, 40])
def test_legendre_is_exact_for_polynomials(n):
    nodes, weights = legendre(n)
    assert ((nodes > 0) & (nodes < 1)).all()
    for power in range(2 * n):
        assert weights @ nodes**power == pytest.approx(1 / (power + 1), rel=1e-12)


def test_legendre_nodes_are_computed_once():
    assert legendre(12) is legendre(12)


@pytest.mark.parametrize(("a", "b"), SHAPES)
def test_beta_nodes_have_the_distributions_moments(a, b):
    p, weights = beta_nodes(a, np.array([b]))
    mean = a / (a + b)
    assert weights.sum() == pytest.approx(1, rel=1e-13)
    assert (weights * p).sum() == pytest.approx(mean, rel=1e-11)
    assert (weights * p**2).sum() == pytest.approx(mean * (a + 1) / (a + b + 1), rel=1e-11)
    # Where a is large the mean of ln p is small, and the difference of two digammas loses digits.
    if a < 100:
        assert (weights * np.log(p)).sum() == pytest.approx(special.psi(a) - special.psi(a + b), rel=1e-9)


@few_examples
@given(
    st.floats(3e-3, 30), st.floats(0.05, 30), st.floats(0.05, 3), st.sampled_from([0, 1, 10, 100]), st.floats(-3, 4)
)
def test_means_are_the_hypergeometric_functions_of_the_papers(a, b, r, x, log_c):
    """E[(1 + c p)^-k] = 2F1(k, a; a + b; -c), and (a + b - 1) / (a - 1) * (1 - 2F1(k, a - 1; a + b - 1; -c))."""
    b, k, c = b + x, r + x, 10**log_c
    assume(a != 1 and a + b != 1)  # There the closed form is 0 / 0.
    mean = BetaMean(a, np.array([b]))
    share = mean(lambda p, k: np.exp(-k * np.log1p(c * p)), np.array([k]))[0]
    total = mean(lambda p, k: -np.expm1(-k * np.log1p(c * p)) / p, np.array([k]))[0]
    with mp.workdps(40):
        assert share == pytest.approx(float(mp.hyp2f1(k, a, a + b, -c)), abs=1e-10)
        papers = (mp.mpf(a) + b - 1) / (mp.mpf(a) - 1) * (1 - mp.hyp2f1(k, mp.mpf(a) - 1, mp.mpf(a) + b - 1, -c))
        assert total == pytest.approx(float(papers), rel=1e-9)


def test_means_of_many_rows_are_those_of_each_row():
    random = np.random.default_rng(1)
    n = MEANS_AT_ONCE + 300
    b, k = random.integers(1, 9, n) + 0.5, random.uniform(0.5, 9, n)

    def fall(p, k):
        return (1 + 3 * p) ** -k

    together = BetaMean(0.7, b)(fall, k)
    some = [0, MEANS_AT_ONCE - 1, MEANS_AT_ONCE, n - 1]
    for row in some:
        assert together[row] == pytest.approx(BetaMean(0.7, b[[row]])(fall, k[[row]])[0], rel=1e-12)


def test_nodes_serve_any_number_of_functions():
    mean = BetaMean(0.7, np.array([2.5, 8.0]))
    first, second = mean(lambda p: p), mean(lambda p: 1 - p)
    assert first == pytest.approx([0.7 / 3.2, 0.7 / 8.7])
    assert first + second == pytest.approx([1, 1])


def test_nobody_has_no_means():
    assert BetaMean(0.7, np.empty(0))(lambda p: p).size == 0


@pytest.mark.parametrize("n", [0, 1, 5, 200])
@pytest.mark.parametrize("t", [0.01, 26.0, 5_000.0])
def test_count_nodes_integrate_the_probability_of_a_count(n, t):
    """The time of having n purchases has the mean age / (shape - 1) * P(more than n of shape - 1) for shape > 1."""
    shape, age = np.array([1.5, 4.0, 60.0]), np.array([8.0, 30.0, 30.0])
    log_time, weights = count_nodes(n, t, shape[:, None], age[:, None])
    time = np.exp(log_time)
    found = (weights * time * np.exp(log_probability(n, time, shape[:, None], age[:, None]))).sum(axis=1)
    expected = age / (shape - 1) * upper_tail(n + 1, t, shape - 1, age)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-290)


@pytest.mark.parametrize("n", [0, 3])
def test_count_nodes_lie_within_the_time(n):
    log_time, weights = count_nodes(n, 26.0, np.array([[0.6], [40.0]]), np.array([[8.0], [38.0]]))
    assert (np.exp(log_time) <= 26.0 * (1 + 1e-12)).all()
    assert (weights > 0).all()


def test_weights_are_those_of_the_density():
    """The share of the weight below a point is the distribution function there, to the spacing of the nodes."""
    p, weights = beta_nodes(3.0, np.array([5.0]))
    for point in (0.1, 0.3, 0.6):
        below = weights[0][p[0] < point].sum()
        assert below == pytest.approx(stats.beta.cdf(point, 3.0, 5.0), abs=0.06)
