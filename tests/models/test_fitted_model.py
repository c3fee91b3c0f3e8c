"""What every fitted model knows of itself, whichever it is."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ClvlabWarning, ParamsError
from clvlab.models.fitted_model import Estimate, check_penalty
from clvlab.models.numerics.maximum import Expansion, Likelihood
from clvlab.models.numerics.population import Population
from tests.models.laws import few_examples
from tests.models.populations import simulated_bg_nbd, with_spend

FAMILIES = [cl.BgNbd, cl.MbgNbd, cl.ParetoNbd, cl.Nbd, cl.GammaGamma]
COPIES = {"pickle": lambda model: pickle.loads(pickle.dumps(model)), "deepcopy": copy.deepcopy}

every_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
every_copy = pytest.mark.parametrize("copied", COPIES.values(), ids=list(COPIES))


@pytest.fixture(scope="module")
def customers():
    return with_spend(simulated_bg_nbd(800, seed=21), seed=22)


@pytest.fixture(scope="module")
def models(customers):
    return {family: fitted(family, customers) for family in FAMILIES}


def fitted(family, customers):
    return family.fit(customers) if family is cl.GammaGamma else family.fit(customers, time_unit="week")


def predictions(model, customers):
    if isinstance(model, cl.GammaGamma):
        return [model.expected_spend(customers)]
    return [
        model.p_alive(customers, time_unit="week"),
        model.expected_purchases(customers, 26, time_unit="week"),
        model.discounted_purchases(customers, None, 0.1, time_unit="week"),
        model.probability_of_purchases(2, customers, 26, time_unit="week"),
    ]


@every_family
@every_copy
def test_a_copy_has_the_same_parameters_errors_and_predictions(models, customers, family, copied):
    model, again = models[family], copied(models[family])
    assert again == model
    assert again is not model
    assert again.parameters == model.parameters
    assert again.log_likelihood == model.log_likelihood
    assert np.array_equal(again.covariance, model.covariance)
    for mine, theirs in zip(predictions(again, customers), predictions(model, customers), strict=True):
        assert np.array_equal(mine, theirs)


@every_family
def test_a_copy_has_its_customers_and_can_be_drawn_from(models, family):
    model, again = models[family], pickle.loads(pickle.dumps(models[family]))
    assert np.array_equal(again.draws(20, seed=1).log_values, model.draws(20, seed=1).log_values)
    bootstrapped = [each.draws(3, seed=1, method="bootstrap").log_values for each in (again, model)]
    assert np.array_equal(*bootstrapped)


@every_copy
def test_a_model_with_attributes_can_be_copied(customers, copied):
    table = customers.with_columns(kind=pl.Series(["a", "b"] * 400))
    model = cl.CovariateModel.fit(cl.BgNbd, table, purchase=["kind"], dropout=["kind"], time_unit="week")
    again = copied(model)
    assert again.coefficients().equals(model.coefficients())
    assert again.likelihood_ratio_test() == model.likelihood_ratio_test()
    for mine, theirs in zip(predictions(again, table), predictions(model, table), strict=True):
        assert np.array_equal(mine, theirs)


def estimated(log_covariance, **parameters):
    """An NBD model whose log-parameters have this covariance."""
    values = {"r": 2.0, "alpha": 10.0} | parameters
    estimate = Estimate(-100.0, np.array(log_covariance), 50.0)
    return cl.Nbd(**values, time_unit="week", estimate=estimate)


def test_errors_follow_from_those_of_the_logarithms_by_hand():
    """cov(r) = r^2 var(ln r), cov(r, alpha) = r alpha cov(ln r, ln alpha)."""
    model = estimated([[0.04, 0.01], [0.01, 0.09]])
    assert model.covariance == pytest.approx(np.array([[0.16, 0.2], [0.2, 9.0]]))
    assert model.standard_errors == pytest.approx({"r": 0.4, "alpha": 3.0})
    low, high = model.confidence_intervals(0.95).select("low", "high").row(0)
    assert (low, high) == pytest.approx((2 * np.exp(-1.959964 * 0.2), 2 * np.exp(1.959964 * 0.2)), rel=1e-6)


def test_criteria_by_hand():
    model = estimated([[0.04, 0.01], [0.01, 0.09]])
    assert (model.aic, model.bic) == (204.0, pytest.approx(200 + 2 * np.log(50)))
    assert model.n_customers == 50


@few_examples
@given(st.floats(0.01, 0.98), st.floats(0.001, 0.01))
def test_a_wider_level_is_a_wider_interval_about_the_estimate(level, more):
    model = estimated([[0.04, 0.01], [0.01, 0.09]])
    narrow, wide = model.confidence_intervals(level), model.confidence_intervals(level + more)
    assert (wide["low"] < narrow["low"]).all()
    assert (narrow["high"] < wide["high"]).all()
    assert ((wide["low"] > 0) & (narrow["low"] < narrow["estimate"]) & (narrow["estimate"] < narrow["high"])).all()


@every_family
def test_the_intervals_are_those_of_the_errors(models, family):
    """To first order: both ends lie 1.96 standard errors away, in logarithms."""
    model = models[family]
    intervals = model.confidence_intervals()
    reach = np.log(intervals["high"].to_numpy() / intervals["estimate"].to_numpy())
    errors = np.array(list(model.standard_errors.values())) / np.array(list(model.parameters.values()))
    assert reach == pytest.approx(1.959964 * errors, rel=1e-6)
    assert intervals["parameter"].to_list() == list(model.names)


@every_family
def test_a_model_has_as_many_meanings_as_parameters(models, family):
    assert len(family.meanings) == len(family.names) == len(models[family].parameters)


@every_family
def test_a_model_is_frozen(models, family):
    with pytest.raises(FrozenInstanceError):
        setattr(models[family], family.names[0], 1.0)


@every_family
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_a_parameter_is_a_positive_number(models, family, value):
    parameters = models[family].parameters | {family.names[-1]: value}
    rest = {} if family is cl.GammaGamma else {"time_unit": "week"}
    with pytest.raises(
        ParamsError, match=f"{family.__name__}: {family.names[-1]} is {value}; parameters are positive"
    ):
        family(**parameters, **rest)


@every_family
def test_a_model_at_its_draws_has_their_parameters_and_no_errors(models, family):
    draws = models[family].draws(5, seed=2)
    for model, row in zip(models[family].at_draws(draws), draws.data.iter_rows(named=True), strict=True):
        assert model.parameters == row
        assert model.estimate is None


@every_family
def test_what_is_saved_is_plain_json_without_the_customers(models, family):
    model = models[family]
    saved = json.loads(json.dumps(model.to_dict()))
    assert saved["model"] == family.__name__
    assert saved["parameters"] == model.parameters
    assert set(saved["estimate"]) == {"log_likelihood", "log_covariance", "n_customers", "penalty", "prior"}
    again = family.from_dict(saved)
    assert again == model
    assert np.array_equal(again.covariance, model.covariance)
    assert again.estimate.likelihood is None


def test_given_parameters_are_saved_without_errors():
    model = cl.Nbd(2.0, 10.0, time_unit="month")
    assert model.to_dict()["estimate"] is None
    assert cl.Nbd.from_dict(model.to_dict()) == model


@pytest.mark.parametrize("ask", ["log_likelihood", "n_customers", "aic", "bic", "covariance", "standard_errors"])
def test_given_parameters_know_nothing_of_customers(ask):
    with pytest.raises(ParamsError, match="This Nbd was given its parameters, not fitted"):
        getattr(cl.Nbd(2.0, 10.0, time_unit="week"), ask)


@pytest.mark.parametrize("penalty", [-0.1, float("nan"), float("inf"), "0.1", None])
def test_a_penalty_is_finite_and_not_negative(penalty):
    with pytest.raises(ParamsError, match=f"penalty is {penalty}"):
        check_penalty(penalty)


def test_a_vague_parameter_is_a_warning_that_names_it():
    maximum = Expansion(np.zeros(2), -10.0, np.zeros(2), -np.diag([1.0, 0.01]))
    likelihood = models_likelihood("r", "alpha")
    with pytest.warns(ClvlabWarning, match="leave alpha vague") as caught:
        estimate = Estimate.at(maximum, likelihood)
    assert (caught[0].message.code, caught[0].message.figures) == ("vague", {"parameters": "alpha"})
    assert np.diag(estimate.log_covariance) == pytest.approx([1, 100])


def test_the_likelihood_of_an_estimate_is_without_its_penalty():
    point = np.array([1.0, -2.0])
    maximum = Expansion(point, -10.0, np.zeros(2), -np.eye(2))
    estimate = Estimate.at(maximum, replace(models_likelihood("r", "alpha"), penalty=0.3))
    assert estimate.log_likelihood == pytest.approx(-10 + 0.3 * 5)
    assert (estimate.penalty, estimate.n_customers) == (0.3, 2)


def models_likelihood(*names):
    """The likelihood of two customers, never evaluated."""
    return Likelihood(lambda *_: 0.0, names, Population.of([np.ones(2), np.ones(2), np.full(2, 9.0)]))


def test_carriers_of_arrays_are_equal_to_themselves_alone(models):
    estimate = models[cl.Nbd].estimate
    other = copy.deepcopy(estimate)
    assert estimate != other
    assert len({estimate, other, estimate.likelihood.population}) == 3
