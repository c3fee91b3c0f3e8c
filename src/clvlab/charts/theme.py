"""One look for all charts: colours that keep their meaning, axes in the reader's language.

Groups are coloured from best to worst along one colour-blind-safe scale, blue over grey to orange, in at most
seven steps; neighbours of a long list share a step and are distinguished by their labels.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from clvlab.charts.notebook import INK, Bundle, drawing
from clvlab.wording import Words

ChartType = alt.Chart | alt.LayerChart
"""What every chart is: marks, or marks in layers."""
SCALE = ("#1f5a94", "#4f86b8", "#8fb3d3", "#a9a9a9", "#e3b382", "#d08a3e", "#a85e0f")
CONTEXT = "#9a9a9a"
ACCENT = "#1f5a94"
SECOND = "#d08a3e"
SEQUENTIAL = ("#eef3f8", "#1f5a94")
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
}
"""The colour that takes a colour's place on a dark page."""
DARK_MAPS = {"#eef3f8": "#232b36", "#222222": "#e4e6ea", "#ffffff": "#16181d"}
"""The same for what maps are drawn in; where their shades cannot change, as in a notebook, this must not, either."""

_SHORT = {
    "en": "abs(datum.value) < 1000 ? format(datum.value, '~r') : format(datum.value, '~s')",
    "zh": "abs(datum.value) >= 1e8 ? format(datum.value / 1e8, '~r') + '亿' : "
    "abs(datum.value) >= 1e4 ? format(datum.value / 1e4, '~r') + '万' : format(datum.value, '~r')",
}


def group_colours(codes: Sequence[str]) -> dict[str, str]:
    """One colour per group; `codes` run from best to worst.

    >>> group_colours(["best", "worst"])
    {'best': '#1f5a94', 'worst': '#a85e0f'}
    """
    last = max(len(codes) - 1, 1)
    return {code: SCALE[round(place * (len(SCALE) - 1) / last)] for place, code in enumerate(codes)}


def group_scale(codes: Sequence[str]) -> alt.Scale:
    """The colour scale over the groups, best first."""
    colours = group_colours(codes)
    return alt.Scale(domain=list(colours), range=list(colours.values()))


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
    return drawing({**chart.to_dict(), "config": CONFIG}, {"dark": DARK | DARK_MAPS})


def dark_notebook() -> str:
    """A style sheet that gives charts their colours for a dark page in a notebook with a dark theme."""
    return "".join(
        f':is([data-jp-theme-light="false"], .vscode-dark) .marks [{paint}="{colour}"] {{ {paint}: {dark}; }}\n'
        for colour, dark in DARK.items()
        for paint in ("fill", "stroke")
    )
