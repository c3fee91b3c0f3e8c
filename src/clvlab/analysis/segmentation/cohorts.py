"""Cohorts: customers by the month of their first purchase, and what became of them."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context


def compute(context: Context) -> Section:
    """Tables `retention` (cohort, age, customers, active, share) and, with amounts, `spend` (cumulative, a head).

    `age` counts calendar months since the month of the first purchase; months not yet over are left out.
    """
    rows = _with_ages(context)
    sizes = rows.group_by("cohort").agg(customers=pl.col("customer_id").n_unique())
    grid = _grid(context, sizes)
    tables = {"retention": _retention(rows, grid)}
    later = tables["retention"].filter(pl.col("age") == 1)
    findings = {"lead": Finding.of("cohorts.lead", cohorts=sizes.height)}
    if not later.is_empty():
        again = later.select(pl.col("active").sum() / pl.col("customers").sum()).item()
        findings["retention"] = Finding.of("cohorts.retention", share=again)
    else:
        del tables["retention"]
    if context.has_amounts and tables:
        tables["spend"] = _spend(rows, grid)
        last = tables["spend"].filter(pl.col("cohort") == pl.col("cohort").min()).sort("age").row(-1, named=True)
        findings["spend"] = Finding.of("cohorts.spend", age=last["age"], spend=last["spend"])
    return Section(tables, findings)


def _with_ages(context: Context) -> pl.DataFrame:
    """The log's rows with the customer's cohort and the row's age in calendar months."""
    first = context.buyers.select("customer_id", cohort=pl.col("first_purchase").dt.truncate("1mo"))
    return context.window.join(first, on="customer_id").with_columns(age=_months("date") - _months("cohort"))


def _months(column: str) -> pl.Expr:
    return pl.col(column).dt.year() * 12 + pl.col(column).dt.month()


def _grid(context: Context, sizes: pl.DataFrame) -> pl.DataFrame:
    """cohort, customers, age: every month that a cohort has lived through to its end."""
    now = context.as_of.year * 12 + context.as_of.month - (not context.month_is_over)
    ages = sizes.with_columns(age=pl.int_ranges(0, pl.max_horizontal(now - _months("cohort") + 1, 0)))
    return ages.explode("age").drop_nulls("age").with_columns(pl.col("age").cast(pl.Int32)).sort("cohort", "age")


def _retention(rows: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    active = rows.group_by("cohort", "age").agg(active=pl.col("customer_id").n_unique())
    joined = grid.join(active, on=["cohort", "age"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("active").fill_null(0)).with_columns(
        share=pl.col("active") / pl.col("customers")
    )


def _spend(rows: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """cohort, customers, age, spend: money up to the end of that month, a customer of the cohort."""
    money = rows.group_by("cohort", "age").agg(amount=pl.col("amount").sum())
    joined = grid.join(money, on=["cohort", "age"], how="left", maintain_order="left")
    total = pl.col("amount").fill_null(0.0).cum_sum().over("cohort")
    return joined.select("cohort", "customers", "age", spend=total / pl.col("customers"))
