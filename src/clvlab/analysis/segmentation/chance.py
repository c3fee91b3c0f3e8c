"""Whether a figure has changed by more than chance would have it.

Which customers a business has is chance: as many others might have come, and each of these would have brought a part
of the change of their own. A change that is the sum of its customers' parts d has then the variance sum(d^2), that of
a compound Poisson sum, however unequal customers are. Of customers who are or are not active this is McNemar's test
[1]. For a ratio, such as a share, a customer's part is what the ratio would change by without them, to first order,
which is the infinitesimal jackknife [2]. A change of more than 1.96 standard errors is more than chance. Where
nothing has changed and customers' two periods could be exchanged, that is found in at most about 5 % of cases, also
when a few customers bring most of the money [3].

It is said of what customers did, and not of why: a season is more than chance, too.

[1] McNemar (1947), Psychometrika 12, 153-157.
[2] Efron (1982), The Jackknife, the Bootstrap and Other Resampling Plans, chapter 6.
[3] Efron (1969), Journal of the American Statistical Association 64, 1278-1302.
"""

from math import sqrt
from statistics import NormalDist

import polars as pl

from clvlab.analysis.segmentation.context import ACTIVE_DAYS, Context
from clvlab.frames import CustomerSummary
from clvlab.money import exact_sum

FEWEST = 10
"""Customers whose part of a figure has changed; of fewer nothing is said."""
_Z = NormalDist().inv_cdf(0.975)


def beyond_chance(context: Context, previous: CustomerSummary) -> dict[str, bool]:
    """Measure -> whether it has changed by more than chance since these customers' day.

    Measures are active, repeat_share, revenue (of the period, where there are amounts) and clv; what cannot be judged
    has no entry. The number of all customers is not judged: it can only grow. The value to come has changed by more
    than chance if what it was is outside of the interval in which it now lies, which allows for past errors.
    """
    pairs = _pairs(context, previous)
    judged = {
        "active": _judged(pairs.select(part=_now("is_active") - _before("is_active"))["part"]),
        "repeat_share": _share(pairs),
    }
    if context.has_amounts:
        judged["revenue"] = _judged(_revenue(context)["part"])
    if context.group_values is not None and previous.data["clv"].null_count() < previous.data.height:
        low, high = context.group_values.row(-1, named=True)["clv_low"], context.group_values["clv_high"][-1]
        judged["clv"] = not low <= previous.data["clv"].sum() <= high
    return {measure: verdict for measure, verdict in judged.items() if verdict is not None}


def is_beyond(change: float, parts: pl.Series) -> bool:
    """Whether a change is more than 1.96 standard errors, of which `parts` are the customers' own.

    >>> is_beyond(9.0, pl.Series([1.0] * 9)), is_beyond(2.0, pl.Series([1.0, 1.0, 1.0, -1.0]))
    (True, False)
    """
    return abs(change) > _Z * sqrt((parts**2).sum())


def _judged(parts: pl.Series) -> bool | None:
    """The verdict of a change that is the sum of its parts."""
    return is_beyond(float(parts.sum()), parts) if (parts != 0).sum() >= FEWEST else None


def _share(pairs: pl.DataFrame) -> bool | None:
    """The verdict of the share of customers who bought more than once."""
    changed = pl.any_horizontal(_now(it) != _before(it) for it in ("is_customer", "is_repeat"))
    if pairs.select(changed.sum()).item() < FEWEST or not pairs["is_customer_before"].any():
        return None
    share, parts = {}, {}
    for day in ("", "_before"):
        customer, repeat = (pl.col(f"{name}{day}").cast(pl.Float64) for name in ("is_customer", "is_repeat"))
        of = pairs.select(customer.sum()).item()
        share[day] = pairs.select(repeat.sum()).item() / of
        parts[day] = pairs.select(part=(repeat - share[day] * customer) / of)["part"]
    return is_beyond(share[""] - share["_before"], parts[""] - parts["_before"])


def _now(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Int64)


def _before(name: str) -> pl.Expr:
    return pl.col(f"{name}_before").cast(pl.Int64)


def _pairs(context: Context, previous: CustomerSummary) -> pl.DataFrame:
    """is_customer, is_active, is_repeat, now and before: one row for whoever had bought on either day."""
    now, before = (_states(customers) for customers in (context.customers, previous))
    pairs = now.join(before, on="customer_id", how="full", suffix="_before", coalesce=True)
    return pairs.with_columns(pl.exclude("customer_id").fill_null(False))


def _states(customers: CustomerSummary) -> pl.DataFrame:
    return customers.data.filter(pl.col("n_purchases") > 0).select(
        "customer_id",
        is_customer=pl.lit(True),
        is_active=pl.col("days_since_last") < ACTIVE_DAYS,
        is_repeat=pl.col("n_purchases") > 1,
    )


def _revenue(context: Context) -> pl.DataFrame:
    """part: of each customer, the money of the last period less that of the one before."""
    last, before = (context.day_before(context.as_of, periods) for periods in (1, 2))
    amount = pl.col("amount")
    return (
        context.rows.filter(pl.col("date") > before)
        .group_by("customer_id")
        .agg(part=exact_sum(pl.when(pl.col("date") > last).then(amount).otherwise(-amount)))
        .select("part")
        .collect(engine="streaming")
    )
