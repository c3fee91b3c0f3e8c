"""Charts of lifetime value."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, PAPER, axis, group_scale, in_currency, room_for_labels
from clvlab.wording import Words


def distribution(table: pl.DataFrame, words: Words) -> alt.Chart:
    """Customers by value, on a log scale; how many are worth less than 1 is said. Input: `value.distribution`."""
    drawn = table.filter(pl.col("low") >= 1)
    left_out = int(table.filter(pl.col("low") < 1)["customers"].sum())
    title = [in_currency(words("charts.clv_log"), words)]
    if left_out:
        title.append(words("charts.below_one", customers=left_out, value=1.0))
    bars: alt.Chart = (
        alt.Chart(drawn)
        .mark_rect(color=ACCENT, stroke=PAPER, strokeWidth=0.5)
        .encode(
            x=alt.X(
                "low:Q",
                scale=alt.Scale(type="log"),
                title=title,
                axis=axis(words, "short", values=_round_values(drawn["high"])),
            ),
            x2="high:Q",
            y=alt.Y(
                "customers:Q", title=words.column("customers"), axis=axis(words, "short"), scale=alt.Scale(zero=True)
            ),
            y2=alt.datum(0),
            tooltip=[
                alt.Tooltip("low:Q", title=words("charts.from"), format=",.0f"),
                alt.Tooltip("high:Q", title=words("charts.to"), format=",.0f"),
                alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            ],
        )
        .properties(width="container", height=240)
    )
    return bars


def _round_values(ends: pl.Series) -> list[int]:
    """1, 3, 10, 30, ... as far as the bars go."""
    last = max(ends.to_list(), default=1.0)
    powers = range(len(str(int(last))))
    return [first * 10**power for power in powers for first in (1, 3) if first * 10**power <= last]


def by_group(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Mean value of a customer by group (dot) and the middle half of its customers (bar). Input: `value.by_group`."""
    named = table.with_columns(
        name=pl.col("group").map_elements(words.group, pl.String),
        label=pl.col("clv_mean").map_elements(lambda value: words.number(value, "money"), pl.String),
        end=pl.max_horizontal("clv_mean", "high"),
    )
    base = alt.Chart(named).encode(
        y=alt.Y("name:N", sort=named["name"].to_list(), title=None),
        tooltip=[
            alt.Tooltip("name:N", title=words.column("group")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("clv_mean:Q", title=words.column("clv_mean"), format=",.2f"),
            alt.Tooltip("low:Q", title=words("charts.lower_quartile"), format=",.2f"),
            alt.Tooltip("high:Q", title=words("charts.upper_quartile"), format=",.2f"),
        ],
    )
    value = in_currency(words("charts.clv_per_customer"), words)
    colour = alt.Color("group:N", scale=group_scale(table, words), legend=None)
    spread = base.mark_bar(height=5, opacity=0.5).encode(
        color=colour,
        x=alt.X(
            "low:Q",
            title=value,
            axis=axis(words, "short", tickCount=6),
            scale=alt.Scale(domainMax=room_for_labels(named["end"])),
        ),
        x2="high:Q",
    )
    mean = base.mark_circle(size=90, opacity=1).encode(color=colour, x=alt.X("clv_mean:Q", title=value))
    label = base.mark_text(align="left", dx=9).encode(x="end:Q", text="label:N")
    layers: alt.LayerChart = spread + mean + label
    return layers.properties(width="container", height=alt.Step(26))


def deciles(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Share of all value held by each part of the customers. Input: `value.deciles`."""
    labelled = table.with_columns(
        label=pl.col("share").map_elements(lambda share: words.number(share, "pct"), pl.String)
    )
    base = alt.Chart(labelled).encode(
        x=alt.X("decile:O", title=words("charts.decile"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share:Q", title=words("charts.share_of_value"), axis=axis(words, "pct")),
        tooltip=[
            alt.Tooltip("decile:O", title=words("charts.decile")),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("share:Q", title=words("charts.share_of_value"), format=".1%"),
            alt.Tooltip("mean:Q", title=words.column("clv_mean"), format=",.2f"),
        ],
    )
    first = alt.condition("datum.decile == 1", alt.value(ACCENT), alt.value(CONTEXT))
    bars = base.mark_bar().encode(color=first)
    labels = base.mark_text(dy=-8).encode(text="label:N")
    layers: alt.LayerChart = bars + labels
    return layers.properties(width="container", height=240)
