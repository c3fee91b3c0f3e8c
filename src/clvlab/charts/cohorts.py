"""Charts of the cohorts."""

from datetime import date

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, MAP_INK, SEQUENTIAL, SMALLEST_TEXT, at_least, axis, in_currency
from clvlab.wording import Words

MOST_LINES = 8
NAMES_WIDTH = 150
CELL_WIDTH = 22


def retention(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Heat map: cohort with its size by age; the share that bought, in per cent. Input: `cohorts.retention`."""
    name = pl.format("{} ({})", _began(table), _counted("customers", words))
    later = table.filter(pl.col("age") > 0).with_columns(
        cohort=name, label=(pl.col("share") * 100).round().cast(pl.Int64).cast(pl.String)
    )
    base = alt.Chart(later).encode(
        x=alt.X("age:O", title=_age(table, words), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("cohort:O", title=None),
        tooltip=[
            alt.Tooltip("cohort:O", title=words("charts.cohort")),
            alt.Tooltip("age:O", title=_age(table, words)),
            alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
            alt.Tooltip("share:Q", title=words("charts.share"), format=".1%"),
        ],
    )
    squares = base.mark_rect().encode(
        color=alt.Color("share:Q", scale=alt.Scale(range=list(SEQUENTIAL), domainMin=0), legend=None)
    )
    labels = base.mark_text(fontSize=SMALLEST_TEXT, color=MAP_INK).encode(text="label:N")
    layers: alt.LayerChart = squares + labels
    room = at_least(NAMES_WIDTH + CELL_WIDTH * later["age"].n_unique())
    return layers.properties(width="container", height=alt.Step(22), usermeta=room)


def spend(table: pl.DataFrame, words: Words) -> alt.Chart:
    """Cumulative spend a customer by age, one line a cohort; the older the fainter. Input: `cohorts.spend`.

    Of many cohorts MOST_LINES are drawn, evenly spread from the first to the last.
    """
    lines = table.filter(pl.col("cohort").is_in(_spread(table["cohort"]))).with_columns(_began(table))
    money = in_currency(words("charts.spend_per_customer"), words)
    drawn: alt.Chart = (
        alt.Chart(lines)
        .mark_line(color=ACCENT, strokeWidth=2, point=alt.OverlayMarkDef(size=12, color=ACCENT))
        .encode(
            x=alt.X("age:Q", title=_age(table, words), axis=alt.Axis(tickMinStep=1, format="d")),
            y=alt.Y("spend:Q", title=money, axis=axis(words, "short")),
            opacity=alt.Opacity("cohort:O", scale=alt.Scale(range=[0.3, 1]), legend=alt.Legend(columns=3)),
            tooltip=[
                alt.Tooltip("cohort:O", title=words("charts.cohort")),
                alt.Tooltip("age:Q", title=_age(table, words)),
                alt.Tooltip("spend:Q", title=money, format=",.0f"),
            ],
        )
        .properties(width="container", height=260)
    )
    return drawn


def _counted(column: str, words: Words) -> pl.Expr:
    """Numbers of people as a reader writes them."""
    return pl.col(column).map_elements(lambda count: words.number(count, "int"), pl.String)


def _began(table: pl.DataFrame) -> pl.Expr:
    """When a cohort began: its month, or of a week its Monday."""
    return pl.col("cohort").dt.strftime("%Y-%m-%d" if "week" in table["period"] else "%Y-%m")


def _age(table: pl.DataFrame, words: Words) -> str:
    """The title of an axis of ages: weeks, months, quarters or years since the first purchase."""
    return words(f"charts.age_{next(iter(table['period']), 'month')}s")


def _spread(cohorts: pl.Series) -> list[date]:
    """At most MOST_LINES cohorts, the first and the last among them."""
    known = cohorts.unique().sort()
    step = max(len(known) - 1, 1) / (min(len(known), MOST_LINES) - 1 or 1)
    return [known[round(place * step)] for place in range(min(len(known), MOST_LINES))]
