"""Texts whose figures keep together."""

import re
from itertools import pairwise, zip_longest

from markupsafe import Markup

_FIGURE = re.compile(
    r"\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}年\d{1,2}月\d{1,2}日|"
    r"[−+]?(?:\b[A-Z]{2,3})?[$¥€£]?\d+(?:[.,]\d+)*[%KMB]?(?: [a-z]{4,}|[亿万]?(?:个百分点|个月|[\u4e00-\u9fff]))?"
)
"""A day, or a figure with its sign, its currency and its unit or the word that follows."""


def unbroken(text: str) -> Markup:
    """The text as HTML whose figures keep on one line with their unit, or with the word that says what is counted.

    >>> print(unbroken("<2,357 customers"))
    &lt;<span class="figure">2,357 customers</span>
    >>> print(unbroken("共2,357位客户"))
    共<span class="figure">2,357位</span>客户
    """
    ends = [0, *(place for found in _FIGURE.finditer(text) for place in found.span()), len(text)]
    pieces = [text[start:end] for start, end in pairwise(ends)]
    spans = (Markup('<span class="figure">{}</span>').format(piece) for piece in pieces[1::2])
    return Markup("").join(piece for pair in zip_longest(pieces[::2], spans, fillvalue="") for piece in pair)
