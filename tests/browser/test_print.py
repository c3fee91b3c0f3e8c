"""The pages on paper: A4, as the browser prints them. Run by `make browser`."""

import re

import pypdfium2
import pytest

from tests.browser.pages import draw_all

pytestmark = pytest.mark.browser

A4 = (595, 842)  # points
PAGE_WIDTH = 703  # pixels between the margins of A4


@pytest.fixture(scope="module")
def printed(show):
    """The texts of the printed pages, one a page."""
    page = show()
    draw_all(page)
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    assert {tuple(map(round, sheet.get_size())) for sheet in document} == {A4}
    return [sheet.get_textpage().get_text_bounded() for sheet in document]


@pytest.fixture(scope="module")
def paper(show):
    """The page as it is laid out for print, between the margins."""
    page = show(width=PAGE_WIDTH)
    draw_all(page)
    page.emulate_media(media="print")
    return page


def test_every_page_has_its_number_and_none_is_empty(printed):
    assert len(printed) > 5
    for number, text in enumerate(printed, start=1):
        assert re.search(rf"\b{number} / {len(printed)}\b", text)
        assert len(re.sub(r"\s", "", text)) > 40


def test_no_column_is_lost(paper, printed):
    edges = paper.eval_on_selector_all(
        "table", "all => all.map(it => [it.getBoundingClientRect().right, it.caption && it.caption.textContent])"
    )
    assert edges
    assert [edge for edge in edges if edge[0] > PAGE_WIDTH + 1] == []
    heads = paper.eval_on_selector_all("thead th", "all => all.map(head => head.textContent)")
    whole = re.sub(r"\W", "", "".join(printed))
    assert [head for head in heads if re.sub(r"\W", "", head) not in whole] == []


def test_no_word_of_a_heading_is_broken(paper):
    broken = paper.eval_on_selector_all(
        "thead th", "all => all.filter(head => getComputedStyle(head).overflowWrap === 'anywhere').length"
    )
    assert broken == 0


def test_charts_are_whole(paper):
    boxes = paper.eval_on_selector_all(
        ".still", "all => all.map(it => [it.getBoundingClientRect().width, it.getBoundingClientRect().height])"
    )
    assert boxes
    assert max(width for width, _ in boxes) <= PAGE_WIDTH + 1
    assert max(height for _, height in boxes) < 1_000  # of the 1,000 pixels between the margins
    breaks = "all => all.map(it => getComputedStyle(it).breakInside)"
    assert set(paper.eval_on_selector_all("figure", breaks)) == {"avoid"}


def test_no_page_ends_with_a_heading(paper, printed):
    # The heading of a card is a group's name, with which a chart may end as well; cards are not parted.
    named = "h2, h3:not(.card h3), figcaption strong"
    headings = paper.eval_on_selector_all(named, "all => all.map(it => it.textContent.trim())")
    breaks = "all => all.map(it => getComputedStyle(it).breakInside)"
    assert set(paper.eval_on_selector_all(".card", breaks)) <= {"avoid"}
    ends = ["".join(re.sub(r"\d+ / \d+\s*$", "", text).split()) for text in printed]
    assert [heading for heading in headings for end in ends if end.endswith("".join(heading.split()))] == []


def test_what_cannot_be_followed_on_paper_is_not_printed(paper):
    assert paper.locator("nav:visible, .files:visible, #files:visible").count() == 0
