"""Charts of one customer: what was bought when, and whether they are still a customer."""

from datetime import date, timedelta

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, SECOND, axis, in_currency
from clvlab.wording import Words

MONTHS = {"tickCount": 9, "tickMinStep": 31 * 24 * 3_600_000}
"""Ticks a month apart or more, in milliseconds, since their labels say the month alone."""


def timeline(table: pl.DataFrame, as_of: date, words: Words) -> alt.LayerChart:
    """What was bought (up) and what went back (down), day by day. Input: `CustomerFile.timeline`.

    Without amounts, orders.
    """
    has_amounts = "amount" in table.columns
    sides = {"bought": ACCENT, "returned": SECOND} if has_amounts else {"n_orders": ACCENT}
    said = {"bought": words("customer.bought"), "returned": words("customer.returned")}
    names = {side: said.get(side, words("customer.n_orders")) for side in sides}
    long = (
        table.unpivot(list(sides), index="date", variable_name="side")
        .filter(pl.col("value") != 0)
        .with_columns(name=pl.col("side").replace_strict(names, return_dtype=pl.String))
    )
    title = in_currency(words("customer.money"), words) if has_amounts else words.column("n_orders")
    base = alt.Chart(long).encode(
        x=alt.X("date:T", title=None, axis=axis(words, "date", **MONTHS), scale=_span(table, as_of)),
        y=alt.Y("value:Q", title=title, axis=axis(words, "short")),
        color=alt.Color("name:N", scale=alt.Scale(domain=list(names.values()), range=list(sides.values()))),
        tooltip=[
            alt.Tooltip("date:T", title=words("customer.day"), format="%Y-%m-%d"),
            alt.Tooltip("name:N", title=words("charts.what")),
            alt.Tooltip("value:Q", title=title, format=",.2f"),
        ],
    )
    level = alt.Chart(long.head(1)).mark_rule(color=CONTEXT).encode(y=alt.datum(0))
    stems = base.mark_bar(width=3)
    heads = base.mark_point(filled=True, size=45, opacity=1)
    layers: alt.LayerChart = level + stems + heads
    return layers.properties(width="container", height=220)


def alive(table: pl.DataFrame, days: pl.DataFrame, as_of: date, words: Words) -> alt.LayerChart:
    """P(alive) from day to day, with a mark at each purchase.

    Parameters
    ----------
    table
        date, p_alive
    days
        the same at the days of purchases
    as_of
        the last day
    words
        language
    """
    x = alt.X("date:T", title=None, axis=axis(words, "date", **MONTHS), scale=_span(table, as_of))
    y = alt.Y("p_alive:Q", title=words.column("p_alive"), axis=axis(words, "pct"), scale=alt.Scale(domain=[0, 1]))
    tooltip = [
        alt.Tooltip("date:T", title=words("customer.day"), format="%Y-%m-%d"),
        alt.Tooltip("p_alive:Q", title=words.column("p_alive"), format=".1%"),
    ]
    line = alt.Chart(table).mark_line(color=ACCENT, strokeWidth=2).encode(x=x, y=y, tooltip=tooltip)
    marks = (
        alt.Chart(days).mark_point(filled=True, size=55, color=SECOND, opacity=1).encode(x=x, y=y, tooltip=tooltip)
    )
    layers: alt.LayerChart = line + marks
    return layers.properties(width="container", height=240)


def _span(table: pl.DataFrame, as_of: date) -> alt.Scale:
    """From the first day to the last that counts, with some room."""
    first = min(table["date"].to_list(), default=as_of)
    room = timedelta(days=max((as_of - first).days // 60, 1))
    ends = [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in (first - room, as_of + room)]
    return alt.Scale(domain=ends)
