"""Charts of movement between groups."""

import altair as alt
import polars as pl

from clvlab.charts.theme import MAP_INK, SEQUENTIAL, SMALLEST_TEXT, at_least
from clvlab.wording import Words

NAMES_WIDTH = 190
CELL_WIDTH = 36


def moves(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Matrix: groups a quarter ago by groups now, shaded by the share of the row. Input: `movement.moves`."""
    named = table.with_columns(
        pl.col("before", "after").map_elements(words.group, pl.String),
        group=pl.col("before"),
        label=pl.col("share").map_elements(lambda share: words.number(share, "pct"), pl.String),
    )
    order = list(dict.fromkeys([*named["before"], *named["after"]]))
    base = alt.Chart(named).encode(
        x=alt.X("after:N", sort=order, title=words.column("after"), axis=alt.Axis(labelAngle=-40, orient="top")),
        y=alt.Y("before:N", sort=order, title=words.column("before")),
        tooltip=[
            alt.Tooltip("before:N", title=words.column("before")),
            alt.Tooltip("after:N", title=words.column("after")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("share:Q", title=words("charts.share_of_before"), format=".1%"),
        ],
    )
    cells = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=alt.Scale(range=list(SEQUENTIAL), domain=[0, 1]), legend=None)
    )
    text = (
        base.transform_filter("datum.share >= 0.005")
        .mark_text(fontSize=SMALLEST_TEXT, color=MAP_INK)
        .encode(text="label:N")
    )
    layers: alt.LayerChart = cells + text
    room = at_least(NAMES_WIDTH + CELL_WIDTH * len(order))
    return layers.properties(width="container", height=alt.Step(26), usermeta=room)
