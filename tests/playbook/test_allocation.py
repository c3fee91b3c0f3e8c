"""Contacts over groups: by hand, and what holds however they are shared out."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.playbook.allocation import allocate

DUE = pl.DataFrame(
    {
        "customer_id": ["a1", "a2", "a3", "a4", "b1", "b2", "c1"],
        "group": ["a", "a", "a", "a", "b", "b", "c"],
        "value": [50.0, 40.0, 30.0, 1.0, 35.0, 5.0, 2.0],
    }
)
WAYS = ("by_value", "equal", "proportional")


def test_by_hand():
    found = allocate(DUE, ["a", "b", "c", "empty"], 4)
    assert found.rows(named=True) == [
        {
            "group": "a",
            "customers": 4,
            "contacts_by_value": 3,  # 50, 40, 30
            "contacts_equal": 2,  # one for each, and what is left over for the first
            "contacts_proportional": 2,  # 16 / 7 = 2.29
            "value_by_value": 120.0,
            "value_equal": 90.0,
            "value_proportional": 90.0,
        },
        {
            "group": "b",
            "customers": 2,
            "contacts_by_value": 1,
            "contacts_equal": 1,
            "contacts_proportional": 1,  # 8 / 7 = 1.14
            "value_by_value": 35.0,
            "value_equal": 35.0,
            "value_proportional": 35.0,
        },
        {
            "group": "c",
            "customers": 1,
            "contacts_by_value": 0,
            "contacts_equal": 1,
            "contacts_proportional": 1,  # 4 / 7, the largest remainder
            "value_by_value": 0.0,
            "value_equal": 2.0,
            "value_proportional": 2.0,
        },
        {"group": "empty", "customers": 0}
        | {f"contacts_{way}": 0 for way in WAYS}
        | {f"value_{way}": 0.0 for way in WAYS},
    ]


@given(
    customers=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1e6)), max_size=30),
    contacts=st.integers(1, 40),
)
def test_all_contacts_are_dealt_no_group_has_more_than_customers_and_nothing_reaches_more_than_by_value(
    customers, contacts
):
    rows = [(f"{place:02d}", group, value) for place, (group, value) in enumerate(customers)]
    schema = {"customer_id": pl.String, "group": pl.String, "value": pl.Float64}
    found = allocate(pl.DataFrame(rows, schema=schema, orient="row"), list("abc"), contacts)
    for way in WAYS:
        assert found[f"contacts_{way}"].sum() == min(contacts, len(customers))
        assert (found[f"contacts_{way}"] <= found["customers"]).all()
        assert found[f"value_{way}"].sum() <= found["value_by_value"].sum() * (1 + 1e-12)
    assert found["contacts_equal"].filter(found["contacts_equal"] < found["customers"]).n_unique() <= 2


@pytest.mark.parametrize("contacts", [7, 8, 1_000])
def test_where_all_can_be_contacted_there_is_nothing_to_choose(contacts):
    found = allocate(DUE, ["a", "b", "c"], contacts)
    for way in WAYS:
        assert found[f"contacts_{way}"].to_list() == [4, 2, 1]
        assert found[f"value_{way}"].sum() == pytest.approx(163.0)


def test_twice_as_many_of_everybody_and_twice_the_contacts_reach_twice_the_value():
    twice = pl.concat([DUE, DUE.with_columns(pl.col("customer_id") + "x")])
    once, found = allocate(DUE, ["a", "b", "c"], 3), allocate(twice, ["a", "b", "c"], 6)
    assert found["contacts_by_value"].to_list() == [2 * n for n in once["contacts_by_value"]]
    assert found["value_by_value"].to_list() == [2 * value for value in once["value_by_value"]]
