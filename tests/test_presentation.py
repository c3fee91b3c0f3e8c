"""The pages: every section has one, both languages set every sentence, and what users typed stays inert."""

import re

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis import SECTIONS
from clvlab.charts import theme
from clvlab.errors import ParamsError
from clvlab.presentation import PAGES, Chart, Drawing, Fragment, Report

from .conftest import SAMPLE


@pytest.fixture(scope="module", params=["en", "zh"])
def report(request):
    return Report(cl.analyse({**SAMPLE, "lang": request.param}))


def test_every_section_has_a_page():
    assert list(PAGES) == list(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_opens_with_its_heading_and_shows_something(report, section):
    heading, *rest = report.pieces(section)
    assert f'<h2 id="{section}">' in heading.html
    assert rest
    assert all(piece.text for piece in rest if isinstance(piece, Fragment))


@pytest.mark.parametrize("section", SECTIONS)
def test_no_sentence_shows_a_bare_code_or_an_unset_figure(report, section):
    for piece in report.pieces(section):
        if isinstance(piece, Fragment) and "<table" not in piece.html:
            assert not re.search(r"\{\w+[:}]|Name\(|None\b|\bnan\b", piece.text), piece.text


@pytest.mark.parametrize("section", SECTIONS)
def test_a_chart_has_a_finding_for_a_title_a_subtitle_and_a_text_alternative(report, section):
    drawn = [piece for piece in report.pieces(section) if isinstance(piece, Drawing)]
    there = [block for block in PAGES[section] if isinstance(block, Chart) and block.table in report.results[section]]
    assert len(drawn) == len(there)
    for drawing in drawn:
        bundle = drawing._repr_mimebundle_()
        spec = bundle[theme.MIME]
        assert spec["title"]["text"]
        assert spec["title"]["subtitle"]
        assert spec["description"] == bundle["text/plain"] != ""
        assert spec["config"] is theme.CONFIG


def test_the_advice_for_customers_of_low_value_is_the_one_asked_for():
    values = {**SAMPLE, "strategy": "abc", "lang": "en"}
    said = {}
    for choice in (None, "save"):
        pieces = Report(cl.analyse({**values, "low_value": choice})).pieces("summary")
        said[choice] = "".join(piece.html for piece in pieces if isinstance(piece, Fragment))
    assert "Cut the cost of serving them" in said["save"]
    assert "Cut the cost of serving them" not in said[None]


def test_an_unknown_section_names_the_nearest(report):
    with pytest.raises(ParamsError, match="Did you mean 'segments'"):
        report.pieces("segment")


def test_hostile_names_are_inert():
    names = ["<img src=x onerror=alert(1)>", "{{7*7}}", "=cmd|' /C calc'!A0", "{name}", "\u202egnirts", "\U0001f4a1"]
    rows = {
        "customer_id": names * 4,
        "date": [f"2024-{month:02}-{day:02}" for month in range(1, 9) for day in (1, 11, 21)],
        "amount": [10.0 + i for i in range(24)],
    }
    log = cl.read_transactions(pl.DataFrame(rows))
    results = cl.analyse({"name": "<b>x</b>", "source": "cdnow_sample", "as_of": "2024-08-31"}, log=log)
    pages = "".join(
        piece.html for section in results for piece in Report(results).pieces(section) if isinstance(piece, Fragment)
    )
    assert "<img" not in pages
    assert "<b>x</b>" not in pages
    assert "&lt;b&gt;x&lt;/b&gt;" in pages
