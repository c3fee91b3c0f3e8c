"""Draws of parameters: what the data leave open about them."""

import numpy as np
import pytest
from scipy import stats

import clvlab as cl
from clvlab.errors import ConvergenceError, ParamsError
from clvlab.models import uncertainty
from clvlab.models.numerics.jets import log
from clvlab.models.numerics.maximum import Likelihood, maximise
from clvlab.models.numerics.population import Population

WAITS = np.array([0.3, 1.1, 2.4, 0.2, 0.9, 3.0])


def exponential(waits, penalty=0.0):
    """Waiting times at one rate: with a flat prior on ln(rate) the posterior is Gamma(n, sum of waits) exactly."""

    def total(parameters, population):
        return population.n_customers * log(parameters[0]) - parameters[0] * float(
            population.weight @ population.columns[0]
        )

    return Likelihood(total, ("rate",), Population.of([waits]), penalty)


def exponential_draws(draw, waits=WAITS, n=40_000):
    likelihood = exponential(waits)
    found = maximise(likelihood, np.zeros(1))
    return draw(likelihood, found.point, np.linalg.inv(-found.hessian), n, 0)


def test_importance_draws_follow_a_posterior_known_in_closed_form():
    draws = exponential_draws(uncertainty.from_likelihood)
    levels = np.array([0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99])
    exact = stats.gamma.ppf(levels, WAITS.size, scale=1 / WAITS.sum())
    np.testing.assert_allclose(np.quantile(draws.data["rate"], levels), exact, rtol=0.03)
    assert draws.method == "importance"
    assert 0.5 * len(draws) < draws.effective_size <= len(draws)


def test_plain_normal_draws_miss_that_posterior_in_the_tails_of_six_observations():
    draws = exponential_draws(lambda likelihood, *rest: uncertainty.from_normal(likelihood.names, *rest))
    exact = stats.gamma.ppf(0.05, WAITS.size, scale=1 / WAITS.sum())
    assert np.quantile(draws.data["rate"], 0.05) / exact > 1.1


def test_a_penalty_takes_part_in_the_target():
    likelihood = exponential(WAITS, penalty=1e4)
    found = maximise(likelihood, np.zeros(1))
    draws = uncertainty.from_likelihood(likelihood, found.point, np.linalg.inv(-found.hessian), 2_000, 0)
    # A prior of standard deviation 1 / sqrt(2e4) about ln(rate) = 0 outweighs six observations.
    assert draws.log_values.mean() == pytest.approx(0, abs=1e-3)
    assert draws.log_values.std() == pytest.approx(1 / np.sqrt(2e4), rel=0.05)


def test_many_distinct_customers_are_drawn_from_the_normal_approximation(models, monkeypatch):
    monkeypatch.setattr(uncertainty, "MOST_DISTINCT", 100)
    model, _ = models
    draws = model.draws(20_000, seed=1)
    assert (draws.method, draws.effective_size) == ("laplace", 20_000)
    np.testing.assert_allclose(np.cov(draws.log_values.T), model.estimate.log_covariance, rtol=0.1, atol=5e-4)


def test_bootstrap_spreads_as_the_standard_errors_say(models):
    model, _ = models
    draws = model.draws(100, seed=0, method="bootstrap")
    assert draws.method == "bootstrap"
    assert len(draws) + draws.n_failed == 100
    spread = draws.log_values.std(axis=0) / np.sqrt(np.diag(model.estimate.log_covariance))
    np.testing.assert_allclose(spread, 1.0, atol=0.3)


def test_a_bootstrap_that_mostly_fails_says_so():
    endless = Likelihood(lambda parameters, _: parameters[0] * 1.0, ("rate",), Population.of([WAITS]))
    with pytest.raises(ConvergenceError, match="Only 0 of 4 bootstrap samples can identify rate"):
        uncertainty.from_bootstrap(endless, np.zeros(1), 4, 0)


def test_the_seed_decides(models):
    model, _ = models
    same = model.draws(50, seed=5).data
    assert same.equals(model.draws(50, seed=5).data)
    assert not same.equals(model.draws(50, seed=6).data)


def test_a_model_read_from_json_draws_from_the_normal_approximation(models):
    model = cl.BgNbd.from_dict(models[0].to_dict())
    assert model.draws(10).method == "laplace"
    with pytest.raises(ParamsError, match="read without its customers"):
        model.draws(10, method="bootstrap")


@pytest.mark.parametrize(("n", "method"), [(0, "likelihood"), (10, "gibbs")])
def test_draws_refuse_what_they_cannot_do(models, n, method):
    with pytest.raises(ParamsError, match="n must be 1 or more"):
        models[0].draws(n, method=method)
