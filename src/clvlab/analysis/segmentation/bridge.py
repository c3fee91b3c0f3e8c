"""Why revenue changed: from an earlier period to this one, by what customers did in both.

Periods are those of the report (`context.params.period`), compared with the one before and with the same one a year
before. Of what the customers bring who bought in both, revenue is customers x purchases per customer x spend per
purchase, of which the first does not change; each of the others counts at the mean of the other's two values,
Bennet's indicator [1], which for two factors is their Shapley value [2]: it adds up exactly, and looking from the
later period to the earlier one turns its signs round.

References
----------
[1] Bennet (1920), "The theory of measurement of changes in cost of living", Journal of the Royal Statistical Society
83(3), 455-462.
[2] Shorrocks (2013), "Decomposition procedures for distributional analysis: a unified framework based on the Shapley
value", Journal of Economic Inequality 11(1), 99-126.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.customers import numbered_days, places_of
from clvlab.money import exact_sum, from_millionths
from clvlab.period_ends import PER_YEAR
from clvlab.wording import Name

PARTS = ("new", "came_back", "kept", "lost", "others")
"""Customers who bought for the first time after the earlier period; who had bought before it, and bought in this one
only; who bought in both; in the earlier one only; in neither, and what they returned."""
STEPS = ("then", "new", "came_back", "purchases", "spend_per_purchase", "lost", "others", "now")
"""What a bridge is made of: `kept` in two, and the revenue of both periods at its ends."""


@dataclass(frozen=True)
class Kept:
    """What the customers who bought in both periods did in each, summed up."""

    customers: int
    purchases_then: int
    purchases_now: int
    spend_then: float
    spend_now: float

    @classmethod
    def of(cls, both: pl.DataFrame) -> "Kept":
        """Those of `_both_periods`."""
        figures = both.filter(part="kept").select(
            pl.len(),
            pl.col("purchases_then", "purchases_now").sum(),
            *(exact_sum(pl.col(name)).alias(name) for name in ("spend_then", "spend_now")),
        )
        return cls(*figures.row(0))

    @property
    def price_then(self) -> float:
        """Spend per purchase in the earlier period."""
        return self.spend_then / self.purchases_then

    @property
    def price_now(self) -> float:
        """The same in this one."""
        return self.spend_now / self.purchases_now

    @property
    def by_purchases(self) -> float:
        """What their number of purchases changes, at the mean spend per purchase, to the cent."""
        return round((self.purchases_now - self.purchases_then) * (self.price_then + self.price_now) / 2, 2)

    @property
    def by_spend(self) -> float:
        """What their spend per purchase changes: the rest."""
        return _exact(self.spend_now, -self.spend_then, -self.by_purchases)


def compute(context: Context) -> Section:
    """Tables `period` and `year`, the bridges, and `customers`; without an earlier period only that it is missing.

    period, year : step, change, low, high; `change` of the ends is the revenue, and the steps between lie from `low`
        to `high` as they add up
    customers : since (last day of the earlier period), part, customers, revenue_then, revenue_now, change, the last
        part "total"; who bought in neither period counts only with money in one of them
    """
    lapse = Name("lapses", context.params.period)
    if not context.has_amounts:
        return Section({}, {"lead": Finding.of("bridge.no_amounts")})
    compared = {"period": (1, lapse), "year": (PER_YEAR[context.params.period], Name("lapses", "year"))}
    days = numbered_days(context.log, context.as_of)
    tables: dict[str, pl.DataFrame] = {}
    findings: dict[str, Finding] = {}
    accounts = []
    for name, (periods, ago) in compared.items():
        earlier = context.day_before(context.as_of, periods)
        if context.holds(earlier):
            both = _both_periods(context, days, earlier)
            kept, account = Kept.of(both), _account(both)
            tables[name] = _bridge(account, kept)
            accounts.append(account.select(pl.lit(earlier).alias("since"), pl.all()))
            findings |= _told(context, name, ago, tables[name], kept)
    if not tables:
        return Section({}, {"lead": Finding.of("bridge.none", lapse=lapse)})
    return Section({**tables, "customers": pl.concat(accounts)}, findings)


def _both_periods(context: Context, days: pl.DataFrame, earlier: date) -> pl.DataFrame:
    """part, and of the period up to that day and of this one: purchases_then, _now, spend_then, _now."""
    known = context.base.data.select(places_of(context.log, context.base.data["customer_id"]), "first_purchase")
    for name, end in {"then": earlier, "now": context.as_of}.items():
        within = days.filter(pl.col("date").is_between(context.day_before(end), end, closed="right"))
        sums = within.group_by("customer").agg(
            pl.col("is_purchase").sum().cast(pl.Int64).alias(f"purchases_{name}"),
            from_millionths(pl.col("spend").sum()).alias(f"spend_{name}"),
        )
        known = known.join(sums, on="customer", how="left", maintain_order="left")
    figures = pl.exclude("customer", "first_purchase")
    return known.with_columns(figures.fill_null(0)).select(figures, part=_part(earlier))


def _part(earlier: date) -> pl.Expr:
    then, now = pl.col("purchases_then") > 0, pl.col("purchases_now") > 0
    return (
        pl.when(then & now)
        .then(pl.lit("kept"))
        .when(then)
        .then(pl.lit("lost"))
        .when(~now)
        .then(pl.lit("others"))
        .when(pl.col("first_purchase") > earlier)
        .then(pl.lit("new"))
        .otherwise(pl.lit("came_back"))
    )


def _account(both: pl.DataFrame) -> pl.DataFrame:
    """part, customers, revenue_then, revenue_now, change: the parts that somebody is in, and the total."""
    counted = both.filter((pl.col("part") != "others") | (pl.col("spend_then") != 0) | (pl.col("spend_now") != 0))
    figures = {
        "customers": pl.len().cast(pl.Int64),
        "revenue_then": exact_sum(pl.col("spend_then")),
        "revenue_now": exact_sum(pl.col("spend_now")),
        "change": exact_sum(pl.col("spend_now").append(-pl.col("spend_then"))),
    }
    parts = counted.group_by("part").agg(**figures)
    order = pl.DataFrame({"part": PARTS}).join(parts, on="part", how="inner", maintain_order="left")
    return pl.concat([order, counted.select(pl.lit("total").alias("part"), **figures)])


def _bridge(account: pl.DataFrame, kept: Kept) -> pl.DataFrame:
    """step, change, low, high: from the earlier revenue, step by step, to that of this period."""
    changes = dict(account.select("part", "change").iter_rows())
    _, _, then, now, _ = account.row(-1)
    if kept.customers:
        changes |= {"purchases": kept.by_purchases, "spend_per_purchase": kept.by_spend}
    rows, level = [("then", then, min(then, 0.0), max(then, 0.0))], then
    for step in STEPS[1:-1]:
        if step in changes:
            start, level = level, _exact(level, changes[step])
            rows.append((step, changes[step], min(start, level), max(start, level)))
    rows.append(("now", now, min(now, 0.0), max(now, 0.0)))
    return pl.DataFrame(rows, schema=["step", "change", "low", "high"], orient="row")


def _exact(*amounts: float) -> float:
    """Their sum, free of rounding errors."""
    return float(pl.select(exact_sum(pl.lit(pl.Series(amounts, dtype=pl.Float64)))).item())


def _told(context: Context, name: str, lapse: Name, bridge: pl.DataFrame, kept: Kept) -> dict[str, Finding]:
    """What the sentences of a bridge say, and its title."""
    findings = {
        "lead" if name == "period" else "since_year": _change(context, lapse, bridge),
        name: Finding.of("bridge.title", lapse=lapse),
    }
    if kept.customers:
        findings[f"{name}_kept"] = Finding.of(
            "bridge.kept",
            lapse=lapse,
            customers=kept.customers,
            each_then=kept.purchases_then / kept.customers,
            each_now=kept.purchases_now / kept.customers,
            by_purchases=kept.by_purchases,
            price_then=kept.price_then,
            price_now=kept.price_now,
            by_spend=kept.by_spend,
        )
    return findings


def _change(context: Context, lapse: Name, bridge: pl.DataFrame) -> Finding:
    """How revenue changed, and what raised and lowered it most; in per cent where there was something to change."""
    then, now = bridge["change"][0], bridge["change"][-1]
    change = _exact(now, -then)
    figures = {
        "period": Name("periods", context.params.period),
        "as_of": context.as_of,
        "lapse": lapse,
        "then": then,
        "now": now,
        "drivers": _drivers(bridge),
    }
    if change == 0:
        return Finding.of("bridge.alike", **figures)
    if then <= 0:
        return Finding.of("bridge.from_nothing", **figures)
    key = "bridge.rose" if change > 0 else "bridge.fell"
    return Finding.of(key, **figures, change=abs(change), share=abs(change) / then)


def _drivers(bridge: pl.DataFrame) -> list[Finding]:
    """The step that raised revenue most, and the one that lowered it most, where there are such."""
    steps = bridge.slice(1, bridge.height - 2).sort("change", maintain_order=True)
    raised = steps.filter(pl.col("change") > 0).tail(1)
    lowered = steps.filter(pl.col("change") < 0).head(1)
    return [
        Finding.of(key, step=Name("steps", step), change=abs(change))
        for key, found in (("bridge.raised", raised), ("bridge.lowered", lowered))
        for step, change in found.select("step", "change").iter_rows()
    ]
