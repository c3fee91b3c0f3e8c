"""A chart's Vega-Lite spec -> a figure of the page: words as HTML, a still picture, and a spec to draw from."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import vl_convert

VEGA_LITE = "application/vnd.vegalite.v5+json"
VEGA_LITE_VERSION = "6.4"
LARGEST_SVG = 100_000
STILL_WIDTH = 640
_FIRST_CJK = "\u2e80"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SVG_WIDTH = re.compile(r'<svg [^>]*width="(\d+)')

Spec = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One chart of the page.

    Attributes
    ----------
    number : its place among the page's charts, from 0
    title, subtitle : lines of text; taken out of the drawing, so that they wrap, scale and can be selected
    description : the text alternative
    picture : for print and for readers without scripts
    spec : what the page draws, without title
    """

    number: int
    title: tuple[str, ...]
    subtitle: tuple[str, ...]
    description: str
    picture: "Picture"
    spec: Spec


def figure(number: int, spec: Spec) -> Figure:
    """The figure of a Vega-Lite spec; ValueError without a description, since then some readers get nothing."""
    spec = _printable(spec)
    title, subtitle = _titles(spec.pop("title", None))
    description = spec.get("description")
    if not description:
        raise ValueError(f"Chart {number + 1} ({' '.join(title) or 'untitled'}) has no description.")
    return Figure(number, title, subtitle, description, still_picture(spec), spec)


@dataclass(frozen=True)
class Picture:
    """A still picture as a data URI, and its natural width in pixels."""

    uri: str
    width: int


def still_picture(spec: Spec) -> Picture:
    """SVG, or PNG at twice the size where the SVG passes 100 KB.

    Chinese text stays SVG at any size, because the machine that renders may lack the glyphs; the reader's has them.
    The picture is in an image element, where SVG can run no script and its ids meet no others.
    """
    fixed = {**spec, "width": STILL_WIDTH} if spec.get("width") == "container" else spec
    # Vega leaves "<" bare in aria-label, which is not XML; inside an image nobody reads those labels.
    config = {"aria": False}
    options: dict[str, Any] = {"vl_version": VEGA_LITE_VERSION, "allowed_base_urls": [], "config": config}
    svg = vl_convert.vegalite_to_svg(fixed, **options)
    match = _SVG_WIDTH.match(svg)
    width = int(match[1]) if match else STILL_WIDTH
    if len(svg) <= LARGEST_SVG or max(svg) >= _FIRST_CJK:
        return Picture("data:image/svg+xml," + quote(svg, safe=" !$&'()*+,-./:;=?@[]_~"), width)
    png = vl_convert.vegalite_to_png(fixed, scale=2, **options)
    return Picture("data:image/png;base64," + base64.b64encode(png).decode("ascii"), width)


@dataclass(frozen=True)
class Drawings:
    """Everything that the page's script needs to draw, each data set and each config once.

    Attributes
    ----------
    charts : specs whose data sets, config and usermeta are names of what is shared
    shared : name -> value
    """

    charts: tuple[Spec, ...]
    shared: Mapping[str, Any]

    @classmethod
    def of(cls, figures: list[Figure]) -> "Drawings":
        """Share what the figures' specs have in common."""
        names: dict[str, str] = {}

        def share(value: Any) -> str:
            return names.setdefault(json.dumps(value, ensure_ascii=False), f"s{len(names)}")

        charts = tuple(_shared_spec(figure.spec, share) for figure in figures)
        return cls(charts, {name: json.loads(text) for text, name in names.items()})

    def to_json(self) -> str:
        """JSON that is inert inside a script element."""
        text = json.dumps({"charts": self.charts, "shared": self.shared}, ensure_ascii=False, separators=(",", ":"))
        return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _printable(value: Any) -> Any:
    """A copy without characters that XML forbids; a NUL among them would end the renderer, and with it the run."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


def _shared_spec(spec: Spec, share: Callable[[Any], str]) -> Spec:
    """The spec with each data set, the config and usermeta replaced by the name of what is shared."""
    named: Spec = {key: share(spec[key]) for key in ("config", "usermeta") if key in spec}
    if "datasets" in spec:
        named["datasets"] = {name: share(rows) for name, rows in spec["datasets"].items()}
    return {**spec, **named}


def _titles(title: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(title, Mapping):
        return _lines(title.get("text")), _lines(title.get("subtitle"))
    return _lines(title), ()


def _lines(text: Any) -> tuple[str, ...]:
    if text is None:
        return ()
    return (text,) if isinstance(text, str) else tuple(text)
