"""The window of the next order: customers by hand, simulated buyers of every regularity, and who has none."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.customers.next_order import FEWEST_RATIOS, LEVEL, next_order

START = date(2024, 1, 1)


def customers_of(log, cutoff):
    return cl.summarise_customers(log, cutoff=cutoff, time_unit="day")


def log_of(days):
    """A log of customer -> days since START on which they bought."""
    rows = [(name, START + timedelta(days=day), 1.0) for name, bought in days.items() for day in bought]
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))


def windows(days, cutoff):
    """customer -> the days of the window since START, or None."""
    log = log_of(days)
    found = next_order(log, customers_of(log, START + timedelta(days=cutoff)))
    assert found.columns == ["customer_id", "next_from", "next_to"]
    return {name: first and ((first - START).days, (last - START).days) for name, first, last in found.iter_rows()}


def shop(last_gaps):
    """Customers with two gaps of 10 days and then one of these."""
    return {f"c{i:02d}": (0, 10, 20, 20 + gap) for i, gap in enumerate(last_gaps)}


# 41 customers whose last gap is 20, 21, ... 60 days, so that the ratios are 2.0, 2.1, ... 6.0.
BASE = shop(range(20, 61))


def test_the_window_by_hand():
    # Two gaps of 40 days, and none for 5: between a quarter and three quarters of the 41 ratios, 3 and 5 times 40.
    found = windows({**BASE, "new": (10, 50, 90)}, cutoff=95)
    assert found["new"] == (90 + 120, 90 + 200)


def test_who_has_waited_longer_is_compared_with_those_who_have_waited_as_long():
    # 160 days are four times 40: of the ratios 4.1, ... 6.0 are left, with quartiles 4.575 and 5.525.
    found = windows({**BASE, "new": (10, 50, 90)}, cutoff=250)
    assert found["new"] == (90 + 183, 90 + 221)


def test_nobody_else_has_waited_so_long():
    assert windows({**BASE, "new": (10, 50, 90)}, cutoff=90 + 161)["new"] == (90 + 183, 90 + 221)
    assert windows({**BASE, "new": (10, 50, 90)}, cutoff=90 + 165)["new"] is None  # 19 ratios are too few


def test_a_window_begins_after_the_cutoff():
    regular = {f"c{i:02d}": (0, 10, 20, 30) for i in range(30)}
    found = windows({**regular, "new": (5, 15, 25)}, cutoff=34)
    assert found["new"] == (35, 35)
    # Three gaps before the last one nobody has had.
    assert found["c00"] is None


@pytest.mark.parametrize("days", [(0,), (0, 40)])
def test_fewer_than_three_purchases_show_no_habit(days):
    assert windows({**BASE, "new": days}, cutoff=95)["new"] is None


def test_too_few_customers_say_nothing_of_how_much_gaps_vary():
    few = shop(range(20, 20 + FEWEST_RATIOS - 1))
    assert set(windows({**few, "new": (10, 50, 90)}, cutoff=95).values()) == {None}
    assert windows({"only": (0, 10)}, cutoff=20) == {"only": None}


def test_later_rows_and_the_order_of_rows_do_not_matter():
    days = {**BASE, "new": (10, 50, 90)}
    later = {name: (*bought, 300) for name, bought in reversed(days.items())}
    assert windows(later, cutoff=95) == windows(days, cutoff=95)


def test_prospects_have_no_window(tmp_path):
    (tmp_path / "people.csv").write_text("customer_id,city\nc00,X\nzoe,Y\n", encoding="utf-8")
    log = log_of(BASE)
    cutoff = START + timedelta(days=95)
    customers = cl.summarise_customers(log, cutoff=cutoff, time_unit="day", attributes=[tmp_path / "people.csv"])
    assert next_order(log, customers).filter(customer_id="zoe").rows() == [("zoe", None, None)]


def simulated(regularity, leaving, n=1_500, length=730):
    """Buyers with gamma gaps around means of their own, 1 being Poisson; when each buys next after `length` days."""
    random, days, after = np.random.default_rng(7), {}, {}
    for i in range(n):
        mean, day, name = random.gamma(3, 20) + 10, random.uniform(0, length / 2), f"c{i:04d}"
        days[name] = []
        while day <= length:
            days[name].append(int(day))
            if random.random() < leaving:
                break
            day += random.gamma(regularity, mean / regularity)
        else:
            after[name] = int(day)
    return days, after


@pytest.mark.parametrize("leaving", [0.0, 0.1])
@pytest.mark.parametrize("regularity", [1.0, 3.0, 30.0])
def test_half_of_those_who_buy_again_do_so_within_the_window(regularity, leaving):
    days, after = simulated(regularity, leaving)
    found = windows(days, cutoff=730)
    judged = [(found[name], day) for name, day in after.items() if found[name]]
    assert len(judged) > 400
    held = np.mean([first <= day <= last for (first, last), day in judged])
    before = np.mean([day < first for (first, _), day in judged])
    # Chance alone is 2 points; last gaps that have ended are shorter than those that are open.
    assert held == pytest.approx(LEVEL, abs=0.07)
    assert before == pytest.approx((1 - LEVEL) / 2, abs=0.07)


def test_regular_buyers_have_narrow_windows_and_poisson_buyers_wide_ones():
    widths = []
    for regularity in (1.0, 3.0, 30.0):
        found = windows(simulated(regularity, 0.0, n=600)[0], cutoff=730)
        widths.append(np.median([last - first for first, last in filter(None, found.values())]))
    assert widths[0] > 1.5 * widths[1] > 3 * widths[2]
