"""The comparison as a report: every section in both languages, every sentence with its figures."""

import re
from dataclasses import replace

import polars as pl
import pytest
from markupsafe import escape

import clvlab as cl
from clvlab.analysis.comparison import SECTIONS, ComparisonContext, analyse_comparison
from clvlab.analysis.results import Results
from clvlab.export import write
from clvlab.grouping import Clusters
from clvlab.judged import last_judgement
from clvlab.params import CompareParams, ReportParams
from clvlab.presentation import Chart, Drawing, Table, Text
from clvlab.presentation.comparison import PAGES, ComparisonReport
from clvlab.wording import LANGUAGES, Words
from tests.published import account

OPTIONAL = ("blind", "covered", "hidden", "sensitive", "tied", "told", "weak", "windows")
"""Findings of pages that not every comparison has."""


@pytest.fixture(scope="module")
def params() -> CompareParams:
    return CompareParams(
        name="test",
        source="lighting",
        as_of="2025-12-31",
        holdout="365 days",
        currency="CNY",
        strategies=["value_tiers", "industry", "rfm8", "last_year_spend"],
        rounds=40,
    )


@pytest.fixture(scope="module")
def context(params) -> ComparisonContext:
    return ComparisonContext.of(params, cl.datasets.lighting(900, seed=2), progress=False)


@pytest.fixture(scope="module")
def results(params, context) -> Results:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ComparisonContext, "of", lambda *_: context)
        return analyse_comparison(params, log=context.log)


@pytest.fixture(scope="module")
def crossed(params) -> Results:
    crossing = params.model_copy(update={"strategies": ("value_lifecycle",)})
    return analyse_comparison(crossing, log=cl.datasets.lighting(500, seed=2), progress=False)


def rendered(results: Results, lang: str) -> dict[str, str]:
    told = replace(results, params=results.params.model_copy(update={"lang": lang}))
    report = ComparisonReport(told)
    return {section: "\n".join(_text(piece) for piece in report.pieces(section)) for section in told}


def _text(piece) -> str:
    return str(piece.chart.to_dict()) if isinstance(piece, Drawing) else piece.html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_section_is_there_in_words(results, lang):
    pages = rendered(results, lang)
    assert list(pages) == list(SECTIONS) == list(PAGES)
    for section, page in pages.items():
        assert Words(lang)(f"{section}.heading").split("：")[0] in page
        # Every figure is set in, every code has its name.
        assert not re.search(r"\{\w+(:\w+)?\}", page), section
        assert not re.search(r">(stability|fidelity|calibration|n_groups|expected)_?\w*<", page), section


def test_chinese_pages_hold_no_english_headings(results):
    english, chinese = rendered(results, "en"), rendered(results, "zh")
    for section in SECTIONS:
        headings = re.findall(r"<(?:h1|h2|caption)[^>]*>([^<]+)<", chinese[section])
        assert headings
        assert all(re.search(r"[\u4e00-\u9fff]", heading) for heading in headings)
        assert not set(headings) & set(re.findall(r"<(?:h1|h2|caption)[^>]*>([^<]+)<", english[section]))


def test_every_block_of_every_page_has_what_it_shows(results):
    for section, blocks in PAGES.items():
        for block in blocks:
            if isinstance(block, Chart):
                assert block.table in results[section], (section, block.table)
                assert block.table in results[section].findings, (section, block.table)
            elif isinstance(block, Table) and block.table in results[section]:
                assert set(block.kinds) <= set(results[section][block.table].columns), (section, block.table)
            elif isinstance(block, Text) and block.finding not in OPTIONAL:
                assert block.finding in results[section].findings, (section, block.finding)


def test_report_names_what_the_board_recommends(results, context):
    pages = rendered(results, "en")
    name = escape(Words("en").name("strategies", context.recommended))
    assert name in pages["verdict"]
    assert name in pages["recommendation"]
    card = results["recommendation"]["card"]
    applied = context.board.cards.filter(pl.col("strategy") == context.recommended, pl.col("rank").is_not_null())
    assert card["condition"].to_list() == applied["condition"].to_list()


@pytest.mark.parametrize("labels", ["codes", "names"])
def test_a_report_reads_from_the_published_tables_how_its_strategy_did(results, context, tmp_path, labels):
    params = results.params.model_copy(update={"output": str(tmp_path), "export_labels": labels})
    write(replace(results, params=params), params.folder / "2025-12-31")
    account(params.folder / "2025-12-31", params)
    found = last_judgement(
        ReportParams(name="r", source="lighting", as_of="2026-01-31", strategy="rfm8", output=str(tmp_path))
    )
    ranking = context.board.ranking.with_row_index("place", 1)
    told = (found.place, found.gini, found.low, found.high)
    assert told == pytest.approx(
        ranking.filter(strategy="rfm8").select("place", "gini", "gini_low", "gini_high").row(0)
    )
    assert (found.n_strategies, found.recommended) == (ranking.height, context.recommended)
    assert found.start == context.board.cutoff


def test_customers_of_a_comparison_are_their_groups(results):
    assert results.customers.columns[0] == "customer_id"
    assert {"value_tiers", "industry", "rfm8"} <= set(results.customers.columns)
    one = results.customers["customer_id"][0]
    assert results.customer(one)["industry"].startswith("industry_")


def test_clusters_say_how_far_apart_they_lie(params):
    board = cl.compare(
        [Clusters(k=3), "hiatus"], cl.datasets.lighting(500, seed=2), "2024-12-31", "2025-12-31", n_rounds=20
    )
    section = SECTIONS["stability"].compute(ComparisonContext(params, cl.datasets.lighting(50), board))
    assert section["clusters"]["strategy"].to_list() == ["clusters"]
    assert -1 <= section["clusters"]["silhouette"].item() <= 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_groups_of_a_crossing_have_the_names_of_both(crossed, lang):
    pages = rendered(crossed, lang)
    both = " × ".join(Words(lang).name("groups", code) for code in ("vip", "active"))
    assert both in pages["by_group"]
    assert both in pages["recommendation"]
    assert "value_low" not in pages["recommendation"]
