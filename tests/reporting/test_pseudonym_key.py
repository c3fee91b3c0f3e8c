"""The secret of which pseudonyms are made: one for an output folder, for its owner alone, and in no report."""

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from clvlab.errors import ParamsError
from clvlab.inputs import pseudonym_key
from clvlab.params import PSEUDONYM_KEY
from clvlab.reporting.archive import OutputError
from clvlab.reporting.pseudonym_key import found_or_made
from clvlab.reporting.runner import run

pytestmark = pytest.mark.usefixtures("workplace")
PLACE = Path("reports/.pseudonym-key")
PSEUDONYMS = """
from clvlab import ReportParams
from clvlab.analysis.segmentation.pseudonyms import pseudonyms
from clvlab.inputs import pseudonym_key, read_log
params = ReportParams(**{key: globals()[key] for key in ReportParams.model_fields})
customers = read_log(params).data.select("customer_id").unique().sort("customer_id")
named = pseudonyms(customers, pseudonym_key(params))
named.write_csv(__import__("os").environ["CLVLAB_RUN_FOLDER"] + "/customers.csv")
"""


@pytest.fixture(autouse=True)
def no_key_given(monkeypatch):
    monkeypatch.delenv(PSEUDONYM_KEY, raising=False)


@pytest.fixture
def series(workplace, params):
    folder = workplace / params.folder
    folder.mkdir(parents=True)
    return folder


def named(folder):
    with (folder / "customers.csv").open(newline="") as file:
        return {row["customer_id"]: row["pseudonym"] for row in csv.DictReader(file)}


def test_key_is_made_once_for_its_owner_alone(params, series):
    made = found_or_made(params)
    assert len(made) == 64
    assert PLACE.read_text() == f"{made}\n"
    assert PLACE.stat().st_mode & 0o777 == 0o600
    assert found_or_made(params) == found_or_made(params.model_copy(update={"name": "other"})) == made
    assert list(series.iterdir()) == []


def test_runs_that_start_at_once_have_one_key(params):
    starts = Barrier(8)

    def at_once(place):
        one = params.model_copy(update={"name": f"tiny {place}"})
        one.folder.mkdir(parents=True)
        starts.wait()
        return found_or_made(one)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(at_once, range(8)))) == 1


@pytest.mark.usefixtures("series")
def test_key_of_the_environment_is_in_no_file(params, monkeypatch):
    monkeypatch.setenv(PSEUDONYM_KEY, "e" * 32)
    assert found_or_made(params) == "e" * 32
    assert not PLACE.exists()


@pytest.mark.usefixtures("series")
def test_a_short_key_is_refused_wherever_it_is(params, monkeypatch):
    PLACE.write_text("abc\n")
    with pytest.raises(ParamsError, match=r"\.pseudonym-key has a key of 3 characters.* 32 or more are needed"):
        found_or_made(params)
    monkeypatch.setenv(PSEUDONYM_KEY, "secret")
    with pytest.raises(ParamsError, match=f"{PSEUDONYM_KEY} has a key of 6 characters"):
        found_or_made(params)


@pytest.mark.usefixtures("series")
def test_a_key_that_cannot_be_read_is_named_with_what_to_do(params):
    PLACE.mkdir()
    with pytest.raises(ParamsError, match=rf"key, the key of pseudonyms, cannot be read: Is a dir.*{PSEUDONYM_KEY}"):
        found_or_made(params)
    PLACE.rmdir()
    PLACE.write_bytes(b"\xff" * 64)
    with pytest.raises(ParamsError, match="it is not a text"):
        found_or_made(params)


def test_a_key_that_cannot_be_written_is_named_with_what_to_do(params, series, monkeypatch):
    def refuse(_self, _target):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(OutputError, match=rf"Cannot write .*pseudonyms: Read-only file system\..*{PSEUDONYM_KEY}"):
        found_or_made(params)
    assert list(series.iterdir()) == []


def test_looking_for_a_key_makes_none(params):
    assert pseudonym_key(params) is None
    assert not PLACE.parent.exists()


def test_customers_keep_their_pseudonyms_and_the_secret_is_in_no_file_of_a_run(
    params, use_notebook, monkeypatch, capfd
):
    """Two days by the folder's key, one by another: the customers' names, and what changes the key of the run."""
    use_notebook(PSEUDONYMS)
    earlier = params.model_copy(update={"as_of": params.as_of.replace(month=7)})
    first, second = run(earlier).report.parent, run(params).report.parent
    secret = PLACE.read_text().strip()
    assert named(first) == named(second)
    assert len(set(named(first).values())) == 36
    assert not run(params).is_new
    for path in (path for path in params.folder.rglob("*") if path.is_file()):
        assert secret.encode() not in path.read_bytes(), path
    assert secret not in "".join(capfd.readouterr())

    monkeypatch.setenv(PSEUDONYM_KEY, "e" * 32)
    other = run(params)
    assert other.is_new
    assert not set(named(other.report.parent).values()) & set(named(first).values())
