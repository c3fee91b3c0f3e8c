"""The published figures of CDNOW, from the files that the lifetimes distribution carries."""

import json
import warnings
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import clvlab as cl

PUBLISHED = json.loads((Path(__file__).parents[1] / "reference" / "published_values.json").read_text())[
    "cdnow_sample"
]


@pytest.fixture(scope="module")
def sample():
    return cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def calibration(sample):
    return cl.summarise_customers(sample, PUBLISHED["cal_end"], "week").data


def test_sample_has_the_published_rows_and_customers(sample):
    assert sample.data.height == PUBLISHED["raw_rows"]
    assert sample.data.select("customer_id", "date").n_unique() == PUBLISHED["same_day_merged_rows"]
    assert sample.data["customer_id"].n_unique() == PUBLISHED["N"]


def test_sample_ids_are_the_samples_own_numbers(sample):
    ids = sample.data["customer_id"].unique().sort()
    assert ids.to_list() == [f"{number:04}" for number in range(1, 2358)]


def test_calibration_has_the_published_repeats(calibration):
    assert calibration.height == PUBLISHED["N"]
    assert (calibration["frequency"] == 0).sum() == PUBLISHED["zero_repeaters"]
    assert (calibration["frequency"] > 0).sum() == PUBLISHED["returning"]
    assert calibration["frequency"].sum() == PUBLISHED["sum_x_cal"]


def test_customer_1516_has_the_published_history(calibration):
    row = calibration.row(by_predicate=pl.col("customer_id") == "1516", named=True)
    assert (row["frequency"], row["recency"], row["T"]) == (26, pytest.approx(30.85714, abs=1e-5), 31.0)


def test_whole_log_has_every_row():
    log = cl.datasets.cdnow()
    assert log.data.height == 69_659
    assert log.data["customer_id"].n_unique() == 23_570
    assert (log.data["amount"] == 0).sum() == 80
    assert log.detected["duplicate_rows"] == 255
    assert log.rejected.is_empty()
    assert log.data["customer_id"].str.len_chars().unique().to_list() == [5]


@pytest.fixture(scope="module")
def whole():
    return cl.datasets.cdnow().data


def test_columns_are_those_of_a_log(whole, sample):
    assert whole.columns == sample.data.columns == ["customer_id", "date", "amount", "quantity"]
    assert whole.null_count().row(0) == (0, 0, 0, 0)


def test_everybody_first_bought_in_the_first_quarter_of_1997(whole):
    first = whole.group_by("customer_id").agg(pl.col("date").min())["date"]
    assert (first.min(), first.max()) == (date(1997, 1, 1), date(1997, 3, 25))
    assert whole["date"].max() == date(1998, 6, 30)


def test_money_and_discs_add_up_to_the_known_totals(whole):
    # Totals of the file itself, as awk gives them.
    assert whole["amount"].sum() == pytest.approx(2_500_315.63, abs=0.005)
    assert whole["quantity"].sum() == 167_881


def test_no_row_is_a_return(whole):
    assert whole["amount"].min() == 0
    assert whole["quantity"].min() >= 1


def test_the_sample_is_a_tenth_of_the_whole(whole, sample):
    assert sample.data["customer_id"].n_unique() / whole["customer_id"].n_unique() == pytest.approx(0.1, abs=1e-4)
    days = whole.group_by("date").len(name="rows")
    # Nobody bought in the sample on a day on which nobody bought at all.
    assert sample.data.join(days, on="date", how="anti").is_empty()


def test_reading_it_leaves_the_callers_warning_filters_alone():
    before = list(warnings.filters)
    cl.datasets.cdnow(sample=True)
    assert warnings.filters == before
