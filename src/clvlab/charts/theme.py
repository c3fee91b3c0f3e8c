"""One look for all charts: colours that keep their meaning, axes in the reader's language."""

from typing import Any

import altair as alt
import polars as pl

from clvlab.charts.colours import CLUSTERS, group_colour
from clvlab.charts.notebook import INK, Bundle, drawing
from clvlab.wording import Words

ChartType = alt.Chart | alt.LayerChart | alt.HConcatChart
"""What every chart is: marks, marks in layers, or several of them next to each other."""
CONTEXT = "#9a9a9a"
ACCENT = "#1f5a94"
SECOND = "#c98231"
SEQUENTIAL = ("#eef3f8", "#6a9fd0")
"""The shades of a map, from nothing to all."""
MAP_INK = "#222222"
"""The colour of figures on a map: they can be read on each of its shades, and in the dark as well."""
PAPER = "#ffffff"
SMALLEST_TEXT = 11
"""Of text in a chart, in pixels."""
FONT = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, "
    "'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)
CONFIG: dict[str, Any] = {
    "font": FONT,
    "background": "transparent",
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "fontSize": 15,
        "color": INK,
        "subtitleFontSize": 12.5,
        "subtitleColor": INK,
        "subtitlePadding": 4,
        "offset": 12,
    },
    "axis": {
        "labelFontSize": 12,
        "labelColor": INK,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titleColor": INK,
        "gridColor": INK,
        "gridOpacity": 0.07,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    },
    "axisQuantitative": {"labelOverlap": "greedy", "labelSeparation": 4},
    "axisTemporal": {"labelOverlap": "greedy", "labelSeparation": 8},
    "axisY": {"labelLimit": 220},
    "legend": {"orient": "top", "labelFontSize": 12, "labelColor": INK, "title": None},
    "text": {"fontSize": 12, "color": INK},
}
DARK = {
    "#1f5a94": "#5b9bd8",
    "#4f86b8": "#7fb1de",
    "#8fb3d3": "#a9c8e4",
    "#a85e0f": "#c9772a",
    "#555555": "#e4e6ea",
    **dict(zip(CLUSTERS, ("#3fa294", "#69b8ad", "#93cdc5", "#bfe0db"), strict=True)),
}
"""The colour that takes a colour's place on a dark page."""
DARK_MAPS = {SEQUENTIAL[0]: "#232b36", SEQUENTIAL[1]: "#2f6cab", MAP_INK: "#f4f6f8", PAPER: "#16181d"}
"""The same for what maps are drawn in; where their shades cannot change, as in a notebook, this must not, either."""

_SHORT = {
    "en": "abs(datum.value) < 1000 ? format(datum.value, '~r') : format(datum.value, '~s')",
    "zh": "abs(datum.value) >= 1e8 ? format(datum.value / 1e8, '~r') + '亿' : "
    "abs(datum.value) >= 1e4 ? format(datum.value / 1e4, '~r') + '万' : format(datum.value, '~r')",
}


def group_scale(table: pl.DataFrame, words: Words) -> alt.Scale:
    """The colours of a table's groups, each keyed by its code; of own ones with an order, by their `place`."""
    codes = table["group"].to_list()
    places = table["place"] if "place" in table.columns else [None] * len(codes)
    colours = [group_colour(code, place, words.own_groups) for code, place in zip(codes, places, strict=True)]
    return alt.Scale(domain=codes, range=colours)


def in_currency(title: str, words: Words) -> str:
    """The title of an axis of money, with the run's currency where it has one."""
    return words("charts.in_currency", what=title, currency=words.currency_symbol) if words.currency else title


def room_for_labels(values: pl.Series) -> float:
    """The end of an axis that leaves room for the label of the longest bar; 1 where there is none."""
    return 1.15 * float(values.drop_nulls().to_numpy().max(initial=0.0)) or 1.0


def at_least(pixels: int) -> dict[str, int]:
    """The `usermeta` of a chart that needs so much width to be read; on a narrower page it scrolls in its frame."""
    return {"narrowest": pixels}


def axis(words: Words, kind: str, **options: Any) -> alt.Axis:
    """An axis whose labels read naturally: kind is `short` (41k; 4.1万), `pct` or `date`."""
    if kind == "pct":
        return alt.Axis(format=".0%", tickCount=6, **options)
    if kind == "date":
        return alt.Axis(format="%Y-%m", **options)
    return alt.Axis(labelExpr=_SHORT[words.lang], **options)


def titled(chart: ChartType, title: str, subtitle: str, alternative: str) -> ChartType:
    """The chart with its finding as the title, what is plotted below it, and the text alternative."""
    return chart.properties(title=alt.TitleParams(title, subtitle=subtitle), description=alternative)


def mime_bundle(chart: ChartType) -> Bundle:
    """What a notebook shows of a titled chart, and its metadata."""
    spec = chart.to_dict()
    return drawing({**spec, "config": CONFIG}, {**spec.get("usermeta", {}), "dark": DARK | DARK_MAPS})


def dark_notebook() -> str:
    """A style sheet that gives charts their colours for a dark page in a notebook with a dark theme."""
    return "".join(
        f':is([data-jp-theme-light="false"], .vscode-dark) .marks [{paint}="{colour}"] {{ {paint}: {dark}; }}\n'
        for colour, dark in DARK.items()
        for paint in ("fill", "stroke")
    )
