"""Every public object shows itself in a line, and with a table in a notebook; its errors are short."""

import re
from types import SimpleNamespace

import polars as pl
import pytest
from sklearn.base import BaseEstimator

import clvlab as cl
from clvlab.displays import MOST_ROWS, Displayed, as_html, listed
from clvlab.errors import ClvlabError, ParamsError
from clvlab.grouping import Rule, Strategy

LOG = cl.datasets.cdnow(sample=True)


@pytest.fixture(scope="module")
def halves():
    return cl.split_holdout(LOG, "1997-09-30", "1998-06-30", "week")


@pytest.fixture(scope="module")
def objects(halves, sample_results):
    calibration, holdout = halves
    model, spend = cl.BgNbd.fit(calibration), cl.GammaGamma.fit(calibration)
    return {
        "log": LOG,
        "customers": calibration,
        "holdout": holdout,
        "model": model,
        "given model": cl.BgNbd(0.2, 4.0, 0.8, 2.4, time_unit="week"),
        "spend": spend,
        "draws": model.draws(50),
        "strategy": cl.strategies["rfm11"],
        "rule": cl.strategies["rfm11"].fit(calibration),
        "crossed rule": cl.strategies["value_lifecycle"].fit(calibration),
        "validation": cl.validate(model, None, calibration, holdout),
        "choice": cl.choose_model(calibration, holdout),
        "results": sample_results,
        "section": sample_results["segments"],
    }


FACTS = {
    "log": "TransactionLog: 6,919 rows accepted, 0 refused",
    "customers": "CustomerSummary: 2,357 customers as of 1997-09-30, recency and T in weeks",
    "holdout": "Holdout: what 2,357 customers did after 1997-09-30 and up to 1998-06-30 (273 days): 1,882 purchases",
    "model": "BgNbd: r 0.2426, alpha 4.414, a 0.7929, b 2.426; 2,357 customers, log-likelihood −9,582; time in weeks",
    "given model": "BgNbd: r 0.2, alpha 4, a 0.8, b 2.4 (given, not fitted); time in weeks",
    "spend": "GammaGamma: p 6.25, q 3.744, gamma 15.44; 946 customers, log-likelihood −4,056",
    "draws": "Draws: 50 draws of r, alpha, a, b",
    "strategy": "RfmSegments: 'rfm11', reads days_since_last, n_purchases, total_spend",
    "rule": "RfmRule: 12 groups (champions, loyal,",
    "crossed rule": "CrossRule: ",
    "validation": "Validation: error of the model's total: purchases -12.1%; ",
    "choice": "ModelChoice: Pareto/NBD was chosen",
    "results": "Results: 'sample' as of 1998-06-30, 2,357 customers, 22 sections: summary, quality,",
    "section": "Section: tables groups (",
}


@pytest.mark.parametrize("name", FACTS)
def test_a_line_says_what_matters(objects, name):
    assert repr(objects[name]).startswith(FACTS[name])
    assert len(repr(objects[name])) < 600


@pytest.mark.parametrize("name", FACTS)
def test_a_notebook_shows_the_same_above_a_small_table(objects, name):
    html = objects[name]._repr_html_()
    assert html.count("<caption>") == 1
    assert html.count("<tr>") <= MOST_ROWS + 1
    assert len(html) < 20_000


def test_every_public_class_that_holds_frames_is_displayed():
    public = [getattr(cl, name) for name in dir(cl) if not name.endswith(("Params", "Report"))]
    classes = [kind for kind in public if isinstance(kind, type)]
    assert len(classes) >= 8
    ours = [
        kind for kind in classes if not issubclass(kind, BaseEstimator)
    ]  # those show themselves as in scikit-learn
    assert all(issubclass(kind, Displayed) for kind in [*ours, cl.comparison.Board])


@pytest.mark.parametrize(
    "kind", [*Rule.kinds.values(), *dict.fromkeys(type(each) for each in cl.strategies.values())]
)
def test_every_rule_and_strategy_shows_itself_in_the_one_manner(kind):
    assert issubclass(kind, Rule | Strategy)
    assert kind.__repr__ is Displayed.__repr__


def test_a_long_table_is_cut_and_says_so():
    html = as_html(pl.DataFrame({"n": range(100)}), "Numbers")
    assert "Numbers (15 of 100 rows)" in html
    assert html.count("<tr>") == 16


def test_what_a_table_holds_stays_text():
    html = as_html(pl.DataFrame({"<b>": ["<script>", None]}), "<i>")
    assert not re.search("<(b|i|script)>", html)
    assert "&lt;script&gt;" in html


def test_completion_shows_documented_verbs_only(objects):
    for name in ("model", "spend"):
        model = objects[name]
        public = [each for each in dir(model) if not each.startswith("_")]
        methods = [each for each in public if each not in (*model.parameters, "time_unit")]
        assert all(getattr(type(model), each).__doc__ for each in methods)
        assert not [each for each in public if each.endswith(("_if_alive", "_of", "_given"))] or name == "spend"
    assert {"fit", "p_alive", "expected_purchases", "r"} <= set(dir(objects["model"]))


def test_keys_are_completed(sample_results):
    assert sample_results._ipython_key_completions_() == list(sample_results)
    assert "groups" in sample_results["segments"]._ipython_key_completions_()


def test_charts_are_found_by_completion():
    assert {"segments", "value", "validation", "comparison"} <= set(dir(cl.charts))
    assert all(getattr(cl.charts, name) for name in dir(cl.charts))


def test_an_error_is_its_message_alone_in_a_notebook():
    shown = ParamsError("horizon is 0; it must be more.")._render_traceback_()
    assert shown == ["ParamsError: horizon is 0; it must be more."]


def test_names_are_listed():
    assert listed([]) == ""


TURNED_ROUND = {
    "lifetime_value": lambda it: cl.lifetime_value(it.spend, it.model, it.customers, "12 months"),
    "table first": lambda it: cl.lifetime_value(it.customers, it.model, it.spend, "12 months"),
    "residual": lambda it: cl.residual_lifetime_value(it.spend, it.model, it.customers, 0.1),
    "new customers": lambda it: cl.new_customer_value(it.spend, it.model, 0.1),
    "intervals": lambda it: cl.value_intervals(it.spend, it.model, it.customers, "12 months"),
    "fit a log": lambda _: cl.BgNbd.fit(LOG),
    "fit spend to a log": lambda _: cl.GammaGamma.fit(LOG),
    "predict for a log": lambda it: it.model.p_alive(LOG),
    "horizon first": lambda it: it.model.expected_purchases("39 weeks", it.customers),
    "score a log": lambda _: cl.score_rfm(LOG),
    "group a log": lambda _: cl.strategies["rfm11"].fit(LOG),
    "assign a log": lambda _: cl.strategies["rfm11"].assign(LOG),
    "summarise customers": lambda it: cl.summarise_customers(it.customers, cutoff="1997-09-30"),
    "split customers": lambda it: cl.split_holdout(it.customers, "1997-09-30", "1998-06-30"),
    "split by days first": lambda _: cl.split_holdout("1997-09-30", "1998-06-30", LOG),
    "validate": lambda it: cl.validate(it.customers, it.model, it.customers, it.holdout),
    "validate without holdout": lambda it: cl.validate(it.model, None, it.customers, it.customers),
    "choose": lambda it: cl.choose_model(it.holdout, it.customers),
    "choose without holdout": lambda it: cl.choose_model(it.customers, it.customers),
    "compare": lambda _: cl.compare(LOG, ["rfm11"], cutoff="1997-09-30", end="1998-06-30"),
    "analyse": lambda _: cl.analyse(LOG),
    "report": lambda it: cl.Report(it.customers),
}


@pytest.mark.parametrize("call", TURNED_ROUND)
def test_arguments_turned_round_are_told_by_what_was_given(objects, call):
    given = SimpleNamespace(**objects)
    with pytest.raises(ClvlabError, match=r"(?i)is (of type |not a customer table)\w*.*(make|give|order)"):
        TURNED_ROUND[call](given)
