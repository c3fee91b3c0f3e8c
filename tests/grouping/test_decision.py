import json
import operator as op

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.errors import DataError, ParamsError
from clvlab.grouping import Case, Condition, DecisionList, rule_from_dict
from clvlab.grouping.decision import PROSPECTS
from tests.grouping.customers import groups, table

RULE = DecisionList(
    (
        Case("top", 1, (Condition("spend", ">=", 10), Condition("visits", ">", "calls"))),
        Case("rest", 2, (Condition("spend", "<", 10),)),
        Case("top", 1, (Condition("visits", "known"),)),
    )
)


def test_the_first_case_that_holds_gives_the_group():
    customers = table(spend=[10, 9.99, 50, 50, None], visits=[3, 3, 1, None, None], calls=[2, 2, 2, 2, 2])
    assert groups(RULE.assign(customers)) == ["top", "rest", "top", "unknown", "unknown"]


def test_a_group_of_several_cases_is_one_row_of_the_card():
    assert RULE.card.rows() == [
        ("top", 1, "spend >= 10, visits > calls; visits known"),
        ("rest", 2, "spend < 10"),
        ("unknown", None, "–"),
    ]


def test_a_rule_needs_the_columns_of_its_conditions():
    assert RULE.needs == {"spend", "visits", "calls"}


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
def test_a_condition_or_its_negation_holds_but_not_both(operator):
    condition = Condition("x", operator, 2)
    customers = table(x=[1, 2, 3])
    held, negated = (
        groups(DecisionList((Case("yes", 1, (c,)),)).assign(customers)) for c in (condition, condition.negated)
    )
    assert [{a, b} for a, b in zip(held, negated, strict=True)] == [{"yes", "unknown"}] * 3


def test_an_unknown_operator_is_refused():
    with pytest.raises(ParamsError, match="'!=' is not an operator"):
        Condition("x", "!=", 2)


def test_a_column_of_text_is_refused_by_name():
    with pytest.raises(DataError, match=r"'spend'.*needs numbers"):
        RULE.assign(table(spend=["a"], visits=[1], calls=[1]))


@pytest.mark.parametrize("stored", [{"kind": "decision_lists"}, {}])
def test_an_unknown_kind_of_rule_is_refused(stored):
    with pytest.raises(ParamsError, match="not a kind of rule"):
        rule_from_dict(stored)


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        ((("x", ">=", 1), ("x", "<", 5)), "1 <= x < 5"),
        ((("x", "<=", 5), ("x", ">", 1)), "1 < x <= 5"),
        ((("x", ">", "y"), ("x", "<=", "z")), "y < x <= z"),
        ((("x", "==", 0),), "x == 0"),
        ((("x", "known"),), "x known"),
        ((("x", ">=", 1), ("y", "<", 5)), "x >= 1, y < 5"),
        ((("x", ">=", 1), ("y", "<", 5), ("x", "<", 2)), "1 <= x < 2, y < 5"),
        ((("x", ">", 1), ("x", ">=", "y")), "x > 1, x >= y"),
    ],
)
def test_a_case_reads_as_a_formula(conditions, text):
    assert Case("g", 1, tuple(Condition(*condition) for condition in conditions)).text == text


@pytest.mark.parametrize(
    ("bound", "text"),
    [
        (365, "365"),
        (0.1, "0.1"),
        (1 / 3, "0.3333333333333333"),
        (1e15, "1000000000000000"),
        (12.5, "12.5"),
        ("gap_max", "gap_max"),
    ],
)
def test_a_bound_is_written_as_short_as_it_is_exact(bound, text):
    assert Condition("x", ">", bound).bound_text == text


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "known"])
def test_a_null_satisfies_no_condition(operator):
    rule = DecisionList((Case("yes", 1, (Condition("x", operator, "y"),)),))
    assert groups(rule.assign(table(x=[None, None], y=[1.0, None]))) == ["unknown", "unknown"]


def test_a_null_in_the_column_compared_with_satisfies_no_condition_either():
    rule = DecisionList(
        (Case("late", 1, (Condition("x", ">", "y"),)), Case("early", 2, (Condition("x", "<=", "y"),)))
    )
    assert groups(rule.assign(table(x=[5, 5, 5], y=[1.0, 9.0, None]))) == ["late", "early", "unknown"]


def test_numbers_are_compared_to_twelve_digits():
    rule = DecisionList((Case("yes", 1, (Condition("x", ">=", 0.3),)),))
    assert groups(rule.assign(table(x=[0.1 + 0.2, 0.3, 0.3 - 1e-16, 0.29999999999]))) == ["yes"] * 3 + ["unknown"]


def test_a_sum_that_is_nothing_but_rounding_is_zero():
    rule = DecisionList((Case("none", 1, (Condition("x", "==", 0),)),))
    assert groups(rule.assign(table(x=[0.1 + 0.2 - 0.3, 0.0, -0.0, 1e-6]))) == ["none"] * 3 + ["unknown"]


def test_a_measure_is_a_column_to_a_condition():
    rule = DecisionList((Case("up", 1, (Condition("clv_gain", ">", 0),)),))
    assert rule.needs == {"clv", "spend_last_year"}
    assert groups(rule.assign(table(clv=[5.0, 1.0], spend_last_year=[1.0, 5.0]))) == ["up", "unknown"]


def test_a_case_without_conditions_takes_everyone_who_is_left():
    rule = DecisionList((Case("big", 1, (Condition("x", ">", 5),)), Case("rest", 2, (Condition("x", "known"),))))
    assert groups(rule.assign(table(x=[9, 1, None]))) == ["big", "rest", "unknown"]


def test_ranks_order_the_card_not_the_cases():
    rule = DecisionList(
        (PROSPECTS, Case("low", 2, (Condition("x", "<", 1),)), Case("high", 1, (Condition("x", ">=", 1),)))
    )
    assert rule.card["group"].to_list() == ["high", "low", "returned_all", "prospect", "unknown"]


CONDITIONS = st.builds(
    Condition,
    st.sampled_from("xy"),
    st.sampled_from(["<", "<=", ">", ">=", "==", "known"]),
    st.one_of(st.integers(-2, 2), st.sampled_from("xy")),
)
RULES = st.lists(st.lists(CONDITIONS, min_size=1, max_size=3), min_size=1, max_size=4)
NUMBERS = st.one_of(st.none(), st.integers(-3, 3))
COMPARE = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge, "==": op.eq}


def holds(condition, customer):
    """The same comparison in plain Python."""
    left = customer[condition.column]
    if condition.operator == "known":
        return left is not None
    right = customer[condition.bound] if isinstance(condition.bound, str) else condition.bound
    return left is not None and right is not None and COMPARE[condition.operator](left, right)


@settings(max_examples=30, deadline=None)
@given(RULES, st.lists(st.fixed_dictionaries({"x": NUMBERS, "y": NUMBERS}), min_size=1, max_size=8))
def test_a_rule_does_what_its_conditions_say_in_plain_python(rule, customers):
    cases = tuple(Case(f"case_{place}", place + 1, tuple(conditions)) for place, conditions in enumerate(rule))
    expected = [
        next((case.group for case in cases if all(holds(c, customer) for c in case.conditions)), "unknown")
        for customer in customers
    ]
    columns = {name: pl.Series([customer[name] for customer in customers], dtype=pl.Int64) for name in "xy"}
    decided = DecisionList(cases)
    assert groups(decided.assign(table(**columns))) == expected
    assert rule_from_dict(json.loads(json.dumps(decided.to_dict()))) == decided
