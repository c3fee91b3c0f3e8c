"""What tables of attributes hold, and what of them would be refused and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import polars as pl

from clvlab.check import telling
from clvlab.check.settling import settle
from clvlab.check.verdict import Remark, Verdict
from clvlab.customers import AttributeTable
from clvlab.customers.attribute_values import kind_of
from clvlab.customers.attributes import OURS, read_tables
from clvlab.customers.perishable import perishable
from clvlab.errors import DataError
from clvlab.frames import TransactionLog
from clvlab.inputs import attribute_settings
from clvlab.params import ReaderSettings, RunParams
from clvlab.wording import Language, Words

_EXAMPLES = 3


@dataclass(frozen=True, eq=False)
class AttributesCheck:
    """What `check_attributes` found.

    Attributes
    ----------
    lang : the language in which it is said
    tables : the tables; none where they cannot be read
    reading : settings of `attribute_reading`, as given or as the data ask for
    verdict : whether a report can read them
    log : the log whose customers the tables are to meet; None without one
    """

    lang: Language
    tables: tuple[AttributeTable, ...]
    reading: Mapping[str, Any]
    verdict: Verdict
    log: TransactionLog | None = None

    @property
    def leaking(self) -> list[str]:
        """Names of the tables that a comparison refuses, because they have what changes, and no day."""
        return [table.name for table in self.tables if perishable(table)]

    def lines(self) -> Iterable[str]:
        """What the tables hold."""
        words = Words(self.lang)
        for table in self.tables:
            yield from telling.table(words, table, described(table), self._met(table))

    def text(self) -> str:
        """All findings, for a terminal."""
        return "\n".join([*self.lines(), *telling.verdict(Words(self.lang), self.verdict)])

    def _met(self, table: AttributeTable) -> dict[str, int] | None:
        """Customers of the table whom the log has, others, and all whom the log has; None without a log."""
        if self.log is None:
            return None
        ids = table.data.select("customer_id").unique()
        buyers = self.log.accepted.select("customer_id").unique().collect(engine="streaming")
        met = ids.join(buyers, on="customer_id", how="semi").height
        return {"met": met, "others": ids.height - met, "customers": buyers.height}


def check_attributes(source: str, lang: Language | None = None, **given: Any) -> AttributesCheck:
    """What tables of attributes hold, read with recognised columns.

    Parameters
    ----------
    source
        a path or glob
    lang
        language of the findings; by default that of the headers
    given
        keys of a params file, such as `attribute_columns`, `dated` or a setting of the reader

    Raises
    ------
    DataError : there is no such file, or it is empty, binary or damaged
    ParamsError : a key is unknown, or its value wrong
    """
    reading = {name: value for name, value in given.items() if name in ReaderSettings.__annotations__}
    rest = {name: value for name, value in given.items() if name not in reading}
    if reading:
        rest["attribute_reading"] = {**rest.get("attribute_reading", {}), **reading}
    return check_tables(RunParams(name="check", source=source, attributes=[source], as_of=date.today(), **rest), lang)


def check_tables(params: RunParams, lang: Language | None, log: TransactionLog | None = None) -> AttributesCheck:
    """The tables of attributes of a run."""
    try:
        found = settle(partial(_read, params), params.attribute_reading)
    except DataError as error:
        verdict = Verdict(problems=(Remark.of_error(error, "check.problem_missing_attribute"),))
        return AttributesCheck(lang or "en", (), params.attribute_reading, verdict, log)
    headers = [table.headers.get(name, name) for table in found.value for name in table.data.columns]
    remarks = (*map(Remark.of_warning, found.doubts), *_leaks(found.value))
    verdict = Verdict(found.questions, tuple(_problems(found.value)), remarks)
    return AttributesCheck(lang or language_of(headers), tuple(found.value), found.settings, verdict, log)


def language_of(headers: Iterable[str]) -> Language:
    """Chinese where a header is.

    >>> language_of(["customer_id", "省份"]), language_of(["customer_id"])
    ('zh', 'en')
    """
    return "zh" if any("一" <= letter <= "鿿" for letter in "".join(headers)) else "en"


def described(table: AttributeTable) -> pl.DataFrame:
    """name, header, kind, distinct, missing (share), examples: one row for each attribute."""
    rows = []
    for name in table.columns:
        values = table.data[name]
        known = values.drop_nulls().unique(maintain_order=True)
        examples = ", ".join(map(telling.shown, known.head(_EXAMPLES)))
        missing = values.null_count() / max(len(values), 1)
        rows.append((name, table.headers.get(name, name), kind_of(values), len(known), missing, examples))
    return pl.DataFrame(rows, ["name", "header", "kind", "distinct", "missing", "examples"], orient="row")


def _read(params: RunParams, reading: Mapping[str, Any]) -> list[AttributeTable]:
    settings = attribute_settings(params.model_copy(update={"attribute_reading": reading}))
    return read_tables(list(params.attributes), settings)


def _leaks(tables: Iterable[AttributeTable]) -> Iterable[Remark]:
    """What a comparison refuses, though a report does not."""
    for table in tables:
        headers = [repr(table.headers.get(name, name)) for name in perishable(table)]
        if headers:
            yield Remark("check.remark_leaking", {"table": table.name, "columns": ", ".join(headers)})


def _problems(tables: Iterable[AttributeTable]) -> Iterable[Remark]:
    """Why a report would refuse tables that can be read."""
    owner: dict[str, str] = {}
    for table in tables:
        twice = table.repeated
        if len(twice):
            figures = {"table": table.name, "example": repr(twice[0]), "customers": len(twice)}
            yield Remark("check.problem_repeated", figures)
        for name in table.columns:
            header = table.headers.get(name, name)
            figures = {"table": table.name, "column": repr(header), "mapping": f"{{crm_{name}: {header}}}"}
            if name in OURS:
                yield Remark("check.problem_taken", figures)
            elif name in owner:
                yield Remark("check.problem_twice", {**figures, "other": owner[name]})
            owner.setdefault(name, table.name)
