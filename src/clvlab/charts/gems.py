"""Chart of value so far by potential."""

import altair as alt
import polars as pl

from clvlab.charts.theme import MAP_INK, PAPER, SEQUENTIAL
from clvlab.wording import Words

LINE = 20


def quadrants(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Four fields, value by potential, shaded by their share of expected value. Input: `gems.quadrants`."""
    sides = {
        name: {True: words(f"gems.high_{name}"), False: words(f"gems.low_{name}")} for name in ("value", "potential")
    }
    named = table.with_columns(
        name=pl.col("quadrant").map_elements(lambda code: words.name("quadrants", code), pl.String),
        count=pl.Series([words("charts.customers", customers=count) for count in table["customers"]]),
        worth=pl.Series([words("charts.of_value", share=share or 0.0) for share in table["share_clv"]]),
        **{
            side: pl.col(f"high_{side}").replace_strict(texts, return_dtype=pl.String)
            for side, texts in sides.items()
        },
    )
    orders = {side: [texts[True], texts[False]] for side, texts in sides.items()}
    base = alt.Chart(named).encode(
        x=alt.X("potential:N", sort=orders["potential"][::-1], title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:N", sort=orders["value"], title=None),
        tooltip=[
            alt.Tooltip("name:N", title=words("charts.quadrant")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("share_customers:Q", title=words.column("share_customers"), format=".1%"),
            alt.Tooltip("share_clv:Q", title=words.column("share_clv"), format=".1%"),
        ],
    )
    fields = base.mark_rect(stroke=PAPER, strokeWidth=2).encode(
        color=alt.Color("share_clv:Q", scale=alt.Scale(range=list(SEQUENTIAL), domain=[0, 1]), legend=None)
    )
    name, count, worth = (
        base.mark_text(dy=place * LINE, color=MAP_INK, fontWeight="bold" if place < 0 else "normal").encode(text=text)
        for place, text in ((-1, "name:N"), (0, "count:N"), (1, "worth:N"))
    )
    layers: alt.LayerChart = fields + name + count + worth
    return layers.properties(width="container", height=260)
