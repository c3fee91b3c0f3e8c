"""The pages: every section has one, both languages set every sentence, and what users typed stays inert."""

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import SECTIONS
from clvlab.charts import theme
from clvlab.charts.notebook import VEGA_LITE
from clvlab.errors import ParamsError
from clvlab.presentation import PAGES, Chart, Drawing, Fragment, Report
from clvlab.wording import catalogue
from tests.conftest import SAMPLE


@pytest.fixture(scope="module", params=["en", "zh"])
def report(request, sample_results):
    return Report(replace(sample_results, params=sample_results.params.model_copy(update={"lang": request.param})))


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
        bundle, _ = drawing._repr_mimebundle_()
        spec = bundle[VEGA_LITE]
        assert spec["title"]["text"]
        assert spec["title"]["subtitle"]
        assert spec["description"] == bundle["text/plain"] != ""
        assert spec["config"] is theme.CONFIG


def test_the_advice_for_customers_of_low_value_is_the_one_asked_for():
    some = cl.read_transactions(cl.datasets.cdnow(sample=True).data.filter(pl.col("customer_id") < "0400"))
    results = cl.analyse({**SAMPLE, "holdout": None, "strategy": "abc", "lang": "en"}, log=some)
    said = {}
    for choice in (None, "save"):
        asked = replace(results, params=results.params.model_copy(update={"low_value": choice}))
        pieces = Report(asked).pieces("summary")
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


def one_time_buyers():
    return pl.DataFrame({"customer_id": range(24), "date": ["2024-05-01"] * 24, "amount": range(1, 25)})


def nearly_equal_spenders():
    sample = cl.datasets.cdnow(sample=True).data.filter(pl.col("customer_id") < "0600")
    return sample.with_columns(amount=pl.lit(10.0))


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (one_time_buyers, "24位客户均无复购，无法拟合BG/NBD"),
        (nearly_equal_spenders, "无法确定Gamma-Gamma（金额）的参数p, gamma"),
    ],
)
def test_why_a_model_is_missing_is_said_in_the_readers_language(log, said):
    read = cl.read_transactions(log())
    as_of = read.data["date"].max()
    results = cl.analyse({"name": "x", "source": "cdnow_sample", "as_of": as_of, "lang": "zh"}, log=read)
    page = "".join(piece.text for piece in Report(results).pieces("value") if isinstance(piece, Fragment))
    assert said in page
    assert not re.search(r"[a-z]+ [a-z]+ [a-z]+", page)


def test_all_that_models_complain_of_has_words():
    sources = Path(cl.models.__file__).parent.glob("*.py")
    codes = {code for source in sources for code in re.findall(r'code="(\w+)"', source.read_text(encoding="utf-8"))}
    assert len(codes) > 5
    assert {f"caveats.{code}" for code in codes} <= set(catalogue())
