"""The page on Spark, whose examples the other pages' test leaves out."""

import os
import subprocess
import sys

import pytest

from tests.examples import DOCS

pytestmark = pytest.mark.spark


def test_the_examples_of_the_page_run(tmp_path):
    # In a process of its own: a Spark that runs already is in another folder.
    program = (
        "from pathlib import Path; from tests.examples import DOCS, run; run(DOCS / 'how_to' / 'spark.md', Path())"
    )
    environment = {**os.environ, "PYTHONPATH": str(DOCS.parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
