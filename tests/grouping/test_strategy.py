"""The protocol that every strategy and rule keeps, on a rule of two groups."""

from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass
from typing import Any, ClassVar

import polars as pl
import pytest

from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.grouping import Group, OneGroup, Rule, Strategy, rule_from_dict
from clvlab.grouping.strategy import ASSIGNMENT
from tests.grouping.customers import groups, table

CUSTOMERS = table(customer_id=["b", "a", "c"], n=[2, 3, 4])


@pytest.fixture
def parity(monkeypatch):
    """A kind of rule that is known for the length of a test."""
    monkeypatch.setattr(Rule, "kinds", dict(Rule.kinds))

    @dataclass(frozen=True)
    class Parity(Rule):
        kind: ClassVar[str] = "parity"
        names: tuple[str, str] = ("even", "odd")

        @property
        def needs(self) -> frozenset[str]:
            return frozenset({"n"})

        @property
        def groups(self) -> tuple[Group, ...]:
            return (Group("even", 1, "n mod 2 = 0"), Group("odd", 2, "n mod 2 = 1"), Group("none", None, "–"))

        def label(self, customers) -> pl.Series:
            return pl.Series([self.names[n % 2] for n in customers.data["n"]], dtype=pl.Categorical)

        def to_dict(self) -> dict[str, Any]:
            return {"kind": self.kind, "names": list(self.names)}

        @classmethod
        def from_dict(cls, stored: Mapping[str, Any]) -> "Parity":
            return cls(tuple(stored["names"]))

    return Parity


def test_assign_gives_each_customer_a_group_and_its_rank_in_their_own_order(parity):
    assigned = parity().assign(CUSTOMERS)
    assert assigned.schema == ASSIGNMENT
    assert assigned.rows() == [("b", "even", 1), ("a", "odd", 2), ("c", "even", 1)]


def test_a_group_without_order_has_a_null_rank(parity):
    assert parity(("none", "odd")).assign(CUSTOMERS)["rank"].to_list() == [None, 2, None]


def test_a_group_that_the_card_does_not_list_is_an_error(parity):
    with pytest.raises(pl.exceptions.InvalidOperationError):
        parity(("even", "strange")).assign(CUSTOMERS)


def test_the_card_lists_every_group_those_without_customers_too(parity):
    assert parity(("even", "even")).card.rows() == [
        ("even", 1, "n mod 2 = 0"),
        ("odd", 2, "n mod 2 = 1"),
        ("none", None, "–"),
    ]


def test_nobody_is_a_table_without_rows(parity):
    assigned = parity().assign(table(customer_id=pl.Series([], dtype=pl.String), n=pl.Series([], dtype=pl.Int64)))
    assert assigned.schema == ASSIGNMENT
    assert assigned.height == 0


def test_a_missing_column_is_named(parity):
    with pytest.raises(MissingColumnsError, match=r"which this rule reads, has no column 'n'"):
        parity().assign(table(m=[1]))


def test_a_class_with_a_kind_is_found_by_it(parity):
    assert Rule.kinds["parity"] is parity
    assert rule_from_dict(parity().to_dict()) == parity()


def test_a_class_between_that_sets_no_kind_is_not_a_kind():
    assert set(Rule.kinds) == {
        *("decision_list", "rfm_map", "rfm_value", "points", "cross", "values", "tags", "hash"),
        *("centres", "neighbours"),
    }
    assert all(kind == rule.kind for kind, rule in Rule.kinds.items())


@pytest.mark.parametrize(
    ("stored", "advice"),
    [({"kind": "tag"}, r"Did you mean 'tags'\?"), ({"kind": ""}, "Known kinds: "), ({}, "Known kinds: ")],
)
def test_a_stored_rule_of_no_kind_is_refused(stored, advice):
    with pytest.raises(ParamsError, match=advice):
        rule_from_dict(stored)


def test_a_strategy_groups_customers_by_the_rule_that_they_yield(parity):
    @dataclass(frozen=True)
    class CommonerFirst(Strategy):
        """Even numbers are `even` only where they are the commoner ones."""

        @property
        def needs(self) -> frozenset[str]:
            return frozenset({"n"})

        def fit(self, customers) -> Rule:
            even = (customers.data["n"] % 2 == 0).mean()
            return parity() if even > 0.5 else parity(("none", "odd"))

    strategy = CommonerFirst(name="own")
    assert groups(strategy.assign(CUSTOMERS)) == ["even", "odd", "even"]
    assert groups(strategy.assign(table(n=[2, 3, 5]))) == ["none", "odd", "odd"]


def test_a_strategy_has_a_name_by_keyword_and_is_not_sensitive_unless_it_says_so():
    assert OneGroup().name == "one_group"
    assert OneGroup(name="own").name == "own"
    assert not OneGroup().sensitive
    assert OneGroup(sensitive=True).sensitive
    with pytest.raises(TypeError):
        OneGroup("own")


def test_parameters_cannot_be_changed_and_equal_ones_make_equal_strategies():
    assert OneGroup() == OneGroup()
    assert OneGroup() != OneGroup(name="own")
    with pytest.raises(FrozenInstanceError):
        OneGroup().name = "own"


def test_who_moves_between_two_rules_is_counted_with_their_money(parity):
    customers = table(n=[1, 2, 3, 4], total_spend=[0.1, 0.2, 5.0, 7.0])
    moves = parity(("even", "odd")).moves(parity(("odd", "even")), customers)
    assert moves.rows() == [("even", "odd", 2, 0.5, 7.2), ("odd", "even", 2, 0.5, 5.1)]
    assert moves.columns == ["before", "after", "customers", "share", "total_spend"]


def test_who_stays_moves_nowhere_and_money_is_told_where_it_is_known(parity):
    moves = parity().moves(parity(("even", "none")), table(n=[1, 2, 3]))
    assert moves.rows() == [("odd", "none", 2, pytest.approx(2 / 3))]
    assert parity().moves(parity(), table(n=[1, 2])).is_empty()


def test_moves_need_another_rule(parity):
    with pytest.raises(ParamsError, match="`other` is of type OneGroup; it must be a Rule"):
        parity().moves(OneGroup(), table(n=[1]))
