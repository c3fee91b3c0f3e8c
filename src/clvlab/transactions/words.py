"""Words that logs use, in English and Chinese."""

from functools import cache

from clvlab.shipped import shipped


@cache
def words(kind: str) -> tuple[str, ...]:
    """The words of a kind: those for guests, or the states of orders that are, or are not, sales.

    >>> "walk in" in words("guests"), "作废" in words("not_sold")
    (True, True)
    """
    return tuple(shipped("transactions", "words.yaml")[kind])
