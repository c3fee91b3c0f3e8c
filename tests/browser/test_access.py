"""What can be reached and read by everybody, where somebody has done something. Run by `make browser`."""

import pytest

from tests.browser.pages import draw_all, violations

pytestmark = pytest.mark.browser


def test_axe_finds_nothing_in_the_open_contents_of_a_phone(visit):
    page = visit(width=390)
    page.locator(".contents summary").click()
    assert page.locator(".contents a").first.is_visible()
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1400])
def test_axe_finds_nothing_on_the_list_of_reports(visit, width):
    page = visit(width=width)
    page.locator("a[href='../index.html']").click()
    assert page.locator("body.index").is_visible()
    assert violations(page) == []


def test_whatever_scrolls_can_be_reached_by_the_keyboard(visit):
    page = visit(width=390)
    draw_all(page)
    frames = ".frame, .table"
    unreachable = "all => all.filter(it => it.scrollWidth > it.clientWidth && it.tabIndex < 0).length"
    scrolling = "all => all.filter(it => it.scrollWidth > it.clientWidth).length"
    assert page.eval_on_selector_all(frames, scrolling) > 0
    assert page.eval_on_selector_all(frames, unreachable) == 0
