"""Segments: who is in which group, what they bring, and what they are expected to bring."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import ACTIVE_DAYS, Context
from clvlab.analysis.small_groups import SMALL, SMALLEST
from clvlab.models.value_models import name_of
from clvlab.money import share_of
from clvlab.wording import Name

LOST = "lost"
GONE = (LOST, "hibernating", "inactive", "dormant", "churned", "churned_late", "churned_quick")
"""Groups by whose names their customers have left."""
ALIVE = 0.5
"""Mean P(alive) from which that is not what the model says."""


def compute(context: Context) -> Section:
    """Tables `groups` (one row per group, empty ones too) and, with scores, `grid` (one row per R x F cell)."""
    profile = group_profile(context.with_activity(context.shown), context.groups)
    groups = profile.join(context.places, on="group", how="left", maintain_order="left")
    filled = groups.filter(pl.col("customers") > 0)
    largest = filled.sort("customers", descending=True).row(0, named=True)
    tables = {"groups": groups}
    findings = {
        "lead": Finding.of(
            _lead(groups.height, filled.height),
            strategy=Name("strategies", context.strategy.name),
            groups=groups.height,
            filled=filled.height,
            group=Name("groups", largest["group"]),
            share=largest["share_customers"],
        ),
    }
    if prospects := context.base.data.height - context.buyers.height:
        findings["prospects"] = Finding.of(
            "segments.prospects", customers=context.base.data.height, prospects=prospects
        )
    if context.thresholds is not None:
        tables["grid"] = score_grid(context.table)
        fullest = tables["grid"].select(pl.col("share_customers").max()).item()
        findings["grid"] = Finding.of("segments.grid", share=fullest)
    richest = filled.sort("spend", descending=True, nulls_last=True).row(0, named=True)
    if richest["share_spend"] is not None:
        findings["groups"] = Finding.of(
            "segments.groups",
            group=Name("groups", richest["group"]),
            customers=richest["share_customers"],
            spend=richest["share_spend"],
        )
    else:
        findings["groups"] = Finding.of(
            "segments.groups_no_spend", group=Name("groups", largest["group"]), customers=largest["share_customers"]
        )
    findings |= _relative(context) | _why_empty(context, groups) | _why_no_p_alive(context)
    findings |= _against_names(groups) | _small(context)
    return Section(tables, findings)


def _lead(groups: int, filled: int) -> str:
    """Which sentence says how many groups there are, and how many of them hold customers."""
    if filled == 1:
        return "segments.lead_one"
    return "segments.lead" if filled == groups else "segments.lead_some"


def group_profile(table: pl.DataFrame, groups: tuple[str, ...], by: str = "group") -> pl.DataFrame:
    """One row per group, in the order of `groups`, prospects included.

    Columns: group, customers, share_customers, spend, share_spend, order_value (spend per purchase),
    median_days_since_last, median_purchases, p_alive (mean), p_buys_again (mean), clv (sum), clv_mean.
    """
    has_spend = "total_spend" in table.columns
    bought = pl.col("n_purchases") > 0
    known = pl.col("clv").is_not_null().any()
    profile = table.group_by(pl.col(by).alias("group")).agg(
        customers=pl.len(),
        spend=pl.col("total_spend").sum() if has_spend else pl.lit(None, pl.Float64),
        purchases=pl.col("n_purchases").sum(),
        median_days_since_last=pl.col("days_since_last").median(),
        median_purchases=pl.col("n_purchases").filter(bought).median(),
        p_alive=pl.col("p_alive").mean(),
        p_buys_again=pl.col("p_buys_again").mean(),
        clv=pl.when(known).then(pl.col("clv").sum()),
        clv_mean=pl.col("clv").mean(),
    )
    order = pl.DataFrame({"group": groups}, schema={"group": pl.String})
    counted = order.join(profile, on="group", how="left", maintain_order="left")
    if has_spend:
        counted = counted.with_columns(pl.col("spend").fill_null(0.0))
    return (
        counted.with_columns(pl.col("customers").fill_null(0))
        .with_columns(
            share_customers=pl.col("customers") / pl.col("customers").sum(),
            share_spend=share_of(pl.col("spend")),
            order_value=pl.when(pl.col("purchases") > 0).then(pl.col("spend") / pl.col("purchases")),
        )
        .select(
            "group", "customers", "share_customers", "spend", "share_spend", "order_value",
            "median_days_since_last", "median_purchases", "p_alive", "p_buys_again", "clv", "clv_mean",
        )
    )  # fmt: skip


def score_grid(table: pl.DataFrame) -> pl.DataFrame:
    """r_score, f_score, customers, share_customers, spend, share_spend: the cells of the R x F map."""
    return (
        table.filter(pl.col("r_score").is_not_null())
        .group_by("r_score", "f_score")
        .agg(customers=pl.len(), spend=pl.col("total_spend").sum())
        .sort("r_score", "f_score")
        .with_columns(
            share_customers=pl.col("customers") / pl.col("customers").sum(),
            share_spend=share_of(pl.col("spend")),
        )
    )


def _relative(context: Context) -> dict[str, Finding]:
    """That scores compare customers with each other, where all who are called lost have bought within a year."""
    days = context.table.filter(group=LOST)["days_since_last"].drop_nulls()
    if context.thresholds is None or days.is_empty() or max(days) >= ACTIVE_DAYS:
        return {}
    return {"relative": Finding.of("segments.relative", group=Name("groups", LOST), days=max(days))}


def _why_no_p_alive(context: Context) -> dict[str, Finding]:
    """Why the table shows no P(alive), where the model assumes it of some customers."""
    model = context.models.purchases
    if model is None or not context.assumes_alive:
        return {}
    key = "segments.p_buys_again" if model.leaving is not None else "segments.p_buys_again_nobody_leaves"
    return {"p_alive": Finding.of(key, model=Name("models", name_of(model)), horizon=context.horizon)}


def _against_names(groups: pl.DataFrame) -> dict[str, Finding]:
    """Which groups have left by their names alone, and which by P(alive) alone."""
    is_gone, is_alive = pl.col("group").is_in(GONE), pl.col("p_alive") >= ALIVE
    quiet, left = (groups.filter(each)["group"] for each in (is_gone & is_alive, ~is_gone & ~is_alive))
    found = {}
    if not quiet.is_empty():
        found["alive"] = Finding.of("segments.alive", groups=[Name("groups", code) for code in quiet], alive=ALIVE)
    if not left.is_empty():
        found["left"] = Finding.of("segments.left", groups=[Name("groups", code) for code in left], alive=ALIVE)
    return found


def _small(context: Context) -> dict[str, Finding]:
    """That small groups are shown as one, where there are such."""
    joined = context.small.intersection(context.table["group"].unique())
    if not joined:
        return {}
    figures = {"smallest": SMALLEST, "group": Name("groups", SMALL), "groups": len(joined)}
    return {"small": Finding.of("segments.small", **figures)}


def _why_empty(context: Context, groups: pl.DataFrame) -> dict[str, Finding]:
    """Say which groups are empty; for `new`, when the last first purchase was."""
    empty = groups.filter(pl.col("customers") == 0)["group"].to_list()
    findings = {}
    if empty:
        findings["empty"] = Finding.of("segments.empty", groups=[Name("groups", code) for code in empty])
    if "new" in empty and "new" not in context.rule.own:
        latest = context.buyers.select(pl.col("first_purchase").max()).item()
        findings["empty_new"] = Finding.of(
            "segments.empty_new", group=Name("groups", "new"), latest=latest, days=(context.as_of - latest).days
        )
    return findings
