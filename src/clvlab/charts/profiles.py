"""Charts of the profiles by attribute."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT
from clvlab.wording import Words


def attributes(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Spend per customer by value, customers of whom the attribute is known = 100. Input: `profiles.attributes`."""
    rows = table.with_columns(
        pl.col("index", "low", "high") * 100,
        name=pl.col("attribute").map_elements(words.attribute, pl.String)
        + pl.lit(" · ")
        + pl.col("value").map_elements(words.attribute_value, pl.String, skip_nulls=False),
    )
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
