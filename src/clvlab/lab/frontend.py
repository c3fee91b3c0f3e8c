"""Whether anybody sits before this notebook, and the libraries by which widgets come to them."""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from clvlab.errors import ClvlabError

VIEW = "application/vnd.jupyter.widget-view+json"


def has_widgets() -> bool:
    """Whether the libraries are installed."""
    return all(find_spec(name) is not None for name in ("ipywidgets", "anywidget"))


def widgets(what: str) -> ModuleType:
    """The library of widgets; ClvlabError where `what` cannot do without it and it is not installed."""
    if not has_widgets():
        raise ClvlabError(
            f"{what} needs ipywidgets and anywidget, which are not installed. Install clvlab[lab]: "
            "`pip install 'clvlab[lab]'`."
        )
    return import_module("ipywidgets")


def view_of(widget: Any) -> dict[str, Any]:
    """What a notebook shows where there is somebody to move it; what others see is for the caller to add."""
    return {VIEW: widget._repr_mimebundle_()[VIEW]}


def is_watched() -> bool:
    """Whether somebody sits before the notebook: papermill and nbconvert, which nobody watches, allow no input."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel = getattr(shell, "kernel", None)
    asked: dict[str, Any] = kernel.get_parent("shell") if kernel is not None else {}
    return bool(asked.get("content", {}).get("allow_stdin", False))
