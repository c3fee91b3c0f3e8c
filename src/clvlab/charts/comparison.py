"""Charts of the comparison of strategies."""

import altair as alt
import polars as pl

from clvlab.charts.theme import (
    ACCENT,
    CONTEXT,
    MAP_INK,
    PAPER,
    SECOND,
    SEQUENTIAL,
    SMALLEST_TEXT,
    at_least,
    axis,
    in_currency,
)
from clvlab.wording import Words

NAMES_WIDTH = 240
CELL_WIDTH = 34
ROLES = {"recommended": ACCENT, "contender": "#8fb3d3", "baseline": SECOND, "other": CONTEXT}


def gini(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """One dot with its interval per strategy, best first, its name next to it. Input: `foresight.gini`."""
    far = (pl.col("high") + pl.col("low")) / 2 > pl.col("high").max() / 2
    named = _with_names(table, words).with_columns(far=far.fill_null(False))
    y = alt.Y("name:N", sort=named["name"].to_list(), title=None, axis=None)
    base = alt.Chart(named).encode(y=y)
    x = alt.X("value:Q", title=words("compare.gini_axis"), axis=alt.Axis(format=".1f", tickCount=6))
    interval = base.mark_rule(strokeWidth=2, opacity=0.7).encode(
        x=alt.X("low:Q"), x2="high:Q", color=_role_colour(words)
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=x,
        color=_role_colour(words),
        tooltip=[
            alt.Tooltip("name:N", title=words.column("strategy")),
            alt.Tooltip("value:Q", title=words.column("gini"), format=".3f"),
            alt.Tooltip("low:Q", title=words.column("low"), format=".3f"),
            alt.Tooltip("high:Q", title=words.column("high"), format=".3f"),
        ],
    )
    # Where there is room: left of an interval on the right, right of one on the left.
    before = base.transform_filter("datum.far").mark_text(align="right", dx=-6, fontSize=SMALLEST_TEXT)
    after = base.transform_filter("!datum.far").mark_text(align="left", dx=6, fontSize=SMALLEST_TEXT)
    left, right = before.encode(x="low:Q", text="name:N"), after.encode(x="high:Q", text="name:N")
    chance = alt.Chart(pl.DataFrame({"value": [0.0]})).mark_rule(color=CONTEXT, strokeDash=[2, 3]).encode(x="value:Q")
    layers: alt.LayerChart = chance + interval + dots + left + right
    return layers.properties(width="container", height=22 * table.height)


def spend(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Mean holdout spend or purchases by group, actual with interval and as expected. Input: `by_group.spend`."""
    named = table.with_columns(name=pl.col("group").map_elements(words.group, pl.String))
    series = {"value": words("charts.actual"), "expected_spend": words("compare.expected")}
    long = named.unpivot(list(series), index=["name", "n", "low", "high"], variable_name="of", value_name="mean")
    long = long.with_columns(series=pl.col("of").replace_strict(series, return_dtype=pl.String))
    y = alt.Y("name:N", sort=named["name"].to_list(), title=None)
    in_money = "purchases" not in table["measure"]
    mean = in_currency(words("compare.mean_spend"), words) if in_money else words("compare.mean_purchases")
    x = alt.X("mean:Q", title=mean, axis=axis(words, "short", tickCount=6))
    interval = alt.Chart(named).mark_rule(color=ACCENT, strokeWidth=2).encode(y=y, x=alt.X("low:Q"), x2="high:Q")
    domain = list(series.values())
    dots = (
        alt.Chart(long)
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            y=y,
            x=x,
            color=alt.Color(
                "series:N", scale=alt.Scale(domain=domain, range=[ACCENT, SECOND]), legend=alt.Legend(labelLimit=400)
            ),
            shape=alt.Shape("series:N", scale=alt.Scale(domain=domain, range=["circle", "diamond"])),
            tooltip=[
                alt.Tooltip("name:N", title=words.column("group")),
                alt.Tooltip("n:Q", title=words.column("customers"), format=","),
                alt.Tooltip("series:N", title=words("charts.what")),
                alt.Tooltip("mean:Q", title=mean, format=",.1f"),
            ],
        )
    )
    layers: alt.LayerChart = interval + dots
    return layers.properties(width="container", height=26 * table.height)


def curve(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Share of holdout spend reached by share of customers contacted. Input: `reach.curve`."""
    roles = table.select("strategy", "role").unique(maintain_order=True).rows()
    bounds = {"oracle": CONTEXT, "random": CONTEXT}
    colours = {_reached_by(code, words): bounds.get(code) or ROLES[role] for code, role in roles}
    named = table.with_columns(
        name=pl.col("strategy").map_elements(lambda code: _reached_by(code, words), pl.String),
        bound=pl.col("strategy").is_in(list(bounds)),
    )
    base = alt.Chart(named).encode(
        x=alt.X("share:Q", title=words("compare.contacted"), axis=axis(words, "pct")),
        y=alt.Y("reached:Q", title=words("compare.reached"), axis=axis(words, "pct")),
        color=alt.Color(
            "name:N",
            scale=alt.Scale(domain=list(colours), range=list(colours.values())),
            legend=alt.Legend(labelLimit=400, columns=1),
        ),
    )
    lines = base.mark_line(strokeWidth=2.5).encode(
        strokeDash=alt.condition("datum.bound", alt.value([4, 4]), alt.value([1, 0]))
    )
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(
        tooltip=[
            alt.Tooltip("name:N", title=words.column("strategy")),
            alt.Tooltip("contacts:Q", title=words.column("contacts"), format=","),
            alt.Tooltip("reached:Q", title=words("compare.reached"), format=".1%"),
            alt.Tooltip("low:Q", title=words.column("low"), format=".1%"),
            alt.Tooltip("high:Q", title=words.column("high"), format=".1%"),
        ]
    )
    layers: alt.LayerChart = lines + dots
    return layers.properties(width="container", height=320)


def stability(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Foresight against stability, one dot per strategy; the recommended one is named. Input: `stability.map`."""
    named = _with_names(table, words)
    base = alt.Chart(named).encode(
        x=alt.X(
            "stability_resamples:Q",
            title=words("compare.stability_axis"),
            axis=alt.Axis(format=".1f", tickCount=6),
            scale=alt.Scale(zero=False, padding=12),
        ),
        y=alt.Y("gini:Q", title=words("compare.gini_axis"), axis=alt.Axis(format=".1f", tickCount=6)),
        color=_role_colour(words),
    )
    dots = base.mark_point(filled=True, size=80, opacity=0.9).encode(
        tooltip=[
            alt.Tooltip("name:N", title=words.column("strategy")),
            alt.Tooltip("gini:Q", title=words.column("gini"), format=".3f"),
            alt.Tooltip("stability_resamples:Q", title=words.column("stability_resamples"), format=".3f"),
            alt.Tooltip("n_groups:Q", title=words.column("n_groups"), format=",.0f"),
        ]
    )
    labels = (
        base.transform_filter("datum.role == 'recommended'")
        .mark_text(align="right", dx=-8, fontSize=SMALLEST_TEXT)
        .encode(text="name:N")
    )
    layers: alt.LayerChart = dots + labels
    return layers.properties(width="container", height=340)


def pairs(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """How far each pair of strategies agrees, as a heat map. Input: `agreement.pairs`."""
    named = _with_names(table, words).with_columns(
        other_name=pl.col("other").map_elements(lambda code: words.name("strategies", code), pl.String),
        label=pl.col("agreement").map_elements(lambda value: words.number(value, "dec2"), pl.String),
    )
    order = named["name"].unique(maintain_order=True).to_list()
    base = alt.Chart(named).encode(
        x=alt.X("other_name:N", sort=order, title=None, axis=alt.Axis(labelAngle=-40, labelLimit=150)),
        y=alt.Y("name:N", sort=order, title=None),
    )
    squares = base.mark_rect(stroke=PAPER, strokeWidth=1).encode(
        color=alt.Color("agreement:Q", scale=alt.Scale(range=list(SEQUENTIAL), domain=[0, 1]), legend=None),
        tooltip=[
            alt.Tooltip("name:N", title=words.column("strategy")),
            alt.Tooltip("other_name:N", title=words.column("versus")),
            alt.Tooltip("agreement:Q", title=words.column("agreement"), format=".2f"),
        ],
    )
    labels = base.mark_text(fontSize=SMALLEST_TEXT, color=MAP_INK).encode(text="label:N")
    layers: alt.LayerChart = squares + labels
    room = at_least(NAMES_WIDTH + CELL_WIDTH * len(order))
    return layers.properties(width="container", height=24 * len(order), usermeta=room)


def _with_names(table: pl.DataFrame, words: Words) -> pl.DataFrame:
    return table.with_columns(
        name=pl.col("strategy").map_elements(lambda code: words.name("strategies", code), pl.String)
    )


def _reached_by(code: str, words: Words) -> str:
    """The name of a line: a strategy, or one of the two bounds."""
    return words(f"compare.{code}") if code in ("oracle", "random") else words.name("strategies", code)


def _role_colour(words: Words) -> alt.Color:
    return alt.Color(
        "role:N",
        scale=alt.Scale(domain=list(ROLES), range=list(ROLES.values())),
        legend=alt.Legend(
            labelExpr=" ".join(f"datum.label == '{role}' ? '{words(f'compare.role_{role}')}' :" for role in ROLES)
            + " datum.label",
            labelLimit=400,
            columns=2,
        ),
    )
