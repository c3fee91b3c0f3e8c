"""The documentation in a browser, without a network. Run by `make browser`."""

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest

from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser

SITE = ROOT / "build" / "site"
NARROW, WIDE = 360, 1400
LINKS = "all => all.map(link => link.href)"
SEEN = "all => all.map(it => it.checkVisibility())"
SAID = """all => all.map(it => {
  const copy = it.cloneNode(true);
  copy.querySelectorAll("code, math, pre").forEach(each => each.remove());
  return copy.textContent;
})"""


@dataclass(frozen=True)
class Seen:
    """What a page of the site shows in a wide window, and how wide it is in a narrow one.

    links, places : where it leads, and what leads into it
    alternatives : of its pictures, each of which is there
    headings : of the tables of notebooks, whether they are visible
    texts : of paragraphs, items and cells, without code and formulas
    """

    path: Path
    language: str
    links: list[str]
    places: set[str]
    alternatives: list[str | None]
    headings: list[bool]
    texts: list[str]
    narrow: int


@pytest.fixture(scope="module")
def site():
    """The pages of the site that `make docs` builds."""
    subprocess.run(["make", "docs"], cwd=ROOT, check=True)
    return sorted(SITE.rglob("*.html"))


@contextmanager
def visits(browser):
    """Open a page without a network; at the end, nothing may have gone wrong on any."""
    troubles = []
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.on("request", lambda it: None if it.url.startswith(("file:", "data:")) else troubles.append(it.url))
    page.on("requestfailed", lambda it: troubles.append(f"{page.url} lacks {it.url}"))
    page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
    page.on("console", lambda it: troubles.append(f"{page.url}: {it.text}") if it.type == "error" else None)

    def visit(path, width=WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path.as_uri())
        return page

    yield visit
    context.close()
    assert troubles == []


@pytest.fixture
def visit_docs(browser):
    """Open a page, to do something with it."""
    with visits(browser) as visit:
        yield visit


@pytest.fixture(scope="module")
def pages(browser, site):
    """What every page of the site shows."""
    with visits(browser) as visit:
        return [seen(visit, path) for path in site]


def seen(visit, path):
    """What a page shows, all of its pictures loaded."""
    page = visit(path)
    images = page.locator("article img").all()
    for image in images:
        image.scroll_into_view_if_needed()
        image.evaluate("it => it.decode()")
    return Seen(
        path,
        page.locator("html").get_attribute("lang"),
        page.eval_on_selector_all("a[href]", LINKS),
        set(page.eval_on_selector_all("[id]", "all => all.map(it => it.id)")),
        [image.get_attribute("alt") for image in images],
        page.eval_on_selector_all(".output thead", SEEN),
        page.eval_on_selector_all("article :is(p, li, td)", SAID),
        visit(path, NARROW).evaluate("document.documentElement.scrollWidth"),
    )


def test_every_link_leads_to_a_page_and_a_place_that_are_there(pages):
    places = {page.path.as_uri(): page.places | {""} for page in pages}
    internal = {(page.path.name, link) for page in pages for link in page.links if link.startswith("file:")}
    assert len(internal) > len(pages)
    for name, link in internal:
        address, place = urldefrag(link)
        known = places.get(address, {""} if (SITE / address.removeprefix(f"{SITE.as_uri()}/")).exists() else None)
        assert known is not None, f"{name}: {link} is not there"
        assert unquote(place) in known, f"{name}: {link} has no such place"


def test_every_picture_has_its_text(pages):
    assert [page.path.name for page in pages if not all(page.alternatives)] == []
    assert sum(len(page.alternatives) for page in pages) > 10


def test_tables_of_notebooks_have_their_headings(pages):
    headings = [is_seen for page in pages for is_seen in page.headings]
    assert headings
    assert all(headings)


def test_no_page_is_wider_than_a_phone(pages):
    assert [(page.path.name, page.narrow) for page in pages if page.narrow > NARROW] == []


def test_no_mark_of_markdown_is_left(pages):
    for page in pages:
        assert [text for text in page.texts if any(mark in text for mark in ("**", "](", "`"))] == [], page.path.name


@pytest.mark.usefixtures("site")
def test_formulas_are_drawn_by_the_browser_itself(visit_docs):
    page = visit_docs(SITE / "explanation" / "models.html")
    heights = page.eval_on_selector_all("math", "all => all.map(it => it.getBoundingClientRect().height)")
    assert len(heights) > 10
    assert min(heights) > 5
    assert page.locator("math mfrac").count() > 5


@pytest.mark.parametrize(("query", "found"), [("lifetime_value", "Models"), ("阅读报告", "如何阅读报告")])
@pytest.mark.usefixtures("site")
def test_the_search_finds(visit_docs, query, found):
    page = visit_docs(SITE / "search.html")
    page.locator("input[name=q]").last.fill(query)
    page.keyboard.press("Enter")
    page.locator(f"ul.search li a:has-text('{found}')").first.wait_for(timeout=20_000)


def test_a_chinese_page_says_that_it_is(pages):
    languages = {page.path: page.language for page in pages}
    chinese = {language for path, language in languages.items() if "zh" in path.relative_to(SITE).parts}
    assert chinese == {"zh-CN"}
    assert languages[SITE / "index.html"] == "en"
