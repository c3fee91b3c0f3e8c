"""The pages with all of their charts, on every screen and in every light. Run by `make browser`."""

import pytest

from tests.browser.conftest import PASSED_ON, REPORTS
from tests.browser.pages import draw_all, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("report", [*REPORTS, *PASSED_ON], indirect=True),
    pytest.mark.parametrize(
        "screen", [(390, "light"), (390, "dark"), (1400, "light"), (1400, "dark")], indirect=True
    ),
]


@pytest.fixture(scope="module")
def screen(request):
    """The width of a window, and its colours."""
    return request.param


@pytest.fixture(scope="module")
def drawn(show, screen):
    """The page with all of its charts, and how many there are."""
    page = show(width=screen[0], color_scheme=screen[1])
    return page, draw_all(page)


def marks(page):
    """Number of marks of each chart."""
    return page.eval_on_selector_all(".chart svg", "all => all.map(svg => svg.querySelectorAll('path, text').length)")


def test_every_chart_is_drawn_and_nothing_runs_over_the_edge(drawn, report, screen):
    page, n_charts = drawn
    assert n_charts >= (1 if report.parent.name == "stakeholder" else 5)
    assert min(marks(page)) > 3
    assert page.evaluate("document.documentElement.scrollWidth") <= screen[0]
    assert page.locator(".drawn .still:visible").count() == 0


def test_axe_finds_nothing(drawn):
    assert violations(drawn[0]) == []
