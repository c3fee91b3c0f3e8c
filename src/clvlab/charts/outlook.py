"""Chart of the outlook: what came in past periods, and what is expected of those ahead."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, SECOND, axis, in_currency
from clvlab.wording import Words


def course(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Past periods, then those ahead: today's customers and those to come, and the interval of both together.

    Input: `outlook.course`.
    """
    names = {
        "actual": words("charts.actual"),
        "existing": words.name("parts", "existing"),
        "new": words.name("parts", "new"),
    }
    drawn = table.with_columns(
        day=pl.col("last_day").dt.strftime("%Y-%m-%d"),
        series=pl.col("part").replace_strict(names, return_dtype=pl.String),
        order=pl.col("part").replace_strict(list(names), range(3)),
    )
    what = table["what"][0] if table.height else "purchases"
    name = words.name("outcomes", what)
    title = in_currency(name, words) if what == "spend" else name
    x = alt.X(
        "day:N", sort=None, title=words("charts.period_to"), axis=alt.Axis(labelAngle=-45, labelOverlap="greedy")
    )
    bars = (
        alt.Chart(drawn)
        .mark_bar()
        .encode(
            x=x,
            y=alt.Y("value:Q", title=title, axis=axis(words, "short"), scale=alt.Scale(zero=True)),
            color=alt.Color(
                "series:N", scale=alt.Scale(domain=list(names.values()), range=[CONTEXT, ACCENT, SECOND])
            ),
            order="order:Q",
            tooltip=[
                alt.Tooltip("day:N", title=words("charts.period_to")),
                alt.Tooltip("series:N", title=words("charts.what")),
                alt.Tooltip("value:Q", title=title, format=",.0f"),
            ],
        )
    )
    interval = (
        alt.Chart(drawn.filter(part="existing"))
        .mark_rule(color="#555555", strokeWidth=2)
        .encode(x=x, y=alt.Y("low:Q", title=title), y2="high:Q")
    )
    layers: alt.LayerChart = bars + interval
    return layers.properties(width="container", height=280)
