"""The pages that list what is published: one of each series, newest first, and one of all series of a folder."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from clvlab.editions import View, editions, views
from clvlab.errors import DataError
from clvlab.params import RunParams
from clvlab.reporting import manifest
from clvlab.reporting.archive import Series
from clvlab.reporting.runs import PublishedRun
from clvlab.trend import Trend
from clvlab.wording import TAGS, Words, languages

logger = logging.getLogger("clvlab")

TEMPLATES = Path(__file__).parent / "templates"
INDEX = "index.html"
MOST_POINTS = 24
"""Periods that a trend line goes back, at most."""
_OURS = '<meta name="generator" content="clvlab">'
_OFFERED = ("customers.csv", "due.csv", "manifest.json")


@dataclass(frozen=True)
class Row:
    """One published run: the run itself, its pages, those of its files that are offered, and its headline figures."""

    run: PublishedRun
    pages: tuple[View, ...]
    files: tuple[str, ...]
    figures: Mapping[str, tuple[str, float]]

    @classmethod
    def of(cls, folder: Path, *, is_latest: bool) -> "Row":
        """What the folder of a run says; DataError or ValueError where it is damaged."""
        run = PublishedRun.of(folder, is_latest=is_latest)
        files = tuple(name for name in _OFFERED if (folder / name).is_file())
        return cls(run, _pages(folder), files, manifest.headline_of(folder))


def _pages(folder: Path) -> tuple[View, ...]:
    """The pages of the run in a folder: one in each language of each edition."""
    given = manifest.parameters_of(folder)
    return tuple(views(editions(given.get("edition", "analyst")), languages(given.get("lang", "en"))))


def lines_of(pages: Sequence[View], words: Words) -> Iterator[tuple[str, list[tuple[View, str]]]]:
    """The pages of a run as lines of links, one for each edition: what stands before the links, then page and name.

    What the pages have in common is not said.

    >>> pages = list(views(["analyst", "stakeholder"], ["en", "zh"]))
    >>> [(before, [name for _, name in links]) for before, links in lines_of(pages, Words("en"))]
    [('Analyst: ', ['English', '中文']), ('Stakeholder: ', ['English', '中文'])]
    """
    editions_there = list(dict.fromkeys(view.edition for view in pages))
    named = {edition: words(f"page.edition_{edition}") for edition in editions_there}
    if len({view.lang for view in pages}) == 1:
        yield "", [(view, named[view.edition]) for view in pages]
        return
    colon = {"en": ": ", "zh": "："}[words.lang]
    for edition in editions_there:
        before = named[edition] + colon if len(editions_there) > 1 else ""
        yield before, [(view, Words(view.lang)("page.language")) for view in pages if view.edition == edition]


def write_indices(series: Series, params: RunParams) -> None:
    """Write the pages next to the published days and next to all series, in the (first) language of the last run."""
    words = Words(params.languages[0], params.currency)
    rows = list(_rows(series))
    named = {"name": words.plain(params.title or params.name), "rows": rows, "failures": series.failures()}
    shown = {"several": any(len(row.pages) > 1 for row in rows), "trends": list(_trends(rows))}
    html = _page("series.html.j2", words, **named, **shown)
    _write(series.folder / INDEX, html, series)
    overall = params.output_folder / INDEX
    if overall.exists() and _OURS not in overall.read_text(encoding="utf-8", errors="replace"):
        logger.info("%s is somebody else's and stays as it is", overall)
        return
    _write(overall, _page("index.html.j2", words, all_series=list(_all_series(params.output_folder, words))), series)


@dataclass(frozen=True)
class _OneOfAll:
    """A series on the page of all series."""

    folder: str
    name: str
    kind: str
    newest: str
    pages: tuple[View, ...]
    reports: int
    failures: int


def _all_series(output: Path, words: Words) -> Iterator[_OneOfAll]:
    """The series of a folder, by name; folders that hold no published run are passed over."""
    for folder in sorted(path for path in output.iterdir() if path.is_dir()):
        series = Series(folder)
        days = [day for day in series.days() if manifest.kind_of(day)]
        if days:
            given, kind = manifest.parameters_of(days[0]), manifest.kind_of(days[0])
            name = words.plain(str(given.get("title") or given.get("name") or folder.name))
            yield _OneOfAll(
                folder.name, name, str(kind), days[0].name, _pages(days[0]), len(days), len(series.failures())
            )


def _rows(series: Series) -> Iterator[Row]:
    """The published days whose manifest can be read, newest first."""
    for place, folder in enumerate(series.days()):
        with suppress(DataError, ValueError):
            yield Row.of(folder, is_latest=place == 0)


def _trends(rows: Sequence[Row]) -> Iterator[Trend]:
    """The figures of the newest report, each over all reports that have it."""
    for measure, (kind, _) in rows[0].figures.items() if rows else ():
        known = [row for row in reversed(rows[:MOST_POINTS]) if measure in row.figures]
        yield Trend(measure, kind, [row.run.day for row in known], [row.figures[measure][1] for row in known])


def _page(template: str, words: Words, **given: Any) -> str:
    return (
        _environment()
        .get_template(template)
        .render(words=words, style=_style(), lines_of=lines_of, tags=TAGS, **given)
    )


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader([TEMPLATES]), autoescape=True)


@cache
def _style() -> str:
    return (TEMPLATES / "report" / "page.css").read_text(encoding="utf-8")


def _write(path: Path, html: str, series: Series) -> None:
    """Write a page in one step, unless it is there already; what a killed run leaves lies in the series."""
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") == html:
        return
    fresh = series.folder / f".{INDEX}"
    fresh.write_text(html, encoding="utf-8")
    fresh.replace(path)
