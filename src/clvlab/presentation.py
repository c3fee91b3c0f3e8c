"""A report's sections on the page: heading, sentences, charts and tables, in the reader's language.

`PAGES` says what each section shows and in which order; the sections themselves hold only tables and findings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import polars as pl
from IPython import display as notebook
from markupsafe import Markup

from clvlab import export, tables
from clvlab.analysis import Results, Section
from clvlab.charts import base_health, cohorts, movement, profiles, segments, theme, validation, value
from clvlab.errors import ParamsError, did_you_mean
from clvlab.wording import Name, Words

Kinds = Mapping[str, str]


@dataclass(frozen=True)
class Chart:
    """A chart of one table; its title is the finding of the same name."""

    table: str
    draw: Callable[[pl.DataFrame, Words], Any]


@dataclass(frozen=True)
class Table:
    """A display table: which columns, and how their cells read."""

    table: str
    kinds: Kinds


@dataclass(frozen=True)
class Text:
    """A paragraph: a finding of that name, where the section has it."""

    finding: str


@dataclass(frozen=True)
class Numbers:
    """The numbers that a reader asks for first, each with its change."""

    table: str


@dataclass(frozen=True)
class Terms:
    """Terms and their meanings."""

    table: str


Block = Chart | Table | Text | Numbers | Terms

_GROUP: Kinds = MappingProxyType(
    {
        "group": "group",
        "customers": "int",
        "share_customers": "pct1",
        "spend": "money",
        "share_spend": "pct1",
        "order_value": "price",
        "median_days_since_last": "int",
        "median_purchases": "int",
        "p_alive": "pct",
        "clv_mean": "price",
        "clv": "money",
    }
)

PAGES: Mapping[str, Sequence[Block]] = MappingProxyType(
    {
        "summary": (
            Text("lead"),
            Numbers("numbers"),
            Text("value"),
            Text("stake"),
            Table(
                "actions",
                {
                    "group": "group",
                    "customers": "int",
                    "clv": "money",
                    "clv_low": "money",
                    "clv_high": "money",
                    "share_clv": "pct",
                    "action": "text",
                    "review": "date",
                },
            ),
        ),
        "quality": (
            Text("lead"),
            Table("rows", {"rule": "rule", "rows": "int", "share": "pct1", "amount": "money"}),
            Text("gate"),
            Table("gate", {"check": "name:gate", "required": "int", "found": "int", "passed": "yesno"}),
        ),
        "base_health": (
            Text("lead"),
            Chart("orders", base_health.orders),
            Chart("lorenz", base_health.lorenz),
            Chart("months", base_health.months),
        ),
        "segments": (
            Text("lead"),
            Chart("groups", segments.shares),
            Table("groups", _GROUP),
            Text("empty"),
            Text("empty_new"),
            Chart("grid", segments.grid),
        ),
        "movement": (
            Text("lead"),
            Chart("moves", movement.moves),
            Table("direction", {"move": "name:moves", "customers": "int", "clv": "money"}),
        ),
        "cohorts": (Text("lead"), Chart("retention", cohorts.retention), Chart("spend", cohorts.spend)),
        "clusters": (Text("lead"), Chart("clusters", segments.shares), Table("clusters", _GROUP)),
        "value": (
            Text("lead"),
            Text("fallback"),
            Text("notes"),
            Chart("distribution", value.distribution),
            Chart("by_group", value.by_group),
            Table(
                "by_group",
                {
                    "group": "group",
                    "customers": "int",
                    "clv": "money",
                    "clv_low": "money",
                    "clv_high": "money",
                    "share": "pct",
                },
            ),
            Chart("deciles", value.deciles),
            Table(
                "parameters",
                {
                    "model": "name:models",
                    "parameter": "text",
                    "estimate": "dec3",
                    "standard_error": "dec3",
                    "low": "dec3",
                    "high": "dec3",
                },
            ),
        ),
        "watch": (
            Text("lead"),
            Table(
                "customers",
                {
                    "pseudonym": "text",
                    "n_purchases": "int",
                    "days_since_last": "int",
                    "gap_p80": "int",
                    "spend_last_year": "price",
                    "p_alive": "pct",
                    "at_risk": "price",
                },
            ),
        ),
        "profiles": (
            Text("lead"),
            Chart("attributes", profiles.attributes),
            Table(
                "attributes",
                {
                    "attribute": "name:columns",
                    "value": "text",
                    "customers": "int",
                    "repeat_share": "pct",
                    "spend_per_customer": "price",
                    "index": "pct",
                },
            ),
        ),
        "validation": (
            Text("lead"),
            Text("calibrated"),
            *(Text(f"warning_{kind}") for kind in ("total", "baseline", "decile", "cohort", "group")),
            Chart("tracking", validation.tracking),
            Chart("by_frequency", validation.by_frequency),
            Chart("by_decile", validation.by_decile),
            Chart("gain", validation.gain),
            Table(
                "totals",
                {
                    "what": "name:outcomes",
                    "actual": "int",
                    "model": "int",
                    "low": "int",
                    "high": "int",
                    "model_error": "pct1",
                    "naive_error": "pct1",
                    "last_period_error": "pct1",
                    "average_error": "pct1",
                },
            ),
            Text("errors"),
            Table(
                "errors",
                {
                    "what": "name:outcomes",
                    "method": "name:methods",
                    "mae": "dec3",
                    "rmse": "dec3",
                    "rank_correlation": "dec2",
                    "gini": "dec2",
                },
            ),
            Text("choice"),
            Text("offer"),
            Table(
                "models",
                {
                    "method": "name:methods",
                    "log_likelihood": "int",
                    "aic": "int",
                    "bic": "int",
                    "total_error": "pct1",
                    "mae": "dec3",
                    "rmse": "dec3",
                },
            ),
            Table(
                "by_group",
                {
                    "group": "group",
                    "customers": "int",
                    "actual": "dec2",
                    "low": "dec2",
                    "high": "dec2",
                    "model": "dec2",
                    "naive": "dec2",
                    "fails": "yesno",
                },
            ),
        ),
        "rules": (
            Text("lead"),
            Table("strategy", {"group": "group", "rank": "int", "condition": "condition"}),
            Table(
                "scores", {"score": "int", "days_since_last": "short", "n_purchases": "short", "total_spend": "price"}
            ),
            Table("clusters", {"group": "group", "rank": "int", "condition": "condition"}),
        ),
        "glossary": (Text("lead"), Terms("terms")),
        "appendix": (
            Text("lead"),
            Table("parameters", {"parameter": "text", "value": "text"}),
            Table("data", {"fact": "name:facts", "value": "text"}),
            Table("versions", {"library": "text", "version": "text"}),
        ),
    }
)


@dataclass(frozen=True)
class Fragment:
    """A piece of a page: HTML, already escaped, and the same as plain text."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Drawing:
    """A chart as a notebook shows it."""

    chart: Any = field(repr=False)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return theme.mime_bundle(self.chart)


class Report:
    """Results as pages for a reader: `show` displays a section in a notebook."""

    pages: ClassVar[Mapping[str, Sequence[Block]]] = PAGES
    cover: ClassVar[str] = "summary"  # the section that carries the report's title

    def __init__(self, results: Results) -> None:
        self.results = results
        self.words = Words(results.params.lang, results.params.currency)

    def show(self, section: str) -> None:
        """Display one section: heading, sentences, charts and tables."""
        for piece in self.pieces(section):
            notebook.display(piece)

    def pieces(self, section: str) -> list[Fragment | Drawing]:
        """What `show` displays."""
        if section not in self.results:
            known = ", ".join(self.results)
            raise ParamsError(f"No section {section!r}.{did_you_mean(section, self.results)} Sections: {known}.")
        content = self.results[section]
        shown = [self._block(section, content, block) for block in self.pages[section]]
        return [self._heading(section), *(piece for piece in shown if piece is not None)]

    def export(self) -> None:
        """Write the customer table and all tables beside the report."""
        export.write(self.results, export.run_folder(self.results.params))

    def _heading(self, section: str) -> Fragment:
        if section == self.cover:
            return self._cover(section)
        text = self.words(f"{section}.heading")
        return Fragment(Markup('<h2 id="{}">{}</h2>').format(section, text), text)

    def _cover(self, section: str) -> Fragment:
        """Title, period and data of the report, and the heading of its first section."""
        words, given = self.words, self.results.params.to_dict()
        figures = {**given, "as_of": self.results.params.as_of, "currency": given["currency"] or "–"}
        title = words(f"{section}.title", **figures)
        line = words(f"{section}.cover", **figures)
        html = Markup('<h1>{}</h1>\n<p class="cover">{}</p>\n<h2 id="{}">{}</h2>').format(
            title, line, section, words(f"{section}.heading")
        )
        return Fragment(html, f"{title}\n{line}")

    def _block(self, section: str, content: Section, block: Block) -> Fragment | Drawing | None:
        if isinstance(block, Text):
            return self._text(content, block)
        if block.table not in content:
            return None
        if isinstance(block, Chart):
            return self._chart(section, content, block)
        if isinstance(block, Numbers):
            return self._numbers(content[block.table])
        if isinstance(block, Terms):
            return self._terms(content[block.table])
        return self._table(section, content[block.table], block)

    def _sentence(self, content: Section, finding: str) -> str:
        found = content.findings[finding]
        figures = {
            name: self._listed(figure) if isinstance(figure, list) else figure
            for name, figure in found.figures.items()
        }
        return self.words(found.key, **figures)

    def _listed(self, names: list[Name]) -> str:
        separator = {"en": ", ", "zh": "、"}[self.words.lang]
        return separator.join(self.words.name(name.kind, name.code) for name in names)

    def _text(self, content: Section, block: Text) -> Fragment | None:
        if block.finding not in content.findings:
            return None
        text = self._sentence(content, block.finding)
        return Fragment(Markup('<p class="{}">{}</p>').format(block.finding, text), text)

    def _chart(self, section: str, content: Section, block: Chart) -> Drawing:
        title = self._sentence(content, block.table)
        subtitle = self.words(f"{section}.{block.table}_subtitle", as_of=self.results.params.as_of)
        chart = block.draw(content[block.table], self.words)
        return Drawing(
            theme.titled(chart, title, subtitle, self.words("charts.alternative", title=title, subtitle=subtitle))
        )

    def _table(self, section: str, table: pl.DataFrame, block: Table) -> Fragment:
        if "action" in block.kinds:
            advice = [self.words.action(code) for code in table["group"]]
            table = table.with_columns(pl.Series("action", advice, dtype=pl.String))
        shown = tables.display(table, block.kinds, self.words, name=f"{section}-{block.table}")
        caption = self.words(f"{section}.{block.table}_table")
        html = Markup('<figure class="table"><figcaption>{}</figcaption>{}</figure>').format(
            caption, Markup(shown.as_raw_html())
        )
        return Fragment(html, f"{caption}\n{table}")

    def _numbers(self, table: pl.DataFrame) -> Fragment:
        """The numbers as cards: name, figure, and the change since the quarter before, with sign and arrow."""
        items = [
            Markup('<div class="number"><span>{}</span><strong>{}</strong><small>{}</small></div>').format(
                self.words.name("measures", row["measure"]),
                self.words.number(row["value"], row["kind"]),
                self._change(row),
            )
            for row in table.iter_rows(named=True)
        ]
        text = "\n".join(
            f"{self.words.name('measures', row['measure'])}: {self.words.number(row['value'], row['kind'])}"
            for row in table.iter_rows(named=True)
        )
        return Fragment(Markup('<div class="numbers">{}</div>').format(Markup("").join(items)), text)

    def _change(self, row: Mapping[str, Any]) -> str:
        if row["change"] is None:
            return self.words("summary.no_previous")
        if row["change"] == 0:
            return self.words("summary.unchanged")
        arrow = "▲" if row["change"] > 0 else "▼"
        key = "summary.change_points" if row["kind"] == "pct" else "summary.change"
        amount = abs(row["change"]) * (100 if row["kind"] == "pct" else 1)
        return self.words(key, arrow=arrow, sign="+" if row["change"] >= 0 else "−", amount=amount)

    def _terms(self, table: pl.DataFrame) -> Fragment:
        pairs = [(self.words(f"glossary.{code}"), self.words(f"glossary.{code}_meaning")) for code in table["term"]]
        items = [Markup("<dt>{}</dt><dd>{}</dd>").format(term, meaning) for term, meaning in pairs]
        text = "\n".join(f"{term}: {meaning}" for term, meaning in pairs)
        return Fragment(Markup('<dl class="terms">{}</dl>').format(Markup("").join(items)), text)
