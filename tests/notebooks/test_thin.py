"""Notebooks stay thin: they call clvlab, explain and show."""

import ast
import json
import re
from pathlib import Path

import pytest

from clvlab.analysis import comparison, segmentation
from clvlab.notebook_files import START
from clvlab.params import CompareParams, ReportParams
from clvlab.presentation import Report
from clvlab.presentation.comparison import ComparisonReport

FOLDER = Path(__file__).parents[2] / "notebooks"
ENGLISH, CHINESE = sorted(FOLDER.glob("*.ipynb")), sorted((FOLDER / "zh").glob("*.ipynb"))
NOTEBOOKS = [*ENGLISH, *CHINESE]
PARAMS = {"segmentation_report": ReportParams, "strategy_comparison": CompareParams}
REPORTS = {
    "segmentation_report": (segmentation.SECTIONS, Report.pages),
    "strategy_comparison": (comparison.SECTIONS, ComparisonReport.pages),
}
RUNS = [path for path in ENGLISH if path.stem in PARAMS]
BENCH = [path for path in NOTEBOOKS if path.stem not in PARAMS and path.name != START]
CHARACTER = "[\u4e00-\u9fff]"
DEFINITIONS = (ast.FunctionDef, ast.ClassDef, ast.Lambda)


def cells_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code_cells(path):
    return [cell for cell in cells_of(path) if cell["cell_type"] == "code"]


def named(path):
    return path.relative_to(FOLDER).as_posix()


def source_of(cell):
    return "".join(cell["source"])


def is_parameters(cell):
    return "parameters" in cell["metadata"].get("tags", [])


def parameters_of(path):
    """Name -> default, of the one cell that has them."""
    (cell,) = filter(is_parameters, code_cells(path))
    return {node.target.id: ast.literal_eval(node.value) for node in ast.parse(source_of(cell)).body}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_notebook_is_thin(path):
    for cell in code_cells(path):
        source = source_of(cell)
        assert cell["outputs"] == [], "run make format"
        assert cell["execution_count"] is None, "run make format"
        assert is_parameters(cell) or len(source.splitlines()) <= 12, f"move to src/clvlab:\n{source}"
        assert not any(isinstance(node, DEFINITIONS) for node in ast.walk(ast.parse(source))), source


@pytest.mark.parametrize("path", RUNS, ids=named)
def test_parameters_of_the_notebook_are_the_keys_of_its_params_file(path):
    assigned = parameters_of(path)
    kind = PARAMS[path.stem]
    assert set(assigned) == set(kind.model_fields)
    kind(**assigned)


@pytest.mark.parametrize("path", RUNS, ids=named)
def test_every_section_has_its_page_and_its_cell_in_one_order(path):
    sections, pages = REPORTS[path.stem]
    shown = re.findall(r'^report\.show\("(\w+)"\)$', "\n".join(map(source_of, code_cells(path))), re.MULTILINE)
    assert (list(pages), shown) == (list(sections), list(sections)), "PAGES and cells against SECTIONS"


def test_there_is_a_notebook_for_every_kind_of_run():
    assert {path.stem for path in RUNS} == set(PARAMS) == set(REPORTS)


@pytest.mark.parametrize("path", BENCH, ids=named)
def test_every_parameter_is_read_and_says_what_it_is(path):
    (cell,) = filter(is_parameters, code_cells(path))
    code = "\n".join(source_of(each) for each in code_cells(path) if each is not cell)
    read = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    assert set(parameters_of(path)) <= read
    lines = source_of(cell).splitlines()
    told = [lines[each.end_lineno - 1] for each in ast.parse(source_of(cell)).body]
    assert all(re.search(r"  # \S", line) for line in told)


def test_there_is_a_chinese_notebook_for_each_english_one():
    assert [path.name for path in CHINESE] == [path.name for path in ENGLISH if path in BENCH]


@pytest.mark.parametrize("chinese", CHINESE, ids=named)
def test_both_languages_have_the_same_code_and_one_text_for_each(chinese):
    english = FOLDER / chinese.name
    pairs = list(zip(cells_of(english), cells_of(chinese), strict=True))
    for ours, theirs in pairs:
        assert (ours["cell_type"], ours["id"], ours["metadata"]) == (
            theirs["cell_type"],
            theirs["id"],
            theirs["metadata"],
        )
        if ours["cell_type"] == "markdown":
            assert not re.search(CHARACTER, source_of(ours))
            assert re.search(CHARACTER, source_of(theirs))
            assert source_of(ours).count("\n#") == source_of(theirs).count("\n#")
        elif not is_parameters(ours):
            assert ours["source"] == theirs["source"]
    assert parameters_of(english) | {"lang": "zh"} == parameters_of(chinese)
    assert parameters_of(english)["lang"] == "en"


def links_of(path):
    texts = [source_of(cell) for cell in cells_of(path) if cell["cell_type"] == "markdown"]
    return re.findall(r"\]\(([^)]*)\)", "\n".join(texts))


@pytest.mark.parametrize("path", [FOLDER / START, *BENCH], ids=named)
def test_links_lead_to_notebooks_that_are_there(path):
    assert links_of(path)
    assert [link for link in links_of(path) if not (path.parent / link).is_file()] == []


def test_the_start_page_leads_to_every_notebook_in_both_languages():
    pages = {cell["metadata"]["tags"][0]: source_of(cell) for cell in cells_of(FOLDER / START)}
    assert set(pages) == {"en", "zh"}
    for lang, notebooks in {"en": ENGLISH, "zh": [*CHINESE, *RUNS]}.items():
        linked = re.findall(r"\]\(([^)]*)\)", pages[lang])
        assert sorted(linked) == sorted(named(path) for path in notebooks if path.name != START)
        assert bool(re.search(CHARACTER, pages[lang])) == (lang == "zh")


@pytest.mark.parametrize("path", BENCH, ids=named)
def test_every_notebook_says_when_not_to_believe_it(path):
    text = "\n".join(source_of(cell) for cell in cells_of(path) if cell["cell_type"] == "markdown")
    doubt, question = {True: ("什么时候不", "要回答的问题"), False: ("When not to", "The question")}[path in CHINESE]
    assert question in text.partition("##")[0]
    assert doubt in text


@pytest.mark.parametrize("path", CHINESE, ids=named)
def test_chinese_reads_without_stray_marks_and_spaces(path):
    for text in (source_of(cell) for cell in cells_of(path) if cell["cell_type"] == "markdown"):
        # Bold that ends in punctuation does not end before a character; a line break is shown as a space.
        assert not re.search(r"[。，：；？！）]\*\*\S", text)
        assert not re.search(rf"{CHARACTER} {CHARACTER}|[^\n]\n(?![\n\-|#]|\d\.)", text.replace("\n|", "\n\n|"))
