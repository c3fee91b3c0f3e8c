"""Charts of why revenue changed: bridges from an earlier period's revenue to this period's."""

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, CONTEXT, SECOND, SMALLEST_TEXT, at_least, axis, in_currency
from clvlab.wording import Words

ENDS = ("then", "now")
NARROWEST = 480
NAMES_WIDTH = 160


def period(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Waterfall: the revenue of the period before, what raised and lowered it, and now. Input: `bridge.period`."""
    drawn = table.with_columns(
        name=pl.col("step").map_elements(lambda step: words.name("steps", step), pl.String),
        label=pl.struct("step", "change").map_elements(lambda row: _signed(row, words), pl.String),
        colour=pl.when(pl.col("step").is_in(ENDS))
        .then(pl.lit(CONTEXT))
        .when(pl.col("change") > 0)
        .then(pl.lit(ACCENT))
        .otherwise(pl.lit(SECOND)),
    )
    money = in_currency(words("charts.revenue"), words)
    base = alt.Chart(drawn).encode(
        y=alt.Y("name:N", sort=drawn["name"].to_list(), title=None, axis=alt.Axis(minExtent=NAMES_WIDTH)),
        tooltip=[
            alt.Tooltip("name:N", title=words("charts.what")),
            alt.Tooltip("change:Q", title=money, format=",.0f"),
        ],
    )
    bars = base.mark_bar().encode(
        x=alt.X("low:Q", title=money, axis=axis(words, "short", tickCount=6), scale=_room(drawn)),
        x2="high:Q",
        color=alt.Color("colour:N", scale=None),
    )
    labels = base.mark_text(align="left", dx=5, fontSize=SMALLEST_TEXT).encode(
        x=alt.X("high:Q", title=money), text="label:N"
    )
    layers: alt.LayerChart = bars + labels
    return layers.properties(width="container", height=alt.Step(28), usermeta=at_least(NARROWEST))


def year(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """The same from the revenue of the same period a year before. Input: `bridge.year`."""
    return period(table, words)


def _signed(row: dict[str, float | str], words: Words) -> str:
    """A change with its sign; of the ends, the revenue."""
    plus = "+" if row["step"] not in ENDS and float(row["change"]) > 0 else ""
    return plus + words.number(row["change"], "money")


def _room(drawn: pl.DataFrame) -> alt.Scale:
    """An axis that holds zero, and room for the label of the longest bar."""
    low, high = min([0.0, *drawn["low"]]), max([0.0, *drawn["high"]])
    return alt.Scale(domain=[low, high + 0.2 * (high - low)] if high > low else [0, 1], nice=False)
