"""The site that `make docs` builds: pages, notebooks and docstrings, to be read without a network."""

import sys
from pathlib import Path
from typing import Any

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

import clvlab

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "clvlab"
author = "clvlab maintainers"
version = release = clvlab.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "docstrings",
    "mathml",
    "notebooks",
    "reference",
]
exclude_patterns = ["extensions"]
default_role = "code"
smartquotes = False  # --from is an option

html_theme = "furo"
html_title = "clvlab"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
# A page that was opened from a disk may not read others.
html_show_search_summary = False
html_math_renderer = "mathml"
highlight_language = "text"

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
napoleon_google_docstring = False
napoleon_use_ivar = True
# What is returned is told in sentences and not by a type.
napoleon_custom_sections = ["Returns", "Reference"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
# From $1 to $2 is money.
myst_dmath_allow_space = False
myst_dmath_allow_digits = False


def _in_chinese(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """Say of the Chinese pages that they are: a reader's machine chooses letters and voices by it."""
    if "zh" in page.split("/"):
        context["language"] = "zh-CN"


def setup(app: Sphinx) -> None:
    """Connect what is of this site alone."""
    for language in ("csv", "cron"):
        app.add_lexer(language, TextLexer)
    app.connect("html-page-context", _in_chinese)
