"""Attributes as a few values."""

from datetime import date

import polars as pl
import pytest

from clvlab.analysis.segmentation.bands import MOST_VALUES, banded

DAY = date(2024, 12, 31)


def test_a_text_keeps_its_values_the_largest_first():
    column, order = banded(pl.Series("region", ["n", "s", "s", None]), DAY)
    assert column.to_list() == ["n", "s", "s", None]
    assert order == ["s", "n"]


def test_many_values_become_the_largest_and_all_others():
    provinces = [f"p{n:02d}" for n in range(31) for _ in range(31 - n)]
    column, order = banded(pl.Series("province", provinces), DAY)
    assert order == [*(f"p{n:02d}" for n in range(MOST_VALUES - 1)), None]
    assert (column == "").sum() == sum(31 - n for n in range(MOST_VALUES - 1, 31))
    assert column.null_count() == 0


def test_few_numbers_are_values_in_their_order():
    column, order = banded(pl.Series("stars", [10, 9, 9, None, 10, 1]), DAY)
    assert column.to_list() == ["10", "9", "9", None, "10", "1"]
    assert order == ["1", "9", "10"]


def test_many_numbers_become_bands_of_equally_many():
    column, order = banded(pl.Series("income", [float(n) for n in range(1, 101)]), DAY)
    assert order == ["< 21", "21 – < 41", "41 – < 60", "60 – < 80", "≥ 80"]
    assert [(column == band).sum() for band in order] == [20, 20, 19, 20, 21]
    assert column[19] == "< 21"
    assert column[20] == "21 – < 41"


def test_birthdays_become_ages():
    days = pl.Series("birthday", [date(2006, 12, 31), date(2007, 1, 1), date(1990, 6, 1), date(1940, 1, 1), None])
    column, order = banded(days, DAY)
    assert column.to_list() == ["18 – < 25", "< 18", "25 – < 35", "≥ 65", None]  # 18 on the day, 17, 34, 84
    assert order == ["< 18", "18 – < 25", "25 – < 35", "≥ 65"]


def test_other_days_become_years():
    column, order = banded(pl.Series("member_since", [date(2020, 5, 1), date(2019, 1, 1), date(2020, 1, 1)]), DAY)
    assert column.to_list() == ["2020", "2019", "2020"]
    assert order == ["2019", "2020"]


def test_yes_and_no_are_values():
    column, order = banded(pl.Series("member", [True, False, None]), DAY)
    assert column.to_list() == ["true", "false", None]
    assert order == ["true", "false"]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([None, None], "unknown"),
        (["a", "a", None], "one_value"),
        ([3.0, 3.0], "one_value"),
        ([f"名字{n}" for n in range(40)], "own_values"),
    ],
)
def test_why_an_attribute_is_left_out(values, reason):
    assert banded(pl.Series("x", values), DAY) == reason
