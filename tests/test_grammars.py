"""What is imported with the charts and with a run's notebook compiles no grammar of web addresses."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["clvlab.charts.theme", "clvlab.reporting.runner"])
def test_charts_and_runs_compile_no_grammar(module):
    probe = f"import sys, {module}; print('jsonschema' in sys.modules, 'lark' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout
        == "True False\n"
    )


def test_a_process_that_has_jsonschema_keeps_it_whole():
    probe = (
        "import sys, jsonschema; before = 'lark' in sys.modules; "
        "import clvlab.charts.theme; print(('lark' in sys.modules) == before)"
    )
    assert (
        subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "True\n"
    )
