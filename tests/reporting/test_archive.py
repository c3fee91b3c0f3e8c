import contextlib
import errno
import os
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from clvlab.reporting import archive
from clvlab.reporting.archive import OutputError, Series, explained

DAY, LATER = date(2024, 7, 31), date(2024, 8, 31)


@pytest.fixture
def series(tmp_path):
    return Series(tmp_path)


def publish(series, as_of, text):
    staged = series.stage(as_of)
    (staged / "tables").mkdir()
    (staged / "report.html").write_text(text, encoding="utf-8")
    return series.publish(staged, as_of)


def left_over(series):
    return [path.name for path in series.folder.iterdir() if path.name.startswith(".")]


def test_published_run_is_under_its_day_and_latest_points_there(series):
    folder = publish(series, DAY, "first")
    assert folder == series.folder / "2024-07-31"
    assert (series.folder / "latest").readlink().as_posix() == "2024-07-31"
    assert (series.folder / "latest" / "report.html").read_text() == "first"
    assert left_over(series) == []


@pytest.mark.parametrize("can_exchange", [True, False])
def test_second_run_of_a_day_replaces_the_first_whole(series, monkeypatch, can_exchange):
    publish(series, DAY, "first")
    if not can_exchange:
        monkeypatch.setattr(archive, "_exchanged", lambda *_: False)
    (series.published(DAY) / "stale").touch()
    publish(series, DAY, "second")
    assert sorted(path.name for path in series.published(DAY).iterdir()) == ["report.html", "tables"]
    assert (series.published(DAY) / "report.html").read_text() == "second"
    assert left_over(series) == []


def test_latest_stays_with_the_newest_day(series):
    publish(series, LATER, "newer")
    publish(series, DAY, "older, run later")
    assert (series.folder / "latest").readlink().as_posix() == "2024-08-31"


def test_latest_is_not_rewritten_where_it_is_right(series):
    publish(series, DAY, "first")
    before = (series.folder / "latest").lstat().st_ino
    series.point_latest()
    assert (series.folder / "latest").lstat().st_ino == before


def test_folders_that_are_no_days_are_not_the_latest(series):
    (series.folder / "zzz").mkdir()
    (series.folder / "20991231").mkdir()
    publish(series, DAY, "first")
    assert (series.folder / "latest").readlink().as_posix() == "2024-07-31"


def test_what_a_killed_run_left_is_removed(series):
    (series.stage(DAY) / "customers.csv").touch()
    (series.folder / ".index.html").touch()
    (series.folder / ".latest").symlink_to("nowhere")
    series.mend()
    assert list(series.folder.iterdir()) == []


def test_what_a_killed_run_hid_is_restored(series):
    publish(series, DAY, "first")
    series.published(DAY).rename(series.folder / f".staging-replaced-{DAY}")
    series.mend()
    assert (series.published(DAY) / "report.html").read_text() == "first"


def test_failed_run_keeps_its_notebook_and_one_line(series):
    publish(series, DAY, "first")
    for reason in ("before", "it broke\n  in two   lines"):
        staged = series.stage(LATER)
        (staged / "report.ipynb").write_text(reason, encoding="utf-8")
        (staged / "customers.csv").touch()
        kept = series.keep_failed(staged, LATER, reason)
    assert kept == series.folder / "failed" / "2024-08-31"
    assert (kept / "reason.txt").read_text() == "it broke in two lines\n"
    assert sorted(path.name for path in kept.iterdir()) == ["reason.txt", "report.ipynb"]
    assert (series.folder / "latest").readlink().as_posix() == "2024-07-31"
    assert left_over(series) == []


def test_every_file_reaches_the_disk_before_the_run_is_published(series, monkeypatch):
    steps = []
    monkeypatch.setattr(os, "fsync", lambda number: steps.append(str(Path(f"/proc/self/fd/{number}").readlink())))
    folder = publish(series, DAY, "first")
    staged = [step for step in steps if ".staging-" in step]
    assert {step.rpartition("/")[2] for step in staged} >= {"report.html", "tables"}
    assert steps[len(staged) :] == [str(series.folder)] * 2
    assert folder.exists()


@pytest.mark.parametrize(
    ("code", "advice"),
    [(errno.ENOSPC, "Free some space"), (errno.EROFS, "can be written to"), (errno.EACCES, "may write to")],
)
def test_full_or_unwritable_disk_is_named_with_what_to_do(tmp_path, code, advice):
    with (
        pytest.raises(OutputError, match=rf"Cannot write to {tmp_path}: {os.strerror(code)}\. .*{advice}"),
        explained(tmp_path),
    ):
        raise OSError(code, os.strerror(code))


def test_full_disk_that_a_library_quotes_is_named_as_well(tmp_path):
    with (
        pytest.raises(OutputError, match=r"No space left on device\. Free some space"),
        explained(tmp_path),
    ):
        pl.DataFrame({"n": [1]}).write_parquet("/dev/full")


@pytest.mark.parametrize("message", ["lengths differ", "cannot be opened: No such file (os error 2)"])
def test_other_errors_of_a_library_pass_unchanged(tmp_path, message):
    with pytest.raises(pl.exceptions.ComputeError, match=re.escape(message)), explained(tmp_path):
        raise pl.exceptions.ComputeError(message)


def test_other_errors_of_the_system_pass_unchanged(tmp_path):
    with pytest.raises(ConnectionError), explained(tmp_path):
        raise ConnectionError(errno.ECONNRESET, "reset")


def test_file_in_the_place_of_the_output_folder_is_named(tmp_path):
    (tmp_path / "reports").touch()
    with pytest.raises(OutputError, match="A file is in the way"), explained(tmp_path):
        (tmp_path / "reports" / "tiny").mkdir(parents=True)


@pytest.mark.parametrize("can_exchange", [True, False])
@pytest.mark.parametrize("leads", ["somewhere", "nowhere"])
def test_link_in_a_days_place_is_replaced_and_what_it_leads_to_stays(series, monkeypatch, can_exchange, leads):
    if not can_exchange:
        monkeypatch.setattr(archive, "_exchanged", lambda *_: False)
    (series.folder / "somewhere").mkdir()
    (series.folder / "somewhere" / "report.html").write_text("elsewhere", encoding="utf-8")
    series.published(DAY).symlink_to(leads)
    publish(series, DAY, "first")
    assert not series.published(DAY).is_symlink()
    assert (series.published(DAY) / "report.html").read_text() == "first"
    assert (series.folder / "somewhere" / "report.html").read_text() == "elsewhere"
    assert left_over(series) == []


def make_file(path):
    path.write_text("restored", encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("2024-07-31", make_file, "is a file, where a run leaves a folder. Move it away"),
        ("latest", Path.mkdir, "is a folder, where a run leaves a link"),
        ("latest", make_file, "is a file, where a run leaves a link"),
        ("failed", make_file, "is a file, where a run leaves a folder"),
        ("failed", lambda path: path.symlink_to("x"), "is a link to nothing, where a run leaves a folder"),
        ("index.html", Path.mkdir, "is a folder, where a run leaves a file"),
    ],
)
def test_what_lies_in_a_runs_place_is_refused_with_what_to_do(series, name, make, message):
    series.refuse_foreign(DAY)
    make(series.folder / name)
    with pytest.raises(OutputError, match=f"{name} {message}"):
        series.refuse_foreign(DAY)


def test_places_that_runs_have_filled_are_theirs(series):
    publish(series, DAY, "first")
    series.keep_failed(series.stage(LATER), LATER, "it broke")
    (series.folder / "index.html").touch()
    series.refuse_foreign(DAY)
    series.refuse_foreign(LATER)


def test_what_was_kept_of_a_failed_run_goes_with_the_last_of_it(series):
    for day in (DAY, LATER):
        series.keep_failed(series.stage(day), day, "it broke")
    series.forget_failed(DAY)
    assert [path.name for path in (series.folder / "failed").iterdir()] == ["2024-08-31"]
    series.forget_failed(LATER)
    assert list(series.folder.iterdir()) == []
    series.forget_failed(LATER)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.EFBIG, "ulimit -f"),
        (errno.EMFILE, "ulimit -n"),
        (errno.EAGAIN, "ulimit -u"),
        (errno.ENOMEM, "ulimit -v"),
    ],
)
def test_limits_of_the_system_are_named_with_what_to_do(tmp_path, code, advice):
    with pytest.raises(OutputError, match=rf"{os.strerror(code)}: .*{advice}"), explained(tmp_path):
        raise OSError(code, os.strerror(code))


class Killed(BaseException):
    """The process ended here."""


@pytest.mark.parametrize("can_exchange", [True, False])
def test_publication_killed_at_any_step_leaves_the_old_run_or_the_new(tmp_path, monkeypatch, can_exchange):
    if not can_exchange:
        monkeypatch.setattr(archive, "_exchanged", lambda *_: False)
    for steps in range(40):
        series = Series(tmp_path / str(steps))
        series.folder.mkdir()
        publish(series, DAY, "old")
        with monkeypatch.context() as patch:
            left = count_down(patch, steps)
            with contextlib.suppress(Killed):
                publish(series, DAY, "new")
        if can_exchange:
            assert (series.folder / "latest" / "report.html").read_text() in {"old", "new"}
        series.mend()
        publish(series, DAY, "newest")
        assert (series.folder / "latest" / "report.html").read_text() == "newest"
        assert left_over(series) == []
        if left() > 0:
            return
    pytest.fail("publication has more steps than were tried")


def count_down(patch, steps):
    """End the process, as it were, after so many steps that change what is on disk; returns how many are left."""
    left = [steps]

    def counted(step):
        def stepping(*args, **kwargs):
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return step(*args, **kwargs)

        return stepping

    for name in ("rename", "replace", "symlink", "unlink", "rmdir", "mkdir", "fsync", "chmod"):
        patch.setattr(os, name, counted(getattr(os, name)))
    patch.setattr(archive, "_exchanged", counted(archive._exchanged))
    return lambda: left[0]
