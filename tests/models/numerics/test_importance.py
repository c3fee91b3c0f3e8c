"""Adaptive importance sampling against densities known in closed form."""

import numpy as np
import pytest

from clvlab.models.numerics.importance import ROUNDS, Weighed, sampled


def quantiles(found, levels):
    order = np.argsort(found.points[:, 0])
    return found.points[order, 0][np.searchsorted(np.cumsum(found.weight[order]), levels)]


def test_a_normal_density_is_sampled_in_one_round():
    found = sampled(lambda u: -(u[0] ** 2) / 2, np.zeros(1), np.eye(1), 20_000, 5_000, np.random.default_rng(0))
    assert found.points.shape == (20_000, 1)
    assert quantiles(found, [0.05, 0.5, 0.95]) == pytest.approx([-1.645, 0, 1.645], abs=0.05)


def test_a_start_far_too_wide_and_off_the_place_is_mended_by_further_rounds():
    found = sampled(
        lambda u: -(((u[0] - 5.0) / 0.1) ** 2) / 2,
        np.zeros(1),
        np.eye(1) * 100,
        500,
        1_000,
        np.random.default_rng(0),
    )
    assert 500 < found.points.shape[0] < 500 * ROUNDS
    assert found.effective_size >= 1_000
    assert quantiles(found, [0.05, 0.5, 0.95]) == pytest.approx([4.8355, 5, 5.1645], abs=0.02)


def test_a_curved_ridge_has_its_marginal():
    """u_1 ~ N(0, 1) and u_2 given it ~ N(u_1^2 / 2, 0.3): far from any normal distribution."""

    def log_density(u):
        return -(u[0] ** 2) / 2 - (u[1] - u[0] ** 2 / 2) ** 2 / (2 * 0.3**2)

    found = sampled(log_density, np.zeros(2), np.diag([1.0, 0.09]), 8_000, 4_000, np.random.default_rng(0))
    assert quantiles(found, [0.05, 0.5, 0.95]) == pytest.approx([-1.645, 0, 1.645], abs=0.15)


def test_points_without_a_density_have_no_weight():
    found = sampled(
        lambda u: float(-u[0]) if u[0] > 0 else np.nan, np.ones(1), np.eye(1), 5_000, 1e9, np.random.default_rng(0)
    )
    assert found.points.shape[0] == 5_000 * ROUNDS
    assert (found.weight[found.points[:, 0] <= 0] == 0).all()
    assert quantiles(found, [0.5]) == pytest.approx([np.log(2)], abs=0.02)


def test_draws_are_as_many_of_each_point_as_its_weight_demands():
    found = Weighed(np.array([[1.0], [2.0], [3.0]]), np.array([0.5, 0.25, 0.25]))
    drawn = found.drawn(8, np.random.default_rng(0))
    assert sorted(drawn[:, 0]) == [1] * 4 + [2] * 2 + [3] * 2
    assert found.effective_size == pytest.approx(8 / 3)
