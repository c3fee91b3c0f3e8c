import gzip
import json
import shutil
from datetime import UTC, date, datetime
from importlib.metadata import requires

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.inputs import files_read, read_log
from clvlab.params import ReportParams
from clvlab.reporting import manifest
from clvlab.reporting.manifest import Account, Inputs, is_current
from tests.reporting.conftest import LOG

ATTRIBUTES = "customer_id,region\n001,north\n"


@pytest.fixture
def key(workplace, params, monkeypatch):
    """The key of a run over the files as they are on disk; keywords change the parameters."""
    (workplace / "tiny.ipynb").write_text("{}", encoding="utf-8")
    (workplace / "attributes").mkdir()
    (workplace / "attributes" / "a.csv").write_text(ATTRIBUTES, encoding="utf-8")
    monkeypatch.setenv("HOME", str(workplace))

    def of(**changes):
        changed = params.model_copy(update=changes)
        return Inputs.of(changed, files_read(changed), read_log(changed), workplace / "tiny.ipynb").key

    return of


def append(workplace, text, name="log.csv"):
    with (workplace / name).open("a", encoding="utf-8") as file:
        file.write(text)


def test_key_is_the_same_for_the_same_inputs(key):
    assert key() == key()


@pytest.mark.parametrize("source", ["log.csv", "l*.csv", "~/log.csv", "~/l*.csv"])
@pytest.mark.parametrize(
    "row",
    [
        "001,2024-08-31,5\n",
        ",2024-08-01,5\n",  # refused: the report counts it
        "001,2024-09-01,5\n",  # after the run's day: the report counts it, too
    ],
)
def test_every_row_of_the_source_matters_however_it_is_named(workplace, key, source, row):
    before = key(source=source)
    assert key(source=source) == before
    append(workplace, row)
    assert key(source=source) != before


def test_file_added_to_the_folder_of_a_glob_matters(workplace, key):
    before = key(source="l*.csv")
    shutil.copy(workplace / "log.csv", workplace / "log-2.csv")
    assert key(source="l*.csv") != before
    (workplace / "log-2.csv").unlink()
    assert key(source="l*.csv") == before


def test_archive_matters_by_its_content(workplace, key):
    (workplace / "log.gz").write_bytes(gzip.compress(LOG.encode(), mtime=0))
    before = key(source="log.gz")
    (workplace / "log.gz").write_bytes(gzip.compress(LOG.encode() + b",,1\n", mtime=0))
    assert key(source="log.gz") != before


@pytest.mark.parametrize("named", ["attributes/a.csv", "attributes/*.csv", "~/attributes/a.csv", "~/attr*/*.csv"])
def test_attributes_matter_by_their_content_however_they_are_named(workplace, key, named):
    before = key(attributes=(named,))
    assert key(attributes=(named,)) == before
    (workplace / "attributes" / "a.csv").write_text(ATTRIBUTES.replace("north", "south"), encoding="utf-8")
    assert key(attributes=(named,)) != before


def test_attributes_added_to_the_folder_of_a_glob_matter(workplace, key):
    before = key(attributes=("attributes/*.csv",))
    (workplace / "attributes" / "b.csv").write_text("customer_id,age\n001,30\n", encoding="utf-8")
    assert key(attributes=("attributes/*.csv",)) != before


def test_files_that_are_not_read_do_not_matter(workplace, key):
    before = key(source="log*.csv")
    (workplace / "other.csv").write_text(LOG, encoding="utf-8")
    (workplace / "log.txt").write_text(LOG, encoding="utf-8")
    assert key(source="log*.csv") == before


STATES = st.fixed_dictionaries(
    {
        "log-1.csv": st.sampled_from([LOG, LOG + "001,2024-08-31,5\n", LOG + ",,1\n"]),
        "log-2.csv": st.sampled_from([None, LOG, LOG + "\n"]),
        "people/a.csv": st.sampled_from([ATTRIBUTES, ATTRIBUTES + "002,south\n"]),
        "people/b.csv": st.sampled_from([None, "customer_id,age\n001,30\n", "customer_id,age\n001,31\n"]),
        "tiny.ipynb": st.sampled_from(["{}", "{ }"]),
        "lang": st.sampled_from(["en", "zh"]),
    }
)


@given(STATES, STATES, st.sets(st.sampled_from(["log-1.csv", "log-2.csv", "people/a.csv", "people/b.csv", "lang"])))
@settings(max_examples=25, deadline=None)
def test_keys_are_equal_exactly_where_all_inputs_are(tmp_path_factory, one, other, changed):
    other = {name: other[name] if name in changed else one[name] for name in one}
    assert (key_of(tmp_path_factory, one) == key_of(tmp_path_factory, other)) == (one == other)


def key_of(factory, state):
    """The key of a run over globs whose files are as `state` has them, in a folder that every run finds anew."""
    with pytest.MonkeyPatch.context() as patch:
        folder = factory.mktemp("run")
        patch.chdir(folder)
        patch.setattr(manifest, "PACKAGE", folder / "none")  # the same for all, and slow to read
        (folder / "people").mkdir()
        for name, text in state.items():
            if name != "lang" and text is not None:
                (folder / name).write_text(text, encoding="utf-8")
        params = ReportParams(
            name="r", source="log-*.csv", attributes="people/*.csv", as_of="2024-08-31", lang=state["lang"]
        )
        return Inputs.of(params, files_read(params), read_log(params), folder / "tiny.ipynb").key


@pytest.mark.parametrize(
    "changes",
    [{"as_of": date(2024, 8, 30)}, {"lang": "zh"}, {"strategy": "abc"}, {"horizon": "1 year"}, {"name": "b"}],
)
def test_parameters_matter(key, changes):
    assert key(**changes) != key()


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
    inputs = Inputs.of(params, files_read(params), log, workplace / "log.csv")
    started = datetime(2024, 9, 1, tzinfo=UTC)
    sections = [{"section": "first", "seconds": 0.25, "peak_mb": 90.0}]
    manifest.write(folder, inputs, log, Account(started, 1.5, sections))
    return folder, inputs.key


def test_manifest_accounts_for_inputs_outputs_and_costs(finished):
    folder, key = finished
    found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert found["key"] == key
    assert found["parameters"]["as_of"] == "2024-08-31"
    assert found["files"] == {"log.csv": manifest.sha256(folder.parent / "log.csv")}
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
    assert {"python", "clvlab", "polars", "vl-convert-python", "jinja2"} <= set(manifest.versions())


def test_what_only_an_extra_brings_plays_no_part():
    assert any("extra ==" in requirement for requirement in requires("clvlab"))
    assert "jupyterlab" not in manifest.versions()
