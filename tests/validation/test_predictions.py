"""Predictions of every method, worked out by hand."""

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.validation import parts
from clvlab.validation.predictions import BASELINE_METHODS, METHODS, duration, predictions

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


def test_the_model_is_followed_by_its_baselines():
    assert ("model", *BASELINE_METHODS) == METHODS


def test_every_buyer_has_one_row_for_each_outcome(split, predicted):
    assert predicted["what"].to_list() == ["purchases"] * 3 + ["spend"] * 3
    assert predicted["customer_id"].to_list() == ["a", "b", "c"] * 2
    assert set(predicted.columns).issuperset(METHODS)
    without_spend = predictions(Stub([1.0, 0.5, 0.2]), None, *split)
    assert without_spend.equals(predicted.filter(what="purchases"))


def test_who_first_bought_in_the_holdout_is_nobodys_customer(predicted):
    assert "later" not in predicted["customer_id"]


def test_prospects_are_left_out(split):
    calibration, holdout = split
    prospect = pl.DataFrame({"customer_id": ["p"], "n_purchases": [0], "total_spend": [0.0]})
    table = pl.concat([calibration.data, prospect], how="diagonal_relaxed")
    found = predictions(Stub([1, 1, 1]), None, cl.CustomerSummary(table, calibration.cutoff, "day"), holdout)
    assert found["customer_id"].to_list() == ["a", "b", "c"]


@pytest.mark.parametrize(("unit", "length"), [("day", 15.0), ("week", 15 / 7), ("month", 15 / 30.4375)])
def test_a_holdout_is_as_long_as_its_days_in_its_unit(unit, length):
    log = cl.read_transactions(pl.DataFrame(ROWS, schema=["customer_id", "date", "amount"], orient="row"))
    _, holdout = cl.split_holdout(log, "2024-01-31", "2024-02-15", unit)
    assert duration(holdout) == pytest.approx(length)


def test_the_unit_of_time_does_not_matter(split):
    log = cl.read_transactions(pl.DataFrame(ROWS, schema=["customer_id", "date", "amount"], orient="row"))
    model = cl.Nbd(0.6, 56.0, time_unit="day")
    daily = predictions(model, None, *split)
    weekly = predictions(model, None, *cl.split_holdout(log, "2024-01-31", "2024-02-15", "week"))
    for method in METHODS:
        assert weekly[method].to_list() == pytest.approx(daily[method].to_list(), rel=1e-12)


def test_money_scales_the_predictions_of_spend_alone(predicted):
    in_cents = [(who, day, 100 * amount) for who, day, amount in ROWS]
    log = cl.read_transactions(pl.DataFrame(in_cents, schema=["customer_id", "date", "amount"], orient="row"))
    stub = Stub([1.0, 0.5, 0.2])
    found = predictions(stub, stub, *cl.split_holdout(log, "2024-01-31", "2024-02-15"))
    assert found.filter(what="purchases").equals(predicted.filter(what="purchases"))
    for method in ("actual", *BASELINE_METHODS):
        expected = 100 * predicted.filter(what="spend")[method]
        assert found.filter(what="spend")[method].to_list() == pytest.approx(expected.to_list())


def test_a_model_with_attributes_predicts_as_well(cdnow):
    calibration, holdout = cdnow
    kind = pl.Series("kind", ["a", "b"] * 1_178 + ["a"])
    table = cl.CustomerSummary(calibration.data.with_columns(kind), calibration.cutoff, "week")
    model = cl.CovariateModel.fit(cl.BgNbd, table, purchase=["kind"])
    found = predictions(model, None, table, holdout)
    assert found["model"].to_numpy() == pytest.approx(model.expected_purchases(table, "39 weeks"))
