"""Charts of the profiles by attribute."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, MAP_INK, SEQUENTIAL, SMALLEST_TEXT, at_least
from clvlab.wording import Words

NAMES_WIDTH = 230
CELL_WIDTH = 36


def attributes(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Spend per customer by value, customers of whom the attribute is known = 100. Input: `profiles.attributes`."""
    rows = table.with_columns(pl.col("index", "low", "high") * 100, name=_name(words))
    base = alt.Chart(rows).encode(
        y=alt.Y("name:N", sort=rows["name"].to_list(), title=None),
        tooltip=[
            alt.Tooltip("name:N", title=words("charts.attribute")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("index:Q", title=words("charts.index"), format=".0f"),
            alt.Tooltip("low:Q", title=words("charts.from"), format=".0f"),
            alt.Tooltip("high:Q", title=words("charts.to"), format=".0f"),
        ],
    )
    x = alt.X("index:Q", title=words("charts.index"), scale=alt.Scale(zero=False))
    interval = base.mark_bar(height=4, color=ACCENT, opacity=0.4).encode(x=alt.X("low:Q"), x2="high:Q")
    dots = base.mark_circle(size=70, color=ACCENT, opacity=1).encode(x=x)
    everyone = alt.Chart().mark_rule(color=CONTEXT, aria=False).encode(x=alt.datum(100))
    layers: alt.LayerChart = interval + dots + everyone
    return layers.properties(width="container", height=alt.Step(20))


def segments(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Heat map: value by group; the share of the value's customers, in per cent. Input: `profiles.segments`."""
    rows = table.with_columns(
        name=_name(words),
        of=pl.col("group").map_elements(words.group, pl.String),
        label=(pl.col("share") * 100).round().cast(pl.Int64).cast(pl.String),
    )
    order = list(dict.fromkeys(rows.sort("rank", nulls_last=True, maintain_order=True)["of"]))
    base = alt.Chart(rows).encode(
        x=alt.X("of:N", sort=order, title=words.column("group"), axis=alt.Axis(labelAngle=-40, orient="top")),
        y=alt.Y("name:N", sort=list(dict.fromkeys(rows["name"])), title=None),
        tooltip=[
            alt.Tooltip("name:N", title=words("charts.attribute")),
            alt.Tooltip("of:N", title=words.column("group")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("share:Q", title=words("charts.share"), format=".1%"),
        ],
    )
    cells = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=alt.Scale(range=list(SEQUENTIAL), domainMin=0), legend=None)
    )
    labels = base.mark_text(fontSize=SMALLEST_TEXT, color=MAP_INK).encode(text="label:N")
    layers: alt.LayerChart = cells + labels
    room = at_least(NAMES_WIDTH + CELL_WIDTH * len(order))
    return layers.properties(width="container", height=alt.Step(20), usermeta=room)


def _name(words: Words) -> pl.Expr:
    """What an attribute is called, and its value."""
    attribute = pl.col("attribute").map_elements(words.attribute, pl.String)
    value = pl.col("value").map_elements(words.attribute_value, pl.String, skip_nulls=False)
    return attribute + pl.lit(" · ") + value
