"""The periods of a series: weeks to Sunday, months, quarters."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.errors import ParamsError
from clvlab.params import ReportParams
from clvlab.period_ends import PER_YEAR, end_of, ends, refuse_within, shifted

PERIODS = st.sampled_from(["week", "month", "quarter"])
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("every", "day", "periods", "then"),
    [
        ("quarter", date(1998, 6, 30), -1, date(1998, 3, 31)),
        ("quarter", date(2024, 2, 29), 1, date(2024, 5, 31)),
        ("quarter", date(2024, 5, 15), -1, date(2024, 2, 15)),
        ("month", date(2024, 3, 31), -1, date(2024, 2, 29)),
        ("month", date(2023, 2, 28), 1, date(2023, 3, 31)),
        ("month", date(2024, 3, 30), -1, date(2024, 2, 29)),
        ("week", date(2024, 1, 7), -1, date(2023, 12, 31)),
    ],
)
def test_the_end_of_a_month_stays_the_end_of_a_month(every, day, periods, then):
    assert shifted(every, day, periods) == then


@given(PERIODS, DAYS)
def test_every_day_lies_in_one_period(every, day):
    end = end_of(every, day)
    assert shifted(every, end, -1) < day <= end
    assert end_of(every, end) == end
    assert end_of(every, end + timedelta(days=1)) == shifted(every, end, 1)


@given(PERIODS, DAYS, st.integers(-60, 60))
def test_periods_are_counted_alike_in_both_directions(every, day, periods):
    end = end_of(every, day)
    assert shifted(every, shifted(every, end, periods), -periods) == end


@given(PERIODS, DAYS, st.integers(0, 400))
def test_the_ends_between_two_days_follow_one_another(every, first, days):
    last = first + timedelta(days=days)
    found = list(ends(every, first, last))
    assert all(shifted(every, one, 1) == other for one, other in pairwise(found))
    assert all(first <= end <= last for end in found)
    assert not found or (found[0] == end_of(every, first) and shifted(every, found[-1], 1) > last)


@given(st.sampled_from(["month", "quarter"]), DAYS)
def test_a_year_of_periods_is_a_year(every, day):
    end = end_of(every, day)
    before = shifted(every, end, -PER_YEAR[every])
    assert (before.year, before.month) == (end.year - 1, end.month)


def test_a_day_within_a_period_is_refused_with_the_ends_that_are_near():
    refuse_within("quarter", date(1998, 6, 30))
    with pytest.raises(ParamsError, match="that week ends on 1998-07-05, the one before on 1998-06-28"):
        refuse_within("week", date(1998, 6, 30))


def test_a_report_that_is_made_every_month_ends_with_one():
    given = {"name": "monthly", "source": "cdnow_sample", "every": "month"}
    assert ReportParams(**given, as_of="1998-06-30").period == "month"
    assert ReportParams(name="one", source="cdnow_sample", as_of="1998-06-15").period == "quarter"
    with pytest.raises(ParamsError, match="`as_of` is 1998-06-15 and `every` is month"):
        ReportParams(**given, as_of="1998-06-15")
