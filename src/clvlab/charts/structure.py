"""Chart of the groups' shares over time."""

import altair as alt
import polars as pl

from clvlab.charts.theme import CONTEXT, at_least, group_scale
from clvlab.wording import Words

NAMES_WIDTH = 190
DAY_WIDTH = 26
ROW = 46
DOT = 14


def groups(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """One row a group: its share of customers (grey, dashed) and of revenue (its colour) by period.

    All rows are drawn to one scale. Input: `structure.groups`.
    """
    names = {"share_customers": words.column("share_customers"), "share_revenue": words.column("share_revenue")}
    long = (
        table.unpivot(list(names), index=["day", "group", "customers"], variable_name="of", value_name="share")
        .drop_nulls("share")
        .with_columns(
            name=pl.col("group").map_elements(words.group, pl.String),
            series=pl.col("of").replace_strict(names, return_dtype=pl.String),
            end=pl.col("day").dt.strftime("%Y-%m-%d"),
        )
    )
    most = max(long["share"].to_list(), default=0.0) or 1.0
    least = min([0.0, *long["share"]])
    base = alt.Chart(long).encode(
        x=alt.X("end:O", title=words("charts.period_to"), axis=alt.Axis(labelAngle=-45, labelOverlap="greedy")),
        y=alt.Y("name:N", sort=list(dict.fromkeys(long["name"])), title=None, scale=alt.Scale(paddingInner=0.15)),
        yOffset=alt.YOffset("share:Q", scale=alt.Scale(domain=[most, least])),
        tooltip=[
            alt.Tooltip("name:N", title=words.column("group")),
            alt.Tooltip("end:O", title=words("charts.period_to")),
            alt.Tooltip("series:N", title=words("charts.what")),
            alt.Tooltip("share:Q", title=words("charts.share"), format=".1%"),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
        ],
    )
    colour = alt.Color("group:N", scale=group_scale(table.unique("group", maintain_order=True), words), legend=None)
    customers, revenue = (base.transform_filter(f"datum.of == '{share}'") for share in names)
    grey = customers.mark_line(
        color=CONTEXT, strokeDash=[4, 3], point=alt.OverlayMarkDef(color=CONTEXT, size=DOT)
    ).encode(detail="group:N")
    coloured = revenue.mark_line(point=alt.OverlayMarkDef(size=DOT)).encode(color=colour)
    layers: alt.LayerChart = grey + coloured
    room = at_least(NAMES_WIDTH + DAY_WIDTH * table["day"].n_unique())
    return layers.properties(width="container", height=alt.Step(ROW), usermeta=room)
