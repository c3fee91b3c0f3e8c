"""Spend by attributes: Gamma-Gamma with a factor of each."""

import numpy as np
import polars as pl
import pytest

from clvlab.errors import ConvergenceError, DataError, ParamsError
from clvlab.models import GammaGamma, LessReturns, SpendByAttributes, SpendWithAttributes, lifetime_value
from clvlab.models.attributes import OTHER_LEVEL, Attributes
from clvlab.models.intervals import value_intervals

REGIONS = Attributes({"region": ("north", "south")}, (0.5,), (1.0,))
MODEL = SpendByAttributes(GammaGamma(6.0, 4.0, 15.0), REGIONS, np.log([2.0]))


def simulated(n=1_500, seed=0):
    """Customers of whom those in the south spend twice as much; the first purchase is worth as much as the others."""
    random = np.random.default_rng(seed)
    south, x = random.random(n) < 0.4, random.choice([0, 1, 3, 7], n)
    nu = random.gamma(4.0, 1 / (15.0 * np.where(south, 2.0, 1.0)))
    first, later = random.gamma(6.0, 1 / nu), random.gamma(6.0 * np.maximum(x, 1), 1 / nu)
    table = {"frequency": x, "monetary_value": later / np.maximum(x, 1), "total_spend": first + later * (x > 0)}
    return pl.DataFrame({"region": np.where(south, "south", "north"), **table}).with_columns(
        monetary_value=pl.when(pl.col("frequency") > 0).then("monetary_value")
    )


@pytest.fixture(scope="module")
def fitted():
    return SpendByAttributes.fit(simulated(), ["region"])


def test_two_customers_by_hand():
    # Both spent 90 a purchase: 6 (15 + 90) / (6 + 3) in the north; 6 (30 + 90) / (6 + 3) in the south.
    customers = pl.DataFrame({"region": ["north", "south"], "frequency": 1, "monetary_value": 90.0})
    assert MODEL.expected_spend(customers) == pytest.approx([70.0, 80.0])


def test_who_has_not_bought_again_has_the_mean_of_customers_alike():
    customers = pl.DataFrame({"region": ["north", "south"], "frequency": 0, "monetary_value": None})
    assert MODEL.expected_spend(customers) == pytest.approx([30.0, 60.0])


def test_customers_of_one_kind_are_those_of_a_gamma_gamma():
    south = pl.DataFrame({"region": "south", "frequency": [0, 2, 9], "monetary_value": [None, 40.0, 70.0]})
    assert MODEL.expected_spend(south) == pytest.approx(GammaGamma(6.0, 4.0, 30.0).expected_spend(south), rel=1e-12)


@pytest.mark.parametrize("first_purchases", [False, True])
def test_a_simulated_factor_is_recovered(first_purchases):
    found = SpendByAttributes.fit(simulated(8_000), ["region"], first_purchases=first_purchases)
    assert found.first_purchases == first_purchases
    assert np.exp(found.beta) == pytest.approx([2.0], rel=0.04)
    assert (found.reference.p, found.reference.q) == pytest.approx((6.0, 4.0), rel=0.2)
    assert found.reference.mean_spend == pytest.approx(30.0, rel=0.04)


def test_its_reference_is_the_gamma_gamma_of_spend_relative_to_the_factors(fitted):
    factor = pl.Series(fitted.factors(fitted.attributes.matrix(simulated())))
    found = GammaGamma.fit(simulated().with_columns(pl.col("monetary_value") / factor))
    assert list(fitted.reference.parameters.values()) == pytest.approx(list(found.parameters.values()), rel=1e-6)


def test_of_one_time_buyers_more_is_expected_where_others_spend_more():
    """Plain Gamma-Gamma expects the same of all."""
    once = simulated(seed=1).filter(frequency=0)
    found = SpendByAttributes.fit(simulated(), ["region"])
    means = once.with_columns(expected=found.expected_spend(once)).group_by("region").agg(pl.col("expected").mean())
    assert dict(means.rows()) == pytest.approx({"north": 30.0, "south": 60.0}, rel=0.1)
    assert len(set(GammaGamma.fit(simulated()).expected_spend(once))) == 1


def test_an_attribute_that_says_nothing_has_a_factor_of_about_1():
    coin = simulated().with_columns(coin=pl.Series(np.random.default_rng(5).choice(["a", "b"], 1_500)))
    beta = SpendByAttributes.fit(coin, ["region", "coin"]).beta
    assert np.exp(beta) == pytest.approx([2.0, 1.0], rel=0.1)


def test_rare_levels_are_one_and_known_of_those_who_have_not_bought_again():
    """Nobody of the east has bought again, so that no purchase says what they spend."""
    table = simulated().with_columns(
        region=pl.when(pl.col("frequency") > 0).then("region").otherwise(pl.lit("east")),
    )
    found = SpendByAttributes.fit(table, ["region"])
    assert found.attributes.levels["region"] == ("north", "south", OTHER_LEVEL)
    assert found.beta[1] == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(found.expected_spend(table)).all()


def test_currency_scales_it(fitted):
    dear = simulated().with_columns(pl.col("monetary_value") * 100)
    scaled = SpendByAttributes.fit(dear, ["region"])
    assert scaled.beta == pytest.approx(fitted.beta, rel=1e-6)
    assert scaled.expected_spend(dear) == pytest.approx(100 * fitted.expected_spend(simulated()), rel=1e-6)


def test_row_order_changes_nothing(fitted):
    shuffled = SpendByAttributes.fit(simulated().sample(fraction=1.0, shuffle=True, seed=7), ["region"])
    assert shuffled.beta == pytest.approx(fitted.beta, rel=1e-9)
    assert shuffled.expected_spend(simulated()) == pytest.approx(fitted.expected_spend(simulated()), rel=1e-9)


def test_its_futures_differ_as_far_as_the_data_leave_it_open(fitted):
    futures = fitted.futures(400, 0)
    factors = np.exp([future.beta[0] for future in futures])
    assert np.mean(factors) == pytest.approx(np.exp(fitted.beta[0]), rel=0.02)
    assert np.std(np.log(factors)) == pytest.approx(np.sqrt(fitted.covariance[3, 3]), rel=0.1)
    assert len({future.reference for future in futures}) == 400


def test_a_model_that_was_given_its_parameters_knows_no_futures():
    with pytest.raises(ParamsError, match="given its parameters"):
        MODEL.futures(3, 0)


def test_simulated_purchases_are_worth_what_is_expected():
    n, z = 40_000, np.repeat([[0.0], [1.0]], 20_000, axis=0)
    factor = MODEL.factors(z)
    worth = factor * MODEL.worth(
        np.random.default_rng(0), np.ones(n), 90.0 / factor, np.ones(n, dtype=int), np.arange(n)
    )
    assert [worth[:20_000].mean(), worth[20_000:].mean()] == pytest.approx([70.0, 80.0], rel=0.02)


@pytest.mark.parametrize("returned", [0.0, 0.25])
def test_values_and_intervals_of_groups_are_of_their_own_customers(bg_nbd, fitted, returned):
    """North and south buy alike, and the south's purchases are worth twice as much."""
    n = 600
    customers = pl.DataFrame(
        {
            "customer_id": [f"c{i:03d}" for i in range(n)],
            "region": ["north", "south"] * (n // 2),
            "frequency": 2,
            "recency": 20.0,
            "T": 30.0,
            "monetary_value": [30.0, 60.0] * (n // 2),
        }
    )
    spend = LessReturns(fitted, returned) if returned else fitted
    groups = customers.select("customer_id", group="region")
    found = value_intervals(bg_nbd, spend, customers, 26.0, groups=groups, n_draws=200, time_unit="week")
    assert found["clv"][1] / found["clv"][0] == pytest.approx(2.0, rel=0.1)
    assert (found["clv_low"] < found["clv"]).all()
    assert (found["clv"] < found["clv_high"]).all()
    values = lifetime_value(bg_nbd, spend, customers, 26.0, interval=0.9, n_draws=200, time_unit="week")
    assert values["clv_high"].n_unique() == 2


def test_one_price_cannot_be_fitted():
    alike = pl.DataFrame({"region": ["north", "south"] * 20, "frequency": 1, "monetary_value": 5.0})
    with pytest.raises(ConvergenceError) as refused:
        SpendWithAttributes(("region",)).fit(alike)
    assert refused.value.code == "same_spend"


def test_an_attribute_that_is_the_same_for_all_can_explain_nothing():
    with pytest.raises(DataError) as refused:
        SpendWithAttributes(("region",)).fit(simulated().with_columns(region=pl.lit("north")))
    assert refused.value.code == "same_attribute"
