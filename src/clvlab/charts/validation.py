"""Charts of the holdout validation."""

from typing import Any

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, SECOND, axis, in_currency
from clvlab.wording import Words

MOST_POINTS = 260


def tracking(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Repeat purchases since the log's first day, actual and expected. Input: `validation.tracking`."""
    names = {"actual_cumulative": words("charts.actual"), "expected_cumulative": words("charts.expected")}
    long = (
        _thinned(table)
        .unpivot(list(names), index="date", variable_name="of")
        .with_columns(series=pl.col("of").replace_strict(names, return_dtype=pl.String))
    )
    lines = (
        alt.Chart(long)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("date:T", title=None, axis=axis(words, "date")),
            y=alt.Y("value:Q", title=words("charts.cumulative_repeats"), axis=axis(words, "short")),
            color=alt.Color("series:N", scale=alt.Scale(domain=list(names.values()), range=[CONTEXT, ACCENT])),
            strokeDash=alt.StrokeDash(
                "series:N", scale=alt.Scale(domain=list(names.values()), range=[[1, 0], [6, 3]])
            ),
            tooltip=[
                alt.Tooltip("date:T", title=words("charts.week_to"), format="%Y-%m-%d"),
                alt.Tooltip("series:N", title=words("charts.what")),
                alt.Tooltip("value:Q", title=words("charts.cumulative_repeats"), format=",.0f"),
            ],
        )
    )
    cut = table.filter(pl.col("period") == "calibration").tail(1).with_columns(label=pl.lit(words("charts.cutoff")))
    rule = alt.Chart(cut).mark_rule(color=CONTEXT, strokeDash=[2, 3]).encode(x="date:T")
    label = (
        alt.Chart(cut)
        .mark_text(align="left", dx=6, baseline="top")
        .encode(x="date:T", y=alt.value(0), text="label:N")
    )
    layers: alt.LayerChart = rule + label + lines
    return layers.properties(width="container", height=280)


def _thinned(table: pl.DataFrame) -> pl.DataFrame:
    """Every so many weeks, the last among them: a line of decades needs no more points than MOST_POINTS."""
    step = max(-(-table.height // MOST_POINTS), 1)
    return table.reverse().gather_every(step).reverse()


def by_frequency(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Mean purchases in the holdout by earlier repeats: actual with interval, model, naive baseline.

    Input: `validation.by_frequency`.
    """
    return _calibration(table, "repeats", "charts.repeats_before", words)


def by_decile(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """The same by tenths of the customers, ranked by what the model predicted. Input: `validation.by_decile`."""
    return _calibration(table, "decile", "charts.predicted_decile", words)


def gain(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """What the best customers of each ranking brought, against their number. Input: `validation.gain`."""
    methods = {"best": CONTEXT, "model": ACCENT, "naive": SECOND}
    names = {method: words.name("methods", method) for method in methods}
    lines = table.filter(pl.col("method").is_in(list(methods))).with_columns(
        series=pl.col("method").replace_strict(names, default=None, return_dtype=pl.String)
    )
    colours = alt.Scale(domain=list(names.values()), range=list(methods.values()))
    ranked = (
        alt.Chart(lines)
        .mark_line(strokeWidth=2.5)
        .encode(
            x=alt.X("share_customers:Q", title=words("charts.share_contacted"), axis=axis(words, "pct")),
            y=alt.Y("share_actual:Q", title=words("charts.share_brought"), axis=axis(words, "pct")),
            color=alt.Color("series:N", scale=colours),
            strokeDash=alt.StrokeDash(
                "series:N", scale=alt.Scale(domain=list(names.values()), range=[[2, 3], [1, 0], [6, 3]])
            ),
            tooltip=[
                alt.Tooltip("series:N", title=words("charts.what")),
                alt.Tooltip("share_customers:Q", title=words("charts.share_contacted"), format=".0%"),
                alt.Tooltip("share_actual:Q", title=words("charts.share_brought"), format=".0%"),
            ],
        )
    )
    random = (
        alt.Chart(table.filter(method="model"))
        .mark_line(color=CONTEXT, strokeWidth=1)
        .encode(x="share_customers:Q", y=alt.Y("share_customers:Q"))
    )
    layers: alt.LayerChart = random + ranked
    return layers.properties(width="container", height=280)


def forecasts(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """What was expected at past days with its interval, and what happened, of the last outcome of the table.

    Input: `validation.forecasts`.
    """
    titles = {
        "actual": words("charts.actual"),
        "predicted": words("charts.expected"),
        "simple_predicted": words("charts.simple"),
    }
    what = table["what"][-1] if table.height else "purchases"
    drawn = table.filter(what=what).with_columns(day=pl.col("origin").dt.strftime("%Y-%m-%d"))
    name = words.name("outcomes", what)
    title = in_currency(name, words) if what == "spend" else name
    x = alt.X("day:N", sort=None, title=words("charts.forecast_made"), axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", title=title, axis=axis(words, "short"), scale=alt.Scale(zero=True))
    tooltip = [
        alt.Tooltip("day:N", title=words("charts.forecast_made")),
        alt.Tooltip("series:N", title=words("charts.what")),
        alt.Tooltip("value:Q", title=title, format=",.0f"),
    ]
    points = _points(drawn, titles, ["day"], x=x, y=y, tooltip=tooltip)
    interval = (
        alt.Chart(drawn)
        .mark_rule(color=ACCENT, opacity=0.5, strokeWidth=4)
        .encode(x=x, y=alt.Y("honest_low:Q", title=title), y2="honest_high:Q")
    )
    layers: alt.LayerChart = interval + points
    return layers.properties(width="container", height=280)


def _calibration(table: pl.DataFrame, column: str, title: str, words: Words) -> alt.LayerChart:
    """Actual with interval, model and naive baseline, by parts of the customers."""
    names = {"actual": words("charts.actual"), "model": words("charts.model"), "naive": words("charts.naive")}
    x = alt.X(f"{column}:N", sort=None, title=words(title), axis=alt.Axis(labelAngle=0))
    y = alt.Y("value:Q", title=words("charts.purchases_in_holdout"), axis=axis(words, "short"))
    tooltip = [
        alt.Tooltip(f"{column}:N", title=words(title)),
        alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
        alt.Tooltip("series:N", title=words("charts.what")),
        alt.Tooltip("value:Q", title=words("charts.purchases_in_holdout"), format=".2f"),
    ]
    points = _points(table, names, [column, "customers"], x=x, y=y, tooltip=tooltip)
    interval = alt.Chart(table).mark_rule(color="#777777").encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    layers: alt.LayerChart = interval + points
    return layers.properties(width="container", height=280)


def _points(table: pl.DataFrame, titles: dict[str, str], index: list[str], **channels: Any) -> alt.Chart:
    """A point for each of three columns of a row: what happened, what the model and what a simple rule said of it.

    `titles` are the columns with what they are called, in this order; `index` are the columns that a row is told by.
    """
    long = table.unpivot(list(titles), index=index, variable_name="of").with_columns(
        series=pl.col("of").replace_strict(titles, return_dtype=pl.String)
    )
    domain = list(titles.values())
    colour = alt.Scale(domain=domain, range=["#555555", ACCENT, SECOND])
    shape = alt.Scale(domain=domain, range=["circle", "diamond", "triangle-up"])
    drawn: alt.Chart = (
        alt.Chart(long)
        .mark_point(size=80, filled=True, opacity=1)
        .encode(color=alt.Color("series:N", scale=colour), shape=alt.Shape("series:N", scale=shape), **channels)
    )
    return drawn
