import re
from dataclasses import FrozenInstanceError

import polars as pl
import pytest

import clvlab as cl
from clvlab.columns import CUSTOMERS, HOLDOUT, LOG, MODELLED, RESULTS, Column, names
from clvlab.customers import DERIVED
from clvlab.wording import catalogue

TABLES = {"log": LOG, "customers": CUSTOMERS, "derived": DERIVED, "results": RESULTS, "holdout": HOLDOUT}
EVERY = [pytest.param(column, id=f"{table}.{column.name}") for table, columns in TABLES.items() for column in columns]


def test_names_are_in_the_order_of_the_table():
    table = (Column("b", pl.Int64(), "", "first"), Column("a", pl.Int64(), "", "second", required=False))
    assert names(table) == ["b", "a"]
    assert names(table, required_only=True) == ["b"]
    assert names(()) == []


def test_a_log_needs_a_customer_and_a_day_and_may_know_more():
    assert names(LOG, required_only=True) == ["customer_id", "date"]
    assert names(LOG)[2:] == [
        "amount",
        "order_id",
        "quantity",
        "unit_price",
        "cost",
        "category",
        "channel",
        "currency",
    ]


def test_a_customer_table_needs_all_its_columns():
    assert names(CUSTOMERS, required_only=True) == names(CUSTOMERS)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_name_is_in_a_table_twice(table):
    assert len(set(names(table))) == len(table)


def test_no_column_that_is_added_has_the_name_of_one_that_is_there():
    added = [*names(CUSTOMERS), *names(DERIVED), *names(RESULTS), *names(HOLDOUT)]
    assert len(set(added)) == len(added)


def test_what_a_report_adds_begins_with_what_the_models_add():
    assert RESULTS[: len(MODELLED)] == MODELLED
    assert names(MODELLED) == ["p_alive", "expected_purchases", "expected_spend", "clv"]


def test_a_holdout_has_the_declared_columns_in_the_declared_types():
    rows = [("a", "2024-01-01", 1.0), ("a", "2024-02-01", 2.0)]
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    _, holdout = cl.split_holdout(log, "2024-01-15", "2024-02-15")
    found = holdout.data.join(holdout.previous, on="customer_id").drop("customer_id")
    assert dict(found.schema) == {column.name: column.dtype for column in HOLDOUT}


@pytest.mark.parametrize("column", EVERY)
def test_a_column_says_what_it_means_in_which_unit(column):
    assert re.fullmatch(r"[a-zA-Z]\w*", column.name)
    assert column.meaning
    if column.dtype.is_float():
        assert column.unit
    if column.dtype == pl.Date:
        assert column.unit == "day"


@pytest.mark.parametrize("column", [*CUSTOMERS], ids=lambda column: column.name)
def test_a_column_of_the_customer_table_has_a_heading_in_both_languages(column):
    assert set(catalogue()[f"columns.{column.name}"]) >= {"en", "zh"}


@pytest.mark.parametrize("unit", sorted({column.unit for columns in TABLES.values() for column in columns} - {""}))
def test_a_unit_is_one_of_those_that_the_package_speaks_of(unit):
    assert unit in {
        *("day", "days", "time units", "purchase days", "orders", "currency", "pieces", "ratio", "categories"),
        *("probability", "score"),
    }


def test_a_log_has_the_declared_columns_in_the_declared_types():
    rows = pl.DataFrame(
        {"currency": ["CNY"], "cost": ["1"], "date": ["2024-01-31"], "customer_id": [7], "amount": ["2"]}
    )
    data = cl.read_transactions(rows).data
    declared = {column.name: column.dtype for column in LOG if column.name in data.columns}
    assert dict(data.schema) == declared
    assert list(declared) == ["customer_id", "date", "amount", "cost", "currency"]


def test_a_column_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        LOG[0].name = "cust"
