"""What spend rests on, what goes back and whether a few customers make the mean: told in the value section."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import value
from clvlab.models import GammaGamma, LessReturns, SpendByAttributes, SpendByFrequency
from clvlab.models.attributes import Attributes
from clvlab.models.spend_model import gamma_gamma_of
from clvlab.validation.spend_choice import SpendChoice
from tests.analysis.pages import is_chinese, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

ROWS = [(name, str(date(2024, 12, 31) - timedelta(ago)), 20.0) for name in "abc" for ago in (100, 50)]
TABLE = pl.DataFrame(
    {
        "kind": ["repeat_purchases", "first_purchases", "frequency_bands"],
        "total_error": [0.129, -0.035, 0.2],
        "one_time_error": [0.6, 0.04, None],
        "gain": [0.0, 0.1, -0.2],
        "excess": [0.0, 5.0, -1.0],
    }
)


def gamma_gamma(q: float, sure: float = 1e-4, **own) -> GammaGamma:
    """Gamma-Gamma with p = 6 and gamma = 15, as sure of its parameters as if they were known to 1 %."""
    covariance = [[sure, 0.0, 0.0], [0.0, sure, 0.0], [0.0, 0.0, sure]]
    known = {"log_likelihood": -50.0, "log_covariance": covariance, "n_customers": 6, "penalty": 0.0}
    parameters = {"p": 6.0, "q": q, "gamma": 15.0}
    return GammaGamma.from_dict({"model": "GammaGamma", "parameters": parameters, **own, "estimate": known})


def section_of(spend, *, chosen=None, returned=0.0):
    """The section of three customers whose purchases are worth what `spend` says."""
    context = valued(context_of(*ROWS, as_of="2024-12-31", horizon="100 days", model="nbd"), nbd(1.0, 100.0), 20.0)
    found = vars(context)
    found["base"] = replace(context.base, returned=returned)
    found["models"] = replace(context.models, spend=spend)
    if chosen:
        found["spend_choice"] = SpendChoice(chosen, TABLE, date(2024, 6, 30), date(2024, 9, 30))
    return value.compute(context), context.params


def told(spend, name, lang="en", **given):
    """The sentences of the page, and the finding of that name."""
    section, params = section_of(spend, **given)
    return " ".join(sentences_of("value", section, params, lang)), section.findings.get(name)


def test_the_literature_is_compared_with_what_came_nearest_and_the_rule_is_told():
    page, _ = told(gamma_gamma(4.0), "spend", chosen="repeat_purchases")
    assert (
        "What a purchase of a customer is expected to be worth rests on repeat purchases alone, as in the "
        "literature. Given how often customers bought from 30 June 2024 to 30 September 2024, the total of their "
        "spend would have been off by 12.9% that way, and by 3.5% if it rested on all purchases, the first included; "
        "by rule that would be used only if it predicted single customers better by more than chance."
    ) in page


def test_first_purchases_that_count_are_told_with_both_errors():
    page, _ = told(gamma_gamma(4.0, first_purchases=True), "spend", chosen="first_purchases")
    assert (
        "rests on all purchases, the first included. Given how often customers bought from 30 June 2024 to "
        "30 September 2024, single customers were predicted better that way by more than chance, and the total of "
        "their spend would have been off by 3.5%; by 12.9% if it rested on repeat purchases alone."
    ) in page


def test_bands_of_frequency_are_told_and_their_parameters_shown():
    spend = SpendByFrequency((2,), (10.0, 40.0), gamma_gamma(4.0))
    section, _ = section_of(spend, chosen="frequency_bands")
    assert section.findings["spend"].figures["error"] == 0.2
    assert section.findings["spend"].figures["other_error"] == pytest.approx(0.035)
    assert section["parameters"]["parameter"].to_list() == ["r", "alpha", "p", "q", "gamma"]


def test_attributes_are_told_and_the_parameters_are_those_of_the_reference():
    regions = Attributes({"region": ("north", "south")}, (0.5,), (1.0,))
    spend = SpendByAttributes(gamma_gamma(4.0), regions, np.log([2.0]), 1e-4 * np.eye(4))
    assert gamma_gamma_of(LessReturns(spend, 0.1)) == gamma_gamma(4.0)
    context = valued(context_of(*ROWS, as_of="2024-12-31", horizon="100 days", model="nbd"), nbd(1.0, 100.0), 20.0)
    people = pl.DataFrame({"customer_id": ["a", "b", "c"], "region": ["north", "south", "south"]})
    table = context.customers.data.join(people, on="customer_id", maintain_order="left")
    tried = TABLE.head(1).with_columns(kind=pl.lit("attributes"), total_error=0.011, gain=0.2, excess=6.0)
    found = vars(context)
    found["customers"] = replace(context.customers, data=table)
    found["models"] = replace(context.models, spend=spend)
    found["spend_choice"] = SpendChoice(
        "attributes", pl.concat([TABLE, tried], how="vertical_relaxed"), date(2024, 6, 30), date(2024, 9, 30)
    )
    section = value.compute(context)
    assert section["parameters"]["parameter"].to_list() == ["r", "alpha", "p", "q", "gamma"]
    assert (
        "rests on repeat purchases and what is known of customers. Given how often customers bought from 30 June "
        "2024 to 30 September 2024, single customers were predicted better that way by more than chance, and the "
        "total of their spend would have been off by 1.1%; by 3.5% if it rested on all purchases, the first included."
    ) in " ".join(sentences_of("value", section, context.params))
    assert is_chinese(sentences_of("value", section, context.params, "zh"))


def test_without_an_earlier_period_nothing_is_compared():
    _, found = told(gamma_gamma(4.0), "spend")
    assert found.key == "value.spend_unjudged"


def test_what_goes_back_is_told_and_taken_off():
    gross, less = gamma_gamma(4.0), LessReturns(gamma_gamma(4.0), 0.1)
    page, _ = told(less, "returned", returned=0.1)
    assert (
        "Of the money of all purchases so far, 10.0% went back on other days; expected values allow for that." in page
    )
    totals = [section_of(spend)[0].findings["lead"].figures["total"] for spend in (gross, less)]
    assert totals[1] == pytest.approx(0.9 * totals[0])


def test_next_to_nothing_that_goes_back_is_not_told():
    assert told(gamma_gamma(4.0), "returned", returned=0.0004)[1] is None


@pytest.mark.parametrize(
    ("q", "sure", "key"),
    [(2.5, 1e-4, None), (1.5, 1e-4, "value.tail"), (1.2, 0.04, "value.tail_open"), (0.9, 1e-4, "value.tail_none")],
)
def test_a_mean_that_a_few_customers_make_is_told_with_its_bounds(q, sure, key):
    found = section_of(gamma_gamma(q, sure))[0].findings.get("tail")
    assert (found and found.key) == key
    if key == "value.tail":
        # p gamma / (q - 1) = 6 * 15 / 0.5; q is known to 1 %, and p and gamma are: 180, give or take a tenth.
        assert found.figures["mean"] == pytest.approx(180.0)
        assert 150 < found.figures["low"] < 180 < found.figures["high"] < 220


@pytest.mark.parametrize(("chosen", "q"), [(None, 4.0), ("repeat_purchases", 1.5), ("first_purchases", 0.9)])
def test_all_of_it_is_there_in_chinese(chosen, q):
    spend = gamma_gamma(q, first_purchases=chosen == "first_purchases")
    section, params = section_of(spend, chosen=chosen, returned=0.1)
    assert is_chinese(sentences_of("value", section, params, "zh"))


def lighting(**params):
    """A run on the lighting retailer's log."""
    context = context_of(*ROWS, **{"as_of": "2024-06-30", "holdout": "3 months", "time_unit": "week", **params})
    return replace(context, log=cl.datasets.lighting())


def test_a_report_values_by_what_an_earlier_period_chose():
    """The run makes its own choice, and keeps to it wherever it fits models."""
    context = lighting()
    assert (context.spend_choice.cutoff, context.spend_choice.end) == (date(2023, 12, 31), date(2024, 3, 31))
    assert context.spend_kind == "first_purchases"
    assert context.models.spend.first_purchases
    assert context.backtest.models.spend.first_purchases
    assert context.backtest.holdout.cutoff == context.spend_choice.end


def test_on_the_lighting_retailer_the_industry_tells_what_one_time_buyers_spend():
    choice = lighting(covariates=["industry"], model="bg_nbd").spend_choice
    assert choice.kind == "attributes_and_first"
    errors = dict(choice.table.select("kind", pl.col("one_time_error").abs()).rows())
    assert errors["attributes_and_first"] < errors["first_purchases"] < errors["repeat_purchases"]


@pytest.mark.parametrize(
    ("holdout", "cutoff", "end"),
    [
        # Of 547 days 273 are the holdout's; a third of the first 274 is 91, and without a holdout one of all is 182.
        ("9 months", date(2023, 7, 2), date(2023, 10, 1)),
        (None, date(2023, 12, 31), date(2024, 6, 30)),
    ],
)
def test_in_a_short_history_the_last_third_before_the_holdout_chooses(holdout, cutoff, end):
    choice = lighting(holdout=holdout).spend_choice
    assert (choice.cutoff, choice.end) == (cutoff, end)


def test_in_a_shorter_history_nothing_chooses():
    context = lighting(as_of="2023-03-20", holdout=None)
    assert (context.spend_choice, context.spend_kind) == (None, "repeat_purchases")


def test_without_amounts_nothing_chooses():
    rows = [(name, day) for name, day, _ in ROWS]
    assert context_of(*rows, columns="customer_id date", as_of="2024-12-31").spend_choice is None
