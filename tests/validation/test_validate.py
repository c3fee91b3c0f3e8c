"""Validation on a holdout: by hand, on CDNOW, and where the model is the truth."""

import datetime
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

import clvlab as cl
from clvlab.models.fitted_model import Estimate
from clvlab.validation.predictions import METHODS
from clvlab.validation.validate import errors_of, totals_of, validate


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


def test_single_customers_of_cdnow_lie_within_their_distributions(validation):
    """What is wrong with the total (12 % too low) is little next to how open a single customer's purchases are."""
    row = validation.pit.row(0, named=True)
    assert row["customers"] == 2357
    assert 0.87 < row["within_90"] < 0.93
    assert 0 < row["pit_deviation"] < 0.03


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


def test_warnings_on_cdnow_name_what_is_off(validation):
    total = validation.warnings.filter(warning="total", what="purchases").row(0, named=True)
    assert total["error"] == pytest.approx(-0.121, abs=0.002)
    group = validation.warnings.filter(warning="group", what="purchases").row(0, named=True)
    assert (group["part"], group["count"]) == ("potential_loyalist", 2)
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


def table_of(actual, **methods):
    """Predictions of purchases by some methods; the others are unknown."""
    columns = {name: pl.Series(methods.get(name, [None] * len(actual)), dtype=pl.Float64) for name in METHODS}
    return pl.DataFrame(
        {"what": ["purchases"] * len(actual), "actual": pl.Series(actual, dtype=pl.Float64)} | columns
    )


def test_totals_and_their_errors_by_hand():
    row = totals_of(table_of([1, 0, 3], model=[1, 1, 1], naive=[2, 2, 2])).row(0, named=True)
    assert (row["actual"], row["model"], row["naive"]) == (4, 3, 6)
    assert (row["model_error"], row["naive_error"]) == (-0.25, 0.5)
    assert (row["last_period"], row["last_period_error"]) == (None, None)


def test_errors_of_customers_by_hand():
    found = errors_of(table_of([1, 0, 3], model=[1, 1, 1], naive=[2, 0, 4]))
    assert found["method"].to_list() == ["model", "naive"]
    assert found["mae"].to_list() == pytest.approx([1.0, 2 / 3])
    assert found["rmse"].to_list() == pytest.approx([np.sqrt(5 / 3), np.sqrt(2 / 3)])
    # One prediction for all ranks nobody; the naive ranking is that of what happened.
    assert found["rank_correlation"].to_list() == [None, pytest.approx(1.0)]
    assert found["gini"].to_list() == pytest.approx([0.0, 0.5])


def test_perfect_predictions_have_no_error():
    row = errors_of(table_of([1, 0, 3], model=[1, 0, 3])).row(0, named=True)
    assert (row["mae"], row["rmse"], row["rank_correlation"]) == (0, 0, pytest.approx(1.0))


def test_money_scales_the_errors_and_not_the_ranking():
    plain = errors_of(table_of([1, 0, 3], model=[1, 2, 1]))
    cents = errors_of(table_of([100, 0, 300], model=[100, 200, 100]))
    assert cents["rmse"][0] == pytest.approx(100 * plain["rmse"][0])
    assert cents["gini"][0] == pytest.approx(plain["gini"][0])


def test_the_seed_moves_the_interval_of_the_total_alone(models, cdnow, validation):
    other = validate(models[0], None, *cdnow, seed=5)
    mine, theirs = (each.totals.filter(what="purchases") for each in (validation, other))
    assert mine.row(0)[1:3] == pytest.approx(theirs.row(0)[1:3], rel=1e-12)
    for end in ("low", "high"):
        assert mine[end][0] != theirs[end][0]
        assert mine[end][0] == pytest.approx(theirs[end][0], rel=0.05)


def test_validations_are_equal_to_themselves_alone(validation):
    other = replace(validation)
    assert other != validation
    assert len({validation, other}) == 2
