"""Runs one of our notebooks in a kernel of its own, by papermill, and leaves no process behind."""

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import psutil
from jupyter_core.utils import ensure_event_loop
from nbclient.exceptions import DeadKernelError
from papermill import execute_notebook
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from clvlab import errors
from clvlab.reporting.archive import disk_trouble

_POLL_SECONDS = 0.1
# The same bytes on every machine: no time zone, language, hash seed or number of cores of the host plays a part.
# Threads add up floating-point numbers in the order in which they happen to finish.
_KERNEL_ENVIRONMENT = {
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "POLARS_MAX_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
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


class Stopped(BaseException):
    """The run was told to stop, or its time is up; like KeyboardInterrupt not to be caught as an error."""

    def __init__(self, reason: str, exit_code: int) -> None:
        super().__init__(reason)
        self.exit_code = exit_code


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
    with tempfile.TemporaryDirectory(prefix="clvlab-") as private, ThreadPoolExecutor(1) as pool:
        own = {"JUPYTER_RUNTIME_DIR": private, "IPYTHONDIR": private, "JUPYTER_PREFER_ENV_PATH": "1"}
        with environment_of({**_KERNEL_ENVIRONMENT, **own, **environment}):
            # In a thread, papermill leaves signals alone, and the main thread can stop the kernel at any moment.
            running = pool.submit(_run, notebook, output, parameters, on_cell, stderr)
            try:
                running.result()
            except PapermillExecutionError as error:
                raise _explained(error) from None
            except (DeadKernelError, RuntimeError) as error:
                raise KernelDiedError(f"The kernel died: {_one_line(str(error))}") from error
            finally:
                _end(running, others)


@contextmanager
def interruptible(timeout: float | None) -> Iterator[None]:
    """Raise Stopped at SIGTERM, at Ctrl-C, and when `timeout` seconds are over; in the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reasons = {
        signal.SIGTERM: ("stopped by SIGTERM", 128 + signal.SIGTERM),
        signal.SIGINT: ("stopped by Ctrl-C", 128 + signal.SIGINT),
        signal.SIGALRM: (f"timed out after {timeout:g} s" if timeout else "", 124),
    }

    def stop(number: int, _: FrameType | None) -> None:
        for known in reasons:
            signal.signal(known, signal.SIG_IGN)
        raise Stopped(*reasons[signal.Signals(number)])

    before = {known: signal.signal(known, stop) for known in reasons}
    signal.setitimer(signal.ITIMER_REAL, timeout or 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for known, handler in before.items():
            signal.signal(known, handler)


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
    on_cell: Callable[[str], None],
    stderr: Writable,
) -> None:
    try:
        # A folder of its own: in the working directory, kernels that start together take each other's sockets.
        with tempfile.TemporaryDirectory(prefix="clvlab-") as sockets:
            execute_notebook(
                _literal(notebook),
                _literal(output),
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                stderr_file=stderr,
                config=Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}}),
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
    other = NotebookError(f"{error.ename} in cell {error.exec_count}: {_one_line(error.evalue)}")
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
