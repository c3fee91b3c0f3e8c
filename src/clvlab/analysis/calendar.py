"""The calendar that a run's models follow, where there is one."""

from datetime import date

from clvlab.customers import Calendar
from clvlab.customers.calendar import MONTHS_NEEDED, months_of
from clvlab.frames import TransactionLog
from clvlab.params import RunParams

UNASKED = 24
"""Months of history from which a report follows a season without being asked: each month was there twice."""


def calendar_at(params: RunParams, log: TransactionLog, first_day: date, day: date) -> Calendar | None:
    """The calendar as the log, which begins on its first day, shows it up to a day; None where none is allowed."""
    if params.season == "none" or months_of((day - first_day).days + 1) < needed(params):
        return None
    found = Calendar.fit(log, day, list(params.events))
    return found if found.is_known else None


def needed(params: RunParams) -> int:
    """Months of history that the season of a run takes."""
    return UNASKED if params.season == "auto" else MONTHS_NEEDED
