"""Charts of the weekdays."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, ChartType
from clvlab.wording import Words


def days(table: pl.DataFrame, words: Words) -> ChartType:
    """One bar for each day of the week. Input: `weekdays.days`."""
    return (
        alt.Chart(table)
        .mark_bar(color=ACCENT)
        .encode(x=alt.X("weekday:O", title=words.column("weekday")), y=alt.Y("rows:Q", title=words.column("rows")))
        .properties(width="container", height=220)
    )
