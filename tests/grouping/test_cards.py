"""What a card prints is the rule: read from the card and applied by hand, it gives everybody the same group."""

import operator
import re
from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.grouping import PROSPECT, RETURNED_ALL, UNKNOWN
from tests.grouping.customers import wide

HOLDS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq}
PRINTED_IN_NUMBERS = [
    *("frequency_tiers", "spend_tiers", "spend_breaks", "value_tiers", "value_grades", "clv_tiers"),
    *("profit_tiers", "abc", "last_year_spend", "purchase_behaviour", "potential", "rfm8", "hiatus"),
]


def with_uneven_money(n=300):
    """Customers whose money has all the digits that a float holds, as predictions and shares of costs have."""
    customers = wide(n, seed=2)
    factors = pl.Series(np.random.default_rng(5).lognormal(0, 3, n))
    money = pl.col("total_spend", "clv", "spend_last_year", "profit_last_year")
    return replace(customers, data=customers.data.with_columns(money * factors))


CUSTOMERS = with_uneven_money()
CUTS = re.compile(r"(?:(\S+) (<=?) )?(\w+) (?:(<=?|>=?|==) (\S+)|known)")


def value_of(customer, name):
    if name == "days_since_first":
        return customer["days_since_first"]
    if name == "clv_gain":
        return None if customer["clv"] is None else customer["clv"] - customer["spend_last_year"]
    return customer[name]


def holds(condition, customer):
    """Whether one comparison, such as ``50 <= total_spend < 312.5``, holds of a customer."""
    low, low_operator, column, high_operator, high = CUTS.fullmatch(condition).groups()
    value = value_of(customer, column)
    if value is None:
        return False
    above = low is None or HOLDS[low_operator](float(low), value)
    return above and (high is None or HOLDS[high_operator](value, float(high)))


def by_hand(card, customer):
    """The group whose printed condition holds of a customer; prospects are looked for first."""
    conditions = sorted(card.select("group", "condition").iter_rows(), key=lambda row: row[0] != PROSPECT)
    for group, condition in conditions:
        cases = condition.split("; ") if condition != "–" else []
        if any(all(holds(part, customer) for part in case.split(", ")) for case in cases):
            return group
    return UNKNOWN


def everybody(customers):
    days = (pl.lit(customers.cutoff) - pl.col("first_purchase")).dt.total_days()
    return customers.data.with_columns(days_since_first=days).iter_rows(named=True)


@pytest.mark.parametrize("name", PRINTED_IN_NUMBERS)
def test_the_printed_bounds_give_everybody_their_group(name):
    rule = cl.strategies[name].fit(CUSTOMERS)
    assert [by_hand(rule.card, customer) for customer in everybody(CUSTOMERS)] == rule.assign(CUSTOMERS)[
        "group"
    ].to_list()


def cells(condition):
    """The cells that ``r_score 4-5, f_score 2; r_score 1, f_score 1`` names."""
    for case in condition.split("; "):
        ends = [re.fullmatch(r"\w+ (\d)(?:-(\d))?", part).groups() for part in case.split(", ")]
        yield from product(*(range(int(low), int(high or low) + 1) for low, high in ends))


def printed_score(table, column, customer):
    """The first score, best first, whose bound a customer reaches; score 1 needs nothing."""
    reaches = operator.le if column == "days_since_last" else operator.ge
    for score, bound in table.select("score", column).iter_rows():
        if score == 1 or (bound is not None and reaches(customer[column], float(repr(bound)))):
            return score
    raise AssertionError("no score 1")


@pytest.mark.parametrize("name", ["rfm11", "rfm11_fixed", "rfm11_125"])
def test_the_printed_scores_and_cells_give_everybody_their_segment(name):
    rule = cl.strategies[name].fit(CUSTOMERS)
    columns = ("days_since_last", "n_purchases", "total_spend")[: len(rule.map.scores)]
    group_of = {
        cell: group
        for group, condition in rule.card.select("group", "condition").iter_rows()
        if group not in (PROSPECT, RETURNED_ALL)
        for cell in cells(condition)
    }
    assert len(group_of) == 5 ** len(columns)
    table = rule.thresholds.table
    for customer, group in zip(CUSTOMERS.data.iter_rows(named=True), rule.assign(CUSTOMERS)["group"], strict=True):
        if customer["n_purchases"] > 0:
            assert group_of[tuple(printed_score(table, column, customer) for column in columns)] == group
