"""Runs as schedulers see them: processes that are killed, stopped, started twice."""

import json
import random
import signal
import time

import psutil
import pytest

from clvlab.reporting.manifest import is_current
from tests.reporting.conftest import EXPORT, SHOW

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


def published(workplace):
    folder = workplace / "reports" / "tiny" / "latest"
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_whole(workplace):
    folder = workplace / "reports" / "tiny" / "latest"
    return is_current(folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["key"])


def kill_at(start, workplace, moments):
    """Kill -9 a forced run at each of these moments; what is published stays whole, and the next run completes."""
    assert start().wait() == 0
    page = published(workplace)["report.html"]
    for moment in moments:
        process = start("--force")
        time.sleep(moment)
        process.kill()
        assert process.wait() in {0, -signal.SIGKILL}
        assert is_whole(workplace)
        assert published(workplace)["report.html"] == page
    stdout, _ = start("--force").communicate()
    assert stdout == "reports/tiny/2024-08-31/report.html\n"
    assert is_whole(workplace)
    assert not list((workplace / "reports" / "tiny").glob(".staging*"))


def test_kill_9_damages_nothing_that_is_published(start, use_notebook, workplace):
    use_notebook(SHOW, EXPORT)
    kill_at(start, workplace, [2.5])


@pytest.mark.slow
def test_kill_9_at_thirty_random_moments_damages_nothing(start, use_notebook, workplace):
    """`pytest -m slow tests/reporting/test_processes.py`; the moments spread over a whole run."""
    use_notebook(SHOW, EXPORT)
    clock = time.monotonic()
    assert start().wait() == 0
    length = time.monotonic() - clock
    moments = random.Random(0)
    kill_at(start, workplace, [moments.uniform(0, length) for _ in range(30)])


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
    assert (process.returncode, stdout) == (2, "")
    assert stderr.splitlines()[-1] == "clvlab: No customer has bought yet."
