"""Runs one of our notebooks in a kernel of its own, by papermill, and leaves no process behind."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import psutil
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import DeadKernelError
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from clvlab import errors
from clvlab.reporting import kernel as kernels
from clvlab.reporting.archive import disk_trouble
from clvlab.reporting.kernel import OwnKernel
from clvlab.reporting.temporary import temporary_folder

_POLL_SECONDS = 0.1
# A dead kernel is seen at once; a slow one is a busy machine, where many runs start together.
_PATIENCE_SECONDS = 600
# The same bytes on every machine: no time zone, language, hash seed or number of cores of the host plays a part.
# Threads add up floating-point numbers in the order in which they happen to finish.
_KERNEL_ENVIRONMENT = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Else a debugger that nobody uses has the last word of a kernel that dies.
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


class Writable(Protocol):
    """Takes text."""

    def write(self, text: str, /) -> Any:
        """Take `text`."""

    def flush(self) -> None:
        """Pass on what was taken."""


class NotebookError(RuntimeError):
    """A cell of the notebook raised; the message is one line."""


class KernelDiedError(RuntimeError):
    """The kernel ended before the notebook did."""


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    environment: Mapping[str, str],
    on_cell: Callable[[str], None],
    stderr: Writable,
) -> None:
    """Run `notebook` with `parameters` and save it, cell by cell, to `output`.

    Parameters
    ----------
    notebook
        what to run; it stays as it is
    output
        file of the executed notebook; its folder exists
    parameters
        name -> value, set in place of those of the cell `parameters`
    environment
        variables for the kernel, in addition to those that keep the host out of the results
    on_cell
        called with the source of each cell that computes, as it starts
    stderr
        given what the cells write to stderr, such as warnings and progress

    Raises
    ------
    ClvlabError : a cell raised one; it is raised again with its message
    NotebookError : a cell raised anything else
    KernelDiedError : the kernel ended early
    """
    others = set(_descendants())
    statuses: list[int | None] = []
    with temporary_folder(of_sockets=True) as private, ThreadPoolExecutor(1) as pool:
        own = {"JUPYTER_RUNTIME_DIR": str(private), "IPYTHONDIR": str(private), "TMPDIR": tempfile.gettempdir()}
        with environment_of({**_KERNEL_ENVIRONMENT, **own, **environment}):
            kernel = kernels.config_of(private, statuses.append)
            # In a thread, papermill leaves signals alone, and the main thread can stop the kernel at any moment.
            running = pool.submit(_run, notebook, output, parameters, kernel, on_cell, stderr)
            try:
                running.result()
            except PapermillExecutionError as error:
                raise _explained(error) from None
            except (DeadKernelError, RuntimeError) as error:
                status = next(iter(statuses), None)
                raise KernelDiedError(f"The kernel died. {kernels.last_words(private, status)}".rstrip()) from error
            finally:
                _end(running, others)


@contextmanager
def environment_of(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables, the time zone included, and put back what was there."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    time.tzset()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        time.tzset()


def _run(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    kernel: Config,
    on_cell: Callable[[str], None],
    stderr: Writable,
) -> None:
    try:
        execute_notebook(
            _literal(notebook),
            _literal(output),
            parameters=dict(parameters),
            kernel_name="python3",
            kernel_manager_class=OwnKernel,
            progress_bar=False,
            stderr_file=stderr,
            start_timeout=_PATIENCE_SECONDS,
            iopub_timeout=_PATIENCE_SECONDS,
            config=kernel,
            on_cell_start=lambda cell, **_: on_cell(cell["source"]) if _computes(cell) else None,
        )
    finally:
        # The kernel's client opens an event loop in each thread and leaves it open.
        ensure_event_loop().close()


def _computes(cell: Any) -> bool:
    """Whether a cell does work, rather than explain or set parameters."""
    return cell["cell_type"] == "code" and not cell["metadata"].get("tags")


def _literal(path: Path) -> str:
    """A path that papermill, which formats it, leaves as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _explained(error: PapermillExecutionError) -> Exception:
    """The error of a cell as what it was in the kernel, where it is one that the user can put right."""
    kind = getattr(errors, error.ename, None)
    if isinstance(kind, type) and issubclass(kind, errors.ClvlabError):
        return errors.ClvlabError(error.evalue)
    advice = ". Give the run more memory, or a smaller log." if error.ename.endswith("MemoryError") else ""
    other = NotebookError(f"{error.ename} in cell {error.exec_count}: {_one_line(error.evalue)}{advice}")
    return disk_trouble(error.evalue) or other


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _end(running: "Future[None]", others: set[psutil.Process]) -> None:
    """End the kernel and all that it started, also where it starts only now."""
    while True:
        for process in set(_descendants()) - others:
            process.kill()
        if wait([running], timeout=_POLL_SECONDS).done:
            return
