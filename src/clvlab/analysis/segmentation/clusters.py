"""Clusters: groups that the data form by themselves in recency, frequency and spend."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.segments import group_profile
from clvlab.analysis.small_groups import SMALLEST
from clvlab.wording import Name


def compute(context: Context) -> Section:
    """Tables `clusters` (one row per cluster, most valuable first) and `overlap` (cluster x group); or neither."""
    rule = context.cluster_rule
    if rule is None:
        return Section({}, {"lead": Finding.of("clusters.none")})
    filled = set(context.table.filter(pl.col("n_purchases") > 0)["cluster"].unique())
    profile = group_profile(
        context.with_activity(context.shown).filter(pl.col("n_purchases") > 0),
        tuple(code for code in rule.card["group"] if code in filled),
        by="cluster",
    )
    first = profile.row(0, named=True)
    figures = {"group": Name("groups", first["group"]), "customers": first["share_customers"]}
    spend = first["share_spend"]
    return Section(
        {"clusters": profile, "overlap": _overlap(context)},
        {
            "lead": Finding.of(_lead(context, profile.height), k=profile.height, asked=context.params.n_clusters),
            "clusters": Finding.of("clusters.clusters_no_spend", **figures)
            if spend is None
            else Finding.of("clusters.clusters", **figures, spend=spend),
        },
    )


def _lead(context: Context, found: int) -> str:
    """Which sentence says how the clusters came about: as many as asked for, fewer, or none that are apart."""
    asked = context.params.n_clusters
    if found == 1:
        return "clusters.lead_one"
    if asked is None:
        return "clusters.lead_chosen"
    return "clusters.lead_given" if found == asked else "clusters.lead_fewer"


def _overlap(context: Context) -> pl.DataFrame:
    """cluster, group, customers, share (of the cluster): how clusters and groups meet.

    Of groups by attribute, pairs of few customers are left out.
    """
    return (
        context.shown.filter(pl.col("n_purchases") > 0)
        .group_by("cluster", "group", "rank")
        .agg(customers=pl.len())
        .with_columns(share=pl.col("customers") / pl.col("customers").sum().over("cluster"))
        .filter(pl.lit(not context.is_by_attribute) | (pl.col("customers") >= SMALLEST))
        .sort("cluster", "rank", "group")
        .drop("rank")
    )
