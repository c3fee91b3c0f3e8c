"""The notebooks: where they lie, and which of them a reader of one language or of both is given."""

import json
from collections.abc import Iterator
from pathlib import Path

from clvlab.wording import Language

START = "00_start.ipynb"
"""The page that leads to the others, in both languages."""
CHINESE = "zh"
"""The folder of the notebooks in Chinese; those around it are in English, or in the language of their parameters."""


def folder() -> Path:
    """The folder of the notebooks: in the package, or in the checkout of an editable install."""
    packaged = Path(__file__).parent / "notebooks"
    return packaged if packaged.exists() else packaged.parents[2] / "notebooks"


def shipped(lang: Language | None = None) -> Iterator[tuple[Path, str]]:
    """The path and text of each notebook, for a folder of notebooks.

    Parameters
    ----------
    lang
        the language of those that are in one; None for both, with Chinese in a folder of its own
    """
    every = {path.relative_to(folder()): path for path in sorted(_notebooks())}
    own = {path.name for path in every if path.parent.name == CHINESE}
    for path, place in every.items():
        is_chinese = path.parent.name == CHINESE
        if lang is None:
            yield path, place.read_text(encoding="utf-8")
        elif path.name == START:
            yield path, _in_one_language(place.read_text(encoding="utf-8"), lang)
        elif path.name not in own or is_chinese == (lang == CHINESE):
            yield Path(path.name), _side_by_side(place.read_text(encoding="utf-8"))


def _notebooks() -> Iterator[Path]:
    yield from folder().glob("*.ipynb")
    yield from (folder() / CHINESE).glob("*.ipynb")


def _in_one_language(start: str, lang: Language) -> str:
    """The start page with the cells of one language alone."""
    page = json.loads(start)
    page["cells"] = [cell for cell in page["cells"] if lang in cell["metadata"]["tags"]]
    return _side_by_side(json.dumps(page, indent=1, ensure_ascii=False) + "\n")


def _side_by_side(notebook: str) -> str:
    """The notebook with its links to where the others are when all lie in one folder."""
    return notebook.replace(f"]({CHINESE}/", "](").replace("](../", "](")
