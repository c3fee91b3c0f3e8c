"""Notebooks in real kernels: what they yield, how they end, and that nothing of them is left."""

import io
import os
import time

import nbformat
import psutil
import pytest

from clvlab.errors import ClvlabError
from clvlab.reporting.execution import NotebookError, environment_of, execute
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


def test_any_other_error_is_one_line(execute_cells):
    with pytest.raises(NotebookError, match=r"^ZeroDivisionError in cell 3: division by zero$"):
        execute_cells("1 / 0")


def test_time_is_up_while_a_cell_runs_and_its_children_end_too(execute_cells):
    with pytest.raises(Stopped, match="timed out after 6 s") as caught, interruptible(6):
        execute_cells("import subprocess, time\nsubprocess.Popen(['sleep', '600'])\ntime.sleep(600)")
    assert caught.value.exit_code == 124


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
