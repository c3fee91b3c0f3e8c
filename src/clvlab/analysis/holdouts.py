"""How long the holdout of a run is, and whether an earlier period can choose its model: one rule for all runs."""

from datetime import date

from clvlab.units import Span


def holdout_days(holdout: str | None, history: int) -> int:
    """The holdout in days, of a history of so many: as long as asked for, half of the history at most; 0 without one.

    >>> holdout_days("39 weeks", 545), holdout_days("39 weeks", 300), holdout_days(None, 545)
    (272, 150, 0)
    """
    return min(round(Span.parse(holdout).days), history // 2) if holdout else 0


def history_days(first: date, last: date) -> int:
    """How many days there are from the first to the last, both counted."""
    return (last - first).days + 1


def has_earlier_period(days: int, history: int) -> bool:
    """Whether a period as long as the holdout lies before it, and as long a one to learn from before that.

    >>> has_earlier_period(272, 545), has_earlier_period(180, 545)
    (False, True)
    """
    return history >= 3 * days
