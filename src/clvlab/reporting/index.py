"""The page that lists a series: every published day, newest first."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from clvlab.params import RunParams, strategy_name
from clvlab.reporting.archive import Series
from clvlab.reporting.manifest import MANIFEST
from clvlab.wording import Words

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Row:
    """One published day."""

    day: str
    strategies: tuple[str, ...]
    rows: int
    made: str


def write_index(series: Series, params: RunParams) -> None:
    """Write index.html next to the published days, in the language of the last run, unless it is there already."""
    page = Environment(loader=FileSystemLoader([TEMPLATES]), autoescape=True).get_template("index.html.j2")
    style = (TEMPLATES / "report" / "page.css").read_text(encoding="utf-8")
    words = Words(params.lang)
    html = page.render(name=params.title or params.name, words=words, runs=list(_runs(series)), style=style)
    index = series.folder / "index.html"
    if index.exists() and index.read_text(encoding="utf-8", errors="replace") == html:
        return
    fresh = series.folder / ".index.html"
    fresh.write_text(html, encoding="utf-8")
    fresh.replace(index)


def _runs(series: Series) -> Iterator[Row]:
    """The published days whose manifest can be read."""
    for folder in series.days():
        with contextlib.suppress(OSError, ValueError, KeyError):
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            given = manifest["parameters"]
            chosen = (given["strategy"],) if "strategy" in given else given["strategies"]
            strategies = tuple(map(strategy_name, chosen))
            made = manifest["started"][:16].replace("T", " ")
            yield Row(folder.name, strategies, manifest["rows"]["accepted"], made)
