"""The map of recency and spend to select from, and the distributions next to it."""

from collections.abc import Mapping
from typing import Any, Literal

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, SEQUENTIAL, axis
from clvlab.wording import Words

SEGMENT, BRUSH = "segment", "brush"
"""The parameters of the chart: the chosen group (all where it is empty), and the rectangle."""
ACROSS, UP = "across_from", "up_from"
"""The fields in which the ends of the rectangle are given."""
MAP_WIDTH, MAP_HEIGHT, PANEL_WIDTH, PANEL_HEIGHT = 430, 330, 230, 66
_CHOSEN = f"{SEGMENT} === '' || datum.group === {SEGMENT}"
_SPREAD: Literal["symlog"] = "symlog"
"""The scale of money and of counts, few of which are large: logarithmic, but for what is near 0 or below."""
Ranges = Mapping[str, tuple[float, float]]


def panels(
    cells: pl.DataFrame, distributions: pl.DataFrame, words: Words, *, up: str, segment: str | None, bounds: Ranges
) -> alt.HConcatChart:
    """A map that is selected from, and next to it how the chosen group (coloured) differs from everybody (grey).

    Parameters
    ----------
    cells, distributions
        as by `clvlab.exploration.Exploration`
    words
        language and currency
    up
        the column that the map has upwards
    segment
        the group that is chosen at first; None for all
    bounds
        the ends of the rectangle at first, by ACROSS and UP; nothing without one
    """
    chosen = alt.param(name=SEGMENT, value=segment or "")
    measures = distributions["measure"].unique(maintain_order=True)
    parts = [_distribution(distributions.filter(measure=each), each, words) for each in measures]
    drawn: alt.HConcatChart = alt.hconcat(
        _map(cells, words, up, bounds), alt.vconcat(*parts, spacing=14), spacing=30
    ).add_params(chosen)
    return drawn


def _map(cells: pl.DataFrame, words: Words, up: str, bounds: Ranges) -> alt.Chart:
    ends: Any = {channel: list(bounds[field]) for channel, field in (("x", ACROSS), ("y", UP)) if field in bounds}
    brush = alt.selection_interval(
        name=BRUSH,
        encodings=["x", "y"],
        value=ends if len(ends) == 2 else alt.Undefined,
        mark=alt.BrushConfig(fill="#888", fillOpacity=0.25, stroke="#222"),
    )
    highest, lowest = cells["up_to"].max(), cells["up_from"].min()
    days = alt.Scale(domain=[0, _number(cells["across_to"].max(), 1)], nice=False)
    money = alt.Scale(type=_SPREAD, domain=[_number(lowest, 0), _number(highest, 1)], nice=False)
    drawn: alt.Chart = (
        alt.Chart(cells)
        .transform_filter(_CHOSEN)
        .transform_aggregate(customers="sum(customers)", groupby=["across_from", "across_to", "up_from", "up_to"])
        .mark_rect()
        .encode(
            x=alt.X("across_from:Q", title=words("explore.days"), scale=days, axis=alt.Axis(tickCount=6)),
            x2="across_to:Q",
            y=alt.Y(
                "up_from:Q",
                title=words.column(up),
                scale=money,
                axis=axis(
                    words, "short", values=_ticks(_number(lowest, 0), _number(highest, 1)), labelOverlap="greedy"
                ),
            ),
            y2="up_to:Q",
            color=alt.Color(
                "customers:Q",
                title=words.column("customers"),
                scale=alt.Scale(range=list(SEQUENTIAL), domainMin=0, type="sqrt"),
                legend=alt.Legend(
                    orient="top",
                    tickCount=3,
                    gradientLength=160,
                    title=words.column("customers"),
                    titleFontWeight="normal",
                ),
            ),
            tooltip=[
                alt.Tooltip("across_from:Q", title=words("explore.days_from"), format=",.0f"),
                alt.Tooltip("across_to:Q", title=words("explore.below"), format=",.0f"),
                alt.Tooltip("up_from:Q", title=words("explore.up_from", what=words.column(up)), format=",.2f"),
                alt.Tooltip("up_to:Q", title=words("explore.below"), format=",.2f"),
                alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            ],
        )
        .add_params(brush)
        .properties(name="map", width=MAP_WIDTH, height=MAP_HEIGHT)
    )
    return drawn


def _distribution(table: pl.DataFrame, measure: str, words: Words) -> alt.LayerChart:
    """The shares of a measure's bins, of everybody and of the chosen group."""
    titles = {"days_since_last": words("explore.days")}
    low, high = _number(table["from"].min(), 0), _number(table["to"].max(), 1)
    if measure == "days_since_last":
        scale, marks = alt.Scale(domain=[0, high], nice=False), alt.Axis(tickCount=5, grid=False)
    else:
        scale = alt.Scale(type=_SPREAD, domain=[low, high], nice=False)
        marks = axis(words, "short", values=_ticks(low, high), grid=False, labelOverlap="greedy")
    x = alt.X("from:Q", title=titles.get(measure) or words.column(measure), scale=scale, axis=marks)
    share = words.column("share_customers")
    base = alt.Chart(table)

    def of(chart: alt.Chart) -> alt.Chart:
        return (
            chart.transform_aggregate(customers="sum(customers)", groupby=["from", "to"])
            .transform_joinaggregate(all="sum(customers)")
            .transform_calculate(share="datum.customers / datum.all")
        )

    floor = alt.Y2Datum(0)
    y = alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=2))
    tooltip = [
        alt.Tooltip("from:Q", title=words("charts.from"), format=",.2f"),
        alt.Tooltip("to:Q", title=words("charts.to"), format=",.2f"),
        alt.Tooltip("share:Q", title=share, format=".1%"),
        alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
    ]
    everybody = of(base).mark_bar(color=CONTEXT, opacity=0.45, binSpacing=0).encode(x=x, x2="to:Q", y=y, y2=floor)
    chosen = (
        of(base.transform_filter(_CHOSEN))
        .mark_bar(color=ACCENT, opacity=0.75, binSpacing=0)
        .encode(x=x, x2="to:Q", y=y, y2=floor, tooltip=tooltip)
    )
    layers: alt.LayerChart = everybody + chosen
    return layers.properties(width=PANEL_WIDTH, height=PANEL_HEIGHT)


def _number(value: object, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise


def _ticks(low: float, high: float) -> list[float]:
    """0 and the powers of ten between the ends, on either side of it."""
    powers = [10.0**n for n in range(13)]
    return [value for value in (*(-each for each in reversed(powers)), 0.0, *powers) if low <= value <= high]
