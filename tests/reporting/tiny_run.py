"""`clvlab` with the tests' small notebook in place of ours, for tests that need a process of its own."""

import os
from pathlib import Path

from clvlab import cli
from clvlab.reporting import runner

if __name__ == "__main__":
    runner.notebook_of = lambda _: Path(os.environ["TINY_NOTEBOOK"])
    cli.main(prog_name="clvlab")
