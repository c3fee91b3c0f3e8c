"""Notebooks in real kernels: what they yield, how they end, and that nothing of them is left."""

import io
import json
import os
import signal
import sys
import threading
import time

import nbformat
import psutil
import pytest

from clvlab.errors import ClvlabError
from clvlab.reporting.execution import KernelDiedError, NotebookError, environment_of, execute
from clvlab.reporting.stopping import Stopped, interruptible

PRINT_HOST = """
import os, sys, time
import polars
print(os.environ["GIVEN"], os.environ["PYTHONHASHSEED"], time.tzname[0], polars.thread_pool_size(), name, os.getcwd())
print("a warning", file=sys.stderr)
"""


def children():
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture
def execute_cells(workplace, use_notebook):
    """Execute a notebook of these cells; whatever happens, no process may be left."""

    def of(*sources, on_cell=lambda _: None):
        stderr = io.StringIO()
        output = workplace / "out {braces}.ipynb"
        path = use_notebook(*sources)
        execute(path, output, {"name": "n"}, environment={"GIVEN": "g"}, on_cell=on_cell, stderr=stderr)
        return nbformat.read(output, as_version=4), stderr.getvalue()

    before = children()
    yield of
    assert children() == before


def test_cells_see_the_parameters_and_no_trace_of_the_host(execute_cells, workplace):
    seen = []
    notebook, stderr = execute_cells(PRINT_HOST, on_cell=seen.append)
    printed = "".join(output.text for output in notebook.cells[-1].outputs if output.name == "stdout")
    assert printed == f"g 0 UTC 1 n {workplace}\n"
    assert stderr == "a warning\n"
    assert seen == [notebook.cells[-1].source]


def test_kernel_is_our_own_python_whatever_kernels_the_user_has(execute_cells, workplace, monkeypatch):
    kernel = workplace / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["false"], "display_name": "Another Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(workplace / "jupyter"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    notebook, _ = execute_cells("import sys\nprint(sys.executable)")
    assert notebook.cells[-1].outputs[0].text == f"{sys.executable}\n"


def test_error_of_ours_comes_back_with_its_message(execute_cells):
    with pytest.raises(ClvlabError, match=r"^The log has no column 'amount'\. Columns found: 'a'\."):
        execute_cells(
            "from clvlab.errors import MissingColumnsError\nraise MissingColumnsError('The log', ['amount'], ['a'])"
        )


@pytest.mark.parametrize(
    "cause", ["OSError(28, 'No space left on device')", "RuntimeError('No space left on device (os error 28)')"]
)
def test_full_disk_in_the_kernel_is_the_systems_error(execute_cells, cause):
    with pytest.raises(OSError, match="No space left") as caught:
        execute_cells(f"raise {cause}")
    assert caught.value.errno == 28


def test_dead_kernel_is_told_apart_from_an_error(execute_cells):
    with pytest.raises(KernelDiedError, match="The kernel died"):
        execute_cells("import os\nos._exit(3)")


def test_any_other_error_is_one_line(execute_cells):
    with pytest.raises(NotebookError, match=r"^ZeroDivisionError in cell 3: division by zero$"):
        execute_cells("1 / 0")


def test_time_is_up_while_a_cell_runs_and_its_children_end_too(execute_cells):
    with pytest.raises(Stopped, match="timed out after 6 s") as caught, interruptible(6):
        execute_cells("import subprocess, time\nsubprocess.Popen(['sleep', '600'])\ntime.sleep(600)")
    assert caught.value.exit_code == 124


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_raises_stopped_once(number, code):
    with pytest.raises(Stopped) as caught, interruptible(None):
        signal.raise_signal(number)
    assert caught.value.exit_code == code


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with interruptible(1):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_threads_other_than_the_main_one_leave_signals_alone():
    handlers = []

    def look():
        with interruptible(1):
            handlers.append(signal.getsignal(signal.SIGALRM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGALRM)]


def test_environment_is_put_back(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.delenv("FRESH", raising=False)
    with environment_of({"TZ": "UTC", "FRESH": "1"}):
        assert (os.environ["FRESH"], time.tzname[0]) == ("1", "UTC")
    assert "FRESH" not in os.environ
    assert time.tzname[0] == "CST"


def test_kernels_that_start_together_in_one_folder_have_sockets_of_their_own(execute_cells):
    notebook, _ = execute_cells("import os; print(sorted(name for name in os.listdir() if 'ipc' in name))")
    (output,) = notebook.cells[-1].outputs
    assert output["text"] == "[]\n"
