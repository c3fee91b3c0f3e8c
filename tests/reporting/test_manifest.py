import json
import shutil
from datetime import UTC, date, datetime
from importlib.metadata import requires

import polars as pl
import pytest

from clvlab.inputs import read_log
from clvlab.params import ReportParams
from clvlab.reporting import manifest
from clvlab.reporting.manifest import Account, Inputs, is_current
from tests.reporting.conftest import LOG


@pytest.fixture
def key(workplace, params):
    """The key of a run over the log as it stands on disk; keywords change the parameters."""
    (workplace / "tiny.ipynb").write_text("{}", encoding="utf-8")

    def of(**changes):
        changed = params.model_copy(update=changes)
        return Inputs.of(changed, read_log(changed), workplace / "tiny.ipynb").key

    return of


def append(workplace, row):
    with (workplace / "log.csv").open("a", encoding="utf-8") as file:
        file.write(row)


def test_key_is_the_same_for_the_same_inputs(key):
    assert key() == key()


def test_order_of_rows_and_files_and_columns_does_not_matter(workplace, key):
    before = key()
    rows = pl.read_csv(workplace / "log.csv", infer_schema=False)
    rows.select("amount", "customer_id", "date").reverse().write_csv(workplace / "log.csv")
    assert key() == before


def test_rows_after_the_day_do_not_matter_and_rows_up_to_it_do(workplace, key):
    before = key()
    append(workplace, "001,2024-09-01,5\n")
    assert key() == before
    append(workplace, "001,2024-08-31,5\n")
    assert key() != before


def test_refused_rows_matter_since_the_report_counts_them(workplace, key):
    before = key()
    append(workplace, ",2024-08-01,5\n")
    assert key() != before


@pytest.mark.parametrize(
    "changes",
    [{"as_of": date(2024, 8, 30)}, {"lang": "zh"}, {"strategy": "abc"}, {"horizon": "1 year"}, {"name": "b"}],
)
def test_parameters_matter(key, changes):
    assert key(**changes) != key()


def test_attributes_matter_by_their_content(workplace, key):
    (workplace / "attributes.csv").write_text("customer_id,region\n1,north\n", encoding="utf-8")
    before = key(attributes=("attributes.csv",))
    (workplace / "attributes.csv").write_text("customer_id,region\n1,south\n", encoding="utf-8")
    assert key(attributes=("attributes.csv",)) != before


def test_notebook_matters(workplace, key):
    before = key()
    (workplace / "tiny.ipynb").write_text("{ }", encoding="utf-8")
    assert key() != before


@pytest.mark.parametrize("name", ["rfm.py", "wording/page.yaml", "reporting/templates/report/page.css"])
def test_package_matters_wherever_it_stands(key, workplace, monkeypatch, name):
    before = key()
    copy = workplace / "elsewhere" / "clvlab"
    shutil.copytree(manifest.PACKAGE, copy)
    monkeypatch.setattr(manifest, "PACKAGE", copy)
    assert key() == before
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert key() != before


def test_library_versions_matter(key, monkeypatch):
    before = key()
    monkeypatch.setattr(manifest, "version", lambda name: "0.0" if name == "polars" else "1.0")
    assert key() != before


@pytest.fixture
def finished(workplace, params):
    """A finished run's folder and its key."""
    folder = workplace / "run"
    (folder / "tables").mkdir(parents=True)
    (folder / "report.html").write_text("page", encoding="utf-8")
    (folder / "tables" / "a_b.csv").write_text("n\n1\n", encoding="utf-8")
    append(workplace, ",2024-08-01,5\n")
    log = read_log(params)
    inputs = Inputs.of(params, log, workplace / "log.csv")
    started = datetime(2024, 9, 1, tzinfo=UTC)
    sections = [{"section": "first", "seconds": 0.25, "peak_mb": 90.0}]
    manifest.write(folder, inputs, log, Account(started, 1.5, sections))
    return folder, inputs.key


def test_manifest_accounts_for_inputs_outputs_and_costs(finished):
    folder, key = finished
    found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert found["key"] == key
    assert found["parameters"]["as_of"] == "2024-08-31"
    assert found["rows"]["accepted"] == LOG.count("\n") - 1
    assert found["rows"]["refused"] == {"missing_customer": 1}
    assert {"rule": "read", "rows": LOG.count("\n")} in found["counts"]
    assert found["versions"]["polars"] == pl.__version__
    assert found["sections"][0]["seconds"] == 0.25
    assert set(found["outputs"]) == {"report.html", "tables/a_b.csv"}
    assert found["outputs"]["report.html"] == manifest.sha256(folder / "report.html")
    assert found["started"] == "2024-09-01T00:00:00+00:00"
    assert {"host", "user", "git_commit", "seconds", "platform"} <= set(found)


def test_whole_run_with_the_same_key_is_current(finished):
    folder, key = finished
    assert is_current(folder, key)
    assert not is_current(folder, "another")


@pytest.mark.parametrize("damage", ["changed", "removed", "no manifest", "half a manifest"])
def test_damaged_run_is_not_current(finished, damage):
    folder, key = finished
    if damage == "changed":
        (folder / "report.html").write_text("other", encoding="utf-8")
    elif damage == "removed":
        (folder / "tables" / "a_b.csv").unlink()
    elif damage == "no manifest":
        (folder / "manifest.json").unlink()
    else:
        (folder / "manifest.json").write_text('{"key": ', encoding="utf-8")
    assert not is_current(folder, key)


def test_run_outside_a_checkout_has_no_commit(monkeypatch, tmp_path):
    monkeypatch.setattr(manifest, "PACKAGE", tmp_path / "src" / "clvlab")
    assert manifest._git_commit() is None


def test_run_in_a_checkout_has_its_commit():
    commit = manifest._git_commit()
    assert commit is None or len(commit) == 40


def test_every_requirement_of_the_package_is_versioned():
    assert {"python", "clvlab", "polars", "vl-convert-python", "great-tables"} <= set(manifest.versions())


def test_what_only_an_extra_brings_plays_no_part():
    assert any("extra ==" in requirement for requirement in requires("clvlab"))
    assert "jupyterlab" not in manifest.versions()


def test_embedded_log_is_read_by_its_name():
    params = ReportParams(name="x", source="cdnow_sample", as_of="1997-09-30")
    assert read_log(params).data.height == 6919
