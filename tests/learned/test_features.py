"""What is known of three customers at the end of a day, worked out by hand."""

from datetime import date

import polars as pl
import pytest

from clvlab.customers import AttributeTable
from clvlab.learned.encoding import MOST_VALUES, Encoding, lasting
from clvlab.learned.features import (
    buyers_by,
    features_at,
    has_seen_a_year,
    windows_before,
    with_outcomes,
)

FIRST, DAY = date(2023, 1, 1), date(2024, 1, 31)
DAYS = pl.DataFrame(
    [
        ("A", date(2023, 1, 1), 10.0, True),
        ("A", date(2023, 3, 1), 10.0, True),
        ("A", date(2024, 1, 11), 20.0, True),
        ("A", date(2024, 1, 15), -4.0, False),
        ("A", date(2024, 2, 5), 30.0, True),
        ("A", date(2024, 2, 7), -5.0, False),
        ("A", date(2024, 3, 5), 90.0, True),
        ("B", date(2024, 1, 31), 7.0, True),
        ("C", date(2024, 2, 1), 8.0, True),
    ],
    schema=["customer_id", "date", "spend", "is_purchase"],
    orient="row",
)


def test_features_of_a_customer_with_three_purchases():
    row = features_at(DAYS, DAY, 30, FIRST).row(0, named=True)
    assert {name: row[name] for name in ("n_purchases", "age", "days_since_last", "gap", "last_gap", "overdue")} == {
        "n_purchases": 3,
        "age": 395,
        "days_since_last": 20,
        "gap": (59 + 316) / 2,
        "last_gap": 316,
        "overdue": pytest.approx(20 / 187.5),
    }
    counts = ("purchases_lately", "purchases_before", "purchases_last_year", "purchases_year_ago")
    assert [row[name] for name in counts] == [1, 0, 2, 1]
    assert [row[name] for name in ("spend", "spend_first", "spend_last", "spend_lately")] == [
        pytest.approx(40 / 3),
        10,
        20,
        20,
    ]


def test_features_of_a_customer_who_bought_on_the_day_itself():
    row = features_at(DAYS, DAY, 30, FIRST).row(1, named=True)
    assert [row[name] for name in ("n_purchases", "age", "days_since_last", "gap", "overdue")] == [
        1,
        0,
        0,
        None,
        None,
    ]


def test_who_comes_later_is_not_known_yet():
    assert features_at(DAYS, DAY, 30, FIRST)["customer_id"].to_list() == ["A", "B"]
    assert buyers_by(DAYS, DAY).to_list() == ["A", "B"]


def test_a_period_that_begins_before_the_log_is_unknown():
    found = features_at(DAYS, DAY, 200, FIRST)
    assert found["purchases_lately"].to_list() == [1, 1]
    assert found["purchases_before"].null_count() == 2


def test_the_days_to_be_predicted_a_year_earlier_end_with_what_is_known():
    """Of 400 days a year ago only the 365 up to the day are known."""
    assert features_at(DAYS, DAY, 390, FIRST)["purchases_year_ago"].to_list() == [2, 1]


def test_what_they_did_next():
    known = features_at(DAYS, DAY, 30, FIRST)
    done = with_outcomes(known, DAYS, DAY, 30).select("customer_id", "next_purchases", "next_spend")
    assert done.rows() == [("A", 1, 25), ("B", 0, 0)]


@pytest.mark.parametrize(("day", "windows"), [(date(2024, 2, 9), 0), (date(2024, 2, 10), 1), (date(2024, 12, 31), 6)])
def test_windows_have_ended_and_a_third_as_long_lies_before_them(day, windows):
    found = windows_before(date(2024, 1, 1), day, 30, most=6)
    assert len(found) == windows
    assert all(date(2024, 1, 11) <= each and (day - each).days >= 30 for each in found)


def test_seasons_are_told_once_a_year_was_seen():
    assert has_seen_a_year([date(2023, 1, 1), date(2024, 1, 1)])
    assert not has_seen_a_year([date(2023, 1, 1), date(2023, 12, 31)])


def test_values_that_are_rare_are_not_told_apart():
    names = [f"{place:02}" for place in range(MOST_VALUES + 5)]
    table = pl.DataFrame({"town": names + names[5:] + [None]})
    encoding = Encoding.of(table, ["town"])
    assert encoding.values["town"] == tuple(names[5:])
    assert table.select(encoding.numbers("town"))["town"].head(6).to_list() == [None] * 5 + [0.0]


def test_what_changes_with_what_customers_do_is_left_out_unless_it_is_dated():
    rows = {"customer_id": ["A"], "region": ["north"], "level": ["gold"], "joined": [date(2024, 1, 1)], "age": [40]}
    plain, dated = (AttributeTable("table", pl.DataFrame(each)) for each in (rows, {**rows, "date": [FIRST]}))
    assert [table.columns for table in lasting([plain, dated])] == [["region", "age"], ["region", "level", "age"]]
