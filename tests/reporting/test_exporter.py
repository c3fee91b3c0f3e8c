import base64
import hashlib
import re
from datetime import date

import pytest

from clvlab.charts.notebook import VEGA_LITE
from clvlab.editions import EDITIONS, views
from clvlab.reporting.exporter import Around, ReportExporter, read_page
from clvlab.wording import LANGUAGES
from tests.reporting.conftest import SPEC, Elements, executed

CHART = {VEGA_LITE: SPEC, "text/plain": "as text"}
HEAD = {"text/html": '<h1>A &amp; B</h1><h2 id="one">First</h2><p>text</p>', "text/plain": "as text"}
TABLE = {"text/html": "<table><tr><td>1</td></tr></table>"}


def page_of(*outputs, lang="en"):
    html, _ = ReportExporter().from_notebook_node(executed(*outputs, lang=lang))
    return html


@pytest.fixture(scope="module")
def html():
    return page_of(HEAD, CHART, TABLE, CHART)


@pytest.fixture(scope="module")
def elements(html):
    return Elements(html)


def test_code_streams_and_markdown_are_not_in_the_file(html):
    assert not {word for word in ("secret", "streamed", "Marked down", "as text") if word in html}


def test_title_and_contents_come_from_the_headings(html):
    assert "<title>A &amp; B</title>" in html
    assert '<li><a href="#one">First</a></li>' in html


@pytest.mark.parametrize(("lang", "tag", "word"), [("en", "en", "Contents"), ("zh", "zh-CN", "目录")])
def test_page_speaks_the_language_of_the_run(lang, tag, word):
    html = page_of(HEAD, lang=lang)
    assert f'<html lang="{tag}">' in html
    assert f"<summary>{word}</summary>" in html


def test_nothing_points_outside_the_file(elements):
    links = [
        value for _, attrs in elements.found for name, value in attrs.items() if name in {"src", "href", "action"}
    ]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)


def test_policy_allows_our_scripts_by_their_hashes_and_no_connection(html, elements):
    policy = next(attrs["content"] for attrs in elements.all("meta") if "http-equiv" in attrs)
    assert policy.startswith("default-src 'none'; ")
    assert "eval" not in policy
    assert not re.search(r"https?:|\*", policy)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts}
    assert len(hashes) == 2
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes


def test_vega_is_embedded_once(html):
    assert html.count("window.vegaEmbed=") == 1


def test_figure_has_words_a_still_picture_and_a_place_to_draw(html, elements):
    labels = [attrs.get("aria-label") for attrs in elements.all("figure")]
    assert labels == ["Bars of a and b"] * 2
    assert [attrs["alt"] for attrs in elements.all("img")] == ["Bars of a and b"] * 2
    assert [attrs["data-chart"] for attrs in elements.all("div") if attrs.get("class") == "chart"] == ["0", "1"]
    assert '<strong dir="auto">Two bars</strong><span dir="auto">a and b</span>' in re.sub(r"\n", "", html)


def test_table_scrolls_in_a_frame_of_its_own(html):
    assert '<div class="table" tabindex="0"><table>' in html


def test_framed_table_is_left_alone():
    framed = {"text/html": '<div style="overflow-x:auto"><table></table></div>'}
    assert framed["text/html"] in page_of(framed)


def test_same_notebook_gives_the_same_bytes(html):
    assert page_of(HEAD, CHART, TABLE, CHART) == html


def test_headings_with_one_id_fail_loudly():
    with pytest.raises(ValueError, match="Two headings share an id: one"):
        read_page(executed(HEAD, HEAD), "analyst", "en")


def test_hostile_texts_of_a_chart_come_out_as_text():
    hostile = '<img src=x onerror=alert(1)>"{{ 7*7 }}{% raw %}\x00\u202e</script>'
    spec = {**SPEC, "title": {"text": hostile, "subtitle": hostile}, "description": hostile}
    html = page_of({VEGA_LITE: spec})
    elements = Elements(html)
    assert "\0" not in html
    assert "{{ 7*7 }}{% raw %}" in html
    assert not [attrs for _, attrs in elements.found if "onerror" in attrs]
    assert len(elements.all("script")) == 3
    assert elements.all("figure")[0]["aria-label"] == hostile.replace("\0", "\ufffd")


def test_nul_in_our_own_html_is_replaced():
    assert "a\ufffdb" in page_of({"text/html": "a\0b"})


# What lies around a page


def links_of(around, lang="en"):
    html, _ = ReportExporter().from_notebook_node(executed(HEAD, lang=lang), {"around": around})
    return re.findall(r'<a href="([^#"][^"]*)"[^>]*>(.*?)</a>', html), html


def test_the_page_leads_to_its_files_the_report_before_and_all_others():
    around = Around(("customers.csv", "tables/value_by group.csv"), earlier=date(2024, 3, 31))
    links, html = links_of(around)
    assert links == [
        ("customers.csv", "customers.csv"),
        ("tables/value_by%20group.csv", "tables/value_by group.csv"),
        ("../2024-03-31/report.html", "The report before, as of 31 March 2024"),
        ("../index.html", "All reports of this series"),
    ]
    assert '<li><a href="#files">Files of this report</a></li>' in html


def test_the_first_report_of_a_series_has_none_before_it():
    links, _ = links_of(Around(()), "zh")
    assert links == [("../index.html", "本系列全部报告")]


def test_the_customers_come_before_the_tables_and_what_is_no_export_is_left_out(tmp_path):
    for name in ("tables/a_b.csv", "customers.xlsx", "customers.csv", "manifest.json", "report.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    [view] = views(["analyst"], ["en"])
    assert Around.of(tmp_path, view, [view], None).files == ("customers.csv", "customers.xlsx", "tables/a_b.csv")


def around_of(folder, place, *, earlier=date(2024, 3, 31)):
    """What lies around one page of a run in both editions and both languages."""
    for name in ("tables/a_b.csv", "customers.csv", "due/Ms Li.csv", "stakeholder/tables/c_d.csv"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).touch()
    pages = list(views(EDITIONS, LANGUAGES))
    return Around.of(folder, pages[place], pages, earlier)


def test_an_analysts_page_leads_to_its_translation_and_to_what_can_be_passed_on(tmp_path):
    links, html = links_of(around_of(tmp_path, 1), "zh")
    assert links == [
        ("report.html", "English"),
        ("customers.csv", "customers.csv"),
        ("due/Ms%20Li.csv", "due/Ms Li.csv"),
        ("tables/a_b.csv", "tables/a_b.csv"),
        ("stakeholder/report.zh.html", "管理层版（可转发）"),
        ("../2024-03-31/report.html", "上一期报告（截至2024年3月31日）"),
        ("../index.html", "本系列全部报告"),
    ]
    assert '<p class="languages"><a href="report.html" hreflang="en" lang="en">English</a></p>' in html


def test_a_page_that_is_passed_on_leads_to_its_own_folder_alone(tmp_path):
    links, _ = links_of(around_of(tmp_path, 2))
    assert links == [("report.zh.html", "中文"), ("tables/c_d.csv", "tables/c_d.csv")]


def test_a_chart_that_needs_room_scrolls_in_its_frame_and_others_do_not():
    wide = {VEGA_LITE: {**SPEC, "usermeta": {"narrowest": 900}}}
    divs = Elements(page_of(wide, CHART)).all("div")
    frames = [attrs for attrs in divs if attrs.get("class") in {"frame", "chart"}]
    assert [(attrs.get("tabindex"), attrs.get("style")) for attrs in frames] == [
        ("0", None),
        (None, "min-width: 900px"),
        (None, None),
        (None, None),
    ]
