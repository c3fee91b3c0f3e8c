"""Words that logs use, in English and Chinese."""

from functools import cache
from importlib.resources import files

import yaml


@cache
def words(kind: str) -> tuple[str, ...]:
    """The words of a kind: those for guests, or the states of orders that are, or are not, sales.

    >>> "walk in" in words("guests"), "作废" in words("not_sold")
    (True, True)
    """
    text = files("clvlab.transactions").joinpath("words.yaml").read_text(encoding="utf-8")
    return tuple(yaml.safe_load(text)[kind])
