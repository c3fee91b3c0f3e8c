"""The progress bar of long work."""

from typing import Any

from tqdm import tqdm

from clvlab.frontend import has_widgets, is_watched


def progress_bar(total: int, description: str, *, shown: bool | None) -> "tqdm[Any]":
    """A bar of `total` steps as text on stderr.

    `shown` None shows it where somebody watches: on a terminal, and as a widget in a notebook.
    """
    if shown is None and is_watched() and has_widgets():
        from tqdm.auto import tqdm as fitting

        return fitting(total=total, desc=description, disable=False)
    # Without a choice tqdm, too, shows it on a terminal only.
    return tqdm(total=total, desc=description, disable=None if shown is None else not shown)
