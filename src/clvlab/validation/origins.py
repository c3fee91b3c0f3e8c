"""The past days at which predictions are made again, and how far ahead they look."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from clvlab.errors import DataError, ParamsError
from clvlab.units import DAYS_PER, Span, TimeUnit, horizon_in

APART = 7
"""Days between origins that are spread evenly, at least: nearer ones see the same."""
PAST_DAYS = 4
"""Past days at which a report makes its forecasts again, at most."""
PART_OF_HISTORY = 3
SHORTEST = 7
"""Days that a forecast must look ahead to be judged, at least."""


@dataclass(frozen=True)
class Ahead:
    """A horizon as it was given, and its whole days, at least one."""

    name: str
    days: int

    @classmethod
    def of(cls, horizon: str | float, time_unit: TimeUnit) -> "Ahead":
        """Read "13 weeks", or a number of `time_unit`s; ParamsError if it is shorter than a day."""
        length = horizon_in(horizon, time_unit) * DAYS_PER[time_unit]
        if length < 1:
            raise ParamsError(f"The horizon {horizon!r} is shorter than a day: no purchase day falls into it.")
        name = horizon if isinstance(horizon, str) else f"{horizon:g} {time_unit}{'' if horizon == 1 else 's'}"
        return cls(name, round(length))

    def from_day(self, origin: date) -> date:
        """The last day of the horizon that begins after `origin`."""
        return origin + timedelta(days=self.days)


def past_days(first: date, last: date, ahead: Ahead) -> tuple[Ahead, tuple[date, ...]] | None:
    """How far ahead the past forecasts of a report look, and on which days they are made: one record for all of it.

    As far as the report does, or whole weeks within a third of the history from `first` to `last`: two then fit one
    after the other into what is left, and before the first lies half as long a time. None where a third is less than
    a week.

    Examples
    --------
    >>> looked, days = past_days(date(1997, 1, 1), date(1998, 6, 30), Ahead.of("12 months", "week"))
    >>> looked.name, len(days), str(days[-1])
    ('26 weeks', 4, '1997-12-30')
    >>> past_days(date(1997, 1, 1), date(1998, 6, 30), Ahead.of("13 weeks", "week"))[0].name
    '13 weeks'
    """
    most = ((last - first).days + 1) // PART_OF_HISTORY
    if most < SHORTEST:
        return None
    weeks = most // 7
    looked = Ahead(str(Span(weeks, "week")), 7 * weeks) if ahead.days > most else ahead
    return looked, spread_origins(first, last, looked.days, PAST_DAYS)


def spread_origins(first: date, end: date, days: int, most: int) -> tuple[date, ...]:
    """Up to `most` days, evenly spread, at each of which `days` ahead lie in a log from `first` to `end`.

    The last is as late as they allow. Before the first lie a quarter of the days up to the last, and at least half as
    many as it looks ahead: with less, a model knows next to nothing of what it predicts. DataError where the log is
    too short for a single one.

    Examples
    --------
    >>> [str(day) for day in spread_origins(date(2024, 1, 1), date(2024, 12, 31), 90, most=3)]
    ['2024-03-09', '2024-06-20', '2024-10-02']
    """
    if most < 1:
        raise ParamsError(f"origins is {most}; it must be 1 or more, or a list of days.")
    latest = end - timedelta(days=days)
    earliest = first + timedelta(days=max(days, (latest - first).days // 2) // 2)
    room = (latest - earliest).days
    if room < 0:
        raise DataError(
            f"A log from {first} to {end} is too short to predict {days} days from a past day of it and see what "
            "happened: it takes half as long before as after that day. Choose a shorter horizon."
        )
    n = min(most, 1 + room // APART)
    # A single one is the latest: it has seen most.
    return tuple(latest - timedelta(days=round(room * place / max(n - 1, 1))) for place in reversed(range(n)))


def check_origins(days: Iterable[date], first: date, end: date, shortest: int) -> tuple[date, ...]:
    """The days in order, each once; DataError for one before the log, or too late for the shortest horizon."""
    found = tuple(sorted(set(days)))
    latest = end - timedelta(days=shortest)
    wrong: Sequence[date] = [day for day in found if not first <= day <= latest]
    if wrong or not found:
        raise DataError(
            f"The origins {', '.join(map(str, wrong)) or '(none)'} cannot serve: the log runs from {first} to {end}, "
            f"so that origins lie between {first} and {latest}, {shortest} days before its end."
        )
    return found
