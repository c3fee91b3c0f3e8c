from datetime import date, datetime

import polars as pl
import pytest

from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.sources import OURS, SourceTable
from clvlab.transactions.mapping import resolve, standardise, together


def source(name="log.csv", facts=None, **columns):
    return SourceTable.of(pl.LazyFrame(columns), name, facts)


def ours(table, mapping, decimal="."):
    """The first row under our names."""
    rows = standardise(table, mapping, decimal, None).collect()
    return {
        name.removeprefix(OURS): value
        for name, value in rows.row(0, named=True).items()
        if name.startswith(OURS) and name not in (OURS + "row", OURS + "flaw")
    }


def test_columns_under_our_names_need_no_mention():
    table = source(amount=[1.0], date=["2024-01-31"], customer_id=["a"], note=["x"])
    assert resolve({}, [table]) == [{"customer_id": "customer_id", "date": "date", "amount": "amount"}]


def test_a_mention_goes_before_a_column_of_that_name():
    table = source(customer_id=["a"], date=["2024-01-31"], amount=[1.0], paid=[2.0])
    assert resolve({"amount": "paid"}, [table])[0]["amount"] == "paid"


def test_a_column_that_is_mentioned_for_another_serves_once():
    table = source(customer_id=["a"], date=["2024-01-31"], amount=[1.0])
    assert "amount" not in resolve({"cost": "amount"}, [table])[0]


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"customer": "who"}, ParamsError, r"the key 'customer', .* Did you mean 'customer_id'\?"),
        ({7: "who"}, ParamsError, "the key 7, which is not a column of a log"),
        ({"customer_id": "who", "order_id": "who"}, ParamsError, "both 'customer_id' and 'order_id' to the column"),
        ({"customer_id": "whom", "date": "when"}, MissingColumnsError, "has no column 'whom'"),
        ({}, MissingColumnsError, "has no column 'customer_id', 'date'"),
        (
            {"customer_id": None, "date": "when"},
            ParamsError,
            "'customer_id' to None, which is not the name of a column",
        ),
    ],
)
def test_a_mapping_that_cannot_be_followed_is_refused(columns, error, message):
    with pytest.raises(error, match=message):
        resolve(columns, [source(who=["a"], when=["2024-01-31"])])


@pytest.mark.parametrize(
    ("columns", "lost"),
    [
        ({"order_id": "customer_id"}, "customer_id"),
        ({"order_id": "Customer ID"}, "customer_id"),
        ({"cost": "date"}, "date"),
        ({"customer_id": "date"}, "date"),
    ],
)
def test_a_column_that_a_mapping_takes_away_is_asked_for(columns, lost):
    [(ours, theirs)] = columns.items()
    table = source(**{"customer_id" if theirs != "Customer ID" else theirs: ["a"]}, date=["2024-01-31"])
    with pytest.raises(
        ParamsError, match=f"maps '{ours}' to the column '{theirs}', which leaves '{lost}' without one"
    ):
        resolve(columns, [table])


def test_the_hint_keeps_what_was_right_and_guesses_the_rest():
    with pytest.raises(MissingColumnsError, match=r"perhaps: `columns: \{customer_id: 会员编号, date: when\}`"):
        resolve({"customer_id": "whom", "date": "when"}, [source(会员编号=["a"], when=["2024-01-31"])])


def test_every_table_must_have_what_is_needed():
    whole, lacking = (
        source(customer_id=["a"], date=["x"], amount=[1.0]),
        source("other.csv", customer_id=["a"], amount=[1.0]),
    )
    with pytest.raises(MissingColumnsError, match=r"other\.csv has no column 'date'"):
        resolve({}, [whole, lacking])
    without_money = source("third.csv", customer_id=["a"], date=["x"])
    with pytest.raises(MissingColumnsError, match=r"third\.csv has no column 'amount'"):
        resolve({}, [whole, without_money])


def test_a_column_that_is_there_twice_cannot_be_meant():
    table = source(facts={"repeated": ["date"]}, **{"customer_id": ["a"], "date (2)": ["x"], "date (3)": ["y"]})
    message = (
        r"more than one column 'date': 'date \(2\)', 'date \(3\)'\. Say which one: `columns: \{date: date \(3\)\}`"
    )
    with pytest.raises(DataError, match=message):
        resolve({}, [table])
    assert resolve({"date": "date (2)"}, [table])[0]["date"] == "date (2)"


PLAIN = {"customer_id": "who", "date": "when"}


@pytest.mark.parametrize(
    ("when", "day", "text"),
    [
        ("2024-01-31", None, "2024-01-31"),
        (date(2024, 1, 31), date(2024, 1, 31), None),
        (datetime(2024, 1, 31, 23, 59), date(2024, 1, 31), None),
        (45322, date(2024, 1, 31), None),
        (True, None, None),
    ],
)
def test_a_date_that_is_not_text_is_a_day_at_once(when, day, text):
    row = ours(source(who=["a"], when=[when]), PLAIN)
    assert (row["day"], row["date_text"], row["lacks_date"]) == (day, text, False)


def test_a_row_says_where_it_came_from_and_what_it_lacks():
    row = ours(source(who=[" a "], when=["nan"], paid=[""]), {**PLAIN, "amount": "paid"})
    assert (row["customer_id"], row["file"]) == ("a", "log.csv")
    assert (row["lacks_date"], row["lacks_amount"]) == (True, True)


@pytest.mark.parametrize(
    ("paid", "decimal", "amount"), [("1,234.50", ".", 1234.5), ("1.234,50", ",", 1234.5), ("soon", ".", None)]
)
def test_amounts_of_text_are_numbers_and_keep_their_text(paid, decimal, amount):
    row = ours(source(who=["a"], when=["2024-01-31"], paid=[paid]), {**PLAIN, "amount": "paid"}, decimal)
    assert (row["amount"], row["amount_text"], row["lacks_amount"]) == (amount, paid, False)


@pytest.mark.parametrize(
    ("quantity", "price", "amount", "lacks"),
    [(2, 2.5, 5.0, False), (-1, 2.5, -2.5, False), (None, 2.5, None, True), (0, float("inf"), None, False)],
)
def test_without_an_amount_it_is_quantity_times_price(quantity, price, amount, lacks):
    table = source(
        who=["a"],
        when=["2024-01-31"],
        n=pl.Series([quantity], dtype=pl.Int64),
        each=pl.Series([price], dtype=pl.Float64),
    )
    row = ours(table, {**PLAIN, "quantity": "n", "unit_price": "each"})
    assert (row["amount"], row["lacks_amount"]) == (amount, lacks)


def test_a_cost_that_is_not_a_number_is_kept_apart_as_it_was():
    row = ours(source(who=["a"], when=["2024-01-31"], c=["free"]), {**PLAIN, "cost": "c"})
    assert (row["cost"], row["unread_cost"]) == (None, "free")


def test_tables_of_different_columns_and_types_are_one_below_the_other():
    both = together([pl.LazyFrame({"a": [1], "b": ["x"]}), pl.LazyFrame({"a": ["2"], "c": [True]})]).collect()
    assert both.rows() == [("1", "x", None), ("2", None, True)]
    assert together([pl.LazyFrame({"a": [1]}), pl.LazyFrame({"a": [2]})]).collect().schema == {"a": pl.Int64}
