"""Days, lengths of time that carry their unit, and the constants that turn one unit into another.

Units are constants, not calendar periods: a week is 7 days, a month 30.4375, a year 365.25. A horizon is a
string with its unit ("12 months", "39 weeks") or a number in the unit of the table it is used with.
"""

import math
import re
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Literal

from clvlab.errors import ParamsError, did_you_mean

TimeUnit = Literal["day", "week", "month"]
TIME_UNITS: tuple[TimeUnit, ...] = ("day", "week", "month")
DAYS_PER = MappingProxyType({"day": 1.0, "week": 7.0, "month": 30.4375, "year": 365.25})

_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")


@dataclass(frozen=True)
class Span:
    """A length of time: a number and its unit.

    >>> Span.parse("39 weeks").days
    273.0
    >>> Span.parse("12 months").in_units("week")
    52.17857142857143
    >>> str(Span.parse("1 year"))
    '1 year'
    """

    number: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read "39 weeks", "12 months", "1 year"; ParamsError says what was found instead."""
        match = _SPAN.fullmatch(text)
        if match is None:
            raise ParamsError(f"{text!r} is not a length of time. Write a number and a unit, as in '12 months'.")
        number, unit = float(match[1]), match[2].lower().removesuffix("s")
        if unit not in DAYS_PER:
            raise ParamsError(
                f"{text!r} has the unknown unit {match[2]!r}.{did_you_mean(unit, DAYS_PER)} "
                f"Known units: {', '.join(DAYS_PER)} (plural or singular)."
            )
        return cls(number, unit)

    @property
    def days(self) -> float:
        """The same length in days."""
        return self.number * DAYS_PER[self.unit]

    def in_units(self, time_unit: str) -> float:
        """The same length in `time_unit`s."""
        return self.days / DAYS_PER[time_unit]

    def __str__(self) -> str:
        return f"{self.number:g} {self.unit}{'' if self.number == 1 else 's'}"


def check_time_unit(time_unit: str) -> TimeUnit:
    """Return `time_unit` if it is one of day, week, month; ParamsError otherwise."""
    for known in TIME_UNITS:
        if time_unit == known:
            return known
    raise ParamsError(
        f"time_unit is {time_unit!r}.{did_you_mean(time_unit, TIME_UNITS)} Choose one of {', '.join(TIME_UNITS)}."
    )


def horizon_in(horizon: str | float, time_unit: str) -> float:
    """Turn a horizon into a number of `time_unit`s; a plain number already is one.

    >>> horizon_in("12 months", "week")
    52.17857142857143
    >>> horizon_in(39, "week")
    39.0
    """
    if isinstance(horizon, str):
        return Span.parse(horizon).in_units(time_unit)
    length = math.nan if isinstance(horizon, bool) or horizon is None else float(horizon)
    if not math.isfinite(length) or length < 0:
        raise ParamsError(f"The horizon is {horizon!r}; it must be a finite length of time, 0 or more.")
    return length


def parse_day(name: str, value: str | date) -> date:
    """The day that `value` names; ParamsError says what was found instead."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ParamsError(f"{name} is {value!r}, which is not a day. Write it as '1998-06-30'.") from None
