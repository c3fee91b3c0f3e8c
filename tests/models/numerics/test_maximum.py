"""The maximum found by way of a coarser population is the maximum."""

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.models.numerics import maximum

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
