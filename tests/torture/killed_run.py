"""A run whose notebook is executed by hand, killed just before one of the system calls by which it publishes.

It is a fork of this process, in which all that is slow to load is loaded: the moments are counted, not timed.
"""

import os
import signal
import tempfile
from itertools import count
from pathlib import Path

import nbformat

from clvlab import cli
from clvlab.reporting import archive, exporter, runner  # noqa: F401  # the exporter is slow to load
from tests.reporting.conftest import executed

NEVER = -1
CALLS = ("rename", "replace", "symlink", "unlink", "rmdir", "mkdir", "fsync", "chmod")


def publish_and_die(folder: Path, step: int, force: str = "--force") -> int:
    """Run in a process of its own; returns its exit status, -9 where it came to the publishing call of this step."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        os.chdir(folder)
        tempfile.tempdir = str(folder / "tmp")
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        runner.execute = _execute_and_count(step)
        cli.main(["report", "tiny.yaml", *filter(None, [force])], prog_name="clvlab")
    except SystemExit as done:
        code = int(done.code or 0)
    finally:
        os._exit(code)


def _execute_and_count(last):
    def execute(_notebook, output, parameters, **_options):
        made = executed({"text/html": '<h1>Page</h1><h2 id="one">One</h2>'})
        made.metadata.papermill = {"parameters": dict(parameters)}
        nbformat.write(made, output)
        (output.parent / "customers.csv").write_text("customer_id\n1\n", encoding="utf-8")
        _kill_before(last)

    return execute


def _kill_before(last):
    numbers = count()

    def counted(call):
        def calling(*arguments, **options):
            if next(numbers) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return calling

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    archive._exchanged = counted(archive._exchanged)
