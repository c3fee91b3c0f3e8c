import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.models.lifetime_value import check_margin
from tests.models.laws import MODELS, SPEND, every_model, few_examples
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


CUSTOMERS = pl.concat([history(0, 0, 0), history(0, 0, 30), history(3, 20, 30), history(40, 30, 30)]).with_columns(
    customer_id=pl.Series(["a", "b", "c", "d"]), monetary_value=pl.Series([None, None, 20.0, 55.0])
)


def clv(model, customers=CUSTOMERS, horizon=52, spend=SPEND, **terms):
    return cl.lifetime_value(model, spend, customers, horizon, **terms)["clv"].to_numpy()


@every_model
@few_examples
@given(st.floats(0.01, 1e5))
def test_currency_scales_the_value(model, unit):
    money = CUSTOMERS.with_columns(pl.col("monetary_value") * unit)
    scaled = cl.GammaGamma(SPEND.p, SPEND.q, SPEND.gamma * unit)
    assert clv(model, money, spend=scaled, annual_discount_rate=0.1) == pytest.approx(
        unit * clv(model, annual_discount_rate=0.1), rel=1e-10
    )


@every_model
def test_value_is_proportional_to_the_margin(model):
    assert clv(model, margin=0.25) == pytest.approx(0.25 * clv(model), rel=1e-12)


@every_model
def test_value_falls_with_the_discount_and_grows_with_the_horizon(model):
    by_rate = np.array([clv(model, annual_discount_rate=rate) for rate in (0.0, 0.05, 0.5, 10.0)])
    assert (np.diff(by_rate, axis=0) < 0).all()
    by_horizon = np.array([clv(model, horizon=horizon, annual_discount_rate=0.1) for horizon in (0, 1, 52, 520)])
    assert (by_horizon[0] == 0).all()
    assert (np.diff(by_horizon, axis=0) > 0).all()


@every_model
def test_a_value_is_between_that_of_all_money_at_the_end_and_at_once(model):
    discounted, plain = clv(model, annual_discount_rate=0.1), clv(model)
    years = 52 * 7 / 365.25
    assert (discounted < plain).all()
    assert (discounted > plain * 1.1**-years).all()


@every_model
def test_row_order_changes_nothing(model):
    value = cl.lifetime_value(model, SPEND, CUSTOMERS, 52, 0.1)
    assert cl.lifetime_value(model, SPEND, CUSTOMERS.reverse(), 52, 0.1).reverse().equals(value)


@every_model
def test_a_first_buyer_on_the_cutoff_is_worth_what_a_new_customer_is_after_the_first_purchase(model):
    new = cl.new_customer_value(model, SPEND, 0.1, horizon=52)
    assert clv(model, annual_discount_rate=0.1)[0] == pytest.approx(new - SPEND.mean_spend, rel=1e-8)


@every_model
def test_a_residual_value_is_what_every_horizon_leaves_out(model):
    """The value of the first year, and of what follows it, discounted to now."""
    ever = cl.residual_lifetime_value(model, SPEND, CUSTOMERS, 0.1)["residual_clv"].to_numpy()
    values = [clv(model, horizon=horizon, annual_discount_rate=0.1) for horizon in (52, 5_200, 52_000)]
    assert (values[0] < values[1]).all()
    assert values[2] == pytest.approx(ever, rel=1e-6)


def test_a_table_without_ids_has_values_without_ids():
    values = cl.lifetime_value(MODELS[0], SPEND, CUSTOMERS.drop("customer_id"), 52)
    assert values.columns == ["p_alive", "expected_purchases", "expected_spend", "clv"]


def test_columns_by_hand():
    row = cl.lifetime_value(MODELS[3], SPEND, CUSTOMERS, 52).row(2, named=True)
    expected = {"customer_id": "c", "p_alive": 1.0, "expected_purchases": 3.6 / 38 * 52}
    expected["expected_spend"] = 6 * (15 + 60) / (6 * 3 + 3)
    assert row == pytest.approx(expected | {"clv": expected["expected_purchases"] * expected["expected_spend"]})


def test_an_empty_table_has_no_values():
    assert cl.lifetime_value(MODELS[0], SPEND, CUSTOMERS.clear(), 52).height == 0
    assert cl.residual_lifetime_value(MODELS[0], SPEND, CUSTOMERS.clear(), 0.1).height == 0


@pytest.mark.parametrize("rate", [-0.01, float("nan"), float("inf")])
def test_a_discount_rate_is_finite_and_not_negative(rate):
    with pytest.raises(ParamsError, match=f"annual_discount_rate is {rate}"):
        clv(MODELS[0], annual_discount_rate=rate)


@pytest.mark.parametrize("margin", [0.0, -0.5, 1.5, float("nan")])
def test_a_margin_is_a_share(margin):
    with pytest.raises(ParamsError, match=f"margin is {margin}; it is a share of spend"):
        check_margin(margin)
