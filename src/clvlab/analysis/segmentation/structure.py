"""Structure over time: every group's share of the customers and of the last year's revenue, period by period.

The rule is this run's, whenever it was drawn, applied to the customers of each earlier day: a share that changes is
behaviour, and not thresholds that have moved. Revenue is that of a year: whoever bought in a period is recent at its
end, so that its own revenue would be that of the groups of recent customers by definition.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import ACTIVE_DAYS, Context
from clvlab.analysis.small_groups import as_one
from clvlab.frames import CustomerSummary, joined
from clvlab.money import from_millionths, to_millionths
from clvlab.wording import Name

MOST_PERIODS = 12
MOST_FITTED = 4
"""The same for a strategy that reads what models expect, which are then fitted to the customers of each day."""


def compute(context: Context) -> Section:
    """Tables `groups` and `ends`; without an earlier period only that they are missing.

    groups : day (last of its period), group, place, customers, share_customers, revenue (of the year to that day),
        share_revenue; for each day all groups that have a customer on one of the days. Shares of revenue are null
        without revenue to share
    ends : group, customers_first, customers_last, revenue_first, revenue_last: shares of the first day and the last
    """
    # Counted as they come: the customers of all days at once would fill the memory.
    found = [(_counted(context, day), context.small_groups(context.rule, day), day.cutoff) for day in _days(context)]
    counted, small, days = zip(*reversed(found), strict=True)
    if len(days) < 2:
        return Section({}, {"lead": Finding.of("structure.none", lapse=Name("lapses", context.params.period))})
    table = _shares(context, pl.concat(counted), frozenset[str]().union(*small))
    ends = _ends(table)
    figures = {"periods": len(days), "period": Name("periods", context.params.period), "drawn": context.rule_day}
    findings = {
        "lead": Finding.of("structure.lead", **figures),
        "groups": _grown_and_shrunk(ends, days[0]),
        **_young(context, days[0]),
    }
    return Section({"groups": table, "ends": ends}, findings)


def _days(context: Context) -> Iterator[CustomerSummary]:
    """The customers of the run's day and of the ends of the periods before, as far as the log holds these."""
    yield context.customers
    for periods in range(1, MOST_FITTED if context.groups_by_values else MOST_PERIODS):
        day = context.day_before(context.as_of, periods)
        if not context.holds(day):
            return
        fitted = context.earlier(periods) if context.groups_by_values else context.equip(context.summarise(day))
        if fitted is not None:
            yield fitted


def _shares(context: Context, counted: pl.DataFrame, small: frozenset[str]) -> pl.DataFrame:
    """The table `groups`; a group that is small on one of the days is among the small ones on all of them."""
    counted = (
        counted.with_columns(as_one(small))
        .group_by("day", "group")
        .agg(pl.col("customers").sum(), revenue=from_millionths(pl.col("revenue").sum()))
    )
    found = set(counted["group"])
    groups = [*(code for code in context.groups if code in found), *sorted(found - set(context.groups))]
    grid = pl.DataFrame({"day": sorted(set(counted["day"]))}).join(
        pl.DataFrame({"group": groups}).join(context.places, on="group", how="left", maintain_order="left"),
        how="cross",
    )
    revenue, of_day = pl.col("revenue"), pl.col("revenue").sum().over("day")
    return (
        grid.join(counted, on=["day", "group"], how="left", maintain_order="left")
        .with_columns(pl.col("customers").fill_null(0), pl.col("revenue").fill_null(0.0))
        .select(
            *("day", "group", "place", "customers"),
            (pl.col("customers") / pl.col("customers").sum().over("day")).alias("share_customers"),
            "revenue",
            pl.when(of_day > 0).then(revenue / of_day).alias("share_revenue"),
        )
    )


def _counted(context: Context, customers: CustomerSummary) -> pl.DataFrame:
    """day, group, customers, revenue (in whole millionths): of those who had bought by then."""
    known = customers.data.select("customer_id", "n_purchases")
    grouped = joined(known, context.rule.assign(customers).select("customer_id", "group"))
    table = joined(grouped, context.spent_last_year(customers)).filter(pl.col("n_purchases") > 0)
    revenue = to_millionths(pl.col("spend_last_year").fill_null(0.0)).sum()
    by_group = table.group_by("group").agg(customers=pl.len().cast(pl.Int64), revenue=revenue)
    return by_group.select(pl.lit(customers.cutoff).alias("day"), pl.all())


def _young(context: Context, first: date) -> dict[str, Finding]:
    """That the log was not a year old on the first of the days: nobody can have been away for longer than that."""
    age = (first - context.first_day).days + 1
    return {"young": Finding.of("structure.young", first=first, days=age)} if age < ACTIVE_DAYS else {}


def _ends(table: pl.DataFrame) -> pl.DataFrame:
    first, last = (
        table.filter(pl.col("day") == day).select("group", "share_customers", "share_revenue")
        for day in (table["day"][0], table["day"][-1])
    )
    return first.join(last, on="group", suffix="_last", maintain_order="left").select(
        "group",
        customers_first="share_customers",
        customers_last="share_customers_last",
        revenue_first="share_revenue",
        revenue_last="share_revenue_last",
    )


def _grown_and_shrunk(ends: pl.DataFrame, first: date) -> Finding:
    """Whose share of the customers grew most since the first day, and whose shrank most."""
    then, now = pl.col("customers_first"), pl.col("customers_last")
    changes = ends.select("group", then, now, change=now - then).sort("change", maintain_order=True)
    if changes["change"][-1] <= 0:
        return Finding.of("structure.same", first=first)
    figures: dict[str, Any] = {"first": first}
    for name, place in (("grown", -1), ("shrunk", 0)):
        group, share_then, share_now, change = changes.row(place)
        figures |= {
            name: Name("groups", group),
            f"{name}_then": share_then,
            f"{name}_now": share_now,
            f"{name}_by": change,
        }
    return Finding.of("structure.groups", **figures)
