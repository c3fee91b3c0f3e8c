import pytest

from clvlab.errors import DataError, ParamsError
from clvlab.grouping import Case, Condition, DecisionList, rule_from_dict
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
