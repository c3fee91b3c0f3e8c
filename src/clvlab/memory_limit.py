"""How much memory the rows of a log may take, and what follows for reading and counting them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DEFAULT = 2 * 1024**3
"""Bytes, where nothing else is asked for."""

LEAST = 512 * 1024**2
"""Bytes: what the program itself takes, and some rows."""

_BYTES_OF_A_ROW, _FEWEST_ROWS = 256, 1000
_asked: ContextVar[int | None] = ContextVar("memory_limit", default=None)


@contextmanager
def limited(memory_limit: int | None) -> Iterator[None]:
    """Within it rows may take so many bytes; None leaves what holds."""
    token = _asked.set(memory_limit or _asked.get())
    try:
        yield
    finally:
        _asked.reset(token)


def bytes_held() -> int:
    """How many bytes of rows are kept in memory; what is more is scanned by every step."""
    return _limit() // 4


def bytes_of_an_engine() -> int:
    """How many bytes another engine may take before it spills."""
    return _limit() // 2


def rows_at_once() -> int:
    """How many rows of a log are brought together by customer at once; their places are numbers of 32 bits."""
    return min(max(_FEWEST_ROWS, _limit() // _BYTES_OF_A_ROW), 2**31 - 1)


def _limit() -> int:
    return _asked.get() or DEFAULT
