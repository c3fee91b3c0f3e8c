"""The numbers that a reader asks for first: figure, change in a period, change in a year."""

import re
from dataclasses import replace
from types import MappingProxyType

import polars as pl
import pytest

from clvlab.analysis.section import Section
from clvlab.params import ReportParams
from clvlab.presentation import Fragment, Report

SCHEMA = {
    "measure": pl.String,
    "kind": pl.String,
    "value": pl.Float64,
    "previous": pl.Float64,
    "change": pl.Float64,
    "beyond_chance": pl.Boolean,
    "year_before": pl.Float64,
    "change_in_year": pl.Float64,
}


@pytest.fixture
def card(sample_results):
    """The card of one number: its name, figure and changes, as plain texts."""

    def of(lang="en", every=None, **row):
        given = {"measure": "customers", "kind": "int", **row}
        numbers = pl.DataFrame([{name: given.get(name) for name in SCHEMA}], schema=SCHEMA)
        summary = sample_results["summary"]
        section = Section({"numbers": numbers}, summary.findings)
        sections = MappingProxyType({**sample_results.sections, "summary": section})
        params = ReportParams(**{**sample_results.params.to_dict(), "lang": lang, "every": every})
        pieces = Report(replace(sample_results, sections=sections, params=params)).pieces("summary")
        html = next(it.html for it in pieces if isinstance(it, Fragment) and 'class="numbers"' in it.html)
        parts = [re.search(rf"<{tag}>(.*?)</{tag}>(?=<|$)", html)[1] for tag in ("strong", "small")]
        return [re.sub("<[^>]*>", "", part) for part in parts]

    return of


@pytest.mark.parametrize(
    ("change", "in_year", "said"),
    [
        (0.028, None, "▲\u00a0+2.8% in a quarter"),
        (-0.131, None, "▼\u00a0−13.1% in a quarter"),
        (0.0, None, "unchanged in a quarter"),
        (0.028, -0.2, "▲\u00a0+2.8% in a quarter; ▼\u00a0−20.0% in a year"),
        (0.028, 0.0, "▲\u00a0+2.8% in a quarter; unchanged in a year"),
    ],
)
def test_a_change_has_its_sign_its_arrow_and_its_period(card, change, in_year, said):
    figure, changes = card(value=2_357.0, previous=2_000.0, change=change, change_in_year=in_year)
    assert figure == "2,357"
    assert changes == said


@pytest.mark.parametrize(
    ("lang", "beyond", "change", "said"),
    [
        ("en", True, 0.02, "▲\u00a0+2.0% in a quarter, more than chance; ▲\u00a0+1.0% in a year"),
        ("en", False, -0.02, "▼\u00a0−2.0% in a quarter, within what chance does; ▲\u00a0+1.0% in a year"),
        ("zh", True, 0.02, "较一个季度前▲\u00a0+2.0%，超出偶然波动；较上年同期▲\u00a0+1.0%"),
        ("zh", False, 0.02, "较一个季度前▲\u00a0+2.0%，未超出偶然波动；较上年同期▲\u00a0+1.0%"),
        ("en", False, 0.0, "unchanged in a quarter; ▲\u00a0+1.0% in a year"),
    ],
)
def test_a_change_is_said_to_be_more_than_chance_or_not(card, lang, beyond, change, said):
    given = {"value": 51.0, "previous": 50.0, "change": change, "beyond_chance": beyond, "change_in_year": 0.01}
    assert card(lang, **given)[1] == said


def test_a_share_changes_in_points(card):
    figure, changes = card(kind="pct", value=0.48, previous=0.466, change=0.014)
    assert (figure, changes) == ("48%", "▲\u00a0+1.4 points in a quarter")


@pytest.mark.parametrize(
    ("lang", "said"), [("en", "nothing to compare with a quarter before"), ("zh", "一个季度前的数据不足，无法比较")]
)
def test_without_an_earlier_quarter_it_is_said(card, lang, said):
    assert card(lang, value=5.0)[1] == said


@pytest.mark.parametrize(("lang", "said"), [("en", "nothing a quarter before"), ("zh", "一个季度前为零")])
def test_growth_from_nothing_is_no_percentage(card, lang, said):
    assert card(lang, value=5.0, previous=0.0)[1] == said


def test_money_is_short_and_has_its_currency(card):
    assert card(kind="money", measure="revenue", value=18_234.0)[0] == "$18.2K"
    assert card("zh", kind="money", measure="revenue", value=18_234.0)[0] == "US$1.8万"


def test_a_change_in_chinese_names_what_it_is_compared_with(card):
    _, changes = card("zh", value=10.0, previous=9.0, change=0.111, change_in_year=-0.05)
    assert changes == "较一个季度前▲\u00a0+11.1%；较上年同期▼\u00a0−5.0%"


@pytest.mark.parametrize(
    ("every", "lang", "said"),
    [
        ("month", "en", "▲\u00a0+2.0% in a month"),
        ("month", "zh", "较一个月前▲\u00a0+2.0%"),
        ("quarter", "en", "▲\u00a0+2.0% in a quarter"),
    ],
)
def test_a_change_is_that_of_the_report_s_own_period(card, every, lang, said):
    assert card(lang, every, value=51.0, previous=50.0, change=0.02)[1] == said
