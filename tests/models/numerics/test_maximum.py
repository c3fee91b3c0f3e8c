"""Maxima, by way of a coarser population or not, and what is said where there is none."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ConvergenceError
from clvlab.models.numerics import maximum
from clvlab.models.numerics.maximum import Expansion

LIVELY = cl.BgNbd(0.6, 8, 0.7, 2.5, time_unit="week")
LASTING = cl.ParetoNbd(1.2, 10, 0.6, 12, time_unit="week")


def population(model, n, seed):
    """Customers who follow the model, to the moment, so that hardly any two are alike; and what they spend."""
    random = np.random.default_rng(seed)
    people = model.simulate(n, random.uniform(0, 100, n), seed)
    x = people["frequency"].to_numpy()
    spend = random.gamma(6 * np.maximum(x, 1)) / (np.maximum(x, 1) * random.gamma(4, 1 / 15, n))
    return people.with_columns(monetary_value=pl.Series(np.where(x > 0, spend, 0.0)))


def fit(family, people):
    return family.fit(people) if family is cl.GammaGamma else family.fit(people, time_unit="week")


def straight_up(likelihood, start):
    """The maximum by Newton's steps on the whole population alone."""
    found = maximum.climb(likelihood, likelihood.expand(start), 1e-9)
    return likelihood.expand(found.point + found.newton_step)


@pytest.mark.parametrize("truth", [LIVELY, LASTING], ids=["lively", "lasting"])
@pytest.mark.parametrize("family", [cl.BgNbd, cl.MbgNbd, cl.Nbd, cl.GammaGamma])
def test_a_large_population_has_the_maximum_that_all_its_customers_have(family, truth):
    model = fit(family, population(truth, 20_000, seed=1))
    likelihood = model.estimate.likelihood
    assert likelihood.n_distinct > maximum.MANY_DISTINCT
    exact = straight_up(likelihood, model.log_parameters + 0.3)
    assert model.log_parameters == pytest.approx(exact.point, abs=3e-7)
    assert model.log_likelihood == pytest.approx(exact.value, abs=1e-5)
    errors = np.sqrt(np.diag(exact.covariance)) * list(model.parameters.values())
    assert list(model.standard_errors.values()) == pytest.approx(errors, rel=1e-4)


def test_pareto_nbd_too():
    model = fit(cl.ParetoNbd, population(LASTING, 6_000, seed=2))
    likelihood = model.estimate.likelihood
    assert likelihood.n_distinct > maximum.MANY_DISTINCT
    assert model.log_parameters == pytest.approx(straight_up(likelihood, model.log_parameters).point, abs=3e-7)


@pytest.mark.parametrize("unit", ["day", "month"])
def test_the_unit_of_time_changes_nothing_but_the_unit(unit):
    people = population(LIVELY, 20_000, seed=3)
    weekly = fit(cl.BgNbd, people)
    scale = cl.units.DAYS_PER["week"] / cl.units.DAYS_PER[unit]
    other = cl.BgNbd.fit(people.with_columns(pl.col("recency", "T") * scale), time_unit=unit)
    moved = other.log_parameters - weekly.log_parameters
    assert moved == pytest.approx([0, np.log(scale), 0, 0], abs=1e-9)


def test_the_error_left_by_a_coarser_population_is_estimated():
    """Within a factor of 10, where it is not lost in rounding."""
    people = population(LASTING, 20_000, seed=4)
    likelihood = fit(cl.BgNbd, people).estimate.likelihood
    start = np.log([1.0, 10.0, 1.0, 2.0])
    exact = straight_up(likelihood, start)
    coarse = likelihood.coarse()
    there = maximum.climb(coarse, coarse.expand(start), 1e-3)
    corrected = maximum.CorrectedLikelihood(coarse, there, likelihood.expand(there.point))
    found = maximum.climb(corrected, corrected.whole, 1e-9)
    true_error = np.abs(found.point - exact.point).max()
    assert 0.1 < corrected.error(found.point) / true_error < 10


def test_a_population_that_nothing_makes_coarser_is_fitted_as_it_is():
    random = np.random.default_rng(5)
    x = np.arange(1.0, 6_001.0)
    T = random.uniform(50, 100, x.size)
    people = pl.DataFrame({"frequency": x, "recency": T * random.uniform(0.5, 1, x.size), "T": T})
    model = fit(cl.Nbd, people)
    likelihood = model.estimate.likelihood
    assert likelihood.coarse().n_distinct > likelihood.n_distinct / 2
    assert model.log_parameters == pytest.approx(straight_up(likelihood, model.log_parameters).point, abs=1e-8)


@dataclass(frozen=True)
class Hill:
    """A quadratic with its maximum at `peak`."""

    peak: np.ndarray
    curvature: np.ndarray

    names = ("u", "v")
    meanings = ("how wide it is", "how deep it is")
    n_customers, n_distinct = 7.0, 3

    def expand(self, point):
        moved = point - self.peak
        return Expansion(point, -moved @ self.curvature @ moved / 2, -self.curvature @ moved, -self.curvature)


PEAK = np.array([1.0, -0.5])
ROUND = np.array([[3.0, 1.0], [1.0, 2.0]])


@pytest.mark.parametrize("start", [(0.0, 0.0), (1.0, -0.5), (5.0, -6.0)])
def test_the_maximum_of_a_quadratic_is_found_exactly(start):
    found = maximum.maximise(Hill(PEAK, ROUND), np.array(start))
    assert found.point == pytest.approx(PEAK, abs=1e-12)
    assert found.value == pytest.approx(0, abs=1e-12)
    assert found.covariance == pytest.approx(np.linalg.inv(ROUND))


def test_a_newton_step_leads_to_the_maximum_of_the_quadratic():
    here = Hill(PEAK, ROUND).expand(PEAK + np.array([0.3, -0.2]))
    assert here.newton_step == pytest.approx([-0.3, 0.2])
    assert here.is_peaked


def test_no_step_changes_a_log_parameter_by_more_than_its_bound():
    step = Hill(PEAK, ROUND).expand(PEAK + np.array([30.0, -40.0])).newton_step
    assert np.abs(step).max() == pytest.approx(maximum.LONGEST_STEP)
    assert step[0] / step[1] == pytest.approx(30 / -40)


def test_a_step_leads_uphill_where_the_quadratic_has_no_maximum():
    saddle = Expansion(np.zeros(2), 0.0, np.array([1.0, 1.0]), np.diag([-2.0, 4.0]))
    assert not saddle.is_peaked
    assert saddle.gradient @ saddle.newton_step > 0
    assert (saddle.newton_step > 0).all()


def test_a_covariance_is_symmetric_to_the_last_bit():
    random = np.random.default_rng(1)
    root = random.normal(size=(4, 4))
    covariance = Expansion(np.zeros(4), 0.0, np.zeros(4), -(root @ root.T) - np.eye(4)).covariance
    assert np.array_equal(covariance, covariance.T)


@pytest.mark.parametrize(
    ("curvature", "message"),
    [
        (np.diag([0.0, 2.0]), r"cannot identify u \(how wide it is\): .* it still rises as u -> infinity"),
        (np.diag([2.0, 0.0]), r"cannot identify v \(how deep it is\): .* it still rises as v -> infinity"),
        (np.zeros((2, 2)), r"cannot identify u, v \(how wide it is; how deep it is\): .*as u, v -> infinity"),
    ],
    ids=["u", "v", "both"],
)
def test_a_slope_without_end_names_its_parameters(curvature, message):
    class Slope(Hill):
        def expand(self, point):
            level = super().expand(point)
            free = np.diag(self.curvature) == 0
            return replace(level, value=level.value + point @ free, gradient=level.gradient + free)

    with pytest.raises(ConvergenceError, match=rf"7 customers \(3 distinct\) {message}") as raised:
        maximum.maximise(Slope(np.zeros(2), curvature), np.zeros(2))
    assert raised.value.code == "no_maximum"


def test_a_slope_towards_nothing_says_so():
    class Falling(Hill):
        def expand(self, point):
            level = super().expand(point)
            return replace(level, value=level.value - point[0], gradient=level.gradient - [1.0, 0.0])

    with pytest.raises(ConvergenceError, match=r"it still rises as u -> 0\. Use a simpler model") as raised:
        maximum.maximise(Falling(np.zeros(2), np.diag([0.0, 2.0])), np.zeros(2))
    assert raised.value.parameters == ("u",)


def test_a_likelihood_expands_as_it_slopes():
    """By the logarithms of the parameters, the penalty included."""
    likelihood = replace(fit(cl.BgNbd, population(LIVELY, 300, seed=6)).estimate.likelihood, penalty=0.7)
    point = np.log([0.5, 9.0, 0.8, 2.0])

    def value(at):
        return likelihood.at(at) - 0.7 * at @ at

    expansion = likelihood.expand(point)
    assert expansion.value == pytest.approx(value(point), rel=1e-13)
    for i, step in enumerate(np.eye(4) * 1e-4):
        slope = (value(point + step) - value(point - step)) / 2e-4
        assert expansion.gradient[i] == pytest.approx(slope, rel=1e-5)
        bend = (likelihood.expand(point + step).gradient - likelihood.expand(point - step).gradient) / 2e-4
        assert expansion.hessian[i] == pytest.approx(bend, rel=1e-5, abs=1e-4)


def test_a_likelihood_knows_its_customers():
    likelihood = fit(cl.Nbd, population(LIVELY, 300, seed=7)).estimate.likelihood
    assert likelihood.n_customers == 300
    assert likelihood.n_distinct == likelihood.population.n_distinct <= 300


def test_a_corrected_likelihood_is_the_whole_ones_at_the_point_itself():
    likelihood = fit(cl.BgNbd, population(LIVELY, 3_000, seed=8)).estimate.likelihood
    point = np.log([0.6, 8.0, 0.7, 2.5])
    coarse = likelihood.coarse()
    whole = likelihood.expand(point)
    corrected = maximum.CorrectedLikelihood(coarse, coarse.expand(point), whole)
    here = corrected.expand(point)
    assert here.value == pytest.approx(whole.value, rel=1e-14)
    assert here.gradient == pytest.approx(whole.gradient, rel=1e-9, abs=1e-7)
    assert here.hessian == pytest.approx(whole.hessian, rel=1e-12)


def test_a_population_without_a_peak_gives_no_bound_of_the_error():
    likelihood = fit(cl.BgNbd, population(LIVELY, 3_000, seed=8)).estimate.likelihood
    coarse, far = likelihood.coarse(), np.log([50.0, 0.01, 50.0, 0.01])
    corrected = maximum.CorrectedLikelihood(coarse, coarse.expand(far), likelihood.expand(far))
    assert not corrected.whole.is_peaked
    assert corrected.error(far) == np.inf
