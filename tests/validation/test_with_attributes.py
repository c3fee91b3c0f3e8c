"""Models with attributes, judged as others are: by a holdout, at past days, and next to the model without them."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.models import WithAttributes
from clvlab.models.covariates import by_kind
from clvlab.validation.predictions import predictions
from clvlab.validation.scores import count_scores
from clvlab.validation.tracking import tracking

FIRST, DAYS = date(2023, 1, 1), 540
FACTORS = {"north": 4.0, "south": 1.0}


def shop(n: int = 500) -> pl.DataFrame:
    """Customers who buy by chance at rates of their own; in the north at four times the rate of the south."""
    random = np.random.default_rng(7)
    rows = []
    for i in range(n):
        region = "north" if i % 3 == 0 else "south"
        start, rate = random.integers(0, 240), random.gamma(1.2, 1 / 150) * FACTORS[region]
        for age in [0, *np.flatnonzero(random.random(DAYS) < rate)]:
            if start + age < DAYS:
                rows.append((f"c{i:03d}", FIRST + timedelta(int(start + age)), 10.0, region))
    return pl.DataFrame(rows, schema=["customer_id", "date", "amount", "region"], orient="row")


@pytest.fixture(scope="module")
def rows():
    return shop()


@pytest.fixture(scope="module")
def log(rows):
    return cl.read_transactions(rows.drop("region"))


@pytest.fixture(scope="module")
def people(rows):
    return rows.select("customer_id", "region").unique().sort("customer_id").with_columns(coin=pl.lit("heads"))


@pytest.fixture(scope="module")
def halves(log, people):
    return cl.split_holdout(log, FIRST + timedelta(359), FIRST + timedelta(539), "week", attributes=people)


@pytest.fixture(scope="module")
def fitted(halves):
    return WithAttributes(cl.Nbd, ("region",)).fit(halves[0])


@pytest.fixture(scope="module")
def found(log, people):
    kinds = [cl.Nbd, WithAttributes(cl.Nbd, ("region",))]
    return cl.backtest(log, kinds, 2, "13 weeks", attributes=people, level=0.9, futures=40, groups=in_regions(people))


def in_regions(people):
    return lambda customers: customers.data.select("customer_id").join(
        people.select("customer_id", group="region"), on="customer_id", maintain_order="left"
    )


def test_the_factor_of_a_region_is_found(fitted):
    north = fitted.coefficients(0.99).row(0, named=True)
    assert north["term"] == "region=north"
    assert north["low"] < np.log(4.0) < north["high"]


def test_a_holdout_judges_a_model_with_attributes(halves, fitted):
    calibration, holdout = halves
    validation = cl.validate(fitted, None, calibration, holdout)
    total = validation.totals.row(0, named=True)
    assert total["model"] == pytest.approx(fitted.expected_purchases(calibration, holdout.days / 7).sum())
    assert total["low"] < total["model"] < total["high"]
    assert total["low"] < total["actual"] < total["high"]


def test_attributes_that_matter_bring_predictions_nearer(halves, fitted):
    calibration, holdout = halves
    plain = cl.Nbd.fit(calibration)
    rmse = [
        cl.validate(model, None, calibration, holdout).errors.filter(method="model")["rmse"][0]
        for model in (fitted, plain)
    ]
    assert rmse[0] < rmse[1]
    choice = cl.choose_model(calibration, holdout, given=cl.Nbd, attributes=["region"])
    assert (choice.errors.with_attributes, choice.errors.without) == pytest.approx(rmse)
    assert cl.choose_model(calibration, holdout, given=cl.Nbd).errors is None
    assert cl.choose_model(calibration, given=cl.Nbd, attributes=["region"]).errors is None


def test_attributes_that_cannot_be_fitted_have_no_errors(halves):
    assert cl.choose_model(*halves, given=cl.Nbd, attributes=["coin"]).errors is None


def test_tracking_adds_up_what_each_region_is_expected_to_buy(halves, fitted):
    calibration, holdout = halves
    both = tracking(fitted, calibration, holdout)["expected_cumulative"].to_numpy()
    buyers = calibration.data
    alone = [
        tracking(own, cl.CustomerSummary(buyers[places], calibration.cutoff, "week"), holdout)["expected_cumulative"]
        for own, places in by_kind(fitted, buyers)
    ]
    assert len(alone) == 2
    assert both == pytest.approx((alone[0] + alone[1]).to_numpy(), rel=1e-12)


def test_the_score_of_a_distribution_is_the_mean_over_regions(halves, fitted):
    buyers, actual = halves[0].data, np.arange(halves[0].data.height) % 3.0
    parts = [
        count_scores(own, buyers[places], actual[places], 13.0)["crps"] * places.size
        for own, places in by_kind(fitted, buyers)
    ]
    assert count_scores(fitted, buyers, actual, 13.0)["crps"] == pytest.approx(sum(parts) / actual.size)


def test_past_days_judge_a_model_with_attributes(log, people, found):
    assert found.problems.is_empty()
    methods = {"Nbd", "NbdWithAttributes"}
    assert methods < set(found.sums["method"])
    origin = found.origins[-1]
    customers = cl.summarise_customers(log, origin, "week", attributes=people)
    model = WithAttributes(cl.Nbd, ("region",)).fit(customers)
    own = found.sums.filter(origin=origin, method="NbdWithAttributes", what="purchases")
    expected = predicted_by_region(model, customers)
    assert dict(own.filter(part="group").select("name", "predicted").rows()) == pytest.approx(expected)
    total = own.filter(part="total").row(0, named=True)
    assert total["predicted"] == pytest.approx(sum(expected.values()))
    assert total["low"] < total["predicted"] < total["high"]
    scores = found.customers.filter(what="purchases").group_by("method").agg(pl.mean("crps", "rmse"))
    by_method = scores.rows_by_key("method", unique=True, named=True)
    assert by_method["NbdWithAttributes"]["rmse"] < by_method["Nbd"]["rmse"]
    assert by_method["NbdWithAttributes"]["crps"] < by_method["Nbd"]["crps"]


def predicted_by_region(model, customers):
    ahead = customers.data.select("region", ahead=pl.Series(model.expected_purchases(customers, "13 weeks")))
    return dict(ahead.group_by("region").agg(pl.sum("ahead")).rows())


def test_an_attribute_that_all_share_at_a_past_day_is_a_problem_there(log, people):
    kind = WithAttributes(cl.Nbd, ("coin",))
    found = cl.backtest(log, [cl.Nbd, kind], 1, "13 weeks", attributes=people)
    assert found.problems["method"].to_list() == ["NbdWithAttributes"]
    assert "'coin' is the same for all" in found.problems["problem"][0]


def test_dated_attributes_are_those_known_at_each_origin(log, people):
    """Nobody's region is known before the last origin: the first has none to fit, the last has all."""
    days = [FIRST + timedelta(250), FIRST + timedelta(440)]
    dated = people.select("customer_id", "region", date=pl.lit(days[1]))
    known = pl.concat([dated, dated.with_columns(date=pl.lit(FIRST), region=pl.lit("unknown"))])
    found = cl.backtest(log, [WithAttributes(cl.Nbd, ("region",))], days, "13 weeks", attributes=known)
    assert found.problems["origin"].to_list() == days[:1]
    assert found.sums.filter(method="NbdWithAttributes")["origin"].unique().to_list() == days[1:]


def test_predictions_of_the_holdout_are_those_of_each_region(halves, fitted):
    calibration, holdout = halves
    found = predictions(fitted, None, calibration, holdout)
    ahead = fitted.expected_purchases(calibration, holdout.days / 7)
    assert found["model"].to_numpy() == pytest.approx(ahead)
