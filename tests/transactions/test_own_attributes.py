"""Columns of the log that say something of the customer are a dated table of attributes."""

from datetime import date

import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import MissingColumnsError, ParamsError

ROWS = pl.DataFrame(
    {
        "customer_id": ["a", "a", "a", "b", "", "b"],
        "date": ["2024-01-01", "2024-01-01", "2024-02-01", "2024-01-01", "2024-01-01", "2024-03-01"],
        "amount": [1.0] * 6,
        "Country": ["UK", "EIRE", "France", None, "Spain", "Norway"],
        "省份": ["北京", None, None, "广东", "x", "江苏"],
    }
)


def test_the_last_value_of_a_day_counts_for_that_day():
    (table,) = cl.read_transactions(ROWS, attributes=["Country", "省份"]).attributes
    assert table.rows() == [
        ("a", date(2024, 1, 1), "EIRE", "北京"),
        ("a", date(2024, 2, 1), "France", None),
        ("b", date(2024, 1, 1), None, "广东"),
        ("b", date(2024, 3, 1), "Norway", "江苏"),
    ]


def test_as_of_a_day_nothing_later_is_known():
    log = cl.read_transactions(ROWS, attributes=["Country", "省份"])
    known = cl.summarise_customers(log, "2024-02-15", attributes=list(log.attributes)).data
    assert known.select("customer_id", "Country", "province").rows() == [("a", "France", "北京"), ("b", None, "广东")]


def test_a_mapped_column_may_be_one_and_none_is_asked_for_by_default():
    rows = ROWS.rename({"Country": "Land"})
    log = cl.read_transactions(rows, columns={"channel": "Land"}, attributes=["Land"])
    assert log.attributes[0].columns == ["customer_id", "date", "Land"]
    assert cl.read_transactions(ROWS).attributes == ()


def test_a_column_that_is_not_there_is_named_with_the_nearest():
    with pytest.raises(MissingColumnsError, match=r"no column 'Contry'.*Did you mean 'Country'"):
        cl.read_transactions(ROWS, attributes=["Contry"])
    with pytest.raises(ParamsError, match="'date' cannot be an attribute"):
        cl.read_transactions(ROWS, attributes=["date"])
