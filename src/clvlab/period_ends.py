"""The periods of a series of reports: weeks that end on Sunday, months, quarters, each known by its last day."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal

from dateutil.relativedelta import SU, relativedelta

from clvlab.errors import ParamsError

Every = Literal["week", "month", "quarter"]

PER_YEAR: Mapping[Every, int] = MappingProxyType({"week": 52, "month": 12, "quarter": 4})
"""How many periods before lies the same period of the year before."""

_MONTHS: Mapping[Every, int] = MappingProxyType({"month": 1, "quarter": 3})


def end_of(every: Every, day: date) -> date:
    """The last day of the period in which a day lies.

    >>> [end_of(every, date(2024, 2, 14)).isoformat() for every in ("week", "month", "quarter")]
    ['2024-02-18', '2024-02-29', '2024-03-31']
    """
    if every == "week":
        return day + relativedelta(weekday=SU)
    return day + relativedelta(months=-day.month % _MONTHS[every], day=31)


def shifted(every: Every, day: date, periods: int) -> date:
    """The day so many periods later; the end of a month stays the end of a month.

    >>> shifted("quarter", date(1998, 6, 30), -1), shifted("week", date(1998, 6, 28), 2)
    (datetime.date(1998, 3, 31), datetime.date(1998, 7, 12))
    """
    if every == "week":
        return day + timedelta(weeks=periods)
    month_is_over = (day + timedelta(days=1)).day == 1
    return day + relativedelta(months=periods * _MONTHS[every], day=31 if month_is_over else None)


def ends(every: Every, first: date, last: date) -> Iterator[date]:
    """The ends of periods from one day to another, both included, in order.

    >>> [day.isoformat() for day in ends("quarter", date(2023, 12, 31), date(2024, 7, 1))]
    ['2023-12-31', '2024-03-31', '2024-06-30']
    """
    end = end_of(every, first)
    while end <= last:
        yield end
        end = shifted(every, end, 1)


def refuse_within(every: Every, day: date) -> None:
    """Raise ParamsError, which says which ends are near, where a day is not the last of its period.

    >>> refuse_within("month", date(1998, 6, 15))
    Traceback (most recent call last):
    clvlab.errors.ParamsError: `as_of` is 1998-06-15 and `every` is month: that month ends on 1998-06-30, the one \
before on 1998-05-31. Give one of these days, or drop `every`.
    """
    end = end_of(every, day)
    if day != end:
        raise ParamsError(
            f"`as_of` is {day} and `every` is {every}: that {every} ends on {end}, the one before on "
            f"{shifted(every, end, -1)}. Give one of these days, or drop `every`."
        )
