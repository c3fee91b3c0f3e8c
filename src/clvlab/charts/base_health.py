"""Charts of base health: orders per customer, concentration, new and repeat revenue."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, axis, in_currency
from clvlab.wording import Words


def orders(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Customers by number of purchases. Input: `base_health.orders`."""
    labelled = table.with_columns(
        label=pl.col("share").map_elements(lambda share: words.number(share, "pct"), pl.String)
    )
    base = alt.Chart(labelled).encode(
        x=alt.X("purchases:N", sort=None, title=words.column("n_purchases"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("customers:Q", title=words.column("customers"), axis=axis(words, "short")),
        tooltip=[
            alt.Tooltip("purchases:N", title=words.column("n_purchases")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("share:Q", title=words("charts.share"), format=".1%"),
        ],
    )
    bars = base.mark_bar(color=ACCENT)
    labels = base.mark_text(dy=-8).encode(text="label:N")
    layers: alt.LayerChart = bars + labels
    return layers.properties(width="container", height=240)


def lorenz(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Share of spend brought by the best share of customers. Input: `base_health.lorenz`."""
    curve = (
        alt.Chart(table)
        .mark_line(color=ACCENT, strokeWidth=2.5)
        .encode(
            x=alt.X("customers:Q", title=words("charts.best_customers"), axis=axis(words, "pct")),
            y=alt.Y("spend:Q", title=words.column("share_spend"), axis=axis(words, "pct")),
            tooltip=[
                alt.Tooltip("customers:Q", title=words("charts.best_customers"), format=".0%"),
                alt.Tooltip("spend:Q", title=words.column("share_spend"), format=".1%"),
            ],
        )
    )
    equal = alt.Chart(table).mark_line(color=CONTEXT, strokeDash=[4, 4]).encode(x="customers:Q", y="customers:Q")
    fifth = table.filter(pl.col("customers") == 0.2).with_columns(
        label=pl.col("spend").map_elements(lambda share: words.number(share, "pct"), pl.String)
    )
    at = alt.Chart(fifth).encode(x="customers:Q", y="spend:Q")
    dot = at.mark_circle(color=ACCENT, size=70)
    label = at.mark_text(align="left", dx=9, dy=9, fontWeight="bold").encode(text="label:N")
    layers: alt.LayerChart = equal + curve + dot + label
    return layers.properties(width="container", height=280)


def months(table: pl.DataFrame, words: Words) -> alt.Chart:
    """Money of first purchases and of later ones by calendar month. Input: `base_health.months`."""
    long = table.unpivot(["new", "repeat"], index="month", variable_name="of").with_columns(
        series=pl.col("of").map_elements(lambda of: words(f"charts.revenue_{of}"), pl.String)
    )
    series = [words("charts.revenue_repeat"), words("charts.revenue_new")]
    revenue = in_currency(words("charts.revenue"), words)
    bars: alt.Chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("yearmonth(month):O", title=words("charts.month"), axis=axis(words, "date", labelAngle=-45)),
            y=alt.Y("value:Q", title=revenue, axis=axis(words, "short")),
            color=alt.Color("series:N", scale=alt.Scale(domain=series, range=[ACCENT, CONTEXT])),
            tooltip=[
                alt.Tooltip("month:T", title=words("charts.month"), format="%Y-%m"),
                alt.Tooltip("series:N", title=words("charts.what")),
                alt.Tooltip("value:Q", title=revenue, format=",.0f"),
            ],
        )
        .properties(width="container", height=240)
    )
    return bars
