"""A chart in a notebook: Vega-Lite that JupyterLab and VS Code draw without a network, and a picture for all others.

What only the published page wants differently travels in the spec's `usermeta`, where no renderer minds it.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from clvlab.charts.picture import Picture, Spec, draw

VEGA_LITE = "application/vnd.vegalite.v5+json"
SIZES = {"width": 720, "height": 300}
TITLE_COLUMNS = {"text": 70, "subtitle": 100}
"""Letters of Latin, at most, in a line that is as wide as a chart."""
INK = "currentColor"
"""The colour of the text around the chart: what is written on it can be read on a light page and on a dark one."""

Bundle = tuple[dict[str, Any], dict[str, Any]]
_PIECE = re.compile(r"\s+|[（「《“]*(?:[\u2e80-\uffff]|[^\s\u2e80-\uffff]+)[，。；：、！？）」》”]*")


def drawing(spec: Spec, page: Spec) -> Bundle:
    """The bundle of a chart of ours, and its metadata.

    Parameters
    ----------
    spec
        Vega-Lite, with a title, a subtitle and a description
    page
        what else the published page is to know of the chart
    """
    fixed = _fixed(spec)
    fixed["title"] = spec["title"] | {
        part: _lines(spec["title"][part], columns) for part, columns in TITLE_COLUMNS.items()
    }
    published = {key: spec.get(key) for key in fixed if fixed[key] != spec.get(key)}
    picture = _picture(fixed)
    return _bundle({**fixed, "usermeta": {**page, "published": published}}, picture)


def plain_chart(chart: Any) -> Bundle | Any:
    """The bundle of a chart by Altair alone, unless the user chose one of Altair's renderers."""
    import altair as alt

    if alt.renderers.active != "default":
        return chart._repr_mimebundle_()
    spec = _fixed(chart.to_dict())
    config = spec.get("config", {})
    spec["config"] = {**config, "text": {"color": INK, **config.get("text", {})}}
    picture = None
    with suppress(ValueError):  # data at an address, which only the reader's machine may reach
        picture = _picture(spec)
    return _bundle(spec, picture, alt.renderers.options.get("embed_options"))


def _bundle(spec: Spec, picture: Picture | None, options: dict[str, Any] | None = None) -> Bundle:
    data: dict[str, Any] = {VEGA_LITE: spec}
    # Text in SVG takes the colour of the page around it, on a canvas it cannot.
    metadata: dict[str, Any] = {VEGA_LITE: {"embed_options": {"renderer": "svg", **(options or {})}}}
    if picture:
        data[picture.mime] = picture.data
        metadata[picture.mime] = {"width": picture.width}
    if "description" in spec:
        data["text/plain"] = spec["description"]
    return data, metadata


def _picture(spec: Spec) -> Picture:
    """The picture on white, since its text is black wherever it is shown."""
    return draw({**spec, "background": "#ffffff"})


def _fixed(spec: Spec) -> Spec:
    """The spec with a size in pixels: in JupyterLab its container is 0 pixels wide, and Vega then draws for ever.

    The address of its schema is left out: JupyterLab's Vega-Lite is older than Altair's and says so of each chart.
    """
    spec = {key: value for key, value in spec.items() if key != "$schema"}
    sizes = {side: pixels for side, pixels in SIZES.items() if spec.get(side) == "container"}
    if not sizes:
        return spec
    fit = "fit" if len(sizes) > 1 else {"width": "fit-x", "height": "fit-y"}[min(sizes)]
    return {"autosize": {"type": fit, "contains": "padding"}, **spec, **sizes}


def _lines(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many Latin letters, of which a Chinese one takes the room of two."""
    return list(_broken(_PIECE.findall(text), columns))


def _broken(pieces: list[str], columns: int) -> Iterator[str]:
    line, width = "", 0
    for piece in pieces:
        wide = sum(2 if unicodedata.east_asian_width(letter) in "FW" else 1 for letter in piece)
        if line and width + wide > columns and not piece.isspace():
            yield line.rstrip()
            line, width = "", 0
        line, width = line + piece, width + wide
    yield line.rstrip()
