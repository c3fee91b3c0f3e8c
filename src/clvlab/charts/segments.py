"""Charts of the segments, and of the clusters."""

import altair as alt
import polars as pl

from clvlab.charts.theme import CONTEXT, MAP_INK, PAPER, SEQUENTIAL, SMALLEST_TEXT, axis, group_scale, room_for_labels
from clvlab.wording import Words


def grid(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """R x F map: one cell per pair of scores, shaded by its share of customers. Input: `segments.grid`."""
    cells = table.with_columns(
        label=pl.col("share_customers").map_elements(lambda share: words.number(share, "pct1"), pl.String),
        count=pl.col("customers").map_elements(lambda count: words.number(count, "short"), pl.String),
    )
    base = alt.Chart(cells).encode(
        x=alt.X("f_score:O", title=words("charts.f_score"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("r_score:O", sort="descending", title=words("charts.r_score")),
    )
    squares = base.mark_rect(stroke=PAPER, strokeWidth=2).encode(
        color=alt.Color("share_customers:Q", scale=alt.Scale(range=list(SEQUENTIAL), domainMin=0), legend=None),
        tooltip=[
            alt.Tooltip("r_score:O", title=words("charts.r_score")),
            alt.Tooltip("f_score:O", title=words("charts.f_score")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("share_customers:Q", title=words.column("share_customers"), format=".1%"),
            alt.Tooltip("share_spend:Q", title=words.column("share_spend"), format=".1%"),
        ],
    )
    share = base.mark_text(dy=-7, fontWeight="bold", color=MAP_INK).encode(text="label:N")
    count = base.mark_text(dy=9, fontSize=SMALLEST_TEXT, color=MAP_INK).encode(text="count:N")
    layers: alt.LayerChart = squares + share + count
    return layers.properties(width="container", height=320)


def shares(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Each group's share of customers (grey) and of spend (colour), best group first. Input: `segments.groups`."""
    filled = table.filter(pl.col("customers") > 0)
    names = [words.group(code) for code in filled["group"]]
    long = (
        filled.select("group", "customers", "share_customers", "share_spend")
        .unpivot(["share_customers", "share_spend"], index=["group", "customers"], variable_name="of")
        .drop_nulls("value")
        .with_columns(
            name=pl.col("group").map_elements(words.group, pl.String),
            series=pl.col("of").map_elements(words.column, pl.String),
            label=pl.col("value").map_elements(lambda share: words.number(share, "pct"), pl.String),
        )
    )
    series = [words.column("share_customers"), words.column("share_spend")]
    base = alt.Chart(long).encode(
        y=alt.Y("name:N", sort=names, title=None),
        yOffset=alt.YOffset("series:N", sort=series),
        x=alt.X(
            "value:Q",
            axis=axis(words, "pct"),
            title=words("charts.share"),
            scale=alt.Scale(domainMax=room_for_labels(long["value"])),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=words.column("group")),
            alt.Tooltip("series:N", title=words("charts.what")),
            alt.Tooltip("value:Q", title=words("charts.share"), format=".1%"),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
        ],
    )
    colour = alt.Color("group:N", scale=group_scale(table, words), legend=None)
    bars = base.mark_bar().encode(color=alt.condition("datum.of == 'share_customers'", alt.value(CONTEXT), colour))
    labels = base.mark_text(align="left", dx=4, fontSize=SMALLEST_TEXT).encode(text="label:N")
    layers: alt.LayerChart = bars + labels
    return layers.properties(width="container", height=alt.Step(15))
