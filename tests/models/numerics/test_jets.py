import mpmath as mp
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
        + jets.log_ratio(v + 1.0, T - 1.0) * jets.log1p(u * T)
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


X = np.array([0.5, 3.0, 40.0])


def second_order(function, *point):
    """Value, gradient and Hessian of a function of numbers, by jets."""
    return jets.expanded(function(*jets.variables(np.array(point, dtype=float))), len(point))


@pytest.mark.parametrize(
    ("function", "value", "slope", "curvature"),
    [
        (jets.exp, np.exp(1.7), np.exp(1.7), np.exp(1.7)),
        (jets.log, np.log(1.7), 1 / 1.7, -1 / 1.7**2),
        (jets.log1p, np.log1p(1.7), 1 / 2.7, -1 / 2.7**2),
        (jets.log_gamma, float(mp.loggamma(1.7)), float(mp.psi(0, 1.7)), float(mp.psi(1, 1.7))),
        (lambda u: jets.log_ratio(u + 2.0, 3.0), np.log(6.7 / 3.7), 1 / 6.7 - 1 / 3.7, 3.7**-2 - 6.7**-2),
        (lambda u: -u, -1.7, -1.0, 0.0),
        (lambda u: 3.0 - u, 1.3, -1.0, 0.0),
        (lambda u: 2.0 * u + 1.0, 4.4, 2.0, 0.0),
        (lambda u: u * u, 1.7**2, 2 * 1.7, 2.0),
        (lambda u: u * u * u, 1.7**3, 3 * 1.7**2, 6 * 1.7),
        (lambda u: u - u, 0.0, 0.0, 0.0),
    ],
)
def test_a_function_of_one_parameter_has_its_derivatives(function, value, slope, curvature):
    found, gradient, hessian = second_order(function, 1.7)
    assert (found, gradient[0], hessian[0, 0]) == pytest.approx((value, slope, curvature), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("function", [jets.exp, jets.log, jets.log1p, jets.log_gamma])
def test_plain_numbers_stay_plain(function):
    assert function(1.7) == pytest.approx(jets.value_of(function(jets.variables(np.array([1.7]))[0])), rel=1e-15)
    assert isinstance(function(X), np.ndarray)


def test_a_product_has_a_mixed_derivative():
    value, gradient, hessian = second_order(lambda u, v: u * v, 2.0, 5.0)
    assert (value, gradient.tolist(), hessian.tolist()) == (10.0, [5.0, 2.0], [[0.0, 1.0], [1.0, 0.0]])


def test_log_beta_is_that_of_the_beta_function():
    value, gradient, hessian = second_order(jets.log_beta, 0.7, 2.5)
    both = mp.psi(0, 3.2)
    assert value == pytest.approx(float(mp.log(mp.beta(0.7, 2.5))))
    assert gradient == pytest.approx([float(mp.psi(0, 0.7) - both), float(mp.psi(0, 2.5) - both)])
    assert hessian[0, 1] == pytest.approx(-float(mp.psi(1, 3.2)))


def test_a_parameter_that_takes_no_part_has_no_derivatives():
    _, gradient, hessian = second_order(lambda u, v, w: u * 0.0 + v * w, 2.0, 3.0, 5.0)
    assert gradient.tolist() == [0.0, 5.0, 3.0]
    assert (hessian[0] == 0).all()


def test_what_depends_on_one_parameter_keeps_one_partial():
    u, v = jets.variables(np.array([2.0, 3.0]))
    assert set(jets.log(u + X).first) == {0}
    assert set((jets.log(u + X) * v).second) == {(0, 0), (0, 1)}


@pytest.mark.parametrize("operand", [2.0, X], ids=["a number", "numbers"])
def test_arrays_do_not_swallow_jets(operand):
    u = jets.variables(np.array([2.0]))[0]
    for result in (operand + u, operand * u, operand - u, u + operand, u * operand, u - operand):
        assert isinstance(result, jets.Jet)
    assert jets.value_of(operand - u) == pytest.approx(operand - 2.0)


def test_a_sum_over_customers_weighs_them():
    weight = np.array([1.0, 2.0, 0.5])
    value, gradient, hessian = second_order(lambda u: jets.sum_of(jets.log(u + X), weight), 2.0)
    assert value == pytest.approx(weight @ np.log(2 + X))
    assert gradient[0] == pytest.approx(weight @ (1 / (2 + X)))
    assert hessian[0, 0] == pytest.approx(-weight @ (2 + X) ** -2)
    assert jets.sum_of(np.log(2 + X), weight) == pytest.approx(value)
    assert jets.sum_of(3.0, weight) == pytest.approx(10.5)


def test_a_quadrature_of_two_nodes_by_hand():
    """ln((e^u + e^2u) / 2) at u = ln 3: the value is ln 6, the slope (3 + 2 * 9) / 12."""

    def function(u):
        return jets.sum_of(jets.log_integral(u * np.array([[1.0, 2.0]]), np.log([[0.5, 0.5]])), np.ones(1))

    value, gradient, hessian = second_order(function, np.log(3.0))
    assert value == pytest.approx(np.log(6))
    assert gradient[0] == pytest.approx(21 / 12)
    assert hessian[0, 0] == pytest.approx((3 + 4 * 9) / 12 - (21 / 12) ** 2)


def test_a_quadrature_far_below_the_smallest_number_has_a_logarithm():
    assert jets.log_integral(np.array([[-3_000.0, -3_000.0]]), np.log([[0.5, 0.5]]))[0] == pytest.approx(-3_000)


def test_odds_that_are_nothing_add_nothing():
    assert jets.sum_of_log1p_exp(np.full(3, -1e300), np.ones(3)) == 0


def test_levels_of_runs_are_added_to_their_customers():
    u, level = np.array([0.1, -0.2, 0.3, 0.4]), np.array([1.0, -1.0])
    weight, starts = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 3])
    expected = weight @ np.log1p(np.exp(u + np.array([1.0, 1.0, 1.0, -1.0])))
    assert jets.sum_of_log1p_exp(u, weight, level, starts) == pytest.approx(expected)


def test_a_hessian_is_filled_on_both_sides():
    _, _, hessian = second_order(lambda u, v: jets.exp(u * v), 0.5, 0.25)
    assert hessian[0, 1] == hessian[1, 0] == pytest.approx(np.exp(0.125) * (1 + 0.125))
