"""Columns of the customer table that the log yields but the summary leaves out until somebody needs them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl

from clvlab.columns import Column, names
from clvlab.customers.purchase_days import customer_days, rows_until
from clvlab.errors import MissingColumnsError, ParamsError, did_you_mean
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.money import exact_sum, from_millionths

DERIVED: tuple[Column, ...] = (
    Column("gap_median", pl.Float64(), "days", "median time between the customer's own purchase days"),
    Column("gap_p80", pl.Float64(), "days", "time within which 80 % of the customer's own gaps fall"),
    Column("gap_max", pl.Float64(), "days", "the customer's longest gap"),
    Column("gap_cv", pl.Float64(), "ratio", "standard deviation of the gaps / their mean; null below two gaps"),
    Column("spend_last_year", pl.Float64(), "currency", "net money of the 365 days up to the cutoff"),
    Column("purchases_last_year", pl.Int64(), "purchase days", "purchase days of the 365 days up to the cutoff"),
    Column("order_value", pl.Float64(), "currency", "total_spend / n_purchases; null without a purchase"),
    Column("profit", pl.Float64(), "currency", "total_spend less the cost of the same rows; null if one is unknown"),
    Column("profit_last_year", pl.Float64(), "currency", "profit of the 365 days up to the cutoff, likewise"),
    Column("favourite_category", pl.String(), "", "category with most spend, or rows where there is no money"),
    Column("n_categories", pl.Int64(), "categories", "distinct categories bought"),
)
_YEAR = timedelta(days=365)


def derive(log: TransactionLog, customers: CustomerSummary, columns: set[str]) -> CustomerSummary:
    """The same customers with further columns of `DERIVED`, as of the summary's cutoff.

    Columns that the table has already are left as they are: attributes may bring what this log cannot give. A
    customer without a purchase has 0 in sums and counts and null elsewhere.

    Parameters
    ----------
    log
        the log that the customers were summarised from
    customers
        the summary, whose cutoff holds here too
    columns
        names of `DERIVED`

    Raises
    ------
    ParamsError : a name is not in `DERIVED`
    MissingColumnsError : the log lacks `amount`, `cost` or `category`, which a column is made from
    """
    for name in sorted(columns - set(names(DERIVED))):
        raise ParamsError(f"{name!r} cannot be derived from a log.{did_you_mean(name, names(DERIVED))}")
    wanted = columns - set(customers.data.columns)
    for needs, make, makes in _MAKERS:
        chosen = [name for name in makes if name in wanted]
        if chosen:
            _check_has(log, needs, chosen)
            customers = customers.with_columns(make(log, customers).select("customer_id", *chosen))
    totals = [name for name in _TOTALS if name in wanted]
    return replace(customers, data=customers.data.with_columns(pl.col(totals).fill_null(0)))


def exact_profit(rows: pl.Expr | None = None) -> pl.Expr:
    """Money less cost of the rows (those where `rows` holds), to aggregate by; null where one of their costs is."""
    amount, cost = (pl.col(name) if rows is None else pl.col(name).filter(rows) for name in ("amount", "cost"))
    return pl.when(cost.is_not_null().all()).then(exact_sum(amount - cost))


def derivable(log: TransactionLog) -> set[str]:
    """The columns of `DERIVED` that this log can give."""
    found = set(log.accepted.collect_schema().names())
    return {name for needs, _, makes in _MAKERS if found.issuperset(needs) for name in makes}


def _gaps(log: TransactionLog, customers: CustomerSummary) -> pl.DataFrame:
    gap, is_again = pl.col("gap"), pl.col("customer_id") == pl.col("customer_id").shift()
    return (
        customer_days(log, customers.cutoff)
        .filter("is_purchase")
        .with_columns(gap=pl.when(is_again).then(pl.col("date").diff().dt.total_days()))
        .group_by("customer_id")
        .agg(
            gap_median=gap.median(),
            gap_p80=gap.quantile(0.8, interpolation="linear"),
            gap_max=gap.max().cast(pl.Float64),
            gap_cv=gap.std() / gap.mean(),
        )
    )


def _last_year(log: TransactionLog, customers: CustomerSummary) -> pl.DataFrame:
    recent = pl.col("date") > customers.cutoff - _YEAR
    spend = from_millionths(pl.col("spend").sum()) if log.has_amounts else pl.lit(None, pl.Float64)
    figures = {"spend_last_year": spend, "purchases_last_year": pl.col("is_purchase").sum().cast(pl.Int64)}
    found = [
        part.with_ids(part.until(customers.cutoff).days.filter(recent).group_by("customer").agg(**figures).collect())
        for part in log.days
    ]
    return pl.concat(found)


def _order_value(log: TransactionLog, customers: CustomerSummary) -> pl.DataFrame:  # noqa: ARG001
    bought = pl.when(pl.col("n_purchases") > 0)
    return customers.data.select(
        "customer_id", order_value=bought.then(pl.col("total_spend") / pl.col("n_purchases"))
    )


def _profit(log: TransactionLog, customers: CustomerSummary) -> pl.DataFrame:
    recent = pl.col("date") > customers.cutoff - _YEAR
    sums = (
        rows_until(log, customers.cutoff)
        .group_by("customer_id")
        .agg(profit=exact_profit(), profit_last_year=exact_profit(recent))
        .collect(engine="streaming")
    )
    nothing = customers.data.select("customer_id").join(sums, on="customer_id", how="anti")
    return pl.concat([sums, nothing.with_columns(profit=0.0, profit_last_year=0.0)])


def _categories(log: TransactionLog, customers: CustomerSummary) -> pl.DataFrame:
    size = exact_sum(pl.col("amount")) if log.has_amounts else pl.len()
    bought = pl.col("amount") >= 0 if log.has_amounts else pl.lit(True)
    sizes = (
        rows_until(log, customers.cutoff)
        .filter(pl.col("category").is_not_null())
        .group_by("customer_id", "category")
        .agg(size=size, bought=bought.any())
        .filter("bought")
        .sort(["customer_id", "size", "category"], descending=[False, True, False])
        .collect(engine="streaming")
    )
    return sizes.group_by("customer_id", maintain_order=True).agg(
        favourite_category=pl.col("category").first(), n_categories=pl.len().cast(pl.Int64)
    )


def _check_has(log: TransactionLog, needs: tuple[str, ...], chosen: list[str]) -> None:
    found = log.accepted.collect_schema().names()
    missing = [name for name in needs if name not in found]
    if missing:
        raise MissingColumnsError(f"The log, from which {', '.join(chosen)} would be derived,", missing, found)


_Maker = Callable[[TransactionLog, CustomerSummary], pl.DataFrame]
_MAKERS: tuple[tuple[tuple[str, ...], _Maker, tuple[str, ...]], ...] = (
    ((), _gaps, ("gap_median", "gap_p80", "gap_max", "gap_cv")),
    ((), _last_year, ("purchases_last_year",)),
    (("amount",), _last_year, ("spend_last_year",)),
    (("amount",), _order_value, ("order_value",)),
    (("amount", "cost"), _profit, ("profit", "profit_last_year")),
    (("category",), _categories, ("favourite_category", "n_categories")),
)
_TOTALS = ("spend_last_year", "purchases_last_year", "n_categories")
