import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from tests.models.laws import MODELS, SPEND, every_model
from tests.models.populations import history


def test_customer_1_is_worth_36_not_140(bg_nbd, gamma_gamma, cdnow, row_of, published):
    known = published["clv_customer_1"]["from_log"]
    values = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, horizon="12 months", annual_discount_rate=0.126825)
    assert values["clv"][row_of("0001")] == pytest.approx(known, rel=0.01)


def test_the_unit_of_the_table_does_not_matter(bg_nbd, gamma_gamma, cdnow):
    days = cdnow.data.with_columns(pl.col("recency", "T") * 7)
    weekly = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "12 months", 0.1)
    daily = cl.lifetime_value(bg_nbd, gamma_gamma, days, "12 months", 0.1, time_unit="day")
    assert daily["clv"].to_numpy() == pytest.approx(weekly["clv"].to_numpy(), rel=1e-10)


def test_without_discount_value_is_purchases_times_spend(bg_nbd, gamma_gamma, cdnow):
    values = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "12 months", annual_discount_rate=0.0, margin=0.3)
    product = values["expected_purchases"] * values["expected_spend"] * 0.3
    assert values["clv"].to_numpy() == pytest.approx(product.to_numpy(), rel=1e-10)


def test_discounting_agrees_with_a_fine_sum(bg_nbd, cdnow):
    edges = np.linspace(0, 52, 105)
    bought = np.diff([bg_nbd.expected_purchases(cdnow, float(edge)) for edge in edges], axis=0)
    years = (edges[1:] + edges[:-1]) / 2 * 7 / 365.25
    summed = (bought * 1.1 ** -years[:, None]).sum(axis=0)
    assert bg_nbd.discounted_purchases(cdnow, 52, 0.1) == pytest.approx(summed, rel=1e-5)


def test_prospects_have_null_and_keep_their_place(bg_nbd, gamma_gamma):
    buyer = history(2, 30, 38).with_columns(monetary_value=20.0, n_purchases=3, customer_id=pl.lit("b"))
    prospect = pl.DataFrame({"customer_id": ["p"], "n_purchases": [0]})
    table = pl.concat([prospect, buyer], how="diagonal_relaxed")
    values = cl.lifetime_value(bg_nbd, gamma_gamma, table, "12 months")
    assert values["customer_id"].to_list() == ["p", "b"]
    assert values.select(pl.exclude("customer_id"))[0].null_count().sum_horizontal().item() == 4
    assert values["clv"][1] > 0


@pytest.mark.parametrize(
    ("argument", "value"), [("annual_discount_rate", -0.1), ("margin", 0.0), ("margin", float("nan"))]
)
def test_impossible_arguments_are_refused(bg_nbd, gamma_gamma, cdnow, argument, value):
    with pytest.raises(ParamsError, match=argument):
        cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "12 months", **{argument: value})


@every_model
def test_it_is_the_limit_of_ever_longer_horizons(model):
    customers = history(3, 20, 30)
    for_ever = model.discounted_purchases(customers, None, 0.1)
    grown = [model.discounted_purchases(customers, horizon, 0.1)[0] for horizon in (500.0, 5_000.0, 50_000.0)]
    assert grown[0] < grown[1] < grown[2]
    assert grown[2] == pytest.approx(for_ever[0], rel=1e-9)


@every_model
def test_discount_tends_to_none_as_the_rate_falls(model):
    customers = history(3, 20, 30)
    assert model.discounted_purchases(customers, 52, 1e-9) == pytest.approx(model.expected_purchases(customers, 52))


def test_without_dropout_it_is_the_rate_over_the_discount():
    decay = np.log(1.1) * 7 / 365.25
    expected = (0.6 + 3) / (8 + 30) / decay
    assert MODELS[3].discounted_purchases(history(3, 20, 30), None, 0.1)[0] == pytest.approx(expected, rel=1e-10)


def test_residual_value_is_purchases_times_spend_times_margin(bg_nbd, gamma_gamma, cdnow):
    values = cl.residual_lifetime_value(bg_nbd, gamma_gamma, cdnow, 0.1, margin=0.3)
    assert values.columns == ["customer_id", "p_alive", "discounted_purchases", "expected_spend", "residual_clv"]
    product = 0.3 * values["discounted_purchases"] * values["expected_spend"]
    assert values["residual_clv"].to_numpy() == pytest.approx(product.to_numpy())
    finite = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "12 months", 0.1, margin=0.3)
    assert (values["residual_clv"] > finite["clv"]).all()


@every_model
def test_a_new_customer_is_worth_the_first_purchase_and_the_discounted_rest(model):
    repeats = model.discounted_purchases_new("12 months", 0.1)
    assert 0 < repeats < model.expected_purchases_new("12 months")
    value = cl.new_customer_value(model, SPEND, 0.1, 0.3, horizon="12 months")
    assert value == pytest.approx(0.3 * 6 * 15 / 3 * (1 + repeats))
    assert cl.new_customer_value(model, SPEND, 0.1, 0.3) > value


@every_model
def test_without_end_a_discount_is_needed(model):
    with pytest.raises(ParamsError, match="annual_discount_rate is 0"):
        model.discounted_purchases(history(3, 20, 30), None, 0.0)


def test_a_mean_spend_that_does_not_exist_is_an_error():
    with pytest.raises(ParamsError, match=r"q is 0\.9"):
        cl.new_customer_value(MODELS[0], cl.GammaGamma(6.0, 0.9, 15.0), 0.1)


def test_a_margin_is_positive(bg_nbd, gamma_gamma, cdnow):
    with pytest.raises(ParamsError, match="margin"):
        cl.residual_lifetime_value(bg_nbd, gamma_gamma, cdnow, 0.1, margin=-1)
