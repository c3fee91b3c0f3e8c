"""Draws of parameters: what the data leave open about them."""

from dataclasses import replace

import numpy as np
import polars as pl
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


def test_many_distinct_customers_are_weighed_by_a_coarser_population(models, monkeypatch):
    model, _ = models
    exact = model.draws(4_000, seed=1)
    monkeypatch.setattr(uncertainty, "MOST_DISTINCT", 100)
    coarse = replace(model).draws(4_000, seed=1)
    error = np.sqrt(np.diag(model.estimate.log_covariance))
    assert coarse.method == "importance"
    assert not np.array_equal(coarse.log_values, exact.log_values)
    for level in (0.05, 0.5, 0.95):
        apart = np.quantile(coarse.log_values, level, axis=0) - np.quantile(exact.log_values, level, axis=0)
        assert np.abs(apart / error).max() < 0.08


@pytest.fixture(scope="module")
def hardly_leaving():
    """Customers of whom the data do not say how readily they leave: their likelihood is flat along a ridge."""
    log = cl.datasets.lighting(800, seed=1)
    return cl.summarise_customers(log, log.data["date"].max(), "week")


VAGUE = pytest.mark.filterwarnings("ignore:These customers leave")


@VAGUE
@pytest.mark.parametrize("family", [cl.BgNbd, cl.MbgNbd, cl.ParetoNbd, cl.Nbd])
def test_no_draw_is_likelier_than_the_maximum_even_where_the_data_say_little(family, hardly_leaving):
    model = family.fit(hardly_leaving)
    draws = model.draws(400, seed=0)
    likelihood, at_maximum = model.estimate.likelihood, model.log_likelihood
    above = [likelihood.at(each) - at_maximum for each in np.unique(draws.log_values, axis=0)]
    assert max(above) <= 1e-9 * abs(at_maximum)
    assert (draws.method, draws.effective_size) == ("importance", 400)
    assert len(above) > 300


@VAGUE
@pytest.mark.parametrize("family", [cl.BgNbd, cl.MbgNbd, cl.ParetoNbd])
def test_draws_do_not_depend_on_the_unit_of_time(family, hardly_leaving):
    in_weeks = hardly_leaving.data.select("customer_id", "frequency", "recency", "T", "n_purchases")
    in_days = in_weeks.with_columns(pl.col("recency", "T") * 7)
    weeks = family.fit(in_weeks, time_unit="week").draws(400, seed=0).log_values
    days = family.fit(in_days, time_unit="day").draws(400, seed=0).log_values
    scale = [np.log(7) if name in ("alpha", "beta") else 0.0 for name in family.names]
    assert np.quantile(days, 0.5, axis=0) - np.quantile(weeks, 0.5, axis=0) == pytest.approx(scale, abs=0.25)


@VAGUE
def test_intervals_hold_for_few_customers_over_a_short_time():
    """500 customers over 39 weeks at CDNOW's parameters: 90 % intervals, 40 populations, four parameters."""
    truth = cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week")
    held = []
    for seed in range(44):
        ages = np.random.default_rng(seed).uniform(1.0, 39.0, 500)
        try:
            model = cl.BgNbd.fit(truth.simulate(500, ages, seed), time_unit="week")
        except ConvergenceError:
            continue
        intervals = model.draws(200, seed).intervals(0.9)
        held.append([row["low"] <= getattr(truth, row["parameter"]) <= row["high"] for row in intervals.to_dicts()])
    assert len(held) >= 35
    # 90 % of 35 or more populations, three standard errors either way.
    assert (np.mean(held, axis=0) > 0.75).all()


def test_where_no_round_is_worth_enough_the_normal_approximation_serves(models, monkeypatch):
    monkeypatch.setattr(uncertainty, "FEWEST", 2.0)
    draws = models[0].draws(50, seed=0)
    assert (draws.method, draws.effective_size) == ("laplace", 50)


def test_normal_draws_are_no_wider_than_the_prior():
    draws = uncertainty.from_normal(("a", "b"), np.zeros(2), np.diag([1e6, 0.01]), 20_000, 0)
    assert draws.log_values.std(axis=0) == pytest.approx([np.pi / np.sqrt(3), 0.1], rel=0.03)


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
    assert same.equals(replace(model).draws(50, seed=5).data)
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
