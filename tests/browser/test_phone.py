"""The pages on a phone: 390 pixels wide. Run by `make browser`."""

import pytest

from clvlab.charts.theme import SMALLEST_TEXT
from tests.browser.pages import draw_all

pytestmark = pytest.mark.browser

LINES = """all => all.map(cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const lines = new Set([...range.getClientRects()].map(box => Math.round(box.top)));
  return {text: cell.textContent, lines: lines.size};
})"""


@pytest.fixture(scope="module")
def phone(show):
    """The page as it opens: nobody scrolls or touches it."""
    return show(width=390)


@pytest.fixture(scope="module")
def drawn(show):
    """The page with all of its charts drawn."""
    page = show(width=390)
    assert draw_all(page) > 0
    return page


def test_contents_are_folded_and_open_at_a_touch(visit):
    phone = visit(width=390)
    links = phone.locator(".contents a")
    assert links.count() > 5
    assert not links.first.is_visible()
    assert phone.locator(".contents").bounding_box()["height"] < 60
    phone.locator(".contents summary").click()
    assert links.first.is_visible()


def test_contents_are_open_where_there_is_room_beside_the_text(visit):
    page = visit(width=1400)
    assert page.locator(".contents a").first.is_visible()


def test_the_title_and_the_first_sentence_are_on_the_first_screen(phone):
    for selector in ("h1", "p.lead"):
        box = phone.locator(selector).first.bounding_box()
        assert box["y"] + box["height"] < 844


def test_what_to_do_is_on_the_screen_without_scrolling_sideways(phone):
    heads = (
        phone.locator("th").filter(has_text="Suggested action").or_(phone.locator("th").filter(has_text="建议动作"))
    )
    for place in range(heads.count()):
        column = heads.nth(place).evaluate(
            """head => {
              const rows = head.closest('table').tBodies[0].rows;
              const right = [...rows].map(row => row.cells[head.cellIndex].getBoundingClientRect().right);
              return Math.max(...right);
            }"""
        )
        assert column <= 390
    assert heads.count() >= 2 or phone.locator("h2#verdict").count() == 1


def test_no_heading_and_no_name_stands_a_few_letters_a_line(phone):
    for cell in phone.eval_on_selector_all("th", LINES):
        words = len(cell["text"].split())
        letters = len(cell["text"].replace(" ", ""))
        assert cell["lines"] <= max(words, -(-letters // 4), 1), cell


def test_text_in_charts_is_large_enough_to_read(drawn):
    sizes = drawn.eval_on_selector_all(
        ".chart svg text",
        """all => all.filter(text => text.textContent).map(text => {
          const scale = text.getScreenCTM();
          return Math.hypot(scale.a, scale.b) * parseFloat(getComputedStyle(text).fontSize);
        })""",
    )
    assert sizes
    assert min(sizes) >= SMALLEST_TEXT - 0.01


def test_text_in_still_pictures_is_as_large_without_scripts(visit):
    page = visit(width=390, java_script_enabled=False)
    stills = page.eval_on_selector_all(
        ".still", "all => all.map(it => it.getBoundingClientRect().width / it.naturalWidth)"
    )
    assert stills
    assert min(stills) > 0.99 or min(stills) == pytest.approx(0.5, abs=0.01)  # a PNG has twice the pixels


def test_labels_of_an_axis_do_not_overlap(drawn):
    overlaps = drawn.eval_on_selector_all(
        ".chart svg .role-axis-label",
        """all => all.flatMap(axis => {
          const labels = [...axis.querySelectorAll('text')].filter(text => text.getAttribute('opacity') !== '0'
            && text.textContent && !(text.getAttribute('transform') || '').includes('rotate'));
          const boxes = labels.map(text => text.getBoundingClientRect());
          const apart = (one, other) => one.right <= other.left + 1 || other.right <= one.left + 1
            || one.bottom <= other.top + 3 || other.bottom <= one.top + 3;
          return boxes.flatMap((box, place) => boxes.slice(place + 1).filter(other => !apart(box, other))
            .map(() => labels[place].textContent));
        })""",
    )
    assert overlaps == []


def test_a_figure_is_not_parted_from_its_unit(phone):
    figures = phone.eval_on_selector_all(".figure", LINES)
    assert figures
    assert {it["lines"] for it in figures} == {1}
