"""What is expected of each period: of today's customers by the model, and of those to come by the same model.

Let M(t) be the repeat purchases that the model expects of a new customer within t of the first purchase, and G its
integral from 0. Newcomers arrive evenly within a period, `rate` a day. Those of an arrival period (a, b] have made,
by t,

    rate * (G(t - a) - G(t - b))

repeat purchases, G being 0 below 0; besides, each has made a first purchase.
"""

from itertools import pairwise

import numpy as np
import polars as pl

from clvlab.frames import CustomerSummary
from clvlab.models import AnyPurchaseModel, PurchaseModel, SpendModel
from clvlab.planning.acquisition import Acquisition
from clvlab.planning.periods import Periods
from clvlab.units import DAYS_PER
from clvlab.validation.parts import cohort_of

NODES = 24
"""Of the integral of M, which is smooth: its relative error is below 1e-8."""
EXPECTED = {
    "period": pl.Int64(),
    "part": pl.String(),
    "cohort": pl.Date(),
    "purchases": pl.Float64(),
    "revenue": pl.Float64(),
}


def of_existing(
    model: AnyPurchaseModel, spend: SpendModel | None, customers: CustomerSummary, periods: Periods
) -> pl.DataFrame:
    """period, part, cohort (when they first bought, see `cohort_of`), purchases, revenue: of today's customers.

    Revenue is null where the spend model, having no mean, expects nothing of some of them.
    """
    is_buyer = (customers.data["n_purchases"] > 0).to_numpy()
    unit = DAYS_PER[customers.time_unit]
    by_end = [np.zeros(int(is_buyer.sum()))]
    by_end += [model.expected_purchases(customers, end / unit)[is_buyer] for end in periods.ends]
    worth = np.full(by_end[0].size, np.nan) if spend is None else spend.expected_spend(customers)[is_buyer]
    is_known = bool(np.isfinite(worth).all())
    cohorts = pl.DataFrame({"cohort": cohort_of(customers.data["first_purchase"].filter(pl.Series(is_buyer)))})
    tables = [
        cohorts.with_columns(purchases=later - earlier)
        .with_columns(revenue=pl.col("purchases") * pl.Series(worth))
        .group_by("cohort")
        .agg(pl.col("purchases").sum(), pl.when(is_known).then(pl.col("revenue").sum()))
        .sort("cohort")
        .with_columns(period=pl.lit(place, pl.Int64), part=pl.lit("existing"))
        for place, (earlier, later) in enumerate(pairwise(by_end), 1)
    ]
    return pl.concat(tables).select(list(EXPECTED))


def of_new(model: PurchaseModel, acquisition: Acquisition, periods: Periods) -> pl.DataFrame:
    """period, part, cohort (the first day of the period in which they come), purchases, revenue: of those to come.

    A first purchase is worth as much as those of recent newcomers, a later one as much as anybody's.
    """
    if acquisition.per_day == 0:
        return pl.DataFrame(schema=EXPECTED)
    made, spans, starts = _Repeats(model, periods), periods.spans, periods.table["start"]
    coming = [acquisition.coming(periods.day(begin), end - begin) for begin, end in spans]
    rows = [
        (place, "new", starts[cohort], *_of_cohort(made, coming[cohort], spans[place - 1], spans[cohort]))
        for place in range(1, len(spans) + 1)
        for cohort in range(place)
    ]
    table = pl.DataFrame(rows, schema=["period", "part", "cohort", "first", "later"], orient="row")
    money = acquisition.first_spend, acquisition.later_spend
    first, later = (pl.lit(each, pl.Float64) for each in money)
    return table.select(
        "period",
        "part",
        "cohort",
        purchases=pl.col("first") + pl.col("later"),
        revenue=pl.col("first") * first + pl.col("later") * later,
    )


def _of_cohort(
    made: "_Repeats", coming: float, span: tuple[float, float], came: tuple[float, float]
) -> tuple[float, float]:
    """First and later purchases in a span of the so many who come in another."""
    begin, end = span
    rate = coming / (came[1] - came[0])
    return coming if came == span else 0.0, rate * (made.by(end, came) - made.by(begin, came))


class _Repeats:
    """G at every length of time between two ends of periods, computed once each."""

    def __init__(self, model: PurchaseModel, periods: Periods) -> None:
        edges = [0.0, *periods.ends]
        lengths = sorted({round(late - early, 6) for late in edges for early in edges if late > early})
        nodes, weights = np.polynomial.legendre.leggauss(NODES)
        times = np.outer(lengths, (nodes + 1) / 2) / DAYS_PER[model.time_unit]
        repeats = np.asarray(model.expected_purchases_new(times.ravel())).reshape(times.shape)
        self._integral: dict[float, float] = dict(
            zip(lengths, (repeats @ weights / 2 * lengths).tolist(), strict=True)
        )

    def by(self, time: float, came: tuple[float, float]) -> float:
        """Repeat purchases, by a time, of those who come within a span, one a day; it may not have begun by then."""
        return self._by_age(time - came[0]) - self._by_age(time - came[1])

    def _by_age(self, age: float) -> float:
        return self._integral.get(round(age, 6), 0.0)
