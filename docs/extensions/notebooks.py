"""The notebooks as pages: each is executed, and what its cells show is there without a network."""

import base64
import hashlib
import io
import multiprocessing
import os
import re
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from sphinx.application import Sphinx

from clvlab.reporting.execution import execute
from clvlab.reporting.manifest import package_digest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
PAGES = ROOT / "docs" / "notebooks"
EXECUTED = ROOT / "build" / "docs" / "executed"
READERS_FOLDER = "/home/you"
PICTURES = {"image/svg+xml": "svg", "image/png": "png"}
AT_ONCE = 2


def _key(path: Path) -> str:
    """What a notebook and the package are, in a few digits: an execution holds until one of them changes."""
    return hashlib.sha256(path.read_bytes() + package_digest().encode()).hexdigest()[:16]


def _executed(path: Path) -> Path:
    """The notebook with its outputs, as in a reader's folder; executed in an empty one, unless it has been."""
    kept = EXECUTED / f"{path.parent.name}-{path.stem}-{_key(path)}.ipynb"
    if not kept.exists():
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            done = Path(folder) / path.name
            execute(path, done, {}, environment={}, on_cell=_unheard, stderr=io.StringIO())
            os.chdir(ROOT)
            kept.write_text(done.read_text(encoding="utf-8").replace(folder, READERS_FOLDER), encoding="utf-8")
    return kept


def _unheard(_source: str) -> None:
    """Say nothing of a cell that starts."""


def _fenced(text: str, kind: str) -> str:
    """The text as a block, in a fence that is longer than any in it."""
    fence = "`" * max(3, *(1 + len(ticks) for ticks in re.findall("`+", text)), 0)
    return f"{fence}{kind}\n{text.rstrip()}\n{fence}\n"


def _picture(page: Path, mime: str, output: NotebookNode) -> str:
    """A picture next to the page, with what it shows as its text."""
    data = output.data[mime]
    content = data.encode("utf-8") if mime == "image/svg+xml" else base64.b64decode(data)
    name = f"{page.stem}-{hashlib.sha256(content).hexdigest()[:8]}.{PICTURES[mime]}"
    (page.parent / name).write_bytes(content)
    shows = " ".join(output.data.get("text/plain", "").split()).replace("]", r"\]").replace("[", r"\[")
    return f"![{shows}]({name})\n"


def _shown(page: Path, output: NotebookNode) -> str:
    """What an output shows, in the richest way that a page can; progress on standard error is left out."""
    if output.output_type == "stream":
        return _fenced(output.text, "text") if output.name == "stdout" else ""
    data: dict[str, Any] = output.data
    for mime in PICTURES:
        if mime in data:
            return _picture(page, mime, output)
    if "text/html" in data:
        return _fenced(f'<div class="output">{data["text/html"]}</div>', "{raw} html")
    if "text/markdown" in data:
        return data["text/markdown"] + "\n"
    return _fenced(data.get("text/plain", ""), "text")


def _cells(page: Path, notebook: NotebookNode) -> Iterator[str]:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield re.sub(r"\]\((?!\w+:)([^)#]+)\.ipynb", r"](\1.md", cell.source) + "\n"
        elif cell.source.strip():
            yield _fenced(cell.source, "python")
            yield from (_shown(page, output) for output in cell.outputs)


def _write(path: Path, executed: Path) -> None:
    """The page of a notebook, from its execution."""
    page = (PAGES / path.relative_to(NOTEBOOKS)).with_suffix(".md")
    page.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(_cells(page, nbformat.read(executed, 4)))
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def _write_all(_app: Sphinx) -> None:
    paths = [path for path in sorted(NOTEBOOKS.rglob("*.ipynb")) if ".ipynb_checkpoints" not in path.parts]
    EXECUTED.mkdir(parents=True, exist_ok=True)
    # Each in a process of its own: an execution sets the environment and the working directory.
    with ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("spawn")) as pool:
        for path, executed in zip(paths, pool.map(_executed, paths), strict=True):
            _write(path, executed)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", _write_all)
    return {"parallel_read_safe": True}
