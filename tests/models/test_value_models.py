"""Which model values customers: the first choice, what it falls back to, and why."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.errors import ClvlabWarning, ConvergenceError, DataError
from clvlab.frames import CustomerSummary
from clvlab.models import PURCHASE_MODELS, BgNbd, MbgNbd, Nbd, Terms, ValueModels, WithAttributes
from clvlab.models.value_models import AttributesTried, EarlierErrors, attempts, name_of
from tests.models.test_covariates import MODELS, simulated

TERMS = Terms("3 months", annual_discount_rate=0.1, margin=0.3)
VALUES = ["p_alive", "expected_purchases", "expected_spend", "clv"]


def customers_of(rows) -> CustomerSummary:
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    return cl.summarise_customers(log, "2024-12-31", "week")


@pytest.fixture(scope="module")
def nobody_leaves() -> CustomerSummary:
    random = np.random.default_rng(0)
    rows = []
    for number in range(300):
        days = np.flatnonzero(random.random(366) < random.gamma(2.0, 0.01))
        rows += [(f"c{number}", date(2024, 1, 1) + timedelta(int(day)), 10.0 + day % 7) for day in days]
    return customers_of(rows)


@pytest.fixture(scope="module")
def bought_once() -> CustomerSummary:
    return customers_of([(f"c{n}", date(2024, 1, 1) + timedelta(n), 5.0) for n in range(30)])


def test_the_first_choice_is_used_where_it_can_be_identified(cdnow):
    models = ValueModels.fit(cdnow, TERMS)
    assert isinstance(models.purchases, BgNbd)
    assert models.refused == ()


def test_values_are_those_of_the_models_on_these_terms(cdnow, bg_nbd, gamma_gamma):
    expected = cl.lifetime_value(bg_nbd, gamma_gamma, cdnow, "3 months", 0.1, 0.3)
    assert_frame_equal(ValueModels.fit(cdnow, TERMS).value(cdnow), expected)


def test_another_model_may_be_preferred(cdnow):
    assert isinstance(ValueModels.fit(cdnow, TERMS, MbgNbd).purchases, MbgNbd)


def test_a_fitted_model_is_taken_as_it_is(cdnow, bg_nbd):
    models = ValueModels.fit(cdnow, TERMS, bg_nbd)
    assert models.purchases is bg_nbd
    assert_frame_equal(models.value(cdnow), ValueModels.fit(cdnow, TERMS).value(cdnow))


def test_a_base_that_nobody_leaves_falls_back_to_the_model_without_dropout(nobody_leaves):
    models = ValueModels.fit(nobody_leaves, TERMS)
    assert isinstance(models.purchases, Nbd)
    assert models.refused == PURCHASE_MODELS[:-1]


def test_one_time_buyers_alone_leave_no_model_and_the_reason(bought_once):
    models = ValueModels.fit(bought_once, TERMS)
    assert models.purchases is None
    assert models.refused == PURCHASE_MODELS
    (caveat,) = models.caveats
    assert isinstance(caveat.problem, ConvergenceError)
    assert caveat.problem.code == "no_repeats"
    value = models.value(bought_once)
    assert value["clv"].null_count() == value.height == 30
    assert models.by_group(bought_once, pl.DataFrame(), 0.9) is None
    assert models.known == frozenset()


def test_without_amounts_purchases_alone_are_predicted(cdnow, bg_nbd):
    without = cl.CustomerSummary(cdnow.data.drop("monetary_value", "total_spend"), cdnow.cutoff, cdnow.time_unit)
    models = ValueModels.fit(without, TERMS)
    assert models.spend is None
    assert models.known == {"p_alive", "expected_purchases"}
    values = models.value(without)
    assert values["expected_purchases"].to_numpy() == pytest.approx(bg_nbd.expected_purchases(cdnow, "3 months"))
    assert values["clv"].null_count() == values["expected_spend"].null_count() == len(cdnow)
    assert models.by_group(without, pl.DataFrame(), 0.9) is None


def test_groups_and_their_total_add_up(cdnow):
    models = ValueModels.fit(cdnow, TERMS)
    groups = cdnow.data.select(
        "customer_id", group=pl.when(pl.col("frequency") > 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    )
    by_group = models.by_group(cdnow, groups, 0.9)
    assert by_group["group"].to_list() == ["a", "b", "total"]
    assert by_group["customers"].to_list()[2] == len(cdnow)
    assert by_group["clv"][0] + by_group["clv"][1] == pytest.approx(by_group["clv"][2])
    assert (by_group["clv_low"] <= by_group["clv"]).all()


def test_what_a_fitted_model_warns_of_is_kept_not_shown(cdnow):
    twin = cdnow.data.with_columns(monetary_value=pl.col("monetary_value") * (1 + 0.5 * pl.col("frequency")))
    models = ValueModels.fit(cl.CustomerSummary(twin, cdnow.cutoff, cdnow.time_unit), TERMS)
    assert [caveat.problem.code for caveat in models.caveats] == ["dependent"]
    assert isinstance(models.caveats[0].problem, ClvlabWarning)


def test_models_are_attempted_in_the_order_given(bought_once):
    tried = list(attempts(bought_once, (Nbd, BgNbd)))
    assert [each.kind for each in tried] == [Nbd, BgNbd]
    assert all(each.model is None for each in tried)


def test_nobody_has_bought(cdnow):
    prospects = cdnow.data.head(3).with_columns(n_purchases=0, frequency=None, recency=None, T=None)
    models = ValueModels.fit(cl.CustomerSummary(prospects, cdnow.cutoff, cdnow.time_unit), TERMS)
    assert models.purchases is None
    assert isinstance(models.caveats[0].problem, DataError)


def test_prospects_have_no_values():
    log = cl.datasets.lighting(300, seed=5)
    table = cl.summarise_customers(log, "2024-12-31", "week", list(log.attributes))
    values = ValueModels.fit(table, TERMS).value(table)
    prospects = table.data["n_purchases"] == 0
    assert prospects.sum() > 20
    for column in VALUES:
        assert values.filter(prospects)[column].null_count() == prospects.sum()
    assert values.filter(~prospects)["p_alive"].is_between(0, 1).all()


def test_margin_scales_value_alone(cdnow):
    models = ValueModels.fit(cdnow, TERMS)
    one, two = models.value(cdnow), replace(models, terms=replace(TERMS, margin=0.6)).value(cdnow)
    assert two["clv"].to_numpy() == pytest.approx(2 * one["clv"].to_numpy())
    assert_frame_equal(one.drop("clv"), two.drop("clv"))


def alike():
    """800 customers, each of whom bought about 27 times in 104 weeks, less unevenly than at one rate."""
    random = np.random.default_rng(3)
    x = random.binomial(30, 0.9, 800)
    table = pl.DataFrame(
        {
            "customer_id": [f"{i:03d}" for i in range(800)],
            "frequency": x,
            "recency": 100.0,
            "T": 104.0,
            "monetary_value": random.gamma(5.0, 2.0, 800),
            "n_purchases": x + 1,
        }
    )
    return cl.CustomerSummary(table, date(2024, 1, 1), "week")


def test_customers_who_buy_alike_are_expected_to_buy_at_their_common_rate():
    customers = alike()
    with pytest.raises(ConvergenceError):
        cl.Nbd.fit(customers)
    models = ValueModels.fit(customers, TERMS)
    assert isinstance(models.purchases, cl.Nbd)
    assert models.refused == (cl.BgNbd, cl.MbgNbd, cl.ParetoNbd)
    assert "alike" in [caveat.problem.code for caveat in models.caveats]
    rate = customers.data["frequency"].sum() / (800 * 104.0)
    expected = models.purchases.expected_purchases(customers, "52 weeks")
    assert expected == pytest.approx(np.full(800, 52 * rate), rel=0.05)
    assert expected.sum() == pytest.approx(800 * 52 * rate, rel=0.001)


@pytest.fixture(scope="module")
def sectors() -> CustomerSummary:
    """Customers of three sectors, which differ, and with a coin, which does not."""
    table = simulated(MODELS[0], 150, seed=1)
    coin = pl.Series(np.random.default_rng(1).choice(["heads", "tails"], table.height))
    return CustomerSummary(table.with_columns(coin=coin, all_alike=pl.lit("x")), date(2024, 1, 1), "week")


BETTER, WORSE = EarlierErrors(1.0, 1.1, excess=-2.0), EarlierErrors(1.1, 1.0, excess=2.0)
BY_CHANCE = EarlierErrors(1.01, 1.0, excess=1.0)


@pytest.mark.parametrize(
    ("name", "errors", "verdict"),
    [
        ("sector", None, "used"),
        ("sector", BETTER, "used"),
        ("sector", BY_CHANCE, "used"),
        ("sector", WORSE, "worse"),
        ("coin", None, "chance"),
        ("coin", BETTER, "chance"),
        ("all_alike", BETTER, "unfitted"),
    ],
)
def test_attributes_are_used_by_the_rule(sectors, name, errors, verdict):
    plain = ValueModels.fit(sectors, TERMS)
    tried = plain.trying(sectors, (name,), errors)
    assert tried.tried.verdict == verdict
    assert (tried.purchases is plain.purchases) == (verdict != "used")
    assert name_of(tried.purchases) == ("BgNbdWithAttributes" if verdict == "used" else "BgNbd")
    assert (tried.tried.test is None) == (verdict == "unfitted")


def test_what_was_tried_is_tested_against_the_model_without(sectors):
    tried = AttributesTried.on(sectors, WithAttributes(BgNbd, ("coin",)), None)
    assert tried.test.p_value >= 0.05
    assert tried.test == tried.model.likelihood_ratio_test()


def test_a_model_with_attributes_may_be_preferred_and_falls_back_to_the_one_without(sectors):
    kind = WithAttributes(MbgNbd, ("sector",))
    models = ValueModels.fit(sectors, TERMS, kind)
    assert name_of(models.purchases) == name_of(kind) == "MbgNbdWithAttributes"
    fallen = ValueModels.fit(sectors, TERMS, WithAttributes(MbgNbd, ("all_alike",)))
    assert isinstance(fallen.purchases, MbgNbd)
    assert [name_of(each) for each in fallen.refused] == ["MbgNbdWithAttributes"]


def test_customers_of_a_model_with_attributes_are_valued_by_it(sectors):
    spend = pl.Series(np.random.default_rng(2).gamma(4.0, 8.0, sectors.data.height))
    spent = pl.when(pl.col("frequency") > 0).then(spend)
    money = replace(sectors, data=sectors.data.with_columns(monetary_value=spent))
    models = ValueModels.fit(money, TERMS).trying(money, ("sector",), None)
    expected = models.purchases.expected_purchases(money, "3 months")
    assert models.value(money)["expected_purchases"].to_list() == pytest.approx(expected.tolist())
    groups = money.data.select("customer_id", group="sector")
    total = models.by_group(money, groups, 0.9).row(-1, named=True)
    assert total["clv_low"] < total["clv"] < total["clv_high"]


def test_without_a_model_no_attribute_is_tried(bought_once):
    models = ValueModels.fit(bought_once, TERMS)
    assert models.trying(bought_once, ("sector",), None) is models


def test_errors_are_compared_customer_by_customer():
    """Squares 9, 1, 4 and 4, 1, 1: their differences 5, 0, 3 have the mean 8/3 and the variance 19/3."""
    errors = EarlierErrors.of(np.array([3.0, -1.0, 2.0]), np.array([-2.0, 1.0, 1.0]))
    assert errors.with_attributes == pytest.approx(np.sqrt(14 / 3))
    assert errors.without == pytest.approx(np.sqrt(2))
    assert errors.excess == pytest.approx((8 / 3) / (np.sqrt(19 / 3) / np.sqrt(3)))
    assert errors.is_worse
    assert EarlierErrors.of(np.array([1.0]), np.array([0.0])).excess == 0.0
    same = EarlierErrors.of(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    assert (same.excess, same.is_worse) == (0.0, False)
