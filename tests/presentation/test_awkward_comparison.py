"""Every piece of the comparison, in both languages, over logs that nobody tidied; or an error that says why not."""

import re
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

from clvlab.analysis.comparison import SECTIONS, analyse_comparison
from clvlab.errors import ClvlabError, DataError
from clvlab.params import CompareParams
from clvlab.presentation import Drawing
from clvlab.presentation.comparison import ComparisonReport
from tests.presentation.test_awkward import LAST, log_of, shop

FEW = ("hiatus", "value_tiers", "last_year_spend")
EVERYBODY = [f"c{i:03d}" for i in range(60)]


def bought(n, *purchases):
    """Customers who all did the same."""
    return [(f"c{i:03d}", day, amount) for i in range(n) for day, amount in purchases]


def attributed(column, values, n=60):
    return [pl.DataFrame({"customer_id": [f"c{i:03d}" for i in range(n)], column: values})]


COMPARED = {
    "first row a return": lambda: (log_of([("c000", "2023-01-01", -5.0), *shop()]), None, FEW),
    "a month of returns only": lambda: (
        log_of([*shop(), *((f"c{i:03d}", "2024-11-15", -0.1) for i in range(30))]),
        None,
        FEW,
    ),
    "one price": lambda: (log_of(shop(price=9.9)), None, FEW),
    "prospects": lambda: (
        log_of(shop()),
        [pl.DataFrame({"customer_id": [f"p{i}" for i in range(40)] + ["c000"], "region": ["x"] * 41})],
        (*FEW, {"attribute": "region"}),
    ),
    "attributes few have answered": lambda: (
        log_of(shop()),
        attributed("segment", [("A", "B")[i % 2] if i < 6 else None for i in range(60)]),
        (*FEW, {"attribute": "segment"}),
    ),
    "an attribute of one value": lambda: (
        log_of(shop()),
        attributed("segment", ["only"] * 60),
        ("hiatus", {"attribute": "segment"}),
    ),
    "many groups": lambda: (
        log_of(shop(120)),
        attributed("industry", [f"trade {i % 100}" for i in range(120)], 120)
        + attributed("trade", [f"t{i % 40}" for i in range(120)], 120),
        ("hiatus", "industry", {"attribute": "trade"}),
    ),
    "all bought once, some again": lambda: (
        log_of(bought(60, ("2023-06-01", 5.0)) + bought(12, ("2024-06-01", 7.0))),
        None,
        FEW,
    ),
    "one grouping": lambda: (log_of(shop()), None, ("hiatus",)),
    "all alike": lambda: (log_of(bought(60, ("2023-06-01", 5.0), ("2024-06-01", 7.0))), None, FEW),
    "huge amounts": lambda: (log_of([(c, d, a * 1e9) for c, d, a in shop()]), None, FEW),
    "tiny amounts": lambda: (log_of([(c, d, a * 1e-4) for c, d, a in shop()]), None, FEW),
    "text that bites": lambda: (
        log_of(shop()),
        attributed("segment", ["<script>", "=1+1", "$x$", "total_spend", "a >= b"] * 12),
        ("hiatus", {"attribute": "segment"}),
    ),
}


def params_of(strategies, **given):
    least = {"name": "awkward", "source": "rows", "as_of": str(LAST), "holdout": "52 weeks", "currency": "CNY"}
    return CompareParams(**{**least, "rounds": 20, "strategies": list(strategies), **given})


@pytest.fixture(scope="module", params=COMPARED, ids=str)
def results(request):
    log, attributes, strategies = COMPARED[request.param]()
    if attributes:
        log = replace(log, attributes=tuple(attributes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("clvlab.comparison.stability.N_RESAMPLES", 4)
        return analyse_comparison(params_of(strategies), log=log, progress=False)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_piece_is_shown(results, lang):
    report = ComparisonReport(replace(results, params=results.params.model_copy(update={"lang": lang})))
    for section in SECTIONS:
        for piece in report.pieces(section):
            if isinstance(piece, Drawing):
                assert piece.chart.to_dict()["description"]
                continue
            text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", piece.html, flags=re.DOTALL)
            assert not re.search(r"\b(nan|None(?! of)|inf)\b|∞|\{\w*\}|\[\]", text), (section, text)
            assert not re.search(r"\d[eE][+-]\d|(?<=[\s(])-\d", text), (section, text)
            assert not re.search(r"\b1 (groups|customers|groupings|contacts)\b", text), (section, text)
            assert "<script" not in piece.html.lower()


def test_the_sections_agree(results):
    contenders = results["verdict"]["contenders"]
    lead, first = results["verdict"].findings["lead"].figures, results["by_group"].findings["lead"].figures
    recommended = lead["strategy"].code
    assert first["strategy"].code == recommended
    assert recommended in contenders["strategy"].to_list()
    contacts = results["reach"]["contacts"].filter(share=0.2).row(0, named=True)
    claims = results["verdict"].findings["lead"].key == "verdict.lead"
    assert lead.get("reached") == (contacts["reached"] if claims else None)
    assert contacts["low"] is None or contacts["low"] <= contacts["high"]
    assert not any(
        table.select(pl.selectors.float().is_nan().any()).sum_horizontal().sum()
        for section in results.values()
        for table in section.values()
        if table.select(pl.selectors.float()).width
    )
    ranking = results["recommendation"]["every_strategy"]
    assert ranking.filter("recommended")["strategy"].to_list() == [recommended] * claims
    if results["verdict"].findings["choice"].key == "verdict.alone":
        rest = ranking.filter(~pl.col("recommended"))
        assert ((rest["low"] > 0) | (rest["high"] < 0)).all()


def test_the_groups_hold_every_customer_once(results):
    recommended = results["verdict"].findings["lead"].figures["strategy"].code
    counted = dict(results.customers[recommended].value_counts().iter_rows())
    budget = results["reach"]["budget"]
    assert dict(budget.select("group", "customers").iter_rows()) == counted
    assert budget["share_customers"].sum() == pytest.approx(1)
    assert budget["share_budget"].sum() == pytest.approx(1)
    assert results["method"].findings["lead"].figures["customers"] == results.customers.height


REFUSED = {
    "no amounts": (lambda: log_of([row[:2] for row in shop()], ("customer_id", "date")), "no amounts.*`amount`"),
    "money that adds up to nothing": (
        lambda: log_of([*shop(), ("c000", "2024-12-01", -sum(row[2] for row in shop()))]),
        "spent nothing from then to 2024-12-31",
    ),
    "few customers": (lambda: log_of(shop(24)), "24 customers bought up to .*; 50 or more are needed"),
    "one customer": (lambda: log_of([("only", "2023-05-01", 3.0), ("only", "2024-08-01", 4.0)]), "50 or more"),
    "all after the cutoff": (lambda: log_of(bought(60, ("2024-06-01", 3.0))), "no purchase up to the cutoff"),
    "all before the cutoff": (lambda: log_of(bought(60, ("2023-06-01", 3.0))), "no row in the holdout"),
    "only strangers after it": (
        lambda: log_of([*bought(60, ("2023-06-01", 3.0)), ("new", "2024-06-01", 3.0)]),
        "spent nothing",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_compared_is_refused_with_its_reason(case):
    log, reason = REFUSED[case]
    with pytest.raises(DataError, match=reason) as error:
        analyse_comparison(params_of(FEW), log=log(), progress=False)
    assert re.search(r"Choose|Map|larger", str(error.value))  # and what to do


def test_a_log_that_ended_long_ago_has_no_holdout():
    with pytest.raises(ClvlabError, match=r"There is no row in the holdout, .* Choose an earlier cutoff"):
        analyse_comparison(params_of(FEW, as_of=str(LAST + timedelta(900))), log=log_of(shop()), progress=False)
