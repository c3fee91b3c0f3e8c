"""A run whose notebook is executed by hand, killed before the system call of publication that KILL_BEFORE counts."""

import os
import signal
from itertools import count

import nbformat

from clvlab import cli
from clvlab.reporting import archive, runner
from tests.reporting.conftest import executed

CALLS = ("rename", "replace", "symlink", "unlink", "rmdir", "mkdir", "fsync", "chmod")


def execute(_notebook, output, parameters, **_options):
    """Leave what a kernel would."""
    made = executed({"text/html": '<h1>Page</h1><h2 id="one">One</h2>'})
    made.metadata.papermill = {"parameters": dict(parameters)}
    nbformat.write(made, output)
    (output.parent / "customers.csv").write_text("customer_id\n1\n", encoding="utf-8")
    kill_from_here_on()


def kill_from_here_on():
    numbers, last = count(), int(os.environ["KILL_BEFORE"])

    def counted(call):
        def calling(*arguments, **options):
            if next(numbers) == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments, **options)

        return calling

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))
    archive._exchanged = counted(archive._exchanged)


if __name__ == "__main__":
    runner.execute = execute
    cli.main(prog_name="clvlab")
