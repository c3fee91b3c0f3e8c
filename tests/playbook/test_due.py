"""The due list, on customers whom a reader can follow with a pencil; and what holds of every such list."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.playbook import shipped
from clvlab.playbook.due import due_list

TODAY = date(2024, 6, 30)
SCHEMA = {
    "customer_id": pl.String,
    "group": pl.String,
    "n_purchases": pl.Int64,
    "days_since_last": pl.Int64,
    "gap_p80": pl.Float64,
    "spend_last_year": pl.Float64,
    "at_risk": pl.Float64,
    "contacted_on": pl.Date,
    "is_control": pl.Boolean,
}
PEOPLE = pl.DataFrame(
    [
        ("ann", "champions", 5, 20, 30.0, 900.0, 90.0, date(2024, 5, 30), False),  # a month and a day ago
        ("bob", "champions", 5, 40, 30.0, 500.0, 200.0, date(2024, 5, 31), False),  # a month ago at the end of June
        ("cyd", "champions", 5, 20, 30.0, 800.0, 80.0, date(2024, 6, 1), False),  # less than a month ago
        ("dee", "at_risk", 4, 200, 60.0, 400.0, 300.0, None, False),
        ("eve", "prospect", 0, None, None, 0.0, None, None, False),  # not contacted one by one
        ("fay", "loyal", 2, 90, 30.0, 100.0, 10.0, date(2024, 7, 4), False),  # contacted on a day to come
    ],
    schema=SCHEMA,
    orient="row",
)


def entries(**changes):
    codes = (*PEOPLE["group"].unique(), *changes)
    return {code: replace(shipped().entry(code), **changes.get(code, {})) for code in codes}


def people(n, group="vip", **columns):
    """So many customers, the first with most at risk."""
    frame = pl.DataFrame(
        {
            "customer_id": [f"{place:03d}" for place in range(n)],
            "group": group,
            "n_purchases": 5,
            "days_since_last": 10,
            "gap_p80": 30.0,
            "spend_last_year": [1000.0 - place for place in range(n)],
            "at_risk": [100.0 - place for place in range(n)],
            "contacted_on": None,
            "is_control": False,
        },
        schema_overrides=SCHEMA,
    )
    return frame.with_columns(**{name: pl.Series(name, values) for name, values in columns.items()})


def test_the_list_by_hand():
    found = due_list(PEOPLE, entries(), TODAY)
    assert found.select("customer_id", "why", "value", "cadence").rows() == [
        ("dee", "late", 300.0, "quarter"),
        ("bob", "late", 200.0, "month"),
        ("ann", "again", 90.0, "month"),
        ("fay", "unknown", 10.0, "quarter"),
    ]
    assert found["is_listed"].all()
    assert found["contacted_on"].to_list() == [None, date(2024, 5, 31), date(2024, 5, 30), None]


def test_where_the_model_knows_no_leaving_last_years_spend_orders():
    found = due_list(PEOPLE.with_columns(at_risk=pl.lit(None, pl.Float64)), entries(), TODAY)
    assert found.select("customer_id", "value").rows() == [
        ("ann", 900.0),
        ("bob", 500.0),
        ("dee", 400.0),
        ("fay", 100.0),
    ]


def test_an_owner_takes_as_many_as_they_can_over_all_their_groups():
    # champions and vip have the account manager, who can make two contacts in all.
    mixed = people(3).vstack(people(3, "champions").with_columns(customer_id=pl.lit("c") + pl.col("customer_id")))
    plan = entries(champions={"capacity": 2}, vip={"capacity": None})
    found = due_list(mixed.vstack(people(1, "loyal").with_columns(customer_id=pl.lit("other"))), plan, TODAY)
    assert found.filter("is_listed")["customer_id"].to_list() == ["000", "c000", "other"]
    assert found.height == 7


def test_one_owner_is_one_whatever_group_and_two_texts_are_two():
    plan = entries(vip={"owner": {"en": "Li", "zh": "李"}, "capacity": 1}, loyal={"owner": {"en": "Li", "zh": "黎"}})
    both = people(2).vstack(people(2, "loyal").with_columns(customer_id=pl.lit("l") + pl.col("customer_id")))
    assert due_list(both, plan, TODAY).filter("is_listed")["customer_id"].to_list() == ["000", "l000", "l001"]


def test_contacts_in_all_are_for_those_of_most_value_who_fit():
    plan = entries(vip={"capacity": 1})
    both = people(3).vstack(people(3, "loyal").with_columns(customer_id=pl.lit("l") + pl.col("customer_id")))
    found = due_list(both, plan, TODAY, contacts=3)
    assert found.filter("is_listed")["customer_id"].to_list() == ["000", "l000", "l001"]


def test_the_control_takes_nobodys_place_and_is_listed_as_far_down_as_the_others():
    control = [False, True, False, True, False, True]
    found = due_list(people(6, is_control=control), entries(vip={"capacity": 2}), TODAY)
    assert found.filter("is_listed")["customer_id"].to_list() == ["000", "001", "002"]
    all_of_them = due_list(people(6, is_control=control), entries(vip={}), TODAY)
    assert all_of_them["is_listed"].all()


@given(control=st.lists(st.booleans(), min_size=8, max_size=8), place=st.integers(0, 7), most=st.integers(0, 8))
def test_whether_one_is_listed_does_not_depend_on_ones_own_draw(control, place, most):
    plan = entries(vip={"capacity": most})
    other = [not own if at == place else own for at, own in enumerate(control)]
    first, second = (
        due_list(people(8, is_control=drawn), plan, TODAY, contacts=5)["is_listed"][place]
        for drawn in (control, other)
    )
    assert first == second


@given(order=st.permutations(range(PEOPLE.height)))
def test_the_order_of_the_rows_does_not_matter(order):
    assert due_list(PEOPLE[list(order)], entries(), TODAY).equals(due_list(PEOPLE, entries(), TODAY))


def test_equal_values_go_by_spend_and_then_by_id():
    same = people(3, at_risk=[0.0] * 3, spend_last_year=[5.0, 9.0, 5.0])
    assert due_list(same, entries(vip={}), TODAY)["customer_id"].to_list() == ["001", "000", "002"]


@pytest.mark.parametrize(
    ("cadence", "last", "due"),
    [
        ("month", date(2024, 5, 30), True),
        ("quarter", date(2024, 3, 31), True),
        ("quarter", date(2024, 4, 1), False),
        ("half-year", date(2023, 12, 30), True),
        ("half-year", date(2024, 1, 1), False),
        ("year", date(2023, 6, 30), True),
        ("year", date(2023, 7, 1), False),
        ("none", date(2020, 1, 1), False),
        ("none", None, False),
    ],
)
def test_who_was_contacted_within_the_cadence_is_not_due_again(cadence, last, due):
    found = due_list(people(1, contacted_on=[last]).cast(SCHEMA), entries(vip={"cadence": cadence}), TODAY)
    assert (found.height == 1) == due


def test_nobody_is_nobody():
    found = due_list(PEOPLE.clear(), entries(), TODAY, contacts=3)
    assert found.is_empty()
    assert {"cadence", "why", "value", "is_listed"} < set(found.columns)
