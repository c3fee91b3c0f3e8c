"""The models against 100-digit arithmetic, over all that real data can reach."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.models.numerics.population import Population
from tests.models.populations import history

GRID = json.loads((Path(__file__).parents[1] / "reference" / "precision_grid.json").read_text(encoding="utf-8"))
MODELS = {"BgNbd": cl.BgNbd, "MbgNbd": cl.MbgNbd, "ParetoNbd": cl.ParetoNbd}

# 1e-300 and 1e-12: below them a float, and the logarithm of a probability near 1, have no ten digits to compare.
CLOSE = {"rel": 1e-10, "abs": 1e-300}
CLOSE_LOG = {"rel": 1e-10, "abs": 1e-12}


@pytest.mark.parametrize("name", MODELS)
def test_purchase_models_agree_with_arbitrary_precision(name):
    for case in (case for case in GRID["purchases"] if case["model"] == name):
        model = MODELS[name](*case["parameters"], time_unit="day")
        customer, horizon, n = history(*case["history"]), case["horizon"], case["n"]
        population = Population(np.array(case["history"], dtype=float)[:, None], np.ones(1))
        log_likelihood = float(model.log_likelihood_of(case["parameters"], population))
        assert log_likelihood == pytest.approx(case["log_likelihood"], **CLOSE_LOG), case
        assert model.p_alive(customer)[0] == pytest.approx(case["p_alive"], **CLOSE), case
        assert model.expected_purchases(customer, horizon)[0] == pytest.approx(case["expected_purchases"], **CLOSE), (
            case
        )
        chance = model.probability_of_purchases(n, customer, horizon)[0]
        assert chance == pytest.approx(case["probability_of_n"], **CLOSE), case


def test_gamma_gamma_agrees_with_arbitrary_precision():
    for case in GRID["spend"]:
        x, m = case["history"]
        population = Population(np.array([[x], [m]], dtype=float), np.ones(1))
        log_likelihood = float(cl.GammaGamma.log_likelihood_of(case["parameters"], population))
        assert log_likelihood == pytest.approx(case["log_likelihood"], **CLOSE_LOG), case
        spend = cl.GammaGamma(*case["parameters"]).expected_spend(
            pl.DataFrame({"frequency": [x], "monetary_value": [m]})
        )
        assert spend[0] == pytest.approx(case["expected_spend"], **CLOSE), case


def test_the_grid_reaches_what_it_claims():
    cases = GRID["purchases"]
    x, _, T = (np.array([case["history"][i] for case in cases]) for i in range(3))
    beta_geometric = [case["parameters"] for case in cases if case["model"] != "ParetoNbd"]
    assert (x.max(), T.min(), T.max()) == (10_000, 0.0, 5_000.0)
    assert {abs(a - 1) for _, _, a, _ in beta_geometric} >= {0.0, 1 + 1e-10 - 1}
    assert min(a + b for _, _, a, b in beta_geometric) < 1
    assert {case["horizon"] for case in cases} == {0.01, 1.0, 39.0, 520.0, 20_000.0}


def test_purchases_without_end_agree_with_arbitrary_precision():
    for case in GRID["residual"]:
        model = MODELS[case["model"]](*case["parameters"], time_unit="week")
        customer = history(*case["history"])
        discounted = model.discounted_purchases(customer, None, case["annual_discount_rate"])[0]
        assert discounted / model.p_alive(customer)[0] == pytest.approx(case["discounted_if_alive"], **CLOSE), case


STEEP = [
    cl.BgNbd(20, 40, 2, 4, time_unit="week"),
    cl.BgNbd(50, 100, 5, 5, time_unit="week"),
    cl.MbgNbd(500, 3000, 1, 1, time_unit="week"),
    cl.ParetoNbd(0.243, 4.41, 30, 1, time_unit="week"),
    cl.ParetoNbd(0.5, 10, 50, 3, time_unit="week"),
]


@pytest.mark.parametrize("model", STEEP, ids=repr)
@pytest.mark.parametrize("horizon", ["1 week", "12 months", "50 years"])
def test_purchases_that_keep_their_worth_are_the_expected_purchases(model, horizon):
    for customer in (history(0, 0.0, 0.0), history(3, 30.0, 40.0), history(200, 60.0, 61.0)):
        discounted = model.discounted_purchases(customer, horizon, 0.0)
        assert discounted == pytest.approx(model.expected_purchases(customer, horizon), rel=1e-10)
