"""Runs as schedulers see them: processes that are killed, stopped, started twice. The long form is tests/torture."""

import json
import signal
import time

import psutil
import pytest

from tests.torture.workplace import Workplace, run_together

PARAMS = "name: tiny\nsource: log.csv\nas_of: 2024-08-31\n"
ENDLESS = "import time\ntime.sleep(600)"


@pytest.fixture
def start(workplace, start_cli, monkeypatch):
    """Start `clvlab report` over the small log; no kernel of it may outlive the test."""
    (workplace / "tiny.yaml").write_text(PARAMS, encoding="utf-8")
    (workplace / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(workplace / "tmp"))
    yield lambda *options: start_cli("report", "tiny.yaml", *options)
    patience = time.monotonic() + 30
    while kernels(workplace):
        assert time.monotonic() < patience, "a kernel outlives its run"
        time.sleep(0.1)


def kernels(workplace):
    """Processes that were started with a connection file below the test's temporary folder."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(str(workplace / "tmp") in argument for argument in line)]


def wait_for(process, text):
    """Read what the process logs until `text` turns up."""
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"{text!r} was never logged")


@pytest.fixture
def tortured(tmp_path):
    """A place of the torture's, of which this is the short form."""
    place = Workplace(tmp_path / "torture")
    yield place
    place.assert_no_process()


def test_runs_next_to_each_other_and_killed_ones_leave_all_whole_and_clean(tortured):
    said = run_together(tortured, names=2, starts=1, cwd="/proc")  # where nobody can write
    assert said == "2 names x 1: 2 published or up to date, 0 found the lock; all pages are equal"
    page = tortured.page("run0")
    killed = tortured.start("--force", name="run0")
    wait_for(killed, "running import json")
    killed.kill()
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    left = tortured.left_over("run0")
    assert any(".staging-" in name for name in left)
    assert any("clvlab-run-" in name for name in left)
    assert tortured.page("run0") == page
    tortured.mend("run0")
    assert tortured.page("run0") == page


def test_sigterm_stops_the_kernel_and_keeps_the_notebook_as_failed(start, use_notebook, workplace):
    use_notebook(ENDLESS)
    process = start()
    wait_for(process, "running import time")
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    failed = workplace / "reports" / "tiny" / "failed" / "2024-08-31"
    assert (failed / "reason.txt").read_text() == "stopped by SIGTERM\n"
    assert (failed / "report.ipynb").exists()
    assert not (workplace / "reports" / "tiny" / "latest").exists()


def test_second_run_at_once_exits_75_and_names_the_first(start, use_notebook):
    use_notebook(ENDLESS)
    first = start()
    wait_for(first, "running import time")
    second = start("--log-format", "json")
    stdout, stderr = second.communicate()
    assert (second.returncode, stdout) == (75, "")
    assert f"(process {first.pid}, since 20" in json.loads(stderr)["message"]
    first.send_signal(signal.SIGINT)
    assert first.wait() == 130


def test_error_of_the_notebook_exits_with_its_code(start, use_notebook):
    use_notebook("from clvlab.errors import DataError\nraise DataError('No customer has bought yet.')")
    process = start()
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (2, ""), stderr
    assert stderr.splitlines()[-1] == "clvlab: No customer has bought yet."
