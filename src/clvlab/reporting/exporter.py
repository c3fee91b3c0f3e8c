"""An executed notebook -> one HTML file that opens anywhere, without a network.

The page holds what the cells show: HTML and charts. Code, streams and markdown are not in the file. Its content
security policy allows its own two scripts, by their hashes, and no connection whatsoever.

`jupyter nbconvert --to clvlab.reporting.exporter.ReportExporter run.ipynb` does the same from a shell.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import vl_convert
from nbconvert.exporters import TemplateExporter
from nbformat import NotebookNode
from traitlets import default

from clvlab.charts.notebook import VEGA_LITE
from clvlab.charts.picture import VEGA_LITE_VERSION
from clvlab.editions import EDITIONS, Edition, View
from clvlab.reporting.excerpts import first_page, is_shown
from clvlab.reporting.stills import Drawings, Figure, figure
from clvlab.wording import TAGS, Language, Words

TEMPLATES = Path(__file__).parent / "templates"
EXPORTS = (".csv", ".parquet", ".xlsx")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A section of the page, for its contents."""

    id: str
    text: str


@dataclass(frozen=True)
class Around:
    """What lies around a published page, for its links.

    Attributes
    ----------
    files : paths of the exports of the page's edition, seen from the page
    translations : the pages of the same edition in other languages
    to_pass_on : of an analyst's page, that of the stakeholder's edition in the same language, if there is one
    is_in_series : whether the page may lead to the other reports; one that is passed on leads nowhere
    earlier : the day of the report before this one, if there is one
    """

    files: tuple[str, ...] = ()
    translations: tuple[View, ...] = ()
    to_pass_on: View | None = None
    is_in_series: bool = True
    earlier: date | None = None

    @property
    def language_links(self) -> list[tuple[str, str, str]]:
        """Of the page in every other language its path, the language as a BCP 47 tag and as it calls itself."""
        return [(view.file, TAGS[view.lang], Words(view.lang)("page.language")) for view in self.translations]

    @classmethod
    def of(cls, run: Path, view: View, among: Sequence[View], earlier: date | None) -> "Around":
        """What lies around one page of those in a run's folder, whose tables and customers are there already."""
        is_analysts = view.edition == "analyst"
        translated = tuple(it for it in among if it.edition == view.edition and it.lang != view.lang)
        beside = [it for it in among if it.edition != view.edition and it.lang == view.lang]
        return cls(
            files=tuple(_exports(run / view.folder)),
            translations=translated,
            to_pass_on=beside[0] if beside and is_analysts else None,
            is_in_series=is_analysts,
            earlier=earlier if is_analysts else None,
        )


def _exports(folder: Path) -> Iterator[str]:
    """The files in the folder of an edition, and then those in folders below, but for the other edition's."""
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.suffix in EXPORTS]
    own = [path for path in paths if path.parts[0] not in EDITIONS]
    yield from (path.as_posix() for path in sorted(own, key=lambda path: len(path.parts) > 1))


@dataclass(frozen=True)
class Page:
    """What the template sets.

    Attributes
    ----------
    words : the page's language
    title : text of the first h1
    headings : every h2 that has an id
    blocks : HTML and figures, in the notebook's order
    drawings : what the page's script draws from
    """

    words: Words
    title: str
    headings: tuple[Heading, ...]
    blocks: tuple[str | Figure, ...]
    drawings: Drawings

    @property
    def lang(self) -> str:
        """The language as a BCP 47 tag."""
        return TAGS[self.words.lang]

    @property
    def policy(self) -> str:
        """The content security policy."""
        scripts = " ".join(_hash(text) for text in (vega(), script()))
        return (
            f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        )


class ReportExporter(TemplateExporter):
    """Turns an executed notebook into one offline page."""

    export_from_notebook = "clvlab report"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "report"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(TEMPLATES)]

    def from_notebook_node(  # type: ignore[override]  # nbconvert's own template exporters return text, too
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """A page of an executed notebook: the one that `resources["view"]`, a `View`, names, by default the first.

        `resources["around"]`, an `Around`, gives it its links.
        """
        view = (resources or {}).get("view")
        page = read_page(nb, *((view.edition, view.lang) if view else first_page(nb)))
        own = {"page": page, "style": style(), "vega": vega(), "script": script()}
        html, resources = super().from_notebook_node(nb, {**(resources or {}), **own}, **options)
        return html.replace("\0", "\ufffd"), resources


def read_page(notebook: NotebookNode, edition: Edition, lang: Language) -> Page:
    """What an executed notebook shows on a page; ValueError where two headings share an id."""
    blocks = tuple(_blocks(notebook, edition, lang))
    outline = _Outline()
    for block in blocks:
        if isinstance(block, str):
            outline.feed(block)
    ids = [heading.id for heading in outline.headings]
    if len(set(ids)) < len(ids):
        raise ValueError(f"Two headings share an id: {', '.join(sorted({i for i in ids if ids.count(i) > 1}))}.")
    words = Words(lang)
    figures = [block for block in blocks if isinstance(block, Figure)]
    title = outline.title or words("page.title")
    return Page(words, title, tuple(outline.headings), blocks, Drawings.of(figures))


def _blocks(notebook: NotebookNode, edition: Edition, lang: Language) -> Iterator[str | Figure]:
    n_figures = 0
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            bundle = output.get("data", {}) if is_shown(output, edition, lang) else {}
            if VEGA_LITE in bundle:
                yield figure(n_figures, bundle[VEGA_LITE])
                n_figures += 1
            elif "text/html" in bundle:
                # A table's own style is for notebooks; the page has one look for all.
                yield _framed(_STYLE.sub("", "".join(bundle["text/html"])))


def _framed(html: str) -> str:
    """Each table in a frame of its own that scrolls, where the fragment has not seen to it."""
    if "overflow-x" in html or 'class="table"' in html:
        return html
    return _TABLE.sub(lambda table: f'<div class="table" tabindex="0">{table[0]}</div>', html)


class _Outline(HTMLParser):
    """The first h1, and every h2 with an id."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.headings: list[Heading] = []
        self._open: tuple[str, str] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        heading_id = dict(attrs).get("id") or ""
        if (tag == "h1" and not self.title) or (tag == "h2" and heading_id):
            self._open, self._text = (tag, heading_id), []

    def handle_data(self, data: str) -> None:
        if self._open:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or tag != self._open[0]:
            return
        text = " ".join("".join(self._text).split())
        if tag == "h1":
            self.title = text
        else:
            self.headings.append(Heading(self._open[1], text))
        self._open = None


@cache
def style() -> str:
    """The page's style sheet."""
    return (TEMPLATES / "report" / "page.css").read_text(encoding="utf-8")


@cache
def script() -> str:
    """The page's own script."""
    return (TEMPLATES / "report" / "page.js").read_text(encoding="utf-8")


@cache
def vega() -> str:
    """Vega, Vega-Lite and vega-embed as one script that is safe inside an HTML file."""
    bundle = vl_convert.javascript_bundle(vl_version=VEGA_LITE_VERSION)  # type: ignore[call-arg]  # its stub lacks the default
    return re.sub(r"<(?=/script|!--)", r"\\x3c", bundle, flags=re.IGNORECASE)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
