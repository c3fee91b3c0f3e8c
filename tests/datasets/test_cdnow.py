"""The published figures of CDNOW, from the files that the lifetimes distribution carries."""

import json
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
