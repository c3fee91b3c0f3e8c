"""The pattern of answering: of how many attributes something is known."""

import polars as pl

from clvlab.comparison.answering import ANSWERING, ANSWERS, with_answers
from clvlab.grouping import Attribute
from tests.comparison.splits import split_of

SPLIT = split_of([1, 1, 1, 1], [0, 0, 1, 1], city=["x", "y", None, None], job=["a", None, "unknown", "b"])


def rules(*names):
    return [Attribute(name, name=name).fit(SPLIT.customers) for name in names]


def test_all_some_or_none():
    answered = with_answers(SPLIT.customers, rules("city", "job")).data[ANSWERS].to_list()
    assert answered == ["answered_all", "answered_some", "answered_none", "answered_some"]


def test_of_one_attribute_all_or_none():
    answered = with_answers(SPLIT.customers, rules("city"))
    assert answered.data[ANSWERS].to_list() == ["answered_all", "answered_all", "answered_none", "answered_none"]
    assert ANSWERING.assign(answered)["group"].to_list() == answered.data[ANSWERS].to_list()


def test_the_customers_stay_as_they_were():
    answered = with_answers(SPLIT.customers, rules("city"))
    assert answered.data.drop(ANSWERS).equals(SPLIT.customers.data.select(pl.all()))
