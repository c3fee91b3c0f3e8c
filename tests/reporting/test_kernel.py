"""Which program the kernel of a run is, that nothing else gets into it, and that it ends with its parent."""

import io
import json
import subprocess
import sys

import nbformat
import pytest

from clvlab.reporting import tied_kernel
from clvlab.reporting.execution import KernelDiedError, NotebookError, execute

LOOK = "import sys, polars, clvlab\nprint(sys.executable, polars.__file__, clvlab.__file__, sep='\\n')"
TRAP = "from pathlib import Path\nPath(__file__).with_suffix('.executed').touch()\n"

# The process in the middle adopts orphans, as a container's first process may, and so the kernel's own watch on its
# parent, which knows the system's first process alone, sees nothing.
KILL_PARENT = """
import ctypes, os, signal, subprocess, sys, time
ctypes.CDLL(None).prctl(36, 1)
program, connection, moment = sys.argv[1], sys.argv[2], float(sys.argv[3])
start = (
    "import os, subprocess, sys, time; os.environ['JPY_PARENT_PID'] = str(os.getpid());"
    "print(subprocess.Popen(sys.argv[1:]).pid, flush=True); time.sleep(600)"
)
kernel = [sys.executable, "-P", program, "-f", connection]
parent = subprocess.Popen([sys.executable, "-c", start, *kernel], stdout=subprocess.PIPE, text=True)
pid = int(parent.stdout.readline())
time.sleep(moment)
parent.kill()
parent.wait()
end = time.monotonic() + 5
while time.monotonic() < end:
    if os.waitpid(pid, os.WNOHANG)[0]:
        sys.exit(0)
    time.sleep(0.02)
os.kill(pid, signal.SIGKILL)
sys.exit("the kernel outlives its parent")
"""


@pytest.fixture
def execute_cells(workplace, use_notebook):
    """Execute a notebook of these cells."""

    def of(*sources):
        path, output = use_notebook(*sources), workplace / "out.ipynb"
        execute(path, output, {}, environment={}, on_cell=lambda _: None, stderr=io.StringIO())
        return nbformat.read(output, as_version=4).cells[-1].outputs

    return of


def test_kernel_is_our_own_python_and_takes_no_code_from_where_it_stands(execute_cells, workplace, monkeypatch):
    for name in ("clvlab", "polars", "ipykernel", "ipykernel_launcher", "ipython_config", "ipython_kernel_config"):
        (workplace / f"{name}.py").write_text(TRAP, encoding="utf-8")
    (workplace / "startup.py").write_text(TRAP, encoding="utf-8")
    monkeypatch.setenv("PYTHONSTARTUP", str(workplace / "startup.py"))
    kernel = workplace / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    spec = {"argv": ["false"], "display_name": "Another Python 3", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    for variable in ("JUPYTER_PATH", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(variable, str(workplace / "jupyter"))
    (output,) = execute_cells(LOOK)
    executable, *modules = output.text.split()
    assert executable == sys.executable
    assert not [module for module in modules if module.startswith(str(workplace))]
    assert list(workplace.glob("*.executed")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the system's way of tying a process to its parent is Linux's")
@pytest.mark.parametrize("moment", [0, 0.03, 0.3])
def test_kernel_ends_with_its_parent_from_its_first_moment_on(tmp_path, moment):
    command = [sys.executable, "-c", KILL_PARENT, tied_kernel.__file__, str(tmp_path / "kernel.json"), str(moment)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("os._exit(3)", r"It ended with exit code 3\. It said last: first / allocation failed$"),
        ("os.abort()", r"ended by SIGABRT, which most often is want of memory: .* It said last: first / allocation"),
        ("os.kill(os.getpid(), 11)", r"It was ended by SIGSEGV\. It said last: first / allocation failed$"),
    ],
)
def test_dead_kernel_is_told_apart_and_what_it_said_last_is_kept(execute_cells, end, said):
    with pytest.raises(KernelDiedError, match=rf"^The kernel died\. .*{said}"):
        execute_cells(f"import os\nos.write(2, b'first\\n\\nallocation failed\\n')\n{end}")


def test_want_of_memory_in_a_cell_comes_with_what_to_do(execute_cells):
    with pytest.raises(NotebookError, match=r"MemoryError in cell 2: .*\. Give the run more memory"):
        execute_cells("import numpy\nnumpy.ones(10**15)")
