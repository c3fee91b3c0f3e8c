"""Notebooks stay thin: they call clvlab, explain and show."""

import ast
import json
import re
from pathlib import Path

import pytest

from clvlab.analysis import comparison, segmentation
from clvlab.params import CompareParams, ReportParams
from clvlab.presentation import Report
from clvlab.presentation.comparison import ComparisonReport

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
PARAMS = {"segmentation_report": ReportParams, "strategy_comparison": CompareParams}
REPORTS = {
    "segmentation_report": (segmentation.SECTIONS, Report.pages),
    "strategy_comparison": (comparison.SECTIONS, ComparisonReport.pages),
}
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Lambda)


def code_cells(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def source_of(cell):
    return "".join(cell["source"])


def is_parameters(cell):
    return "parameters" in cell["metadata"].get("tags", [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_thin(path):
    for cell in code_cells(path):
        source = source_of(cell)
        assert cell["outputs"] == [], "run make format"
        assert cell["execution_count"] is None, "run make format"
        assert is_parameters(cell) or len(source.splitlines()) <= 12, f"move to src/clvlab:\n{source}"
        assert not any(isinstance(node, DEFINITIONS) for node in ast.walk(ast.parse(source))), source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_parameters_of_the_notebook_are_the_keys_of_its_params_file(path):
    (cell,) = filter(is_parameters, code_cells(path))
    assigned = {
        target.id: node.value
        for node in ast.parse(source_of(cell)).body
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    kind = PARAMS[path.stem]
    assert set(assigned) == set(kind.model_fields)
    kind(**{name: ast.literal_eval(value) for name, value in assigned.items()})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_section_has_its_page_and_its_cell_in_one_order(path):
    sections, pages = REPORTS[path.stem]
    shown = re.findall(r'^report\.show\("(\w+)"\)$', "\n".join(map(source_of, code_cells(path))), re.MULTILINE)
    assert (list(pages), shown) == (list(sections), list(sections)), "PAGES and cells against SECTIONS"


def test_there_is_a_notebook_for_every_kind_of_run():
    assert {path.stem for path in NOTEBOOKS} == set(PARAMS) == set(REPORTS)
