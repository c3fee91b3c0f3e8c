"""Operational time: a clock that runs faster in times when everybody buys more.

Rates that rise and fall with the calendar are steady by such a clock, so that a model of steady rates holds on it as
it is, closed forms included: only ages and horizons are turned into operational time, and discounts back.

References
----------
Cox & Isham (1980), "Point processes", 4.2, on the time transformation of a Poisson process; Feller (1971), "An
introduction to probability theory and its applications", volume 2, X.7, on operational time.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from clvlab.arrays import Vector

Days = NDArray[np.datetime64]

FAR = 36_525
"""Days ahead up to which a clock is read; beyond, on average, it runs as calendar time does."""


@dataclass(frozen=True, eq=False)
class Ahead:
    """How a clock runs from the end of a day on; calendar and operational times are counted from there, in one unit.

    Attributes
    ----------
    times : 0 and later calendar times, in order
    readings : what the clock has gained by each of them
    """

    times: Vector
    readings: Vector

    def until(self, reading: float) -> "Ahead":
        """The same up to a time of the clock, in fewer steps; beyond it is not to be asked."""
        n = int(np.searchsorted(self.readings, reading)) + 1
        return self if n >= self.times.size else Ahead(self.times[:n], self.readings[:n])

    def operational(self, time: Vector) -> Vector:
        """The clock's times at calendar times."""
        return time + np.interp(time, self.times, self.readings - self.times)

    def calendar(self, time: Vector) -> Vector:
        """The calendar times at times of the clock."""
        return time + np.interp(time, self.readings, self.times - self.readings)


STEADY = Ahead(np.zeros(1), np.zeros(1))
"""A clock that runs as calendar time does."""


class Clock(ABC):
    """Operational time: `rates` says how much of it passes in each day, 1 on average."""

    @abstractmethod
    def rates(self, days: Days) -> Vector:
        """Operational days that pass in each of the days, above 0."""

    def elapsed(self, since: Days, until: Days) -> Vector:
        """Operational days from the end of each day `since` to the end of the day `until`."""
        if since.size == 0:
            return np.zeros(0)
        first, last = min(since.min(), until.min()), max(since.max(), until.max())
        readings: Vector = np.append(0.0, np.cumsum(self.rates(np.arange(first + 1, last + 1))))
        passed: Vector = readings[(until - first).astype(np.intp)] - readings[(since - first).astype(np.intp)]
        return passed

    def ahead(self, day: date, per: float) -> Ahead:
        """How the clock runs from the end of `day` on, in a unit of `per` days."""
        passed = np.arange(FAR + 1)
        rates = self.rates(np.datetime64(day) + passed[1:])
        if (rates == 1).all():
            return STEADY
        return Ahead(passed / per, np.append(0.0, np.cumsum(rates)) / per)
