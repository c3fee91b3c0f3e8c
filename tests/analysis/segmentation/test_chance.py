"""Whether a change is more than chance: by hand, and in businesses in which nothing changes, or something does."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clvlab.analysis.segmentation import summary
from clvlab.analysis.segmentation.chance import FEWEST, beyond_chance, is_beyond
from clvlab.frames import CustomerSummary
from tests.analysis.segmentation.logs import context_of

LAST, START = date(2024, 12, 31), date(2021, 1, 1)
BEFORE = date(2024, 9, 30)


def verdicts_of(rows):
    """The verdicts of a report of a quarter, on nothing but these rows: no models are fitted."""
    context = context_of(*rows, as_of=str(LAST))
    vars(context)["group_values"] = None
    vars(context)["customers"] = context.base
    return beyond_chance(context, context.summarise(BEFORE))


def business(seed, *, more=1.0):
    """Rows of customers who come at one rate, buy at rates of their own and leave; `more` of it in the last quarter.

    Money is skewed: one purchase in a hundred brings as much as thirty others.
    """
    rng = np.random.default_rng(seed)
    days = (LAST - START).days
    rows = []
    for customer in range(rng.poisson(260)):
        birth = rng.uniform(-300, days)
        death = birth + rng.exponential(150)
        rate = rng.gamma(1.0, 1 / 25)
        moments = [birth, *np.sort(rng.uniform(birth, death, rng.poisson(rate * (death - birth))))]
        days_of = {START + timedelta(days=int(it)) for it in moments if 0 <= it <= days}
        rows += [
            (f"c{customer:03}", day, amount * (more if day > BEFORE else 1.0))
            for day, amount in zip(sorted(days_of), np.exp(rng.normal(3, 1.2, len(days_of))), strict=True)
        ]
    return rows


@pytest.fixture(scope="module")
def stationary():
    """The verdicts of 80 businesses in which nothing changes."""
    return pl.DataFrame([verdicts_of(business(seed)) for seed in range(80)])


@pytest.mark.parametrize("measure", ["active", "repeat_share", "revenue"])
def test_where_nothing_changes_more_than_chance_is_said_in_few_cases(stationary, measure):
    judged = stationary[measure].drop_nulls()
    assert len(judged) >= 70
    assert 0.0 < judged.mean() <= 0.10


def test_where_revenue_is_four_times_as_high_it_is_said_in_most_cases():
    found = [verdicts_of(business(seed, more=4.0))["revenue"] for seed in range(10)]
    assert sum(found) >= 8


def test_active_customers_are_compared_as_by_mcnemar():
    def verdict(gained, lost):
        gone = [(f"l{i}", date(2023, 11, 1), 5.0) for i in range(lost)]
        come = [(f"g{i}", date(2024, 11, 1), 5.0) for i in range(gained)]
        stay = [(f"s{i}", date(2024, 9, 1), 5.0) for i in range(30)]
        return verdicts_of([*gone, *come, *stay]).get("active")

    # (gained - lost)^2 / (gained + lost) is 3.6, 4.5 and 5.
    assert (verdict(8, 2), verdict(9, 1), verdict(1, 9)) == (False, True, True)
    assert verdict(10, 0) is True
    assert verdict(FEWEST - 1, 0) is None


def test_revenue_by_hand():
    def verdict(last, before):
        rows = [(f"c{i}", date(2024, 11, 1), paid) for i, paid in enumerate(last)]
        return verdicts_of([*rows, *((f"c{i}", date(2024, 8, 1), paid) for i, paid in enumerate(before))])["revenue"]

    # Each of ten customers brings 1 more: 10 / sqrt(10) = 3.2. One brings 100 less besides: -90 / 100.
    assert verdict([2.0] * 10, [1.0] * 10) is True
    assert verdict([2.0] * 10 + [0.0], [1.0] * 10 + [100.0]) is False


def test_the_expected_value_is_judged_by_its_interval():
    context = context_of(*business(1), as_of=str(LAST))
    vars(context)["customers"] = context.base
    vars(context)["group_values"] = pl.DataFrame({"group": ["total"], "clv_low": [90.0], "clv_high": [110.0]})
    previous = context.summarise(BEFORE)

    def verdict(value):
        valued = previous.data.with_columns(clv=pl.Series([value] + [0.0] * (previous.data.height - 1)))
        return beyond_chance(context, CustomerSummary(valued, BEFORE, previous.time_unit)).get("clv")

    assert [verdict(value) for value in (89.0, 90.0, 110.0, 111.0)] == [True, False, False, True]


def test_a_report_has_the_verdicts_of_its_numbers():
    rows = [(f"l{i}", date(2023, 8, 1), 5.0) for i in range(12)] + [
        (f"s{i}", date(2024, 9, 1), 5.0) for i in range(9)
    ]
    numbers = summary.compute(context_of(*rows, as_of=str(LAST)))["numbers"]
    found = dict(numbers.select("measure", "beyond_chance").iter_rows())
    assert found["customers"] is None
    # Twelve bought last before October 2023: they had left the 12 months by September already.
    assert found["active"] is None
    first = summary.compute(context_of(*rows[:1], as_of="2023-08-31"))["numbers"]
    assert first["beyond_chance"].null_count() == first.height


@given(parts=st.lists(st.integers(-100, 100), max_size=30), scale=st.sampled_from([0.5, 2.0, 1024.0]))
def test_a_verdict_knows_neither_currency_nor_direction(parts, scale):
    series = pl.Series(parts, dtype=pl.Float64)
    verdict = is_beyond(float(sum(parts)), series)
    assert verdict == is_beyond(-float(sum(parts)), -series) == is_beyond(sum(parts) * scale, series * scale)
