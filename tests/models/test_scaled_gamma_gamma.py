"""The likelihood of Gamma-Gamma with attributes: that of Gamma-Gamma, and its derivatives."""

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
