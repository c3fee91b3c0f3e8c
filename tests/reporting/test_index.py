"""The pages that list what is published: of a series, and of all of them."""

import json
import re
from datetime import date

import pytest

from clvlab.params import ReportParams
from clvlab.reporting.archive import Series
from clvlab.reporting.index import lines_of, write_indices
from clvlab.wording import Words

GIVEN = {"name": "shop", "source": "log.csv", "as_of": "2024-03-31", "currency": "USD"}


def published(output, day, name="shop", figures=(), title=None):
    """A run's folder with what the pages read of it."""
    folder = output / name / day
    folder.mkdir(parents=True)
    told = {
        "parameters": {"name": name, "title": title, "strategy": "rfm11"},
        "rows": {"accepted": 1_234},
        "started": "2024-04-01T10:11:12+00:00",
        "seconds": 7.0,
        "outputs": {"report.html": "", "customers.csv": ""},
    }
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    headline = [{"measure": measure, "kind": kind, "value": value} for measure, kind, value in figures]
    (folder / "headline.json").write_text(json.dumps(headline), encoding="utf-8")
    for file in ("report.html", "customers.csv"):
        (folder / file).touch()
    return folder


def pages(output, **given):
    params = ReportParams(**{**GIVEN, "output": str(output), **given})
    write_indices(Series(params.folder), params)
    return [path.read_text(encoding="utf-8") for path in (params.folder / "index.html", output / "index.html")]


def links(html, folder):
    found = re.findall(r'href="([^":]+)"', html)
    return [link for link in found if not (folder / link).exists()], found


@pytest.fixture
def output(tmp_path):
    published(tmp_path, "2024-01-31", figures=[("customers", "int", 100.0), ("clv", "money", 5_000.0)])
    published(tmp_path, "2024-02-29", figures=[("customers", "int", 110.0)])
    published(tmp_path, "2024-03-31", figures=[("customers", "int", 130.0), ("clv", "money", 4_000.0)])
    published(tmp_path, "2023-12-31", name="other", title="The <other> shop")
    return tmp_path


def test_a_series_has_its_figures_as_lines_over_its_days(output):
    html, _ = pages(output)
    assert re.findall(r"<span>(.*?)</span><strong>(.*?)</strong>", html) == [
        ("Customers", "130"),
        ("Expected value to come", "$4K"),
    ]
    said = re.findall(r'<svg role="img" aria-label="(.*?)"', html)
    assert said == [
        "from 100 on 2024-01-31 to 130 on 2024-03-31",
        "from $5K on 2024-01-31 to $4K on 2024-03-31",
    ]
    cells = [
        re.findall(r'<td class="num">(.*?)</td>', row) for row in re.findall(r"<tr>\s*<td>.*?</tr>", html, re.DOTALL)
    ]
    assert cells == [["130", "$4K", "1,234"], ["110", "–", "1,234"], ["100", "$5K", "1,234"]]


def test_every_link_of_both_pages_opens(output):
    pages(output, name="other")
    one, everything = pages(output)
    assert links(one, output / "shop")[0] == []
    assert links(everything, output)[0] == []
    assert "shop/2024-03-31/report.html" in links(everything, output)[1]
    assert "2024-02-29/customers.csv" in links(one, output)[1]


def test_every_page_of_a_run_is_named_where_a_run_has_several(output):
    assert "Pages" not in pages(output, name="other")[0]
    folder = published(output, "2024-04-30")
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    told["parameters"] |= {"lang": "both", "edition": "both"}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    (folder / "stakeholder").mkdir()
    for name in ("report.zh.html", "stakeholder/report.html", "stakeholder/report.zh.html"):
        (folder / name).touch()
    one, everything = pages(output, lang="both")
    named = re.compile(r'<span class="pages">(.*?)</span>')
    lines = [re.sub("<[^>]*>", "", line) for line in named.findall(one)]
    assert lines == ["Analyst: English · 中文", "Stakeholder: English · 中文", *["Analyst"] * 3]
    assert named.findall(everything) == [line.replace('href="', 'href="shop/') for line in named.findall(one)[:2]]
    tags = re.findall('<a href="([^"]*)" hreflang="(.*?)">', named.findall(one)[1])
    folder = "2024-04-30/stakeholder"
    assert tags == [(f"{folder}/report.html", "en"), (f"{folder}/report.zh.html", "zh-CN")]
    assert links(one, output / "shop")[0] == links(everything, output)[0] == []
    assert "<h1>Reports: shop</h1>" in one


@pytest.mark.parametrize(
    ("lang", "edition", "said"),
    [
        ("both", "analyst", ["English · 中文"]),
        ("zh", "both", ["分析人员版 · 管理层版"]),
        ("zh", "stakeholder", ["管理层版"]),
    ],
)
def test_what_the_pages_of_a_run_have_in_common_is_not_said(lang, edition, said):
    params = ReportParams(**GIVEN, lang=lang, edition=edition)
    lines = lines_of(params.views, Words("zh"))
    assert [before + " · ".join(name for _, name in links) for before, links in lines] == said


def test_all_series_are_listed_with_their_newest_day(output):
    _, html = pages(output)
    rows = [re.sub("<[^>]+>", "|", row) for row in re.findall(r"<tr>\s*<td>.*?</tr>", html, re.DOTALL)]
    told = [[cell for cell in row.replace("\n", "|").split("|") if cell] for row in rows]
    assert told == [
        ["The &lt;other&gt; shop", "Segmentation report", "2023-12-31", "1", "0"],
        ["shop", "Segmentation report", "2024-03-31", "3", "0"],
    ]


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "The last run as of 2024-04-30 failed: no &lt;file&gt;"), ("zh", "运行失败")]
)
def test_a_run_that_failed_is_told_with_its_reason(output, lang, said):
    Series(output / "shop").note_failed(date(2024, 4, 30), "no <file>\nthere")
    one, everything = pages(output, lang=lang)
    assert said in one
    assert "no &lt;file&gt; there" in one
    assert re.findall(r'<td class="num">(\d)</td>', everything) == ["1", "0", "3", "1"]


def test_a_page_of_somebody_elses_stays(output):
    (output / "index.html").write_text("<h1>Ours</h1>", encoding="utf-8")
    assert pages(output)[1] == "<h1>Ours</h1>"


def test_a_page_that_is_right_is_not_rewritten(output):
    pages(output)
    before = [path.stat().st_ino for path in (output / "index.html", output / "shop" / "index.html")]
    pages(output)
    assert before == [path.stat().st_ino for path in (output / "index.html", output / "shop" / "index.html")]


def test_a_damaged_run_is_not_listed(output):
    (output / "shop" / "2024-02-29" / "manifest.json").write_text("{", encoding="utf-8")
    assert "2024-02-29" not in pages(output)[0]
