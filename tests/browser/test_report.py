"""The published reports as readers see them. Run by `make browser`."""

import re

import pytest

from tests.browser.conftest import PASSED_ON, REPORTS
from tests.browser.pages import draw_all

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [390, 1400])
def test_wide_tables_scroll_in_their_own_frames(visit, width):
    page = visit(width=width)
    frameless = "table:not(.table *, [style*=overflow-x] *)"
    right = "all => all.map(table => table.getBoundingClientRect().right)"
    assert all(edge <= width for edge in page.eval_on_selector_all(frameless, right))


def test_charts_are_drawn_only_when_they_come_near(visit):
    page = visit()
    page.locator(".chart").first.scroll_into_view_if_needed()
    page.locator(".chart svg").first.wait_for(timeout=20_000)
    assert page.locator(".chart svg").count() < page.locator(".chart").count()


def test_charts_follow_the_readers_colours(visit):
    page = visit(color_scheme="light")
    chart = page.locator(".chart svg").first
    page.locator(".chart").first.scroll_into_view_if_needed()
    chart.wait_for(timeout=20_000)
    light = chart.inner_html()
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("light => document.querySelector('.chart svg')?.innerHTML !== light", arg=light)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background))) < 60


@pytest.mark.parametrize("report", ["english", "chinese"], indirect=True)
@pytest.mark.parametrize("pointed", [".chart .role-axis-label text", "tbody tr"])
def test_a_group_that_is_pointed_at_stands_out_in_every_chart_that_shows_it(visit, pointed):
    page = visit()
    draw_all(page)
    name = page.locator("#segments").locator("xpath=following::tbody[1]/tr[1]/th").text_content()
    faded = "all => all.map(svg => svg.querySelectorAll('.faded').length)"
    page.locator(pointed).filter(has_text=name).first.hover(force=True)
    assert sum(count > 0 for count in page.eval_on_selector_all(".chart svg", faded)) >= 4
    clear = "([...document.querySelectorAll('.chart svg text')].filter(text => text.textContent === name))"
    assert page.evaluate(f"name => {clear}.every(text => !text.matches('.faded'))", name)
    page.mouse.move(2, 2)
    assert page.locator(".chart .faded").count() == 0


def test_print_shows_the_still_pictures(visit):
    page = visit()
    charts = draw_all(page)
    page.emulate_media(media="print")
    assert page.locator(".still:visible").count() == charts
    assert page.locator(".chart:visible").count() == 0
    assert page.locator("nav:visible").count() == 0
    assert page.eval_on_selector_all(
        ".still", "all => all.every(image => image.complete && image.naturalWidth > 100)"
    )


def test_readers_without_scripts_see_the_still_pictures(visit):
    page = visit(java_script_enabled=False)
    stills = page.locator(".still:visible")
    assert stills.count() == page.locator(".chart").count() >= 5
    assert stills.first.bounding_box()["width"] > 100
    assert page.locator("noscript p").is_visible()


def test_days_on_the_axes_are_the_same_in_every_time_zone(visit):
    texts = []
    for zone in ("Pacific/Honolulu", "Pacific/Kiritimati"):
        page = visit(timezone_id=zone)
        draw_all(page)
        texts.append(page.locator(".chart svg text").all_text_contents())
    assert texts[0] == texts[1]


def test_contents_lead_to_every_section(visit):
    page = visit()
    links = page.eval_on_selector_all("nav a", "all => all.map(link => link.hash.slice(1))")
    assert links == page.eval_on_selector_all("h2[id]", "all => all.map(heading => heading.id)")
    assert page.locator("nav").evaluate("nav => getComputedStyle(nav).position") == "sticky"


@pytest.mark.parametrize("report", PASSED_ON, indirect=True)
def test_a_stakeholders_page_is_at_most_six_screens(visit):
    page = visit()
    draw_all(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= 6 * 900


@pytest.mark.parametrize("report", ["english", *PASSED_ON], indirect=True)
def test_the_other_language_is_one_click_away(visit):
    page = visit()
    tag = page.evaluate("document.documentElement.lang")
    link = page.locator(".languages a")
    other = link.get_attribute("hreflang")
    link.click()
    assert page.evaluate("document.documentElement.lang") == other != tag


@pytest.mark.parametrize("report", [*REPORTS, *PASSED_ON], indirect=True)
def test_text_alternatives_and_language_are_there(visit, report):
    page = visit()
    labels = page.eval_on_selector_all(
        "figure:has(.chart)", "all => all.map(figure => figure.getAttribute('aria-label'))"
    )
    assert labels
    assert all(labels)
    expected = "zh-CN" if "zh" in report.name or "-zh" in str(report) else "en"
    assert page.evaluate("document.documentElement.lang") == expected


def test_lines_of_text_are_not_too_long(visit):
    page = visit()
    ems = "all => all.map(p => p.getBoundingClientRect().width / parseFloat(getComputedStyle(p).fontSize))"
    assert max(page.eval_on_selector_all("main p:not(.languages)", ems)) < 46
