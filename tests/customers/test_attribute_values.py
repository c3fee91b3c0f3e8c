"""What the texts of an attribute mean: numbers, days, or texts, codes among them."""

from datetime import date

import pandas as pd
import polars as pl
import pytest

from clvlab.customers import AttributeSettings, read_attributes
from clvlab.errors import UnsettledError

DAY = date(1990, 2, 1)


def values(given, name="x", **settings):
    table = pl.DataFrame({"customer_id": [f"c{n}" for n in range(len(given))], name: given})
    (read,) = read_attributes(table, AttributeSettings(**settings))
    return read.data[read.columns[0]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["35", " 7", "nan"], [35, 7, None]),
        (["35", "unknown", "-"], [35, None, None]),
        (["¥1,200.50", "3", "(2)"], [1200.5, 3.0, -2.0]),
        (["0.5", "0", "-3"], [0.5, 0.0, -3.0]),
    ],
)
def test_texts_are_numbers_where_every_known_value_is_one(given, expected):
    assert values(given).to_list() == expected


def test_whole_numbers_read_without_a_point():
    assert values(["1", "2", "3"]).dtype == pl.Int64


def test_numbers_among_texts_keep_their_point_whatever_the_decimal_mark():
    frame = pd.DataFrame({"customer_id": ["a", "b", "c"], "rate": [12.125, "1.234,50", None]})
    [table] = read_attributes(frame, AttributeSettings(decimal=","))
    assert table.data["rate"].to_list() == [12.125, 1234.5, None]


def test_numbers_follow_the_decimal_mark():
    assert values(["1.200,5", "3,25"], decimal=",").to_list() == [1200.5, 3.25]


@pytest.mark.parametrize(
    "codes",
    [
        ["01234", "1234"],
        ["007", "12", None],
        ["430102199003070018", "430102199003070026"],
        ["12E4", "1234"],
        ["inf", "3"],
        ["35", "thirty"],
    ],
)
def test_codes_keep_their_zeros_and_their_digits(codes):
    assert values(codes).to_list() == codes


@pytest.mark.parametrize("name", ["zip", "Postcode", "手机号", "branch_code", "门店编号"])
def test_what_is_called_a_code_is_one(name):
    assert values(["100080", "200030"], name).to_list() == ["100080", "200030"]


@pytest.mark.parametrize("name", ["decode_rate", "inode", "notes"])
def test_a_code_in_the_middle_of_a_word_is_none(name):
    assert values(["1", "2"], name).to_list() == [1, 2]


@pytest.mark.parametrize("given", ["1990-02-01", "1990年2月1日", "19900201", "1 Feb 1990", "1990-02-01T08:30:00Z"])
def test_days_are_days(given):
    assert values([given, None, given], "registered").to_list() == [DAY, None, DAY]


def test_days_whose_order_is_open_stay_text_unless_a_format_settles_it():
    open_ = ["01/02/1990", "03/04/1990"]
    assert values(open_, "first seen").to_list() == open_
    assert values(open_, "first seen", date_format="%d/%m/%Y").to_list() == [DAY, date(1990, 4, 3)]


@pytest.mark.parametrize("given", [["32874", "32905"], [32874, 32905], ["1990-01-01", "1990-02-01"], [DAY, DAY]])
def test_birthdays_are_days_whatever_they_look_like(given):
    read = values(given, "birthday")
    assert read.dtype == pl.Date
    assert read[1] == DAY


def test_a_birthday_that_is_left_open_is_asked_for_with_the_key_to_set():
    with pytest.raises(UnsettledError, match="Column 'birthday' of the frame") as asked:
        values(["01/02/1990", "03/04/1990"], "Date of Birth")
    assert "`attribute_reading: {date_format: '%d/%m/%Y'}`" in str(asked.value)
    assert (asked.value.key, asked.value.choices) == ("date_format", ("%d/%m/%Y", "%m/%d/%Y"))


def test_a_format_of_the_log_does_not_turn_days_that_are_settled():
    assert values(["1990-02-01", "1991-03-01"], "birthday", date_format="%d/%m/%Y")[0] == DAY
    assert values(["13/02/1990", "01/02/1990"], "birthday", date_format="%m/%d/%Y")[1] == DAY
