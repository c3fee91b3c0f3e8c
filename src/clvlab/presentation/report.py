"""A report's sections on the page: heading, sentences, charts and tables, in the reader's language."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import polars as pl
from IPython import display as notebook
from markupsafe import Markup

from clvlab import export, tables
from clvlab.analysis.results import Results
from clvlab.analysis.section import Finding, Section
from clvlab.charts import theme
from clvlab.charts.notebook import Bundle
from clvlab.editions import SHOWN_ON, Edition
from clvlab.errors import UnknownNameError
from clvlab.frames import check_kind
from clvlab.params import ReportParams
from clvlab.playbook.telling import TOLD, with_texts
from clvlab.presentation.blocks import Block, Cards, Chart, Numbers, Table, Terms, Text
from clvlab.presentation.cards import cards_of
from clvlab.presentation.fragments import unbroken
from clvlab.presentation.segmentation import PAGES, STAKEHOLDER
from clvlab.tables import Fragment
from clvlab.trend import Trend
from clvlab.wording import Language, Name, Words


@dataclass(frozen=True)
class Drawing:
    """A chart as a notebook shows it."""

    chart: theme.ChartType = field(repr=False)

    def _repr_mimebundle_(self, **_: Any) -> Bundle:
        return theme.mime_bundle(self.chart)


Piece = Fragment | Drawing


class Report:
    """Results as pages for a reader: `show` displays a section in a notebook.

    Of a report in both languages this is one of them, by default the first; `show` displays both.
    """

    pages: ClassVar[Mapping[str, Sequence[Block]]] = PAGES
    for_stakeholders: ClassVar[Mapping[str, Collection[str]]] = STAKEHOLDER
    cover: ClassVar[str] = "summary"  # the section that carries the report's title

    def __init__(self, results: Results, lang: Language | None = None) -> None:
        check_kind("results", results, Results, "clvlab.analyse")
        self.results = results
        self.words = Words(lang or results.params.languages[0], results.params.currency, results.own_groups)

    def show(self, section: str) -> None:
        """Display one section: heading, sentences, charts and tables; in one language after the other.

        Each piece is displayed once, and says for which pages it is.
        """
        for lang in self.results.params.languages:
            for piece, editions in type(self)(self.results, lang).shared(section):
                notebook.display(piece, metadata={SHOWN_ON: {"lang": lang, "editions": editions}})

    def pieces(self, section: str) -> list[Piece]:
        """What the run's editions show of a section."""
        return [piece for piece, _ in self.shared(section)]

    def shared(self, section: str) -> Iterator[tuple[Piece, list[Edition]]]:
        """The pieces of a section, each with the editions of the run that show it."""
        if section not in self.results:
            raise UnknownNameError("section", section, self.results)
        heading = self._heading(section)
        found = [
            (piece, editions)
            for block in self.pages[section]
            if (editions := self._editions(section, block))
            and (piece := self._block(section, self.results[section], block)) is not None
        ]
        # A stakeholder sees no heading with nothing below.
        is_for_all = any("stakeholder" in editions for _, editions in found)
        everybody = [it for it in self.results.params.editions if is_for_all or it == "analyst"]
        if everybody:
            yield heading, everybody
        yield from found

    def _editions(self, section: str, block: Block) -> list[Edition]:
        """The editions that show a block of a section."""
        is_for_all = block.name in self.for_stakeholders.get(section, ())
        return [edition for edition in self.results.params.editions if is_for_all or edition == "analyst"]

    def export(self) -> None:
        """Write the tables, and for an analyst the customers, next to the report."""
        tables = {
            section: {
                block.table: None
                for block in self.pages[section]
                if not isinstance(block, Text) and block.name in names and block.table in self.results[section]
            }
            for section, names in self.for_stakeholders.items()
        }
        export.write(self.results, export.run_folder(self.results.params), tables)

    def _heading(self, section: str) -> Fragment:
        if section == self.cover:
            return self._cover(section)
        text = self.words(f"{section}.heading")
        return Fragment(_style() + Markup('<h2 id="{}">{}</h2>').format(section, text), text)

    def _cover(self, section: str) -> Fragment:
        """Title, period and data of the report, and the heading of its first section."""
        words, given = self.words, self.results.params.to_dict()
        named = {"source": self.results.params.source_name, "currency": given["currency"] or "–"}
        figures = {**given, "name": words.plain(given["name"]), **named, "as_of": self.results.params.as_of}
        title = (given["title"] and words.plain(given["title"])) or words(f"{section}.title", **figures)
        line = words(f"{section}.cover", **figures)
        html = Markup('<h1>{}</h1>\n<p class="cover">{}</p>\n<h2 id="{}">{}</h2>').format(
            title, line, section, words(f"{section}.heading")
        )
        return Fragment(_style() + html, f"{title}\n{line}")

    def _block(self, section: str, content: Section, block: Block) -> Piece | None:
        if isinstance(block, Text):
            return self._text(content, block)
        if block.table not in content:
            return None
        if isinstance(block, Chart):
            return self._chart(section, content, block)
        if isinstance(block, Numbers):
            return self._numbers(content[block.table], content.get(block.trends))
        if isinstance(block, Cards):
            return self._cards(content[block.table])
        if isinstance(block, Terms):
            return self._terms(content[block.table])
        return self._table(section, content[block.table], block)

    def _sentence(self, found: Finding) -> str:
        figures = {
            name: self._listed(figure) if isinstance(figure, list) else figure
            for name, figure in found.figures.items()
        }
        # What is a key of the params to a terminal is in quotation marks to a reader.
        return re.sub("`([^`]+)`", r"“\1”", self.words(found.key, **figures))

    def _listed(self, items: list[Name] | list[Finding]) -> str:
        """Names with commas between them, or one sentence after the other."""
        texts = [self._sentence(it) if isinstance(it, Finding) else self.words.name(it.kind, it.code) for it in items]
        if items and isinstance(items[0], Finding):
            return self.words.sentences(texts)
        return {"en": ", ", "zh": "、"}[self.words.lang].join(texts)

    def _text(self, content: Section, block: Text) -> Fragment | None:
        if block.finding not in content.findings:
            return None
        text = self._sentence(content.findings[block.finding])
        return Fragment(Markup('<p class="{}">{}</p>').format(block.finding, unbroken(text)), text)

    def _chart(self, section: str, content: Section, block: Chart) -> Drawing:
        finding = content.findings[block.table]
        title = self._sentence(finding)
        subtitle = self.words(
            f"{section}.{block.table}_subtitle", **{**finding.figures, "as_of": self.results.params.as_of}
        )
        chart = block.draw(content[block.table], self.words)
        return Drawing(
            theme.titled(chart, title, subtitle, self.words("charts.alternative", title=title, subtitle=subtitle))
        )

    def _table(self, section: str, table: pl.DataFrame, block: Table) -> Fragment:
        if told := [name for name in TOLD if block.kinds.get(name) == "text"]:
            table = self._with_texts(table, told)
        caption = self.words(f"{section}.{block.caption or block.table}_table")
        # A column of dashes alone tells nothing that the text does not.
        known = {name: kind for name, kind in block.kinds.items() if table[name].null_count() < table.height}
        shown = tables.display(table, known if table.height else block.kinds, self.words, caption=caption)
        return Fragment(shown.to_html(), shown.to_text())

    def _with_texts(self, table: pl.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
        params = self.results.params
        low_value = params.low_value if isinstance(params, ReportParams) else None
        return with_texts(table, wanted, self.results.playbook, self.words, low_value)

    def _cards(self, table: pl.DataFrame) -> Fragment:
        told = self._with_texts(table, ("action", "owner", "channel"))
        params = self.results.params
        assert isinstance(params, ReportParams)
        cards = cards_of(told, self.words, params.horizon, Name("lapses", params.period))
        html = Markup('<div class="cards">{}</div>').format(Markup("").join(card.html for card in cards))
        return Fragment(html, "\n\n".join(card.text for card in cards))

    def _numbers(self, table: pl.DataFrame, trends: pl.DataFrame | None) -> Fragment:
        """The numbers as cards: name, figure, line, and the change since the period before, with sign and arrow."""
        items = [
            Markup('<div class="number"><span>{}</span><strong>{}</strong><small>{}{}</small></div>').format(
                self.words.name("measures", row["measure"]),
                self.words.number(row["value"], row["kind"]),
                "" if trends is None else self._trend(row["measure"], row["kind"], trends),
                unbroken(self._changes(row)),
            )
            for row in table.iter_rows(named=True)
        ]
        text = "\n".join(
            f"{self.words.name('measures', row['measure'])}: {self.words.number(row['value'], row['kind'])}"
            for row in table.iter_rows(named=True)
        )
        return Fragment(Markup('<div class="numbers">{}</div>').format(Markup("").join(items)), text)

    def _trend(self, measure: str, kind: str, trends: pl.DataFrame) -> Markup:
        """The line of one number."""
        known = trends.filter(measure=measure)
        return Trend(measure, kind, known["day"].to_list(), known["value"].to_list()).svg(self.words)

    def _changes(self, row: Mapping[str, Any]) -> str:
        """The change in a period, and in a year where the log has it."""
        words, lapse = self.words, Name("lapses", self.results.params.period)
        last = words("summary.no_previous" if row["previous"] is None else "summary.from_nothing", lapse=lapse)
        if row["change"] is not None:
            last = words("summary.in_a_period", lapse=lapse, change=self._change(row["kind"], row["change"]))
            if row["change"] and row["beyond_chance"] is not None:
                last = words(f"summary.{'beyond' if row['beyond_chance'] else 'within'}_chance", change=last)
        if row["change_in_year"] is None:
            return last
        year = words("summary.in_a_year", change=self._change(row["kind"], row["change_in_year"]))
        return {"en": "; ", "zh": "；"}[words.lang].join((last, year))

    def _change(self, kind: str, change: float) -> str:
        """A change with sign and arrow; of a share in points."""
        if change == 0:
            return self.words("summary.unchanged")
        arrow, sign = ("▲", "+") if change > 0 else ("▼", "−")
        if kind == "pct":
            return self.words("summary.change_points", arrow=arrow, sign=sign, amount=abs(change) * 100)
        return self.words("summary.change", arrow=arrow, sign=sign, amount=abs(change))

    def _terms(self, table: pl.DataFrame) -> Fragment:
        pairs = [(self.words(f"glossary.{code}"), self.words(f"glossary.{code}_meaning")) for code in table["term"]]
        items = [Markup("<dt>{}</dt><dd>{}</dd>").format(term, meaning) for term, meaning in pairs]
        text = "\n".join(f"{term}: {meaning}" for term, meaning in pairs)
        return Fragment(Markup('<dl class="terms">{}</dl>').format(Markup("").join(items)), text)


@cache
def _style() -> Markup:
    """How numbers and charts look in a notebook; the published page has a style sheet of its own."""
    numbers = files("clvlab.presentation").joinpath("notebook.css").read_text(encoding="utf-8")
    return Markup("<style>\n{}</style>\n").format(Markup(numbers + theme.dark_notebook()))
