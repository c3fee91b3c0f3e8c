"""Which pieces of a report are for whom: the stakeholder's part of the pages, and what `show` says of each piece."""

from dataclasses import replace

import pytest
from IPython import display

from clvlab.editions import SHOWN_ON
from clvlab.params import ReportParams
from clvlab.presentation import PAGES, Drawing, Fragment, Report, Table
from clvlab.presentation.segmentation import STAKEHOLDER
from clvlab.wording import LANGUAGES

WITHOUT_CUSTOMERS = ("gems", "watch", "due", "appendix")


def report_of(results, **given):
    return Report(replace(results, params=ReportParams(**results.params.to_dict() | given)))


@pytest.fixture
def shown(monkeypatch):
    """Takes what is displayed: pieces with their metadata."""
    found = []
    monkeypatch.setattr(display, "display", lambda piece, metadata: found.append((piece, metadata[SHOWN_ON])))
    return found


def bytes_of(pieces):
    return [piece.html if isinstance(piece, Fragment) else piece.chart.to_json() for piece in pieces]


# The stakeholder's part


@pytest.mark.parametrize("section", PAGES)
def test_every_block_has_a_name_of_its_own_within_its_section(section):
    names = [block.name for block in PAGES[section]]
    assert len(set(names)) == len(names)


def test_a_stakeholder_sees_blocks_of_the_analysts_pages_in_their_order():
    assert list(STAKEHOLDER) == [section for section in PAGES if section in STAKEHOLDER]
    for section, names in STAKEHOLDER.items():
        assert list(names) == [block.name for block in PAGES[section] if block.name in names]


def test_no_table_of_customers_is_for_a_stakeholder():
    assert not set(WITHOUT_CUSTOMERS) & set(STAKEHOLDER)
    tables = [
        block
        for section, names in STAKEHOLDER.items()
        for block in PAGES[section]
        if isinstance(block, Table) and block.name in names
    ]
    assert tables
    assert not [block for block in tables if {"pseudonym", "customer_id"} & set(block.kinds)]


# What `show` says


def test_each_piece_is_displayed_once_in_each_language_and_names_its_editions(sample_results, shown):
    report_of(sample_results, edition="both", lang="both").show("movement")
    told = [(where["lang"], "stakeholder" in where["editions"]) for _, where in shown]
    in_english = [is_stakeholders for lang, is_stakeholders in told if lang == "en"]
    assert told == [(lang, it) for lang in LANGUAGES for it in in_english]
    assert 2 <= sum(in_english) < len(in_english)
    assert all("analyst" in where["editions"] for _, where in shown)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("edition", ["analyst", "stakeholder"])
@pytest.mark.parametrize("section", ["summary", "movement", "due", "validation"])
def test_a_page_of_several_is_the_page_of_a_report_of_its_own(sample_results, shown, section, edition, lang):
    report_of(sample_results, edition="both", lang="both").show(section)
    of_page = [piece for piece, where in shown if where["lang"] == lang and edition in where["editions"]]
    alone = report_of(sample_results, edition=edition, lang=lang)
    assert bytes_of(of_page) == bytes_of(alone.pieces(section))
    assert bool(of_page) == (edition == "analyst" or section in STAKEHOLDER)


def test_a_stakeholders_report_has_its_title_and_fewer_charts(sample_results):
    report = report_of(sample_results, edition="stakeholder")
    pieces = [piece for section in PAGES for piece in report.pieces(section)]
    assert pieces[0].html.count("<h1>") == 1
    charts = sum(isinstance(piece, Drawing) for piece in pieces)
    assert charts == sum(name.endswith("chart") for names in STAKEHOLDER.values() for name in names) == 2
