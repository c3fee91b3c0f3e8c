"""The pages on how to read a report quote the report, and go through all of its sections."""

import re
from pathlib import Path

import pytest

import clvlab as cl
from clvlab.presentation import Fragment

DOCS = Path(__file__).parents[1] / "docs"
GUIDES = {"en": DOCS / "how_to" / "read_a_report.md", "zh": DOCS / "zh" / "read_a_report.md"}
QUOTING = [*GUIDES.items(), ("en", DOCS / "explanation" / "intervals.md")]


@pytest.fixture(scope="module")
def results():
    """The report of the tutorial, with a currency."""
    return cl.analyse(
        cl.ReportParams(
            name="shop", source="cdnow_sample", as_of="1998-06-30", holdout="38 weeks", currency="USD", lang="both"
        )
    )


def unspaced(text):
    """The text without what keeps figures together."""
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize(("lang", "page"), QUOTING, ids=lambda it: getattr(it, "stem", it))
def test_what_a_page_quotes_is_in_the_report(results, lang, page):
    report = cl.Report(results, lang)
    told = [piece.text for section in results for piece in report.pieces(section) if isinstance(piece, Fragment)]
    quoted = re.findall(r"^> (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert quoted
    for sentence in quoted:
        assert unspaced(sentence) in unspaced("".join(told)), sentence


@pytest.mark.parametrize(("lang", "page"), GUIDES.items(), ids=list(GUIDES))
def test_a_guide_goes_through_the_sections_of_a_report(results, lang, page):
    words = cl.Report(results, lang).words
    headings = re.findall(r"^### (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [words(f"{section}.heading") for section in results]
