"""What a source holds, what of it would be refused and why, and a params file that is ready to use."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.columns import LOG, names
from clvlab.customers import minimum_data
from clvlab.errors import DataError, UnsettledError
from clvlab.frames import TransactionLog
from clvlab.inputs import EMBEDDED
from clvlab.params import ReportParams
from clvlab.sources import FileSettings, open_source
from clvlab.sources.headers import suggest_columns
from clvlab.transactions import read_transactions
from clvlab.transactions.doubts import last_settled_day
from clvlab.transactions.rules import RULES, meaning
from clvlab.wording import Words

_EXAMPLES = 3
_NOTHING_TO_DETECT: Mapping[str, Any] = MappingProxyType({"files": (), "date_formats": (), "currencies": ()})
_LONGEST_VALUE = 40
_CODE = re.compile("[A-Z]{3}")


@dataclass(frozen=True, eq=False)
class Check:
    """What `check_source` found.

    Attributes
    ----------
    source : as it was given
    headers : the source's columns
    columns : our name -> the source's, as given or recognised
    reading : settings of the reader, as given or as the data asks for
    questions : what the data leaves open, in words; the first choice was taken
    log : None where the source cannot be read
    problem : why it cannot be read
    """

    source: str
    headers: tuple[str, ...]
    columns: Mapping[str, str]
    reading: Mapping[str, Any] = field(default_factory=dict)
    questions: tuple[str, ...] = ()
    log: TransactionLog | None = None
    problem: str = ""

    @property
    def gate(self) -> pl.DataFrame:
        """The minimum-data gate as of the log's last settled day, see `clvlab.customers.minimum_data`."""
        log = self._readable()
        return minimum_data(log, last_settled_day(log.accepted))

    def text(self) -> str:
        """All findings, for a terminal."""
        return "\n".join(self._lines())

    def params(self) -> ReportParams:
        """The parameters of a report on this source; DataError where it cannot be read."""
        log = self._readable()
        first, last = _span(log)[0], last_settled_day(log.accepted)
        weeks = min(39, (last - first).days // 14)
        currencies = log.detected["currencies"]
        values: dict[str, Any] = {
            "name": _name(self.source),
            "source": self.source,
            "columns": dict(self.columns),
            "as_of": last,
            "holdout": f"{weeks} weeks" if weeks else None,
            "currency": currencies[0] if len(currencies) == 1 and _CODE.fullmatch(currencies[0]) else None,
            "lang": "zh" if any("一" <= letter <= "鿿" for letter in "".join(self.headers)) else "en",
            "reading": dict(self.reading),
        }
        return ReportParams(**values)

    def params_yaml(self) -> str:
        """A params file for `clvlab report`, ready to use; what is still open is a comment at its top."""
        comments = "".join(f"# TO SETTLE: {question}\n" for question in self.questions)
        return comments + self.params().to_yaml()

    def _readable(self) -> TransactionLog:
        if self.log is None:
            raise DataError(self.problem)
        return self.log

    def _lines(self) -> Iterator[str]:
        yield f"Source: {self.source}"
        yield "Columns"
        for ours, theirs in self.columns.items():
            yield f"  {ours:<12} <- {_shown(theirs)}"
        unused = [header for header in self.headers if header not in self.columns.values()]
        if unused:
            yield f"  not used: {', '.join(map(_shown, unused))}"
        for question in self.questions:
            yield f"To settle: {question}"
        if self.log is None:
            yield f"Cannot be read: {self.problem}"
            return
        yield from _found(self.log)
        yield from _refused(self.log)
        yield "Enough to predict from?"
        words = Words("en")
        for check, required, found, passed in self.gate.iter_rows():
            number = "none" if found is None else f"{found:,}"
            yield f"  {'yes' if passed else 'NO':<4}{words.name('gate', check)} {required:,}: {number}"


def check_source(source: str, columns: Mapping[str, str] | None = None, **reading: Any) -> Check:
    """What a path or glob holds, read with recognised columns and, where the data leaves a choice, the likeliest one.

    Parameters
    ----------
    source
        a path, a glob of several files, or an embedded data set
    columns
        our name -> the source's name, for columns whose header is not recognised
    reading
        settings of `read_transactions`

    Raises
    ------
    DataError : there is no such file, or it is empty, binary or damaged
    ParamsError : a setting is wrong
    """
    if source in EMBEDDED:
        return Check(source, (), {}, log=replace(EMBEDDED[source](), detected=_NOTHING_TO_DETECT))
    settings = dict(reading)
    questions: list[str] = []
    while True:
        try:
            return _check(source, columns or {}, settings, tuple(questions))
        except UnsettledError as question:
            settings[question.key] = question.choices[0]
            questions.append(f"{question} {question.choices[0]!r} was taken.")


def _check(source: str, given: Mapping[str, str], settings: dict[str, Any], questions: tuple[str, ...]) -> Check:
    """The check under these settings; UnsettledError where one more has to be chosen."""
    own = {key: settings[key] for key in ("encoding", "separator", "sheet", "header_row") if key in settings}
    texts = FileSettings(**own, columns=tuple(given.values()))
    tables = open_source(source, texts)
    headers = tuple(dict.fromkeys(name for table in tables for name in table.columns))
    twice = {name for table in tables for name in table.facts.get("repeated", ())}
    found = Check(source, headers, _recognised(headers, twice, given), settings, questions)
    try:
        return replace(found, log=read_transactions(source, found.columns, **settings))
    except DataError as error:
        if isinstance(error, UnsettledError) and error.choices and error.key not in settings:
            raise
        return replace(found, problem=str(error))


def _recognised(headers: tuple[str, ...], twice: set[str], given: Mapping[str, str]) -> dict[str, str]:
    """What was given, and for the rest what the headers suggest; of those that are there twice, the bare name."""
    free = [_bare(header, twice) for header in headers if header not in given.values()]
    columns = {**suggest_columns(free), **given}
    if "amount" in columns and "unit_price" not in given:
        columns.pop("unit_price", None)
    return {name: columns[name] for name in [*names(LOG), *given] if name in columns}


def _bare(header: str, twice: set[str]) -> str:
    """The header as the source has it, without the place that tells it from others of its name."""
    name = header.rpartition(" (")[0]
    return name if name in twice else header


def _found(log: TransactionLog) -> Iterator[str]:
    for file in log.detected["files"]:
        facts = [f"{key} {value!r}" for key, value in file.items() if key not in ("name", "repeated")]
        yield f"Read: {file['name']} ({', '.join(facts)})"
    first, last = _span(log)
    formats = log.detected["date_formats"]
    yield f"Dates: {first} to {last}{', written as ' if formats else ''}{', '.join(formats)}"
    if log.detected["currencies"]:
        yield f"Currency: {', '.join(log.detected['currencies'])}"
    returns = log.accepted.filter(pl.col("amount") < 0) if log.has_amounts else log.accepted.clear()
    zeros = log.accepted.filter(pl.col("amount") == 0) if log.has_amounts else log.accepted.clear()
    counts = {
        "returns (negative amounts)": returns.select(pl.len()).collect().item(),
        "amounts of zero (kept; `zero_amounts: refuse` keeps them out)": zeros.select(pl.len()).collect().item(),
        "exact duplicates (kept; `duplicates: drop` merges them)": log.detected.get("duplicate_rows", 0),
    }
    yield from (f"  {count:,} {what}" for what, count in counts.items() if count)


def _refused(log: TransactionLog) -> Iterator[str]:
    yield "Rows" + ("                                money" if log.has_amounts else "")
    for rule, rows, share, amount in log.quality.iter_rows():
        money = "" if amount is None else f"{amount:>20,.2f}"
        yield f"  {rule:<18}{rows:>12,} {share:>6.1%}{money}"
    for rule in log.quality["rule"]:
        if rule in RULES:
            yield f"Refused by {rule}: {meaning(rule)}"
            examples = log.rejected.filter(pl.col("rule") == rule).head(_EXAMPLES)
            yield from (f"  row {row['row']}: {_fields(row)}" for row in examples.iter_rows(named=True))


def _fields(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_shown(value)}" for name, value in row.items() if name not in ("rule", "file", "row"))


def _shown(value: object) -> str:
    """A value on one line, without control characters, which a terminal would obey."""
    text = "" if value is None else str(value)[: _LONGEST_VALUE + 1]
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _span(log: TransactionLog) -> tuple[date, date]:
    days = log.accepted.select(first=pl.col("date").min(), last=pl.col("date").max()).collect(engine="streaming")
    first, last = days.row(0)
    return first, last


def _name(source: str) -> str:
    """The file's name without its endings, as the name of a series of reports."""
    return Path(source).name.split(".")[0].replace("*", "") or "report"
