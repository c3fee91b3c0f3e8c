"""The headline figures at the ends of the periods up to the run's day, as lines are drawn of them.

What the log counts is counted again. What was expected is what the report of each day said: from the report of the
period before, which has it from those before it, or computed again as of those days, which gives the same.
"""

from collections.abc import Iterator
from datetime import date

import polars as pl

from clvlab.analysis.segmentation.context import ACTIVE_DAYS, Context
from clvlab.analysis.segmentation.predecessor import published_on
from clvlab.customers.purchase_days import customer_days
from clvlab.money import exact_sum

MOST_PERIODS = 12
MOST_VALUED = 6
"""The same of what is expected, for which models are fitted to the customers of each day."""


def trend(context: Context, revenue: str) -> pl.DataFrame:
    """measure, day, value: the oldest day first, the run's own last; as many days as the log holds in full.

    `revenue` is how the measure of a period's money is called.
    """
    days = list(_days(context, MOST_PERIODS))[::-1]
    bought = customer_days(context.log, context.as_of).filter("is_purchase").select("customer_id", "date")
    rows = [(measure, day, value) for day in days for measure, value in _counted(context, bought, day, revenue)]
    values = _expected(context)
    # Without values there is no line of them; [-0:] would be all days.
    valued = days[len(days) - len(values) :]
    rows += [("clv", day, value) for day, value in zip(valued, values, strict=True)]
    return pl.DataFrame(rows, schema={"measure": pl.String, "day": pl.Date, "value": pl.Float64}, orient="row")


def _days(context: Context, most: int) -> Iterator[date]:
    """The run's day and the ends of the periods before, latest first."""
    yield context.as_of
    for periods in range(1, most):
        day = context.day_before(context.as_of, periods)
        if not context.holds(day):
            return
        yield day


def _counted(context: Context, bought: pl.DataFrame, day: date, revenue: str) -> Iterator[tuple[str, float]]:
    """Measure, value: what the log counts up to a day."""
    customers = (
        bought.filter(pl.col("date") <= day).group_by("customer_id").agg(n=pl.len(), last=pl.col("date").max())
    )
    since = (pl.lit(day) - pl.col("last")).dt.total_days()
    yield "customers", float(customers.height)
    yield "active", float(customers.select((since < ACTIVE_DAYS).sum()).item())
    yield "repeat_share", float(customers.select((pl.col("n") > 1).mean()).item() or 0.0)
    if context.has_amounts:
        recent = context.rows.filter((pl.col("date") > context.day_before(day)) & (pl.col("date") <= day))
        yield revenue, recent.select(exact_sum(pl.col("amount"))).collect(engine="streaming").item()


def _expected(context: Context) -> list[float]:
    """What all customers were expected to bring, as far back as it is known without a gap, oldest day first."""
    own = context.expected_value
    if own is None:
        return []
    days = list(_days(context, MOST_VALUED))[1:]
    before = published_on(days[0]) if days else None
    if before:
        return [*before.values[-len(days) :], own]
    values: list[float] = []
    for day in days:
        value = context.at(day).expected_value
        if value is None:
            break
        values.insert(0, value)
    return [*values, own]
