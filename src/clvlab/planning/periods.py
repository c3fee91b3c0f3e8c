"""The periods of a forecast: weeks or months of one length, counted from the cutoff in both directions."""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import polars as pl

from clvlab.units import DAYS_PER

Period = Literal["week", "month"]
MONTHLY_FROM = 120
"""Days ahead from which a forecast is told month by month, unless it is said otherwise."""


@dataclass(frozen=True)
class Periods:
    """So many days ahead of the cutoff, in periods of `unit`; the last ends with the horizon, and may be shorter."""

    cutoff: date
    unit: Period
    days: float

    @property
    def length(self) -> float:
        """Days of a period: 7 or 30.4375."""
        return DAYS_PER[self.unit]

    @property
    def ends(self) -> list[float]:
        """When each period ends, in days from the cutoff.

        >>> Periods(date(2024, 6, 30), "week", 17.0).ends
        [7.0, 14.0, 17.0]
        """
        whole = math.floor(self.days / self.length + 1e-9)
        ends = [self.length * place for place in range(1, whole + 1)]
        return [*(end for end in ends if self.days - end > 1e-6), self.days]

    @property
    def whole(self) -> int:
        """How many periods are whole, to the day."""
        return int((self.days + 0.5) / self.length)

    @property
    def spans(self) -> list[tuple[float, float]]:
        """Each period from its beginning to its end, in days from the cutoff."""
        return list(zip([0.0, *self.ends[:-1]], self.ends, strict=True))

    def day(self, offset: float) -> date:
        """The last day of a period that ends so many days from the cutoff."""
        return self.cutoff + timedelta(days=round(offset))

    def before(self, first: date) -> list[tuple[date, date]]:
        """Whole periods up to the cutoff in a log that begins on `first`, in order: the day before each, its last."""
        n = int(((self.cutoff - first).days + 1) / self.length)
        return [(self.day(-place * self.length), self.day((1 - place) * self.length)) for place in range(n, 0, -1)]

    @property
    def table(self) -> pl.DataFrame:
        """period (1 is the first ahead), start (its first day), end (its last)."""
        rows = [
            (place, self.day(begin) + timedelta(days=1), self.day(end))
            for place, (begin, end) in enumerate(self.spans, 1)
        ]
        return pl.DataFrame(rows, schema={"period": pl.Int64, "start": pl.Date, "end": pl.Date}, orient="row")


def period_for(days: float) -> Period:
    """Weeks for a short horizon, months for a long one."""
    return "month" if days >= MONTHLY_FROM else "week"
