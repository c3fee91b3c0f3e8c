"""What of an executed notebook is for one page, and for one edition."""

import pytest
from nbformat.v4 import new_code_cell, new_output

from clvlab.editions import SHOWN_ON
from clvlab.reporting.excerpts import first_page, is_shown, of_edition
from clvlab.reporting.exporter import ReportExporter
from tests.reporting.conftest import executed

BOTH = ["analyst", "stakeholder"]


def output(text, lang=None, editions=()):
    metadata = {} if lang is None else {SHOWN_ON: {"lang": lang, "editions": list(editions)}}
    return new_output("display_data", data={"text/html": f"<p>{text}</p>"}, metadata=metadata)


@pytest.fixture
def notebook():
    """Two pieces in two languages, one of them for an analyst alone, and a piece of the user's own."""
    made = executed(lang="both")
    made.cells[1].outputs += [
        output("all", "en", BOTH),
        output("customers", "en", ["analyst"]),
        output("全部", "zh", BOTH),
        output("客户", "zh", ["analyst"]),
        output("own"),
    ]
    made.cells.append(new_code_cell("where = {'customer_id': 'secret'}", metadata={"tags": ["injected-parameters"]}))
    made.metadata.papermill.parameters["where"] = {"customer_id": "secret"}
    return made


def texts(notebook):
    return [
        text[3:-4]
        for cell in notebook.cells
        for shown in cell.get("outputs", [])
        for text in [shown.get("data", {}).get("text/html", "")]
        if text
    ]


@pytest.mark.parametrize(
    ("edition", "lang", "shown"),
    [
        ("analyst", "en", ["all", "customers", "own"]),
        ("analyst", "zh", ["全部", "客户", "own"]),
        ("stakeholder", "en", ["all"]),
        ("stakeholder", "zh", ["全部"]),
        ("analyst", None, ["all", "customers", "全部", "客户", "own"]),
    ],
)
def test_each_page_shows_what_says_that_it_is_for_it_and_an_analysts_what_says_nothing(
    notebook, edition, lang, shown
):
    outputs = [it for it in notebook.cells[1].outputs if it.output_type != "stream" and is_shown(it, edition, lang)]
    assert [it.data["text/html"][3:-4] for it in outputs] == shown


def test_a_stakeholders_notebook_has_its_outputs_in_all_languages_and_no_parameters(notebook):
    found = of_edition(notebook, "stakeholder")
    assert texts(found) == ["all", "全部"]
    assert "secret'}" not in str(found)
    assert len(found.cells) == 2
    assert len(texts(notebook)) == 5, "the notebook itself is as it was"


def test_an_analysts_notebook_has_its_outputs_and_its_parameters(notebook):
    found = of_edition(notebook, "analyst")
    assert texts(found) == texts(notebook)
    assert found.metadata == notebook.metadata


def test_a_notebook_that_is_converted_by_itself_gives_its_first_page(notebook):
    assert first_page(notebook) == ("analyst", "en")
    html, _ = ReportExporter().from_notebook_node(notebook)
    assert "<p>customers</p>" in html
    assert "<p>全部</p>" not in html
    html, _ = ReportExporter().from_notebook_node(of_edition(notebook, "stakeholder"))
    assert "<p>all</p>" in html


def test_the_first_page_of_a_notebook_that_says_nothing_is_in_the_language_of_its_parameters():
    assert [first_page(executed(lang=lang)) for lang in ("en", "zh", "both")] == [
        ("analyst", "en"),
        ("analyst", "zh"),
        ("analyst", "en"),
    ]


def test_a_notebook_of_one_edition_begins_with_it():
    made = executed(lang="en")
    made.cells[1].outputs = [output("摘要", "zh", ["stakeholder"])]
    assert first_page(made) == ("stakeholder", "zh")
