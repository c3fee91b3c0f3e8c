"""Every piece of the report, in both languages, over logs that nobody tidied."""

import re
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import SECTIONS
from clvlab.errors import ClvlabWarning
from clvlab.params import ReportParams
from clvlab.presentation import Drawing, Report

pytestmark = pytest.mark.usefixtures("few_futures")

LAST = date(2024, 12, 31)


def log_of(rows, columns=("customer_id", "date", "amount")):
    return cl.read_transactions(pl.DataFrame(rows, schema=list(columns), orient="row", infer_schema_length=None))


def shop(n=60, price=None):
    """Customers who bought one to six times over two years, at prices of their own or one for all."""
    rows = []
    for i in range(n):
        for k in range(1 + i % 6):
            day = date(2023, 1, 5) + timedelta(7 * i % 300 + 60 * k)
            rows.append((f"c{i:03d}", str(day), price or 10.0 + (i * 7 + k * 3) % 40))
    return rows


def attributed(n):
    rows = shop(n)
    table = pl.DataFrame(
        {
            "customer_id": [f"c{i:03d}" for i in range(n)],
            "region": [("north", "south", "东区")[i % 3] for i in range(n)],
            "income": [1000.0 + 10 * i for i in range(n)],
            "member": [i % 2 == 0 for i in range(n)],
            "birthday": [date(1950 + i % 50, 1, 1) for i in range(n)],
        }
    )
    return rows, [table]


def long_ago():
    """A log whose first day is far before all others, which is told."""
    with pytest.warns(ClvlabWarning, match="36,164 days before all others"):
        return log_of([*shop(), ("c000", "1924-01-01", 1.0)])


LOGS = {
    "no amounts": lambda: (
        log_of([row[:2] for row in shop()], ("customer_id", "date")),
        None,
        {"strategy": "lifecycle5"},
    ),
    "first row a return": lambda: (log_of([("c000", "2023-01-01", -5.0), *shop()]), None, {}),
    "a month of returns only": lambda: (
        log_of([*shop(), *((f"c{i:03d}", "2024-11-15", -3.0) for i in range(30))]),
        None,
        {},
    ),
    "money that adds up to nothing": lambda: (
        log_of([*shop(), ("c000", "2024-12-01", -sum(row[2] for row in shop()))]),
        None,
        {},
    ),
    "24 customers with attributes": lambda: (log_of(attributed(24)[0]), attributed(24)[1], {}),
    "one price": lambda: (log_of(shop(price=9.9)), None, {}),
    "prospects": lambda: (
        log_of(shop()),
        [pl.DataFrame({"customer_id": [f"p{i}" for i in range(20)] + ["c000"], "region": ["x"] * 21})],
        {"strategy": "rfm11"},
    ),
    "ended long ago": lambda: (log_of(shop()), None, {"as_of": "2027-06-30"}),
    "one customer": lambda: (
        log_of([("only", "2024-05-01", 3.0), ("only", "2024-08-01", 4.0)]),
        None,
        {"strategy": "hiatus"},
    ),
    "all bought once": lambda: (
        log_of([(f"c{i}", f"2024-{i % 12 + 1:02d}-03", 5.0 + i) for i in range(40)]),
        None,
        {},
    ),
    "a hundred years": lambda: (long_ago(), None, {}),
    "a hundred groups": lambda: (
        log_of(shop(200)),
        [
            pl.DataFrame(
                {
                    "customer_id": [f"c{i:03d}" for i in range(200)],
                    "industry": [f"trade {i % 100}" for i in range(200)],
                }
            )
        ],
        {"strategy": "industry"},
    ),
    "text that bites": lambda: (
        log_of([(f"<b>{row[0]}</b>", *row[1:]) for row in shop()]),
        [
            pl.DataFrame(
                {"customer_id": [f"<b>c{i:03d}</b>" for i in range(60)], "region": ["<script>", "=1+1", "$x$"] * 20}
            )
        ],
        {},
    ),
}


@pytest.fixture(scope="module", params=LOGS, ids=str)
def results(request):
    log, attributes, given = LOGS[request.param]()
    if attributes:
        log = replace(log, attributes=tuple(attributes))
    params = {
        "name": "awkward",
        "source": "rows",
        "as_of": str(LAST),
        "holdout": "26 weeks",
        "strategy": "rfm11",
        **given,
    }
    return cl.analyse(params, log=log)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_piece_is_shown(results, lang):
    given = results.params.to_dict() | {"lang": lang, "currency": "CNY"}
    report = Report(replace(results, params=ReportParams(**given)))
    for section in SECTIONS:
        for piece in report.pieces(section):
            if isinstance(piece, Drawing):
                spec = piece.chart.to_dict()
                assert spec["description"]
                assert not re.search(r"(^|\s)–(\s|$)", spec["title"]["text"]), spec["title"]
            else:
                text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", piece.html, flags=re.DOTALL)
                assert not re.search(r"\b(nan|None(?! of)|inf)\b|∞|\{\w*\}|\[\]", text), (section, text)
                assert not re.search(r"\d[eE][+-]\d|[<>!=]=|(?<=[\s(])-\d", text), (section, text)
                assert not re.search(r"\b1 (groups|clusters|cohorts)\b", text), (section, text)
                assert "<script" not in piece.html.lower()


def test_the_groups_hold_every_customer_once(results):
    groups = results["segments"]["groups"]
    assert groups["customers"].sum() == results.customers.height
    if "total_spend" in results.customers.columns:
        assert groups["spend"].sum() == pytest.approx(results.customers["total_spend"].sum())
    findings = results["segments"].findings
    empty = [name.code for name in findings["empty"].figures["groups"]] if "empty" in findings else []
    assert not set(empty) & set(results.customers["group"])
