"""What every fitted model knows of itself, whichever it is."""

import copy
import pickle

import numpy as np
import polars as pl
import pytest

import clvlab as cl
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
