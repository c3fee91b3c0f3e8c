"""The documentation in a browser, without a network. Run by `make browser`."""

import subprocess
from urllib.parse import unquote, urldefrag

import pytest

from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser

SITE = ROOT / "build" / "site"
LINKS = "all => all.map(link => link.href)"
NARROW, WIDE = 360, 1400


@pytest.fixture(scope="module")
def site():
    """The pages of the site that `make docs` builds."""
    subprocess.run(["make", "docs"], cwd=ROOT, check=True)
    return sorted(SITE.rglob("*.html"))


@pytest.fixture
def visit_docs(browser):
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


def test_every_link_leads_to_a_page_and_a_place_that_are_there(site, visit_docs):
    links, places = {}, {}
    for path in site:
        page = visit_docs(path)
        links[path] = page.eval_on_selector_all("a[href]", LINKS)
        places[path.as_uri()] = set(page.eval_on_selector_all("[id]", "all => all.map(it => it.id)")) | {""}
    internal = {(path.name, link) for path, found in links.items() for link in found if link.startswith("file:")}
    assert len(internal) > len(site)
    for name, link in internal:
        address, place = urldefrag(link)
        known = places.get(address, {""} if (SITE / address.removeprefix(f"{SITE.as_uri()}/")).exists() else None)
        assert known is not None, f"{name}: {link} is not there"
        assert unquote(place) in known, f"{name}: {link} has no such place"


def test_every_picture_is_there(site, visit_docs):
    n_pictures = 0
    for path in site:
        images = visit_docs(path).locator("article img")
        n_pictures += images.count()
        for image in images.all():
            image.scroll_into_view_if_needed()
            image.evaluate("it => it.decode()")
            assert image.get_attribute("alt"), path.name
    assert n_pictures > 10


def test_tables_of_notebooks_have_their_headings(site, visit_docs):
    seen = "all => all.map(it => it.checkVisibility())"
    headings = [is_seen for path in site for is_seen in visit_docs(path).eval_on_selector_all(".output thead", seen)]
    assert headings
    assert all(headings)


def test_no_page_is_wider_than_a_phone(site, visit_docs):
    for path in site:
        page = visit_docs(path, NARROW)
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, path.name


def test_no_mark_of_markdown_is_left(site, visit_docs):
    said = """all => all.map(it => {
      const copy = it.cloneNode(true);
      copy.querySelectorAll("code, math, pre").forEach(each => each.remove());
      return copy.textContent;
    })"""
    for path in site:
        texts = visit_docs(path).eval_on_selector_all("article :is(p, li, td)", said)
        assert [text for text in texts if any(mark in text for mark in ("**", "](", "`"))] == [], path.name


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


def test_a_chinese_page_says_that_it_is(site, visit_docs):
    chinese = [path for path in site if "zh" in path.parts]
    languages = {path.name: visit_docs(path).locator("html").get_attribute("lang") for path in chinese}
    assert languages
    assert set(languages.values()) == {"zh-CN"}
    assert visit_docs(SITE / "index.html").locator("html").get_attribute("lang") == "en"
