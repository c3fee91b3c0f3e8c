"""Validation on a holdout: hand-computed examples first, then CDNOW, then the edges."""

import datetime

import numpy as np
import polars as pl
import pytest
from scipy import stats

import clvlab as cl
from clvlab.models.fitted_model import Estimate
from clvlab.validation import parts
from clvlab.validation.predictions import METHODS, predictions
from clvlab.validation.validate import validate

ROWS = [
    # Calibration is January, the holdout 1 to 15 February; the period before it 17 to 31 January.
    ("a", "2024-01-01", 10.0),
    ("a", "2024-01-11", 20.0),
    ("a", "2024-01-21", 40.0),
    ("a", "2024-02-02", 7.0),
    ("a", "2024-02-03", 5.0),
    ("b", "2024-01-21", 30.0),
    ("b", "2024-01-26", 50.0),
    ("c", "2024-01-31", 15.0),
    ("c", "2024-02-10", 9.0),
    ("later", "2024-02-11", 99.0),
]


class Stub:
    """Predicts what it is told to, and buys it at a fixed price."""

    time_unit = "day"

    def __init__(self, expected):
        self.expected = np.array(expected, dtype=float)

    def expected_purchases(self, customers, *, horizon, time_unit):
        assert (len(customers), horizon, time_unit) == (3, 15.0, "day")
        return self.expected

    def expected_spend(self, customers):
        return np.full(len(customers), 10.0)


@pytest.fixture(scope="module")
def split():
    log = cl.read_transactions(pl.DataFrame(ROWS, schema=["customer_id", "date", "amount"], orient="row"))
    return cl.split_holdout(log, "2024-01-31", "2024-02-15")


@pytest.fixture(scope="module")
def predicted(split):
    stub = Stub([1.0, 0.5, 0.2])
    return predictions(stub, stub, *split)


@pytest.fixture(scope="module")
def cdnow():
    return cl.split_holdout(cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", "week")


@pytest.fixture(scope="module")
def models(cdnow):
    return cl.BgNbd.fit(cdnow[0]), cl.GammaGamma.fit(cdnow[0])


@pytest.fixture(scope="module")
def groups(cdnow):
    return cl.strategies["rfm11"].assign(cdnow[0])


@pytest.fixture(scope="module")
def validation(models, cdnow, groups):
    return cl.validate(*models, *cdnow, groups=groups)


def test_every_method_predicts_purchases_as_worked_out_by_hand(predicted):
    purchases = predicted.filter(what="purchases")
    assert purchases["actual"].to_list() == [2, 0, 1]
    assert purchases["model"].to_list() == [1.0, 0.5, 0.2]
    # a: 2 repeats in 30 days; b: 1 in 10; c: none in 0.
    assert purchases["naive"].to_list() == pytest.approx([2 / 30 * 15, 1 / 10 * 15, 0])
    assert purchases["last_period"].to_list() == [1, 2, 1]
    assert purchases["average"].to_list() == pytest.approx([3 / 40 * 15] * 3)


def test_every_method_predicts_spend_as_worked_out_by_hand(predicted):
    spend = predicted.filter(what="spend")
    assert spend["actual"].to_list() == [12, 0, 9]
    assert spend["model"].to_list() == pytest.approx([10, 5, 2])
    assert spend["naive"].to_list() == pytest.approx([60 / 30 * 15, 50 / 10 * 15, 0])
    assert spend["last_period"].to_list() == [40, 80, 15]
    assert spend["average"].to_list() == pytest.approx([110 / 40 * 15] * 3)


def test_a_holdout_that_does_not_know_the_period_before_has_no_such_baseline(split):
    calibration, holdout = split
    unknown = cl.Holdout(holdout.data, holdout.cutoff, holdout.end, holdout.time_unit, holdout.daily)
    found = predictions(Stub([1, 1, 1]), None, calibration, unknown)
    assert found["last_period"].to_list() == [None] * 3
    assert set(parts.gain(found)["method"]) == {"model", "naive", "average", "best"}


def part(size, actual, model, **columns):
    """Customers who all did one thing but for a spread of +-1, with one prediction for all."""
    return pl.DataFrame(
        {
            "what": "purchases",
            "actual": actual + np.tile([-1.0, 1.0], size // 2),
            "model": np.full(size, model),
            "naive": np.zeros(size),
            **{name: [value] * size for name, value in columns.items()},
        }
    )


def test_a_part_has_the_mean_and_its_interval():
    row = parts.by_part(part(100, actual=3.0, model=3.1, group="a"), ["group"]).row(0, named=True)
    half = 1.96 * np.sqrt(100 / 99) / 10
    assert (row["customers"], row["actual"], row["model"], row["fails"]) == (100, 3.0, pytest.approx(3.1), False)
    assert (row["low"], row["high"]) == pytest.approx((3 - half, 3 + half))


@pytest.mark.parametrize(
    ("size", "actual", "model", "fails"),
    [
        (100, 3.0, 4.0, True),
        (100, 3.0, 2.0, True),
        (10_000, 3.0, 3.3, False),  # outside the interval, but only 10 % off
        (28, 3.0, 9.0, False),  # too few customers
        (4_000, 3.0, 3.61, True),  # just more than 20 % off
    ],
)
def test_a_part_fails_where_it_is_far_off_and_large_enough_to_tell(size, actual, model, fails):
    assert parts.by_part(part(size, actual, model, group="a"), ["group"])["fails"].to_list() == [fails]


def test_many_repeats_share_a_part_and_parts_are_in_order():
    table = pl.concat([part(2, 1.0, 1.0, frequency=x) for x in (12, 7, 2, 0)])
    found = parts.by_frequency(table)
    assert found.select("repeats", "customers").rows() == [("0", 2), ("2", 2), ("7+", 4)]


def test_customers_with_one_prediction_stay_in_one_tenth():
    table = part(100, 1.0, 1.0).with_columns(model=pl.Series([9.0] * 10 + [1.0] * 90))
    assert parts.by_decile(table).select("decile", "customers").rows() == [(1, 10), (6, 90)]


def test_tenths_are_tenths_where_predictions_differ():
    table = part(50, 1.0, 1.0).with_columns(model=pl.int_range(50, 0, -1).cast(pl.Float64))
    found = parts.by_decile(table)
    assert found["customers"].to_list() == [5] * 10
    assert found["model"].to_list() == [48.0 - 5 * i for i in range(10)]


@pytest.mark.parametrize(("months", "cohorts"), [(12, 12), (13, 5)])
def test_cohorts_are_months_up_to_a_year_and_quarters_after_it(months, cohorts):
    days = pl.date_range(datetime.date(2023, 1, 1), interval="1mo", end=datetime.date(2024, 1, 1), eager=True)
    table = pl.concat([part(2, 1.0, 1.0, first_purchase=day) for day in days[:months]])
    assert parts.by_cohort(table).height == cohorts


def test_gain_curve_of_four_customers():
    table = pl.DataFrame({"what": ["purchases"] * 4, "actual": [6.0, 4.0, 2.0, 0.0], "model": [3.0, 4.0, 2.0, 1.0]})
    table = table.with_columns(naive=pl.lit(1.0), last_period=pl.lit(None, pl.Float64), average=pl.lit(1.0))
    curves = parts.gain(table)
    at = {
        (method, round(share, 2)): value
        for _, method, share, value in curves.filter(pl.col("share_customers").is_in([0.25, 0.5, 1.0])).rows()
    }
    assert at["model", 0.25] == pytest.approx(4 / 12)
    assert at["best", 0.25] == pytest.approx(6 / 12)
    assert at["model", 0.5] == pytest.approx(10 / 12)
    assert at["naive", 0.5] == pytest.approx(0.5)
    assert at["model", 1.0] == pytest.approx(1)


def test_errors_on_cdnow_agree_with_their_definitions(validation, models, cdnow):
    calibration, holdout = cdnow
    expected = models[0].expected_purchases(calibration, "39 weeks")
    actual = holdout.data["holdout_purchases"].to_numpy()
    row = validation.errors.filter(what="purchases", method="model").row(0, named=True)
    assert row["mae"] == pytest.approx(np.abs(expected - actual).mean())
    assert row["rmse"] == pytest.approx(np.sqrt(((expected - actual) ** 2).mean()))
    assert row["rank_correlation"] == pytest.approx(stats.spearmanr(expected, actual).statistic)
    assert 0.5 < row["gini"] < 0.6


def test_totals_on_cdnow(validation, models, cdnow):
    """Fader, Hardie & Lee (2005), figure 4: the model ends some 12 % below the actual holdout purchases."""
    row = validation.totals.filter(what="purchases").row(0, named=True)
    assert row["actual"] == 1882
    assert row["model"] == pytest.approx(models[0].expected_purchases(cdnow[0], "39 weeks").sum())
    assert row["model_error"] == pytest.approx(-0.121, abs=0.002)
    assert row["low"] < row["model"] < row["high"]
    assert row["naive_error"] == pytest.approx(row["naive"] / 1882 - 1)


def test_the_everybody_average_ranks_nobody(validation):
    row = validation.errors.filter(what="purchases", method="average").row(0, named=True)
    assert (row["rank_correlation"], row["gini"]) == (None, 0.0)


@pytest.mark.parametrize("name", ["by_frequency", "by_decile", "by_cohort", "by_group"])
def test_parts_add_up_to_the_total(validation, name):
    table = getattr(validation, name)
    if "what" in table.columns:
        table = table.filter(what="purchases")
    assert table["customers"].sum() == 2357
    assert (table["customers"] * table["actual"]).sum() == pytest.approx(1882)
    total = validation.totals.filter(what="purchases")["model"][0]
    assert (table["customers"] * table["model"]).sum() == pytest.approx(total)


def test_tracking_ends_at_the_totals(validation, cdnow):
    last = validation.tracking.row(-1, named=True)
    assert last["actual_cumulative"] == cdnow[0].data["frequency"].sum() + 1882
    assert validation.tracking["actual"].sum() == last["actual_cumulative"]
    assert validation.tracking["expected"].sum() == pytest.approx(last["expected_cumulative"])
    assert validation.tracking.filter(period="calibration")["date"].max() <= cdnow[0].cutoff


def test_warnings_on_cdnow_name_what_is_off(validation):
    total = validation.warnings.filter(warning="total", what="purchases").row(0, named=True)
    assert total["error"] == pytest.approx(-0.121, abs=0.002)
    group = validation.warnings.filter(warning="group", what="purchases").row(0, named=True)
    assert (group["part"], group["count"]) == ("potential_loyalist", 1)
    assert validation.warnings.filter(warning="baseline").is_empty()


def test_a_model_that_loses_to_a_baseline_is_told_so(cdnow):
    calibration, holdout = cdnow
    sure = Estimate(log_likelihood=0.0, log_covariance=np.eye(4) * 1e-6, n_customers=2357.0)
    swamped = cl.BgNbd(r=5.0, alpha=1.0, a=0.01, b=10.0, time_unit="week", estimate=sure)
    warnings = validate(swamped, None, calibration, holdout).warnings
    beaten = warnings.filter(warning="baseline").row(0, named=True)
    assert beaten["part"] == "average"
    assert beaten["error"] == pytest.approx(-0.64, abs=0.01)
    assert {"total", "decile", "cohort"} <= set(warnings["warning"])


def purchase_days(random):
    """The days on which one customer of a BG/NBD law buys within 760 days."""
    rate, p = random.gamma(1.5, 1 / 60), random.beta(1.0, 4.0)
    days = [random.uniform(0, 200)]
    while len(days) == 1 or random.random() > p:
        days.append(days[-1] + random.exponential(1 / rate))
        if days[-1] > 760:
            return days[:-1]
    return days


def test_a_model_of_the_truth_draws_no_warning():
    random, start = np.random.default_rng(6), datetime.date(2020, 1, 1)
    rows = [
        (f"{i:04d}", start + datetime.timedelta(days=int(day)), 1.0)
        for i in range(1_500)
        for day in purchase_days(random)
    ]
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    calibration, holdout = cl.split_holdout(log, "2021-03-01", "2021-12-31", "day")
    found = cl.validate(cl.BgNbd.fit(calibration), None, calibration, holdout)
    assert found.warnings.rows() == []
    total = found.totals.row(0, named=True)
    assert total["low"] < total["actual"] < total["high"]


def test_without_a_spend_model_only_purchases_are_judged(models, cdnow):
    found = cl.validate(models[0], None, *cdnow)
    assert set(found.totals["what"]) == {"purchases"}
    assert found.by_group.is_empty()
    assert found.errors["method"].to_list() == list(METHODS)
