"""Operational time, worked out by hand, and the laws of any clock."""

from datetime import date

import numpy as np
import pytest

from clvlab.clock import FAR, STEADY, Ahead, Clock


class Weekends(Clock):
    """Runs three times as fast on Saturdays and Sundays."""

    def rates(self, days):
        return np.where(np.is_busday(days), 1.0, 3.0)


FRIDAY = date(2024, 3, 1)


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


def test_elapsed_time_counts_the_days_after_the_first_up_to_the_last():
    since, until = days("2024-03-01", "2024-03-02", "2024-03-03"), days("2024-03-03", "2024-03-04", "2024-03-03")
    assert Weekends().elapsed(since, until).tolist() == [6.0, 4.0, 0.0]
    assert Weekends().elapsed(days(), days()).size == 0


def test_a_horizon_begins_at_the_end_of_its_day():
    ahead = Weekends().ahead(FRIDAY, per=1.0)
    assert ahead.operational(np.array([0.0, 0.5, 1.0, 2.0, 3.0, 7.0])).tolist() == [0.0, 1.5, 3.0, 6.0, 7.0, 11.0]
    assert Weekends().ahead(FRIDAY, per=7.0).operational(np.ones(1)) == pytest.approx([11 / 7])


def test_the_two_times_are_inverse_to_each_other():
    ahead = Weekends().ahead(FRIDAY, per=7.0)
    times = np.linspace(0, 60, 200)
    assert ahead.calendar(ahead.operational(times)) == pytest.approx(times)


def test_beyond_what_is_read_a_clock_runs_as_calendar_time():
    ahead = Weekends().ahead(FRIDAY, per=1.0)
    end, later, never = ahead.operational(np.array([FAR, FAR + 1_000.0, np.inf]))
    assert (later, never) == (end + 1_000, np.inf)
    assert ahead.calendar(np.array([later])) == pytest.approx([FAR + 1_000.0])


def test_a_clock_without_fast_or_slow_days_is_steady():
    class Even(Clock):
        def rates(self, days):
            return np.ones(days.size)

    assert Even().ahead(FRIDAY, per=7.0) is STEADY
    assert Weekends().ahead(FRIDAY, per=7.0) is not STEADY


@pytest.mark.parametrize("ahead", [STEADY, Ahead(np.arange(9) / 7, np.arange(9) / 7)])
def test_a_steady_clock_changes_no_digit(ahead):
    times = np.random.default_rng(0).uniform(0, 30, 500)
    assert ahead.operational(times).tolist() == times.tolist()
    assert ahead.calendar(times).tolist() == times.tolist()


def test_a_part_of_a_clock_reads_as_the_whole_does():
    ahead = Weekends().ahead(FRIDAY, per=7.0)
    times = np.linspace(0, 60, 400)
    part = ahead.until(60.0)
    assert part.times.size < 400
    assert part.calendar(times).tolist() == ahead.calendar(times).tolist()
    assert ahead.until(np.inf).times.size == ahead.times.size
    assert STEADY.until(60.0) is STEADY
