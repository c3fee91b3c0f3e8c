import gzip
import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import requires

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.inputs import read_log
from clvlab.judged import Judgement
from clvlab.params import ReportParams
from clvlab.reporting import manifest
from clvlab.reporting.manifest import Account, Inputs, is_current, rows_of
from clvlab.transactions import read_transactions
from tests.reporting.conftest import LOG
from tests.run_files import files_read

EMPTY = read_transactions(pl.DataFrame({"customer_id": ["a"], "date": [date(2024, 1, 1)], "amount": [1.0]}))
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
        return Inputs.of(
            changed, files_read(changed), rows_of(changed, read_log(changed)), workplace / "tiny.ipynb"
        ).key

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


MAP = "n_bins: 2\nscores: [r_score]\ngroups: {good: '2', bad: '1'}\n"
FILES = {
    "log-1.csv": LOG,
    "log-2.csv": LOG,
    "home/log-3.csv": LOG,
    "people/a.csv": ATTRIBUTES,
    "people/b.csv": "customer_id,age\n001,30\n",
    "home/more.csv": "customer_id,city\n001,Bern\n",
    "items.csv": "order_id,category,amount\n1,tea,5\n",
    "returns.csv": "customer_id,date,amount\n001,2024-08-01,-1\n",
    "own.yaml": MAP,
    "tiny.ipynb": "{}",
}
MAY_GO = {"log-2.csv", "people/b.csv"}
ROWS = ["001,2024-08-31,5", "001,2024-08-31,5.00", ",2024-08-01,5", "001,2024-09-30,5", "001,,5", "001,2024-08-01,-5"]


def edited(name):
    """What may become of a file: one of its characters is another, it has a row more or less, or it is gone."""
    text = FILES[name]
    places = st.integers(0, len(text) - 1)
    changed = st.builds(
        lambda place, to: text[:place] + to + text[place + 1 :], places, st.sampled_from(["0", "7", " ", "x", "\n"])
    )
    grown = st.sampled_from(ROWS).map(lambda row: f"{text}{row}\n")
    cut = st.just(text[: text.rindex("\n", 0, -1) + 1] if text.count("\n") > 1 else text + " ")
    return changed | grown | cut | st.none() if name in MAY_GO else changed | grown | cut


EDITS = st.dictionaries(st.sampled_from(list(FILES)), st.integers(), max_size=3).flatmap(
    lambda chosen: st.fixed_dictionaries({name: edited(name) for name in chosen})
)


@given(EDITS, st.sampled_from(["en", "en", "zh"]))
@settings(max_examples=40, deadline=None)
def test_keys_are_equal_exactly_where_all_inputs_are(before, edits, lang):
    folder, first = before
    state = {**FILES, **edits}
    same = state == FILES and lang == "en"
    assert (key_of(folder, state, lang) == first) == same


@pytest.mark.parametrize("name", FILES)
def test_every_file_matters_by_itself(before, name):
    folder, first = before
    assert key_of(folder, {**FILES, name: f"{FILES[name]} "}, "en") != first


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """A folder, and the key of a run over its files as they are before any edit."""
    folder = tmp_path_factory.mktemp("run")
    for part in ("home", "people"):
        (folder / part).mkdir()
    return folder, key_of(folder, FILES, "en")


def key_of(folder, state, lang):
    """The key of a run over files as `state` has them, which it names by path, by glob and by the home folder.

    The log is not read, so that no file has to be one that can be read: its rows follow from its files.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder / "home"))
        patch.setattr(manifest, "PACKAGE", folder / "none")  # the same for all, and slow to read, as are versions
        patch.setattr(manifest, "versions", dict)
        for name, text in state.items():
            if text is None:
                (folder / name).unlink(missing_ok=True)
            else:
                (folder / name).write_text(text, encoding="utf-8")
        params = ReportParams(
            name="r",
            source=["log-*.csv", "~/log-3.csv"],
            items="items.csv",
            returns="returns.csv",
            attributes=["people/*.csv", "~/m*.csv"],
            strategy="own.yaml",
            as_of="2024-08-31",
            lang=lang,
        )
        return Inputs.of(params, files_read(params), rows_of(params, EMPTY), folder / "tiny.ipynb").key


@pytest.mark.parametrize(
    "changes",
    [{"as_of": date(2024, 8, 30)}, {"lang": "zh"}, {"strategy": "abc"}, {"horizon": "1 year"}, {"name": "b"}],
)
def test_parameters_matter(key, changes):
    assert key(**changes) != key()


@pytest.mark.parametrize("change", [{"series": "b"}, {"as_of": date(2024, 8, 30)}, {"key": "2"}])
def test_comparison_that_judged_the_strategy_matters(workplace, params, change):
    figures = {"gini": 0.4, "low": 0.3, "high": 0.5, "place": 1, "n_strategies": 2, "recommended": None}
    judged = Judgement("a", date(2024, 8, 31), "1", date(2024, 5, 31), **figures)

    def key_by(judged):
        return Inputs.of(params, files_read(params), rows_of(params, EMPTY), workplace / "log.csv", judged=judged).key

    assert key_by(judged) == key_by(judged)
    assert len({key_by(None), key_by(judged), key_by(replace(judged, **change))}) == 3


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
    inputs = Inputs.of(params, files_read(params), rows_of(params, log), workplace / "log.csv")
    started = datetime(2024, 9, 1, tzinfo=UTC)
    sections = [{"section": "first", "seconds": 0.25, "peak_mb": 90.0}]
    manifest.write(folder, inputs, log, {}, Account(started, 1.5, sections))
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


def test_the_run_before_matters_by_its_day_and_its_own_inputs(workplace, params):
    def key(earlier):
        return Inputs.of(params, {}, rows_of(params, EMPTY), workplace / "log.csv", earlier).key

    before = workplace / "2024-05-31"
    before.mkdir()
    keys = [key(None), key(before)]
    for own in ("a", "b"):
        (before / "manifest.json").write_text(json.dumps({"key": own}), encoding="utf-8")
        keys.append(key(before))
    assert len(set(keys)) == 4
    assert key(before.rename(workplace / "2024-06-30")) not in keys
    assert keys[0] == key(None)
