"""A Vega-Lite spec -> a still picture, for print and for whatever draws no charts itself."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import vl_convert

VEGA_LITE_VERSION = "6.4"
LARGEST_SVG = 100_000
_FIRST_CJK = "\u2e80"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SVG_WIDTH = re.compile(r'<svg [^>]*width="(\d+)')

Spec = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """A still picture.

    Attributes
    ----------
    mime
        image/svg+xml or image/png
    data
        the SVG's text, or the PNG in base64
    width
        natural width in pixels
    """

    mime: str
    data: str
    width: int

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        if self.mime == "image/png":
            return f"data:{self.mime};base64,{self.data}"
        return f"data:{self.mime}," + quote(self.data, safe=" !$&'()*+,-./:;=?@[]_~")


def draw(spec: Spec) -> Picture:
    """SVG, or PNG at twice the size where the SVG passes 100 KB; ValueError where the data are not in the spec.

    Chinese text stays SVG at any size, because the machine that renders may lack the glyphs; the reader's has them.
    """
    # Vega leaves "<" bare in aria-label, which is not XML; inside an image nobody reads those labels.
    config = {"aria": False}
    options: dict[str, Any] = {"vl_version": VEGA_LITE_VERSION, "allowed_base_urls": [], "config": config}
    spec = printable(spec)
    svg = vl_convert.vegalite_to_svg(spec, **options)
    match = _SVG_WIDTH.match(svg)
    if match is None:
        raise ValueError("The drawing has no width.")
    width = int(match[1])
    if len(svg) <= LARGEST_SVG or max(svg) >= _FIRST_CJK:
        return Picture("image/svg+xml", svg, width)
    png = vl_convert.vegalite_to_png(spec, scale=2, **options)
    return Picture("image/png", base64.b64encode(png).decode("ascii"), width)


def printable(value: Any) -> Any:
    """A copy without characters that XML forbids; a NUL among them would end the renderer, and with it the run."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {printable(key): printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [printable(item) for item in value]
    return value
