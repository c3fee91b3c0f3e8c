"""The numbers of strategies, by name."""

from dataclasses import dataclass, field

import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import Condition, DecisionList, FixedBounds, Shares, Strategy, Tiers
from clvlab.grouping.decision import Case
from clvlab.strategy_numbers import Number, checked, numbers_of, with_values
from tests.grouping.customers import wide

CUSTOMERS = wide()


@dataclass(frozen=True)
class Part:
    """A part of a user's own strategy."""

    low: float = 1.5
    kind: str = "plain"


@dataclass(frozen=True)
class Own(Strategy):
    """A user's own strategy, with numbers of every kind."""

    part: Part = Part()
    signs: tuple[Condition, ...] = (Condition("n_purchases", ">=", 2), Condition("total_spend", ">=", 10))
    days: int = 30
    most: float | None = None
    edges: tuple[float, ...] | None = None
    loud: bool = True
    name: str = field(default="own", kw_only=True)

    @property
    def needs(self):
        return frozenset({"n_purchases"})

    def fit(self, customers):  # noqa: ARG002
        return DecisionList((Case("all", None, (Condition("n_purchases", "known"),)),))


def found(strategy):
    return numbers_of(strategy, strategy.fit(CUSTOMERS))


def test_every_number_of_a_strategy_of_the_users_has_a_name_and_nothing_else_has():
    assert found(Own()) == {
        "low": Number(("part", "low"), 1.5),
        "signs.0.bound": Number(("signs", 0, "bound"), 2, label="n_purchases >="),
        "signs.1.bound": Number(("signs", 1, "bound"), 10, label="total_spend >="),
        "days": Number(("days",), 30, whole=True),
        "most": Number(("most",), None),
        "edges": Number(("edges",), None, is_tuple=True),
    }


def test_numbers_are_changed_where_they_are():
    changed = with_values(Own(), {("part", "low"): 2.5, ("signs", 1, "bound"): 99, ("edges",): (1.0, 2.0)})
    assert changed == Own(
        part=Part(2.5), signs=(Own().signs[0], Condition("total_spend", ">=", 99)), edges=(1.0, 2.0)
    )


def test_bounds_that_customers_decide_are_those_of_the_rule_and_can_be_set():
    tiers = Tiers("total_spend", ("high", "mid", "low"), Shares((0.2, 0.3, 0.5)), name="own")
    bounds = found(tiers)["bounds"].value
    assert with_values(tiers, {("bounds",): bounds}).cut == FixedBounds(bounds)
    assert with_values(tiers, {("bounds",): None}) == tiers
    assert {condition.bound for case in tiers.fit(CUSTOMERS).cases for condition in case.conditions} >= set(bounds)


@pytest.mark.parametrize("name", cl.strategies)
def test_to_set_every_number_to_what_it_is_moves_nobody(name):
    strategy = cl.strategies[name]
    rule = strategy.fit(CUSTOMERS)
    declared = {each.path: each.value for each in numbers_of(strategy, rule).values() if each.path[-1] != "bounds"}
    same = with_values(strategy, {path: value for path, value in declared.items() if value is not None})
    assert same.assign(CUSTOMERS).equals(rule.assign(CUSTOMERS))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, "3", (1, "x"), (1, 2)])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ParamsError, match=r"days is .*; give "):
        checked("days", value, Number(("days",), 30, whole=True))


def test_whole_numbers_stay_whole():
    number = Number(("days",), 30, whole=True)
    assert checked("days", 4.0, number) == 4
    assert isinstance(checked("days", 4.0, number), int)
    with pytest.raises(ParamsError, match=r"days is 4.5; give a whole number"):
        checked("days", 4.5, number)
    assert checked("days", None, number) is None


def test_what_a_part_does_not_have_cannot_be_set():
    with pytest.raises(ParamsError, match="FixedBounds has no shares"):
        with_values(Tiers("total_spend", ("a", "b"), FixedBounds((1,)), name="own"), {("cut", "shares"): (0.5, 0.5)})
