"""Whether anybody sits before this notebook, and whether widgets can come to them."""

import sys
import warnings
from importlib.util import find_spec
from typing import Any

from clvlab.errors import ClvlabWarning

VIEW = "application/vnd.jupyter.widget-view+json"


def is_watched() -> bool:
    """Whether somebody sits before the notebook: papermill and nbconvert, which nobody watches, allow no input."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel = getattr(shell, "kernel", None)
    asked: dict[str, Any] = kernel.get_parent("shell") if kernel is not None else {}
    return bool(asked.get("content", {}).get("allow_stdin", False))


def has_widgets() -> bool:
    """Whether the libraries of widgets are installed."""
    return all(find_spec(name) is not None for name in ("ipywidgets", "anywidget"))


def takes_widgets(what: str) -> bool:
    """Whether somebody is there for whom `what` can be moved; a warning says so if only the libraries are missing."""
    if not is_watched():
        return False
    if not has_widgets():
        warnings.warn(
            f"{what} is a still picture here, since ipywidgets and anywidget are not installed. Install clvlab[lab]: "
            "`pip install 'clvlab[lab]'`.",
            ClvlabWarning,
            stacklevel=2,
        )
    return has_widgets()


def view_of(widget: Any) -> dict[str, Any]:
    """What a notebook shows where there is somebody to move it; what others see is for the caller to add."""
    return {VIEW: widget._repr_mimebundle_()[VIEW]}
