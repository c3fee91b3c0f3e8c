"""Clusters: groups that the data form by themselves in recency, frequency and spend."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context
from clvlab.analysis.segmentation.segments import group_profile
from clvlab.wording import Name


def compute(context: Context) -> Section:
    """Tables `clusters` (one row per cluster, most valuable first) and `overlap` (cluster x group); or neither."""
    rule = context.cluster_rule
    if rule is None:
        return Section({}, {"lead": Finding.of("clusters.none")})
    filled = set(context.table.filter(pl.col("n_purchases") > 0)["cluster"])
    profile = group_profile(
        context.shown.filter(pl.col("n_purchases") > 0),
        tuple(code for code in rule.card["group"] if code in filled),
        by="cluster",
    )
    first = profile.row(0, named=True)
    return Section(
        {"clusters": profile, "overlap": _overlap(context)},
        {
            "lead": Finding.of(
                f"clusters.lead_{'chosen' if context.params.n_clusters is None else 'given'}", k=profile.height
            ),
            "clusters": Finding.of(
                "clusters.clusters",
                group=Name("groups", first["group"]),
                customers=first["share_customers"],
                spend=first["share_spend"],
            ),
        },
    )


def _overlap(context: Context) -> pl.DataFrame:
    """cluster, group, customers, share (of the cluster): how clusters and groups meet."""
    return (
        context.table.filter(pl.col("n_purchases") > 0)
        .group_by("cluster", "group", "rank")
        .agg(customers=pl.len())
        .with_columns(share=pl.col("customers") / pl.col("customers").sum().over("cluster"))
        .sort("cluster", "rank", "group")
        .drop("rank")
    )
