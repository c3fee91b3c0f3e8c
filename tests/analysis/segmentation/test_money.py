"""Money of the log's rows is the same to the last bit, however the rows came into memory."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.analysis.segmentation import base_health, cohorts
from clvlab.analysis.segmentation.context import Context
from clvlab.params import ReportParams

PARAMS = ReportParams(name="r", source="lighting", as_of="2025-12-31", currency="CNY")


@pytest.fixture(scope="module")
def log():
    return cl.datasets.lighting()


def cut_up(rows, _path):
    return pl.concat([rows[:11], rows[11:40_000], rows[40_000:]], rechunk=False).lazy()


def turned_round(rows, _path):
    return rows.reverse().lazy()


def scanned(rows, path):
    rows.write_parquet(path)
    return pl.scan_parquet(path)


@pytest.fixture(scope="module")
def context(log):
    return Context(PARAMS, log)


@pytest.fixture(scope="module")
def by_month(context):
    return base_health.new_and_repeat(context.window, context.base)


@pytest.fixture(scope="module")
def by_cohort(context):
    return cohorts.compute(context)


@pytest.fixture(scope="module", params=[cut_up, turned_round, scanned], ids=lambda way: way.__name__)
def another_way(request, log, tmp_path_factory):
    """A context over the same rows, which came another way."""
    rows = request.param(log.data, tmp_path_factory.mktemp("rows") / "log.parquet")
    return Context(PARAMS, replace(log, accepted=rows))


def test_money_of_new_and_old_customers_by_month(context, by_month, another_way):
    assert_frame_equal(base_health.new_and_repeat(another_way.window, another_way.base), by_month, check_exact=True)
    total = by_month.select(pl.sum_horizontal(pl.col("new", "repeat").sum())).item()
    assert total == pytest.approx(context.window["amount"].sum())


def test_money_of_cohorts(by_cohort, another_way):
    other = cohorts.compute(another_way)
    assert_frame_equal(other["spend"], by_cohort["spend"], check_exact=True)
    assert_frame_equal(other["retention"], by_cohort["retention"], check_exact=True)
