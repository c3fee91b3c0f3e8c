"""The progress bar of long work."""

from typing import Any

from tqdm import tqdm


def progress_bar(total: int, description: str, *, shown: bool | None) -> "tqdm[Any]":
    """A bar of `total` steps on stderr; `shown` None shows it on a terminal only."""
    # That is what tqdm, too, takes None for.
    return tqdm(total=total, desc=description, disable=None if shown is None else not shown)
