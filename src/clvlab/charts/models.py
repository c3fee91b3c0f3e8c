"""Charts of a fitted model: who is still a customer, and how much customers differ."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, SEQUENTIAL, axis
from clvlab.wording import Words

PANEL_WIDTH, PANEL_HEIGHT = 300, 220


def alive(table: pl.DataFrame, words: Words) -> alt.Chart:
    """P(alive) by repeat purchases and by how long the last one is past. Input: `clvlab.pictures.alive`."""
    since = words(f"pictures.since_{table['time_unit'][0]}")
    purchases = words("pictures.repeats")
    map_: alt.Chart = (
        alt.Chart(table)
        .mark_rect()
        .encode(
            x=alt.X("since:O", title=since, axis=alt.Axis(labelAngle=0, labelOverlap="greedy")),
            y=alt.Y("frequency:O", title=purchases, sort="descending"),
            color=alt.Color(
                "p_alive:Q",
                title=words.column("p_alive"),
                scale=alt.Scale(range=list(SEQUENTIAL), domain=[0, 1]),
                legend=alt.Legend(format=".0%"),
            ),
            tooltip=[
                alt.Tooltip("frequency:Q", title=purchases),
                alt.Tooltip("since:Q", title=since),
                alt.Tooltip("p_alive:Q", title=words.column("p_alive"), format=".1%"),
            ],
        )
        .properties(width="container", height=300)
    )
    return map_


def heterogeneity(table: pl.DataFrame, words: Words) -> alt.Chart:
    """How many customers have which rate, in a panel for each kind. Input: `clvlab.models.heterogeneity`."""
    names = {what: words(f"pictures.of_{what}") for what in table["what"].unique(maintain_order=True)}
    share = words("pictures.share_of_new")
    bars: alt.Chart = (
        alt.Chart(table.with_columns(panel=pl.col("what").replace_strict(names, return_dtype=pl.String)))
        .mark_bar(color=ACCENT, binSpacing=0)
        .encode(
            x=alt.X("above:Q", title=None, bin=alt.BinParams(binned=True)),
            x2="up_to:Q",
            y=alt.Y("share:Q", title=share, axis=axis(words, "pct")),
            column=alt.Column("panel:N", title=None, sort=list(names.values())),
            tooltip=[
                alt.Tooltip("above:Q", title=words("charts.from"), format=".3g"),
                alt.Tooltip("up_to:Q", title=words("charts.to"), format=".3g"),
                alt.Tooltip("share:Q", title=share, format=".1%"),
            ],
        )
        .properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)
        .resolve_scale(x="independent", y="independent")
    )
    return bars
