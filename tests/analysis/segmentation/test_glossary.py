"""The glossary explains the terms of the report, as the report uses them."""

import re

import pytest

from clvlab.analysis.segmentation import SECTIONS, base_health, glossary, value
from clvlab.analysis.segmentation.context import VALUE_LEVEL
from clvlab.analysis.segmentation.glossary import TERMS
from clvlab.presentation import PAGES, Table
from clvlab.validation.validate import TOTALS_LEVEL
from clvlab.wording import LANGUAGES, Words, catalogue
from tests.analysis.pages import is_chinese, page_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

PLAIN = context_of(
    ("a", "2024-01-10", 30.0),
    ("a", "2024-01-10", 20.0),  # the same day
    ("a", "2024-03-01", 10.0),
    ("a", "2024-05-01", 25.0),
    ("a", "2024-05-01", -25.0),  # a day that a return reduces to nothing
    ("b", "2024-12-30", 40.0),
    as_of="2024-12-31",
)


def pages(lang):
    return page_of("glossary", glossary.compute(PLAIN), PLAIN.params, lang)


def test_every_term_is_there_once_with_its_meaning():
    heading, lead, terms = pages("en")
    assert (heading, lead) == ("Glossary", "The terms of this report.")
    lines = terms.splitlines()
    assert len(lines) == len(TERMS) == len(set(TERMS))
    assert lines[0] == (
        "Purchase: A day on which a customer bought, however many orders; a day that returns reduce to nothing does "
        "not count."
    )


def test_every_term_is_there_in_chinese():
    heading, lead, terms = pages("zh")
    assert (heading, lead) == ("术语表", "本报告所用的术语。")
    assert is_chinese(terms.splitlines())


def test_no_term_is_written_for_nothing():
    written = {key.removeprefix("glossary.") for key in catalogue() if key.startswith("glossary.")}
    assert written - {"heading", "lead"} == {*TERMS, *(f"{term}_meaning" for term in TERMS)}


def test_a_purchase_is_counted_as_the_glossary_says():
    purchases = dict(PLAIN.buyers.select("customer_id", "n_purchases").iter_rows())
    assert purchases == {"a": 2, "b": 1}  # two orders of a day are one; the day that was returned is none
    assert base_health.compute(PLAIN)["orders"].rows() == [("1", 1, 0.5), ("2", 1, 0.5)]


def test_days_since_the_last_purchase_run_to_the_day_of_the_report():
    assert dict(PLAIN.buyers.select("customer_id", "days_since_last").iter_rows()) == {"a": 305, "b": 1}


def test_equal_customers_score_equally_and_the_highest_is_best():
    twins = [(name, day, 10.0) for name in "ab" for day in ("2024-01-01", "2024-06-01")]
    others = [(f"c{i}", f"2024-0{i}-15", 10.0 * i) for i in range(1, 7)]
    scores = context_of(*twins, *others, as_of="2024-12-31").scores
    one, two = (scores.filter(customer_id=name).drop("customer_id").row(0) for name in "ab")
    assert one == two
    assert scores.filter(customer_id="c6")["r_score"].item() == 5  # the last to have bought
    assert scores["r_score"].min() == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_intervals_are_at_the_levels_that_the_glossary_states(lang):
    words = Words(lang)
    for column, level in (
        ("clv_low", VALUE_LEVEL),
        ("clv_high", VALUE_LEVEL),
        ("honest_low", VALUE_LEVEL),
        ("low", TOTALS_LEVEL),
    ):
        assert words.number(level, "pct") in words.column(column)
        assert words.number(level, "pct") in words("glossary.interval_meaning")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_heading_caption_or_sentence_of_the_report_has_another_level(lang):
    """90 % is the level of expected values; whatever else has an interval has it at 95 %."""
    own = {f"{percent}%" for percent in (90, 95)}
    for section in SECTIONS:
        for key, texts in catalogue().items():
            if key.startswith(f"{section}."):
                assert set(re.findall(r"\b(?:9\d|80|99)%", texts[lang])) <= own, key
    for section, blocks in PAGES.items():
        for block in blocks:
            if isinstance(block, Table) and {"clv_low", "honest_low", "low"} & set(block.kinds):
                caption = catalogue()[f"{section}.{block.table}_table"][lang]
                expected = "95%" if "low" in block.kinds else "90%"
                assert {expected} >= set(re.findall(r"9\d%", caption)), (section, block.table)


def test_value_is_what_the_glossary_says_it_is():
    """Not what was spent before: nobody's past spend moves their expected value where the models are given."""
    rows = [("a", "2024-06-01", 5.0), ("b", "2024-06-01", 5_000.0)]
    plain = valued(context_of(*rows, as_of="2024-12-31", annual_discount_rate=0.0), nbd(1.0, 100.0), 20.0)
    worth = dict(plain.table.select("customer_id", "clv").iter_rows())
    assert worth["a"] == worth["b"] > 0
    assert value.compute(plain).findings["lead"].figures["total"] == pytest.approx(worth["a"] * 2)
