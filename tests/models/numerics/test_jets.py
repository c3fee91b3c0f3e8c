import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.models.numerics import jets

POINTS = st.tuples(*[st.floats(-2, 2) for _ in range(3)])
T = np.array([0.5, 3.0, 40.0])


def everything(parameters):
    """Every operation at once, of three parameters and three customers."""
    u, v, w = parameters
    sums = (
        2.0 * jets.log(u + T)
        - (v - T) * w
        + jets.log_beta(u, w + T) * v
        + jets.log_ratio(v + T, v + 1.0) * jets.log1p(u * T)
    )
    nodes = jets.log(u + T[:, None] * np.array([0.1, 0.4, 0.9])) * v - w
    within = jets.log_integral(nodes, np.log([[0.2, 0.5, 0.3]]))
    left = jets.sum_of_log1p_exp(3.0 * within - sums, T)
    left_by_run = jets.sum_of_log1p_exp(sums * 0.1, T, jets.log(u + T[:2]) * v, np.array([0, 2]))
    return jets.sum_of(sums + within * within, T) + left + left_by_run


def at(point):
    return everything([float(np.exp(value)) for value in point])


def expanded(point):
    return jets.expanded(everything([jets.exp(variable) for variable in jets.variables(np.array(point))]), 3)


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_the_value_is_the_same_in_jets_and_in_numbers(point):
    assert expanded(point)[0] == pytest.approx(at(point), rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_the_gradient_is_the_slope(point):
    gradient = expanded(point)[1]
    for i, step in enumerate(np.eye(3) * 1e-5):
        slope = (at(point + step) - at(point - step)) / 2e-5
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-5 * (1 + abs(at(point))))


@settings(max_examples=40, deadline=None)
@given(POINTS)
def test_the_hessian_is_the_slope_of_the_gradient(point):
    hessian = expanded(point)[2]
    assert np.array_equal(hessian, hessian.T)
    for i, step in enumerate(np.eye(3) * 1e-5):
        slope = (expanded(point + step)[1] - expanded(point - step)[1]) / 2e-5
        assert hessian[i] == pytest.approx(slope, rel=1e-5, abs=1e-5 * (1 + np.abs(hessian).max()))


def test_a_huge_exponent_does_not_overflow():
    (u,) = jets.variables(np.array([800.0]))
    total = jets.sum_of_log1p_exp(u * np.array([1.0, -1.0]), np.ones(2))
    value, gradient, hessian = jets.expanded(total, 1)
    assert (value, gradient[0]) == (800.0, pytest.approx(1.0))
    assert hessian == pytest.approx(0.0, abs=1e-290)
