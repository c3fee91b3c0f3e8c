"""A chart's Vega-Lite spec -> a figure of the page: words as HTML, a still picture, and a spec to draw from."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clvlab.charts.picture import Picture, Spec, draw, printable

STILL_WIDTH = 640


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
    narrowest : pixels of width below which it cannot be read; 0 where it fits any page
    """

    number: int
    title: tuple[str, ...]
    subtitle: tuple[str, ...]
    description: str
    picture: Picture
    spec: Spec
    narrowest: int = 0


def figure(number: int, spec: Spec) -> Figure:
    """The figure of a Vega-Lite spec; ValueError without a description, since then some readers get nothing."""
    spec, narrowest = _published(printable(spec))
    title, subtitle = _titles(spec.pop("title", None))
    description = spec.get("description")
    if not description:
        raise ValueError(f"Chart {number + 1} ({' '.join(title) or 'untitled'}) has no description.")
    return Figure(number, title, subtitle, description, still_picture(spec, narrowest), spec, narrowest)


def still_picture(spec: Spec, narrowest: int = 0) -> Picture:
    """The chart at the width of the page's text, for an image element: there SVG runs no script and shares no ids."""
    width = max(STILL_WIDTH, narrowest)
    return draw({**spec, "width": width} if spec.get("width") == "container" else spec)


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


def _published(spec: Spec) -> tuple[Spec, int]:
    """The spec with what a notebook shows otherwise than the page, put back; and the width that it needs."""
    meta = dict(spec.get("usermeta", {}))
    published, narrowest = meta.pop("published", {}), meta.pop("narrowest", 0)
    properties = {**spec, "usermeta": meta or None, **published}
    return {key: value for key, value in properties.items() if value is not None}, narrowest


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
