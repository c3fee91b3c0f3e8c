"""A series made in one go, by processes of their own: complete, in step with its inputs, whole after any end."""

import json
import multiprocessing
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import nbformat
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.params import ReportParams
from clvlab.period_ends import ends
from clvlab.reporting.backfill import _work, backfill, next_day
from tests.reporting.conftest import LOG, TITLE, notebook, start_tiny_run

MONTHS = list(ends("month", date(2024, 3, 31), date(2024, 6, 30)))
EXPORT = """
import json, os
from pathlib import Path
import polars as pl
folder = Path(os.environ["CLVLAB_RUN_FOLDER"])
ids = pl.read_parquet(Path(os.environ["CLVLAB_LOG_FOLDER"]) / "accepted.parquet")["customer_id"].unique().sort()
table = pl.DataFrame({"customer_id": ids}).with_columns(group=pl.lit("lost"), clv=1.0)
table.write_parquet(folder / "customers.parquet")
before = os.environ["CLVLAB_PREDECESSOR"]
(folder / "before.csv").write_text(Path(before).name if before else "none")
"""
GIVEN = {"name": "tiny", "source": "log.csv", "as_of": "2024-03-31", "every": "month"}


def write_params(folder, **more):
    (folder / "tiny.yaml").write_text("\n".join(f"{key}: {value}" for key, value in {**GIVEN, **more}.items()))


def arguments(first, last, *more):
    return "backfill", "tiny.yaml", "--from", str(first), "--to", str(last), *more


@pytest.fixture
def start(workplace, use_notebook, start_cli):
    """Start a backfill of the tiny series, as a process of its own."""
    use_notebook(TITLE, EXPORT)
    write_params(workplace)
    return lambda *given: start_cli(*arguments(*given))


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """The folder of the tiny series, four months of it made two at a time, and how its process ended."""
    folder = tmp_path_factory.mktemp("series")
    (folder / "log.csv").write_text(LOG, encoding="utf-8")
    write_params(folder)
    nbformat.write(notebook(TITLE, EXPORT), folder / "tiny.ipynb")
    given = arguments(MONTHS[0], MONTHS[-1], "--jobs", "2")
    process = start_tiny_run(folder, *given, TINY_NOTEBOOK=str(folder / "tiny.ipynb"))
    return folder, process.communicate(), process.returncode


@pytest.fixture
def go_on(series, start, workplace):
    """Start a backfill of a copy of that series, notebook and all."""
    shutil.copytree(series[0], workplace, symlinks=True, dirs_exist_ok=True)
    return start


def manifests(workplace):
    """Day -> manifest of every published report."""
    found = sorted((workplace / "reports" / "tiny").glob("*-*-*/manifest.json"))
    return {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in found}


def test_every_period_is_published_and_knows_what_was_known_then(series, go_on, workplace):
    _, (out, err), returncode = series
    assert (returncode, out) == (0, "reports/tiny/index.html\n"), err
    assert "4 made, 0 up to date, 0 failed" in err
    found = manifests(workplace)
    assert list(found) == [str(day) for day in MONTHS]
    log = pl.read_csv("log.csv", try_parse_dates=True)
    accepted = [log.filter(pl.col("date") <= day).height for day in MONTHS]
    assert [it["rows"]["accepted"] for it in found.values()] == accepted
    assert [it["counts"][0]["rows"] for it in found.values()] == accepted  # read, too
    history = cl.history("reports/tiny")
    assert history["as_of"].unique().sort().to_list() == MONTHS
    index = (workplace / "reports" / "tiny" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#:]+)"', index)
    assert len(links) >= len(MONTHS)
    assert all((workplace / "reports" / "tiny" / link).exists() for link in links)

    # One after the other, each reads the one before; of two at once the second stretch computes it.
    taken = {day: it["predecessor"] for day, it in found.items()}
    assert taken["2024-03-31"] == "recomputed"
    for day, before in zip(MONTHS[1:], MONTHS, strict=False):
        said = (workplace / "reports" / "tiny" / str(day) / "before.csv").read_text()
        assert said == (str(before) if taken[str(day)] == "published" else "none")
    assert "published" in taken.values()

    again = go_on(MONTHS[0], MONTHS[-1])
    _, err = again.communicate()
    assert again.returncode == 0
    assert "0 made, 4 up to date, 0 failed" in err
    assert manifests(workplace) == found


def test_a_series_without_customers_has_no_history_and_computes_what_was_before(start, use_notebook, workplace):
    use_notebook(TITLE, EXPORT.replace('table.write_parquet(folder / "customers.parquet")\n', ""))
    process = start(MONTHS[0], MONTHS[1], "-p", "edition=stakeholder")
    _, err = process.communicate()
    assert process.returncode == 0, err
    assert [it["predecessor"] for it in manifests(workplace).values()] == ["recomputed"] * 2
    assert not (workplace / "reports" / "tiny" / "history.parquet").exists()
    again = start(MONTHS[0], MONTHS[1], "-p", "edition=stakeholder")
    assert "0 made, 2 up to date, 0 failed" in again.communicate()[1]


def test_a_row_that_changed_makes_the_reports_from_its_period_on_again(go_on, workplace):
    log = (workplace / "log.csv").read_text()
    changed = log.replace("008,2024-05-09,9.25", "008,2024-05-09,19.25")
    assert changed != log
    (workplace / "log.csv").write_text(changed)
    process = go_on(MONTHS[0], MONTHS[-1])
    _, err = process.communicate()
    told = [line.removeprefix("clvlab: ") for line in err.splitlines() if re.match(r"clvlab: 2024", line)]
    assert told == [
        "2024-03-31: up to date",
        "2024-04-30: up to date",
        "2024-05-31: made, as the rows of the log up to its day changed",
        "2024-06-30: made, as the rows of the log up to its day changed",
    ]


def test_rows_of_a_later_period_leave_the_earlier_ones_alone(go_on, workplace):
    with (workplace / "log.csv").open("a") as file:
        file.write("001,2024-07-01,5\n")
    _, err = go_on(MONTHS[0], MONTHS[-1]).communicate()
    assert "0 made, 4 up to date" in err


def test_a_period_that_fails_is_told_and_the_others_are_made(start, workplace):
    process = start("2023-12-31", "2024-02-29")
    _, err = process.communicate()
    assert process.returncode == 1
    assert "2023-12-31: " in err
    assert list(manifests(workplace)) == ["2024-01-31", "2024-02-29"]
    reason = workplace / "reports" / "tiny" / "failed"
    assert not reason.exists()  # the log has no row by then: refused before a notebook began


@pytest.mark.parametrize(
    ("given", "first", "last", "said"),
    [
        ({"every": None}, MONTHS[0], MONTHS[1], "`every` is missing"),
        ({}, date(2024, 4, 1), date(2024, 4, 29), "No month ends between 2024-04-01 and 2024-04-29. .* 2024-04-30"),
        ({}, MONTHS[1], MONTHS[0], "No month ends between"),
    ],
)
def test_what_is_no_series_is_told_before_anything_is_written(workplace, given, first, last, said):
    with pytest.raises(ParamsError, match=said):
        backfill(ReportParams(**{**GIVEN, **given}), first, last, progress=False)
    assert not (workplace / "reports").exists()


def test_reports_that_follow_the_lists_of_those_before_are_made_one_by_one(workplace, use_notebook, start_cli):
    due = 'import shutil\nshutil.copy(folder / "customers.parquet", folder / "due.parquet")'
    use_notebook(TITLE, EXPORT, due)
    write_params(workplace, control_share=0.2)

    def told(first, last):
        return start_cli(*arguments(first, last, "--jobs", "2")).communicate()[1]

    assert "1 made, 0 up to date" in told(MONTHS[2], MONTHS[2])
    # The lists of months before come up, and those after them follow these, too.
    assert "3 made, 0 up to date" in told(MONTHS[0], MONTHS[2])
    lists = [list(it["lists"]) for it in manifests(workplace).values()]
    assert lists == [[str(day) for day in MONTHS[:n]] for n in range(3)]
    assert "0 made, 3 up to date" in told(MONTHS[0], MONTHS[2])


def test_a_process_whose_starter_was_killed_while_it_started_makes_nothing(workplace):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    context = multiprocessing.get_context("spawn")
    _, there = context.Pipe(duplex=False)
    given = (there, gone.pid, ReportParams(**GIVEN).to_dict(), Path("none.ipynb"), False)
    process = context.Process(target=_work, args=given)
    process.start()
    process.join()
    assert process.exitcode == 1
    assert not (workplace / "reports").exists()


@pytest.mark.slow
def test_a_backfill_that_is_killed_at_any_moment_leaves_all_whole_and_the_next_completes_it(start, workplace):
    moments = random.Random(7)
    folder = workplace / "reports" / "tiny"
    for _ in range(20):
        process = start(MONTHS[0], MONTHS[2], "--jobs", "2", "--force")
        time.sleep(moments.uniform(0.5, 6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        for day, manifest in manifests(workplace).items():
            assert all((folder / day / name).exists() for name in manifest["outputs"])
        if (folder / "history.parquet").exists():
            found = cl.history(folder)
            assert not found.select("as_of", "customer_id", "strategy").is_duplicated().any()
    process = start(MONTHS[0], MONTHS[2])
    out, err = process.communicate()
    assert (process.returncode, out) == (0, "reports/tiny/index.html\n"), err
    assert list(manifests(workplace)) == [str(day) for day in MONTHS[:3]]
    assert cl.history(folder)["as_of"].unique().sort().to_list() == MONTHS[:3]
    assert not list(folder.glob(".staging*"))


@given(st.integers(1, 14), st.integers(1, 4), st.randoms())
def test_every_period_is_made_once_and_seldom_before_the_one_before_it(n, jobs, chance):
    days = list(ends("month", date(2024, 1, 31), date(2025, 12, 31)))[:n]
    waiting, at_work, done, recomputed = list(days), [], [], 0
    while waiting or at_work:
        while waiting and len(at_work) < jobs:
            day = next_day(waiting, at_work, "month")
            waiting.remove(day)
            before = days[days.index(day) - 1] if day != days[0] else None
            recomputed += before not in done
            at_work.append(day)
        done.append(at_work.pop(chance.randrange(len(at_work))))
    assert sorted(done) == days
    assert recomputed <= 1 if jobs == 1 else recomputed <= n
