"""A small log and a small notebook of our own, so that what is tested is the running, not the statistics."""

import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from clvlab.params import ReportParams

TINY_RUN = Path(__file__).with_name("tiny_run.py")

LOG = "customer_id,date,amount\n" + "".join(
    f"{customer:03},2024-{month:02}-{1 + customer % 28:02},{customer + month / 4}\n"
    for customer in range(1, 41)
    for month in range(1, 1 + customer % 9)
)

SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "title": {"text": "Two bars", "subtitle": "a and b"},
    "description": "Bars of a and b",
    "data": {"name": "data-1"},
    "datasets": {"data-1": [{"x": "a", "y": 1}, {"x": "b", "y": 2}]},
    "mark": "bar",
    "encoding": {"x": {"field": "x", "type": "nominal"}, "y": {"field": "y", "type": "quantitative"}},
    "width": "container",
    "config": {"bar": {"color": "#123456"}},
}

PARAMETERS = "\n".join(f"{name} = None" for name in ReportParams.model_fields)

TITLE = """
from IPython.display import HTML, display
display(HTML(f'<h1>Report on {name}</h1><h2 id="first">As of {as_of}</h2>'))
"""
SHOW = f"""{TITLE}
display({{"application/vnd.vegalite.v5+json": {json.dumps(SPEC)}, "text/plain": "Bars of a and b"}}, raw=True)
"""

EXPORT = """
import json, os
from pathlib import Path
folder = Path(os.environ["CLVLAB_RUN_FOLDER"])
(folder / "customers.csv").write_text(f"source,hash\\n{source},{hash('seed')}\\n")
(folder / "tables").mkdir()
(folder / "tables" / "first_rows.csv").write_text("n\\n1\\n")
(folder / "measurements.json").write_text(json.dumps([{"section": "first", "seconds": 0.25, "peak_mb": 90.0}]))
"""


def notebook(*sources):
    """A notebook with our parameters and these cells."""
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), *map(new_code_cell, sources)]
    return new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )


def executed(*outputs, lang="en"):
    """A notebook as papermill leaves it: one cell with these MIME bundles as its outputs."""
    cell = new_code_cell("secret = 'code'", outputs=[new_output("stream", name="stderr", text="streamed")])
    cell.outputs += [new_output("display_data", data=data) for data in outputs]
    papermill = {"parameters": {"lang": lang}}
    return new_notebook(cells=[new_markdown_cell("# Marked down"), cell], metadata={"papermill": papermill})


class Elements(HTMLParser):
    """All elements of a page."""

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def all(self, tag):
        return [attrs for name, attrs in self.found if name == tag]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder with a small log, as the working directory."""
    (tmp_path / "log.csv").write_text(LOG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def params():
    return ReportParams(name="tiny", source="log.csv", as_of="2024-08-31")


@pytest.fixture
def use_notebook(workplace, monkeypatch):
    """Let runs use a notebook of these cells in place of ours."""

    def use(*sources):
        path = workplace / "tiny.ipynb"
        nbformat.write(notebook(*sources), path)
        monkeypatch.setenv("TINY_NOTEBOOK", str(path))
        monkeypatch.setattr("clvlab.reporting.runner.notebook_of", lambda _: path)
        return path

    return use


def start_tiny_run(folder, *arguments, **environment):
    """Start `clvlab ...` in a folder as a process of its own, with the notebook that TINY_NOTEBOOK names."""
    return subprocess.Popen(
        [sys.executable, str(TINY_RUN), *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def start_cli(workplace):
    """Start `clvlab ...` as a process of its own, with the notebook that `use_notebook` chose."""
    started = []

    def start(*arguments, **environment):
        started.append(start_tiny_run(workplace, *arguments, **environment))
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
