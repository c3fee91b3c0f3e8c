"""One run in two editions and two languages, as users run it: who is told what; each page is as by itself."""

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest

from clvlab.params import PSEUDONYM_KEY
from tests.reporting.conftest import Elements

RUN = "from clvlab.cli import main; main(prog_name='clvlab')"
PARAMS = """
name: shop
source: orders.csv
as_of: 2024-12-31
attributes: people.csv
holdout: null
n_clusters: 2
strategy: rfm11
rfm: {n_bins: 5}
currency: USD
"""
RUNS = {
    "both": ("lang=both", "edition=both"),
    "stakeholder": ("lang=zh", "edition=stakeholder"),
    "analyst": ("export_ids=true",),
}
PERSONAL = ("Zhang Wei", "@example.com", "13800")
N = 90
IDS = [f"KD-{7919 * (place + 1):07d}-Q" for place in range(N)]


def orders():
    rows = [
        (IDS[i], date(2023, 1, 5) + timedelta(7 * i % 350 + (15, 60, 83)[i % 3] * k), 10.0 + i * 13 % 50 + k)
        for i in range(N)
        for k in range(1 + i % 7)
    ]
    return pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row")


def people():
    """Names that many share, and phones and addresses of their own, some as numbers."""
    return pl.DataFrame(
        {
            "customer_id": IDS,
            "full_name": [("Zhang Wei", "Wang Fang")[i % 2] for i in range(N)],
            "reached_by": [13_800_000_000 + 7 * i for i in range(N)],
            "writes_from": [f"c{i % 5}@example.com" for i in range(N)],
            "city": [("Bern", "Basel", "Genf")[i % 3] for i in range(N)],
        }
    )


def start(folder, given):
    folder.mkdir()
    orders().write_csv(folder / "orders.csv")
    people().write_csv(folder / "people.csv")
    (folder / "shop.yaml").write_text(PARAMS, encoding="utf-8")
    overrides = [part for text in given for part in ("-p", text)]
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "report", "shop.yaml", *overrides],
        cwd=folder,
        env={**os.environ, PSEUDONYM_KEY: "one key for all runs, so that pseudonyms are equal"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Name of a run -> the folder of its series, of runs in folders of their own."""
    base = tmp_path_factory.mktemp("editions")
    processes = {name: start(base / name, given) for name, given in RUNS.items()}
    ends = {name: process.communicate() for name, process in processes.items()}
    failed = {name: ends[name][1][-2000:] for name, process in processes.items() if process.returncode != 0}
    assert not failed, failed
    assert {said for said, _ in ends.values()} == {"reports/shop/2024-12-31/report.html\n"}
    return {name: base / name / "reports" / "shop" for name in RUNS}


@pytest.fixture(scope="module")
def days(runs):
    return {name: folder / "2024-12-31" for name, folder in runs.items()}


@pytest.fixture(scope="module")
def named(days):
    """Every customer's id and pseudonym."""
    return pl.read_parquet(days["both"] / "customers.parquet").select("customer_id", "pseudonym")


def files(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def found_in(path, words):
    text = unescape(unquote(path.read_text(encoding="utf-8")))
    return [word for word in words if word in text]


# Who is told what


def test_no_customer_is_in_any_file_that_is_for_stakeholders(days, named):
    words = [*named["customer_id"], *named["pseudonym"], *PERSONAL]
    assert len(words) == 2 * N + len(PERSONAL)
    for folder in (days["both"] / "stakeholder", days["stakeholder"]):
        there = files(folder)
        assert {"report.html", "report.ipynb"} < set(there)
        assert not [name for name in there if name.startswith(("customers", "due"))]
        assert {Path(name).suffix for name in there} <= {".html", ".ipynb", ".csv", ".json", ".yaml"}
        assert [(name, found) for name, path in there.items() if (found := found_in(path, words))] == []


def test_the_search_would_find_them(days, named):
    assert len(found_in(days["analyst"] / "customers.csv", named["customer_id"])) == N
    assert found_in(days["both"] / "report.html", named["pseudonym"])


def test_what_an_analyst_shows_or_passes_on_has_pseudonyms_in_place_of_ids(days, named):
    parts = ("report.html", "report.zh.html", "report.ipynb", "customers.csv", "due.csv", "params.yaml")
    for name in [*parts, *(f"tables/{path.name}" for path in (days["both"] / "tables").iterdir())]:
        assert found_in(days["both"] / name, [*named["customer_id"], *PERSONAL]) == [], name
    told = pl.read_csv(days["both"] / "customers.csv")
    assert told.columns[0] == "pseudonym"
    assert told["pseudonym"].to_list() == sorted(named["pseudonym"])
    assert pl.read_excel(days["both"] / "customers.xlsx", engine="calamine").columns == told.columns
    assert set(pl.read_csv(days["both"] / "due.csv")["pseudonym"]) <= set(named["pseudonym"])


def test_ids_are_there_where_they_are_asked_for(days, named):
    told = pl.read_csv(days["analyst"] / "customers.csv")
    assert told.select("customer_id", "pseudonym").rows() == named.rows()
    assert {"full_name", "reached_by"} < set(told.columns)
    assert set(pl.read_csv(days["analyst"] / "due.csv")["customer_id"]) <= set(IDS)


@pytest.mark.parametrize("name", ["both", "analyst"])
def test_no_name_phone_or_mail_is_in_a_notebook(days, name):
    assert found_in(days[name] / "report.ipynb", PERSONAL) == []
    assert "Bern" in (days[name] / "report.ipynb").read_text(encoding="utf-8")


def test_who_customers_are_stays_with_the_maker_and_a_stakeholders_run_knows_nobody(runs):
    assert set(pl.read_parquet(runs["both"] / "history.parquet")["customer_id"]) == set(IDS)
    assert not (runs["stakeholder"] / "history.parquet").exists()


# The pages


def without_links(path):
    """A page without what leads to other pages of its run."""
    html = path.read_text(encoding="utf-8")
    html = re.sub(r'\n<p class="languages">.*?</p>', "", html, flags=re.DOTALL)
    return re.sub(r'<a href="stakeholder/report[^>]*>[^<]*</a> · ', "", html)


def test_a_page_of_several_has_the_bytes_of_a_run_of_its_own(days):
    both, alone = days["both"] / "stakeholder", days["stakeholder"]
    assert without_links(both / "report.zh.html") == without_links(alone / "report.html")
    for path in (both / "tables").iterdir():
        assert path.read_bytes() == (alone / "tables" / path.name).read_bytes()
    assert {path.name for path in (both / "tables").iterdir()} == {path.name for path in (alone / "tables").iterdir()}


def test_but_for_what_it_says_of_ids_an_analysts_page_is_that_of_a_run_of_its_own(days):
    pages = [without_links(days[name] / "report.html") for name in ("both", "analyst")]
    lines = [page.splitlines() for page in pages]
    assert len(lines[0]) == len(lines[1])
    told = [pair for pair in zip(*lines, strict=True) if pair[0] != pair[1]]
    assert 0 < len(told) <= 3
    assert all("pseudonym" in before or "export_ids" in before or "False" in before for before, _ in told)


def test_the_manifest_names_every_file_of_every_edition(days):
    told = json.loads((days["both"] / "manifest.json").read_text(encoding="utf-8"))
    assert set(told["outputs"]) == set(files(days["both"])) - {"manifest.json"}
    assert "stakeholder/report.zh.html" in told["outputs"]


def test_every_link_of_every_page_opens(runs):
    pages = {name: list((folder.parent).rglob("*.html")) for name, folder in runs.items()}
    assert {name: len(found) for name, found in pages.items()} == {"both": 6, "stakeholder": 3, "analyst": 3}
    for page in (page for found in pages.values() for page in found):
        links = [attrs["href"] for attrs in Elements(page.read_text(encoding="utf-8")).all("a")]
        files_there = [unquote(link) for link in links if not link.startswith("#")]
        assert [link for link in files_there if not (page.parent / link).is_file()] == []


def test_a_stakeholders_page_leads_to_nothing_outside_of_its_folder(days):
    for folder in (days["both"] / "stakeholder", days["stakeholder"]):
        for page in folder.glob("*.html"):
            links = [attrs["href"] for attrs in Elements(page.read_text(encoding="utf-8")).all("a")]
            assert links
            assert not [link for link in links if ".." in link or ":" in link]


def test_the_lists_lead_to_every_page(runs):
    four = ["report.html", "report.zh.html", "stakeholder/report.html", "stakeholder/report.zh.html"]
    one, everything = (
        path.read_text(encoding="utf-8") for path in (runs["both"] / "index.html", runs["both"].parent / "index.html")
    )
    assert re.findall(r'href="2024-12-31/([^"]*\.html)"', one) == ["report.html", *four]
    assert re.findall(r'href="shop/2024-12-31/([^"]*\.html)"', everything) == ["report.html", *four]
    assert one.count("中文") == everything.count("中文") == 2
    assert "中文" not in (runs["analyst"] / "index.html").read_text(encoding="utf-8")


def text_of(path):
    """What a reader reads, a text a line, without the link to the other language."""
    html = re.sub(
        r"<(script|style|title)\b.*?</\1>|<a [^>]*hreflang.*?</a>",
        "",
        path.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    labels = re.findall(r'aria-label="([^"]*)"', html)
    return unescape("\n".join([*re.sub(r"<[^>]*>", "\n", html).split("\n"), *labels]))


@pytest.mark.parametrize("folder", ["", "stakeholder"])
def test_each_page_is_in_its_language_alone(days, folder):
    english, chinese = (days["both"] / folder / name for name in ("report.html", "report.zh.html"))
    assert '<html lang="en">' in english.read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in chinese.read_text(encoding="utf-8")
    assert re.findall("[\u3400-\u9fff]+", text_of(english)) == []
    # Four words of English in a row are a sentence.
    assert re.findall(r"(?:\b[A-Za-z]{2,} ){3,}[A-Za-z]{2,}", text_of(chinese)) == []


def test_pages_in_two_languages_lead_to_each_other(days):
    for folder in (days["both"], days["both"] / "stakeholder"):
        links = [
            re.findall(r'<p class="languages"><a href="(.*?)" hreflang="(.*?)" lang="(.*?)">(.*?)</a></p>', html)
            for html in ((folder / name).read_text(encoding="utf-8") for name in ("report.html", "report.zh.html"))
        ]
        assert links == [[("report.zh.html", "zh-CN", "zh-CN", "中文")], [("report.html", "en", "en", "English")]]
    assert 'class="languages"' not in (days["analyst"] / "report.html").read_text(encoding="utf-8")
