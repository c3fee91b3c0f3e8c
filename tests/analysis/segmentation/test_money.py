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


@pytest.fixture(params=[cut_up, turned_round, scanned], ids=lambda way: way.__name__)
def contexts(request, log, tmp_path):
    """Two contexts over the same rows, the second over rows that came another way."""
    other = request.param(log.data, tmp_path / "log.parquet")
    return Context(PARAMS, log), Context(PARAMS, replace(log, accepted=other))


def test_money_of_new_and_old_customers_by_month(contexts):
    one, other = map(base_health.new_and_repeat, contexts)
    assert_frame_equal(one, other, check_exact=True)
    total = one.select(pl.sum_horizontal(pl.col("new", "repeat").sum())).item()
    assert total == pytest.approx(contexts[0].window["amount"].sum())


def test_money_of_cohorts(contexts):
    one, other = (cohorts.compute(context) for context in contexts)
    assert_frame_equal(one["spend"], other["spend"], check_exact=True)
    assert_frame_equal(one["retention"], other["retention"], check_exact=True)
