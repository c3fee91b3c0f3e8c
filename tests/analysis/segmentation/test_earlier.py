"""The model of the report before, and the sentence that says where it has changed."""

from datetime import date

import polars as pl
import pytest

from clvlab.analysis.segmentation import value
from clvlab.analysis.segmentation.earlier import Before, model_before
from clvlab.export import write_csv
from clvlab.params import ReportParams
from tests.analysis.pages import sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

ROWS = (("a", "2024-06-01", 10.0), ("a", "2024-09-01", 10.0), ("b", "2024-07-01", 10.0))


def publish(folder, day, model):
    """What a published report leaves of its model."""
    table = pl.DataFrame({"model": [model, "GammaGamma"], "parameter": ["r", "p"], "estimate": [1.0, 2.0]})
    write_csv(table, folder / "own" / day / "tables" / "value_parameters.csv")


def params(folder, as_of="2024-12-31"):
    return ReportParams(name="own", source="rows", as_of=as_of, output=str(folder))


def test_the_latest_day_before_the_run_counts(tmp_path):
    for day, model in {"2024-09-30": "Nbd", "2024-10-31": "BgNbd", "2024-12-31": "MbgNbd"}.items():
        publish(tmp_path, day, model)
    assert model_before(params(tmp_path)) == Before(date(2024, 10, 31), "BgNbd")
    assert model_before(params(tmp_path, "2025-01-31")) == Before(date(2024, 12, 31), "MbgNbd")
    assert model_before(params(tmp_path, "2024-09-30")) is None


@pytest.mark.parametrize("name", ["Nbd", "NBD (nobody leaves)", "NBD（假定无人流失）"])
def test_a_model_is_known_by_its_code_and_by_its_name_in_either_language(tmp_path, name):
    publish(tmp_path, "2024-09-30", name)
    assert model_before(params(tmp_path)) == Before(date(2024, 9, 30), "Nbd")


@pytest.mark.parametrize("name", ["BgNbdWithAttributes", "BG/NBD with attributes", "BG/NBD（含客户属性）"])
def test_a_model_with_attributes_is_another_model(tmp_path, name):
    publish(tmp_path, "2024-09-30", name)
    assert model_before(params(tmp_path)) == Before(date(2024, 9, 30), "BgNbdWithAttributes")


def test_a_report_that_valued_nobody_used_no_model(tmp_path):
    write_csv(pl.DataFrame({"model": []}), tmp_path / "own" / "2024-09-30" / "tables" / "value_parameters.csv")
    write_csv(pl.DataFrame({"model": ["Nbd"]}), tmp_path / "own" / "not-a-day" / "tables" / "value_parameters.csv")
    assert model_before(params(tmp_path)) is None


def test_the_report_before_is_the_last_one_whatever_it_valued(tmp_path):
    publish(tmp_path, "2024-09-30", "Nbd")
    (tmp_path / "own" / "2024-10-31").mkdir()
    assert model_before(params(tmp_path)) is None


@pytest.mark.parametrize(("before", "told"), [("BgNbd", True), ("Nbd", False)])
def test_the_page_says_that_the_model_has_changed(tmp_path, before, told):
    context = valued(context_of(*ROWS, as_of="2024-12-31", output=str(tmp_path)), nbd(1.0, 100.0), 10.0)
    publish(tmp_path, "2024-09-30", before)
    (tmp_path / "own").rename(tmp_path / "pencil")
    section = value.compute(context)
    said = [text for text in sentences_of("value", section, context.params) if "The report before" in text]
    assert bool(said) == told
    assert not said or said[0].startswith("The report before, as of 30 September 2024, valued them by BG/NBD")
