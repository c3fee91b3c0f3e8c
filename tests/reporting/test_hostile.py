"""Hostile ids, names and categories come out inert, from the log to the page and the exports."""

import csv
import re

import polars as pl
import pytest

import clvlab as cl
from clvlab import export
from clvlab.params import ReportParams
from clvlab.reporting.exporter import ReportExporter
from tests.reporting.conftest import Elements, executed

pytestmark = pytest.mark.usefixtures("few_futures")

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "'><svg/onload=alert(4)>",
    "{{ 7*7 }}{% for x in y %}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\u202etxt.exe",
    "💡冠军",
    "nul\0byte",
    "x" * 10_000,
    "javascript:alert(5)",
    "../../etc/passwd",
    "<!--",
    "]]>",
    "&lt;b&gt;",
]
FORBIDDEN = {"iframe", "object", "embed", "form", "input", "button", "base", "svg", "math", "video", "audio", "frame"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def results(folder):
    """A report over 600 customers, the first of them hostile, with hostile categories, channels and regions."""
    ids = [*HOSTILE, *(f"c{number}" for number in range(600 - len(HOSTILE)))]
    rows = [
        {
            "customer_id": who,
            "date": f"2024-{1 + (place * 7 + nth * 3) % 9:02}-{1 + (place + nth * 5) % 28:02}",
            "amount": 10 + place % 17 + nth,
            "category": HOSTILE[(place + nth) % len(HOSTILE)],
        }
        for place, who in enumerate(ids)
        for nth in range(1 + place % 6)
    ]
    regions = [HOSTILE[place % 4] for place in range(len(ids))]
    pl.DataFrame(rows).write_parquet(folder / "log.parquet")
    pl.DataFrame({"customer_id": ids, "region": regions}).write_parquet(folder / "attributes.parquet")
    return cl.analyse(
        ReportParams(
            name=HOSTILE[0] + HOSTILE[4],
            source=str(folder / "log.parquet"),
            attributes=str(folder / "attributes.parquet"),
            as_of="2024-09-30",
            holdout="12 weeks",
            strategy="preference",
            output=str(folder),
        )
    )


@pytest.fixture(scope="module")
def html(results):
    report = cl.Report(results)
    shown = [
        piece._repr_mimebundle_()[0] if hasattr(piece, "_repr_mimebundle_") else {"text/html": piece._repr_html_()}
        for section in results
        for piece in report.pieces(section)
    ]
    return ReportExporter().from_notebook_node(executed(*shown))[0]


def test_page_has_no_element_and_no_handler_that_is_not_ours(html):
    elements = Elements(html).found
    tags = [tag for tag, _ in elements]
    assert not FORBIDDEN & set(tags)
    assert tags.count("script") == 3
    assert tags.count("img") == html.count('<img class="still"')
    assert not [name for _, attrs in elements for name in attrs if name.startswith("on")]
    links = [attrs[name] for _, attrs in elements for name in ("href", "src") if name in attrs]
    assert all(link.startswith(("#", "data:")) for link in links)


def test_texts_stand_on_the_page_as_they_are_written(html):
    text = re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "{{ 7*7 }}{% for x in y %}" in text
    assert "\0" not in html


def test_exports_hold_no_formula_and_every_customer(results, folder):
    export.write(results, folder / "run")
    for path in (folder / "run").rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        numbers = re.compile(r"-?[\d.]+(e[+-]\d+)?|-inf")
        assert not [cell for cell in cells if cell.lstrip().startswith(tuple("=+-@")) and not numbers.fullmatch(cell)]
    ids = set(pl.read_parquet(folder / "run" / "customers.parquet")["customer_id"])
    folded = {"\t=1", "nul\0byte", "\u202etxt.exe"}  # blanks around an id and invisible marks say nothing
    assert {who for who in HOSTILE if who not in ids} <= folded
    assert "txt.exe" in ids


def test_names_of_runs_stay_below_output(results, folder):
    assert results.params.folder.parent == folder
    assert results.params.folder.name.isprintable()
