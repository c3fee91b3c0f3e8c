"""`clvlab` with the tests' small notebook in place of ours, for tests that need a process of its own.

What is heavy is loaded where `clvlab` itself loads it: inside of `interruptible`.
"""

import os
from contextlib import contextmanager
from pathlib import Path

from clvlab import cli
from clvlab.reporting import stopping

interruptible = stopping.interruptible


@contextmanager
def interruptible_with_tiny_notebook(timeout):
    with interruptible(timeout):
        from clvlab.reporting import runner

        runner.notebook_of = lambda _: Path(os.environ["TINY_NOTEBOOK"])
        yield


if __name__ == "__main__":
    stopping.interruptible = interruptible_with_tiny_notebook
    cli.main(prog_name="clvlab")
