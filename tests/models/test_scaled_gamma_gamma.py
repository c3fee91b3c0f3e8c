"""The likelihood of Gamma-Gamma with attributes: that of Gamma-Gamma, its laws, and its derivatives."""

from dataclasses import replace

import mpmath as mp
import numpy as np
import pytest

from clvlab.models import GammaGamma
from clvlab.models.numerics.population import Population
from clvlab.models.scaled_gamma_gamma import ScaledGammaGamma

X, M, Z = np.array([1.0, 2.0, 7.0]), np.array([20.0, 90.0, 35.0]), np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
OWN = np.log([6.25, 3.74, 15.44])
LIKELIHOOD = ScaledGammaGamma(X, M, Z, ("north", "west"), 0.5)


def plain(rows, gamma):
    return float(GammaGamma.log_likelihood_of([6.25, 3.74, gamma], Population.of([X[rows], M[rows]])))


def test_without_effects_it_is_that_of_gamma_gamma():
    assert LIKELIHOOD.at(np.append(OWN, [0.0, 0.0])) == pytest.approx(plain(slice(None), 15.44), rel=1e-12)


def test_each_customer_has_a_gamma_of_their_own():
    by_hand = plain([0], 15.44) + plain([1], 2 * 15.44) + plain([2], 0.5 * 15.44)
    assert LIKELIHOOD.at(np.append(OWN, np.log([2.0, 0.5]))) == pytest.approx(by_hand, rel=1e-12)


def test_spend_relative_to_a_factor_is_gamma_gammas():
    """Of m it is that of m / f, less ln(f)."""
    relative = ScaledGammaGamma(X, M / np.array([1.0, 2.0, 0.5]), np.empty((3, 0)), (), 0.5)
    scaled = LIKELIHOOD.at(np.append(OWN, np.log([2.0, 0.5])))
    assert scaled == pytest.approx(relative.at(OWN) - np.log(2.0) - np.log(0.5), rel=1e-12)


def test_its_derivatives_are_those_of_finite_differences():
    point, step = np.append(OWN, [0.7, -0.4]), 1e-5
    found = LIKELIHOOD.expand(point)
    ahead = [[LIKELIHOOD.expand(point + way * each) for way in (1, -1)] for each in step * np.eye(5)]
    assert found.value == pytest.approx(LIKELIHOOD.at(point) - 0.5 * (0.7**2 + 0.4**2))
    assert found.gradient == pytest.approx([(up.value - down.value) / (2 * step) for up, down in ahead], rel=1e-6)
    hessian = np.array([(up.gradient - down.gradient) / (2 * step) for up, down in ahead])
    assert found.hessian == pytest.approx(hessian, rel=1e-6, abs=1e-8)


def density(x, m, p, q, gamma):
    """Of a mean m of x purchases: Gamma(p x, v x) given v, over v ~ Gamma(q, gamma), by quadrature in ln v."""
    x, m, p, q, gamma = map(mp.mpf, (x, m, p, q, gamma))

    def at(log_v):
        v = mp.e**log_v
        given = (v * x) ** (p * x) * m ** (p * x - 1) * mp.e ** (-v * x * m) / mp.gamma(p * x)
        return given * gamma**q * v**q * mp.e ** (-gamma * v) / mp.gamma(q)

    peak = mp.log((p * x + q) / (x * m + gamma))
    width = 1 / mp.sqrt(p * x + q)
    return mp.quad(at, [peak + each * width for each in (-40, -12, -4, 0, 4, 12, 40)])


@pytest.mark.parametrize(("x", "m"), [(1, 0.01), (1, 20.0), (3, 1e6), (400, 30.0), (2_000, 7.0)])
def test_it_is_the_integral_over_what_customers_spend(x, m):
    one = ScaledGammaGamma(np.array([float(x)]), np.array([m]), np.array([[1.0]]), ("north",), 0.0)
    with mp.workdps(30):
        expected = float(mp.log(density(x, m, 6.25, 3.74, 15.44 * mp.mpf(2))))
    # The value has terms of the size of x ln x.
    found = one.at(np.log([6.25, 3.74, 15.44, 2.0]))
    assert found == pytest.approx(expected, abs=1e-10 * max(1.0, x * np.log(x)))


@pytest.mark.parametrize("unit", [1e-6, 0.01, 1e9])
def test_spend_may_be_in_any_currency(unit):
    point, in_units = np.append(OWN, [0.7, -0.4]), np.append(OWN + np.log([1.0, 1.0, unit]), [0.7, -0.4])
    other = replace(LIKELIHOOD, m=M * unit)
    assert other.at(in_units) == pytest.approx(LIKELIHOOD.at(point) - X.size * np.log(unit), rel=1e-12)
    found, known = other.expand(in_units), LIKELIHOOD.expand(point)
    assert found.gradient == pytest.approx(known.gradient, rel=1e-9, abs=1e-10)
    assert found.hessian == pytest.approx(known.hessian, rel=1e-9, abs=1e-10)


def test_customers_add_up_in_any_order():
    point, free = np.append(OWN, [0.7, -0.4]), replace(LIKELIHOOD, penalty=0.0)
    ones = [replace(free, x=X[[i]], m=M[[i]], z=Z[[i]]).expand(point) for i in range(3)]
    turned = replace(free, x=X[::-1], m=M[::-1], z=Z[::-1]).expand(point)
    for found in (free.expand(point), turned):
        assert found.value == pytest.approx(sum(one.value for one in ones), rel=1e-13)
        assert found.gradient == pytest.approx(sum(one.gradient for one in ones), rel=1e-12)
        assert found.hessian == pytest.approx(sum(one.hessian for one in ones), rel=1e-12)


def test_an_attribute_that_everybody_has_is_part_of_gamma():
    everybody = ScaledGammaGamma(X, M, np.ones((3, 1)), ("all",), 0.0)
    assert everybody.at(np.append(OWN, 0.7)) == pytest.approx(
        everybody.at(np.append(np.add(OWN, [0.0, 0.0, 0.7]), 0.0))
    )
    expansion = everybody.expand(np.append(OWN, 0.7))
    assert expansion.gradient[3] == pytest.approx(expansion.gradient[2])
    assert expansion.hessian[3] == pytest.approx(expansion.hessian[2])


def test_a_penalty_is_of_the_coefficients_alone():
    point, free = np.append(OWN, [0.7, -0.4]), replace(LIKELIHOOD, penalty=0.0)
    found, known = LIKELIHOOD.expand(point), free.expand(point)
    assert LIKELIHOOD.at(point) == free.at(point)
    assert found.value - known.value == pytest.approx(-0.5 * (0.49 + 0.16))
    assert found.gradient - known.gradient == pytest.approx([0, 0, 0, -0.7, 0.4])
    assert found.hessian - known.hessian == pytest.approx(np.diag([0, 0, 0, -1.0, -1.0]))


def test_at_the_truth_the_slope_is_nothing_and_the_curvature_that_of_the_slopes_variance():
    """The score of simulated customers has mean 0 and the information as its covariance."""
    n, effects, random = 4_000, np.array([0.7, -0.4]), np.random.default_rng(1)
    z = np.eye(3)[random.integers(0, 3, n)][:, 1:]
    x = random.integers(1, 6, n).astype(float)
    v = random.gamma(3.74, 1 / (15.44 * np.exp(z @ effects)))
    m = random.gamma(6.25 * x) / (v * x)
    point = np.append(OWN, effects)
    scores = np.array([ScaledGammaGamma(x[[i]], m[[i]], z[[i]], (), 0.0).expand(point).gradient for i in range(n)])
    whole = ScaledGammaGamma(x, m, z, ("north", "west"), 0.0).expand(point)
    assert whole.gradient == pytest.approx(scores.sum(axis=0), rel=1e-9)
    assert np.abs(scores.mean(axis=0) / scores.std(axis=0)).max() < 4 / np.sqrt(n)
    scale = np.sqrt(np.diag(-whole.hessian))
    assert scores.T @ scores / np.outer(scale, scale) == pytest.approx(
        -whole.hessian / np.outer(scale, scale), abs=0.12
    )


def test_far_from_the_truth_it_stays_finite():
    for log_gamma in (-600.0, 600.0):
        expansion = LIKELIHOOD.expand(np.array([0.0, 0.0, log_gamma, 1.0, -1.0]))
        assert np.isfinite(expansion.value)
        assert np.isfinite(expansion.gradient).all()
        assert np.isfinite(expansion.hessian).all()
        assert (expansion.hessian == expansion.hessian.T).all()


def test_its_parameters_are_gamma_gammas_and_a_coefficient_for_each_term():
    assert LIKELIHOOD.names == ("p", "q", "gamma", "north", "west")
    assert LIKELIHOOD.meanings == GammaGamma.meanings
    assert (LIKELIHOOD.n_customers, LIKELIHOOD.n_distinct) == (3.0, 3)
    assert LIKELIHOOD.coarse() is LIKELIHOOD
