"""A run's folder of temporary files: private, locked, and gone with the run or with the next one."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from clvlab.reporting.archive import OutputError
from clvlab.reporting.temporary import sweep, temporary_files_in, temporary_folder
from clvlab.scratch import scratch_file

HOLD = """
import sys, time
from clvlab.reporting.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "unpacked").touch()
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def above(tmp_path, monkeypatch):
    """The folder of temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_folder_is_for_its_owner_alone_and_goes_with_what_is_in_it(above):
    with temporary_folder() as folder:
        assert folder.parent == above
        assert folder.stat().st_mode & 0o077 == 0
        (folder / "key").touch()
    assert list(above.iterdir()) == []


def test_folder_whose_process_was_killed_goes_and_one_at_work_stays(above):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], env={**os.environ, "TMPDIR": str(above)}, stdout=subprocess.PIPE, text=True
    ) as process:
        held = Path(process.stdout.readline().strip())
        with temporary_folder():
            assert (held / "unpacked").exists()
        process.kill()
    assert (held / "unpacked").exists()
    with temporary_folder() as folder:
        assert list(above.iterdir()) == [folder]


def test_only_folders_of_runs_are_swept(above):
    (above / "clvlab-run-left").mkdir()
    (above / "clvlab-session").mkdir()
    (above / "theirs").mkdir()
    (above / "clvlab-run-file").touch()
    (above / "clvlab-run-link").symlink_to(above / "theirs")
    sweep(above)
    assert {path.name for path in above.iterdir()} == {
        "clvlab-session",
        "theirs",
        "clvlab-run-file",
        "clvlab-run-link",
    }


def test_folder_of_sockets_is_short_wherever_temporary_files_are(tmp_path, monkeypatch):
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with temporary_folder(of_sockets=True) as sockets, temporary_folder() as files:
        assert len(str(sockets)) < 90
        assert files.parent == long
    assert not sockets.exists()


def test_scratch_files_of_a_run_are_in_its_folder(above):
    outside = scratch_file()
    with temporary_folder() as folder, temporary_files_in(folder):
        scratch_file().touch()
        assert folder in scratch_file().parents
    assert scratch_file().parent == outside.parent
    assert tempfile.gettempdir() == str(above)


def test_no_folder_for_temporary_files_is_named_with_what_to_do(monkeypatch):
    def none():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with (
        pytest.raises(OutputError, match=r"No usable temporary directory found in .*\. Set TMPDIR"),
        temporary_folder(),
    ):
        pytest.fail("there is none")


def test_folders_that_are_made_and_swept_at_once_are_each_their_own(above):
    code = (
        "from clvlab.reporting.temporary import temporary_folder\n"
        "for n in range(60):\n"
        "    with temporary_folder() as folder:\n"
        "        (folder / 'key').touch()\n"
        "        assert [path.name for path in folder.iterdir()] == ['key']\n"
    )
    environment = {**os.environ, "TMPDIR": str(above)}
    started = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(3)]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0]
    assert list(above.iterdir()) == []
