"""Charts of the cohorts."""

from datetime import date

import altair as alt
import polars as pl

from clvlab.charts.theme import ACCENT, SEQUENTIAL, axis
from clvlab.wording import Words

MOST_LINES = 8


def retention(table: pl.DataFrame, words: Words) -> alt.Chart:
    """Heat map: cohort by age, shaded by the share that bought. Input: `cohorts.retention`."""
    later = table.filter(pl.col("age") > 0).with_columns(cohort=pl.col("cohort").dt.strftime("%Y-%m"))
    squares: alt.Chart = (
        alt.Chart(later)
        .mark_rect()
        .encode(
            x=alt.X("age:O", title=_age(table, words), axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("cohort:O", title=None),
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(range=list(SEQUENTIAL), domainMin=0),
                legend=alt.Legend(format=".0%", orient="right", gradientLength=90),
            ),
            tooltip=[
                alt.Tooltip("cohort:O", title=words("charts.cohort")),
                alt.Tooltip("age:O", title=_age(table, words)),
                alt.Tooltip("customers:Q", title=words.column("customers"), format=","),
                alt.Tooltip("share:Q", title=words("charts.share"), format=".1%"),
            ],
        )
        .properties(width="container", height=alt.Step(22))
    )
    return squares


def spend(table: pl.DataFrame, words: Words) -> alt.LayerChart:
    """Cumulative spend a customer by age, one line a cohort; the older the fainter. Input: `cohorts.spend`.

    Of many cohorts MOST_LINES are drawn, evenly spread from the first to the last.
    """
    lines = table.filter(pl.col("cohort").is_in(_spread(table["cohort"]))).with_columns(
        place=pl.col("cohort").rank("dense"), cohort=pl.col("cohort").dt.strftime("%Y-%m")
    )
    base = alt.Chart(lines).encode(
        x=alt.X("age:Q", title=_age(table, words), axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y("spend:Q", title=words("charts.spend_per_customer"), axis=axis(words, "short")),
        detail="cohort:N",
        tooltip=[
            alt.Tooltip("cohort:N", title=words("charts.cohort")),
            alt.Tooltip("age:Q", title=_age(table, words)),
            alt.Tooltip("spend:Q", title=words("charts.spend_per_customer"), format=",.2f"),
        ],
    )
    drawn = base.mark_line(color=ACCENT, strokeWidth=2).encode(
        opacity=alt.Opacity("place:Q", scale=alt.Scale(range=[0.35, 1]), legend=None)
    )
    ends = lines.filter(pl.col("age") == pl.col("age").max().over("cohort"))
    labels = (
        alt.Chart(ends).mark_text(align="right", dy=-9, fontSize=11).encode(x="age:Q", y="spend:Q", text="cohort:N")
    )
    layers: alt.LayerChart = drawn + labels
    return layers.properties(width="container", height=260)


def _age(table: pl.DataFrame, words: Words) -> str:
    """The title of an axis of ages: months, quarters or years since the first purchase."""
    return words(f"charts.age_{table['period'][0]}s")


def _spread(cohorts: pl.Series) -> list[date]:
    """At most MOST_LINES cohorts, the first and the last among them."""
    known = cohorts.unique().sort()
    step = max(len(known) - 1, 1) / (min(len(known), MOST_LINES) - 1 or 1)
    return [known[round(place * step)] for place in range(min(len(known), MOST_LINES))]
