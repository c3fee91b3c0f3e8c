"""What a log holds, what of it would be refused and why, and a params file that is ready to use."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import PurePath
from typing import Any

import polars as pl

from clvlab.check import telling
from clvlab.check.attributes import AttributesCheck, check_tables, language_of
from clvlab.check.params_file import params_file, without_tables
from clvlab.check.settling import Settled, heard, settle
from clvlab.check.verdict import Doubt, Remark, Verdict
from clvlab.columns import LOG, names
from clvlab.customers import minimum_data
from clvlab.errors import ClvlabError, DataError, UnsettledError
from clvlab.frames import TransactionLog
from clvlab.inputs import EMBEDDED, check_refused, read_source
from clvlab.params import CompareParams, ReportParams
from clvlab.preflight import check_run
from clvlab.sources import FileSettings, SourceTable, open_source
from clvlab.sources.headers import suggest_columns
from clvlab.transactions.doubts import last_settled_day
from clvlab.transactions.questions import SETTLED_BY, is_open
from clvlab.wording import Language, Words, languages

_CODE = re.compile("[A-Z]{3}")
_MONEY = ("amount", "quantity", "unit_price", "cost")
_OF_FILES = ("encoding", "separator", "sheet", "header_row")


@dataclass(frozen=True, eq=False)
class Check:
    """What `check_source` found.

    Attributes
    ----------
    source : as it was given
    lang : the language in which it is said
    headers : the source's columns
    params : the parameters of a report on it, as far as the source can be read
    verdict : whether a report can run
    log : None where the source cannot be read
    attributes : what its tables of attributes hold; None without any
    """

    source: str
    lang: Language
    headers: tuple[str, ...]
    params: ReportParams
    verdict: Verdict
    log: TransactionLog | None = None
    attributes: AttributesCheck | None = None

    @property
    def gate(self) -> pl.DataFrame:
        """The minimum-data gate as of the day of the report, see `clvlab.customers.minimum_data`."""
        return minimum_data(self.readable, self.params.as_of)

    def text(self) -> str:
        """All findings, for a terminal."""
        return "\n".join(self._lines())

    def conclusion(self) -> str:
        """The verdict alone: what is to be settled, what is wrong, what deserves a look, whether a report can run."""
        return "\n".join(telling.verdict(Words(self.lang, self.params.currency), self.verdict))

    def params_yaml(self) -> str:
        """A commented params file for `clvlab report` and `clvlab compare`; DataError where there is no log."""
        leaking = self.attributes.leaking if self.attributes else []
        return params_file(self.params, self.readable, self.verdict.questions, leaking, Words(self.lang))

    @property
    def readable(self) -> TransactionLog:
        """The log; DataError, which says why, where there is none."""
        if self.log is None:
            [problem] = self.verdict.problems
            raise DataError(telling.remark(Words(self.lang), problem))
        return self.log

    def _lines(self) -> Iterator[str]:
        words = Words(self.lang, self.params.currency)
        yield from telling.source(words, self.source, self.params.columns, self.headers)
        if self.log is not None:
            yield from telling.found(words, self.log)
            yield from telling.refused(words, self.log)
            yield from telling.gate(words, self.gate)
            if self.attributes is not None:
                yield from self.attributes.lines()
            yield from telling.summary(words, self.log)
        yield from telling.verdict(words, self.verdict)


@dataclass(frozen=True, eq=False)
class _Reading:
    """One attempt to read a source: its headers, the parameters that were tried, and the log or why there is none."""

    headers: tuple[str, ...]
    params: ReportParams
    log: TransactionLog | None
    problem: DataError | None = None


def check_source(source: str, lang: Language | None = None, **given: Any) -> Check:
    """What a source holds, read with recognised columns and, where the data leaves a choice, the likeliest one.

    Parameters
    ----------
    source
        a path, a glob of several files, or the name of an embedded data set
    lang
        language of the findings and of the report; by default that of the headers
    given
        keys of a params file, such as `columns`, `attributes` or a setting of the reader

    Raises
    ------
    DataError : there is no such file, or it is empty, binary or damaged
    ParamsError : a key is unknown, or its value wrong
    """
    asked = ReportParams(**{"name": _name(source), "source": source, "as_of": date.today(), **given})
    found = settle(partial(_read, asked), asked.reading)
    read = found.value
    lang = lang or (languages(asked.lang)[0] if "lang" in given else language_of(read.headers))
    if read.log is None:
        problems = (Remark.of_error(read.problem),) if read.problem else ()
        return Check(source, lang, read.headers, read.params, Verdict(found.questions, problems))
    params = _suggested(read.params, read.log, {"lang": lang, **given})
    attributes = check_tables(params, lang, read.log) if params.attributes else None
    if attributes is not None:
        params = params.model_copy(update={"attribute_reading": attributes.reading})
    verdict = _verdict(found, params, attributes, {*found.settings, *given})
    return Check(source, lang, read.headers, params, verdict, read.log, attributes)


def _read(asked: ReportParams, reading: Mapping[str, Any]) -> _Reading:
    """The source under these settings; UnsettledError where one more can be chosen."""
    files = FileSettings(
        **{name: reading[name] for name in _OF_FILES if name in reading}, columns=tuple(asked.columns.values())
    )
    tables = [] if asked.source in EMBEDDED else open_source(list(asked.sources), files)
    items = open_source(list(asked.items), files) if asked.items else []
    headers = tuple(dict.fromkeys(name for table in (*tables, *items) for name in table.columns))
    columns = _recognised(tables, items, asked.columns)
    params = asked.model_copy(update={"columns": columns, "reading": dict(reading)})
    try:
        return _Reading(headers, params, read_source(params))
    except DataError as error:
        if isinstance(error, UnsettledError) and error.choices and error.key not in reading:
            raise
        return _Reading(headers, params, None, error)


def _recognised(tables: list[SourceTable], items: list[SourceTable], given: Mapping[str, str]) -> dict[str, str]:
    """What was given, and for the rest what the headers suggest; money is the items', where there are any."""
    columns = _suggested_by(tables, given)
    if items:
        columns = {ours: theirs for ours, theirs in columns.items() if ours not in _MONEY}
        columns = {**_suggested_by(items, given), **columns}
    columns |= given
    if "amount" in columns and "unit_price" not in given:
        columns.pop("unit_price", None)
    return {name: columns[name] for name in [*names(LOG), *given] if name in columns}


def _suggested_by(tables: list[SourceTable], given: Mapping[str, str]) -> dict[str, str]:
    """What the headers suggest that were not given; of those that are there twice, the bare name."""
    twice = {name for table in tables for name in table.facts.get("repeated", ())}
    headers = dict.fromkeys(name for table in tables for name in table.columns)
    return suggest_columns(_bare(header, twice) for header in headers if header not in given.values())


def _bare(header: str, twice: set[str]) -> str:
    """The header as the source has it, without the place that tells it from others of its name."""
    name = header.rpartition(" (")[0]
    return name if name in twice else header


def _suggested(params: ReportParams, log: TransactionLog, given: Mapping[str, Any]) -> ReportParams:
    """The parameters of a report on the log: those that are given, else those that suit it."""
    last = last_settled_day(log.accepted)
    first = log.accepted.select(pl.col("date").min()).collect(engine="streaming").item()
    weeks = min(39, (last - first).days // 14)
    currencies = log.detected["currencies"]
    ours = {
        "as_of": last,
        "holdout": f"{weeks} weeks" if weeks else None,
        "currency": currencies[0] if len(currencies) == 1 and _CODE.fullmatch(currencies[0]) else None,
        "lang": given["lang"],
    }
    suited = {name: value for name, value in ours.items() if name not in given or name == "lang"}
    return ReportParams(**{**params.to_dict(), **suited}).settled(has_amounts=log.has_amounts)


def _verdict(
    found: Settled[_Reading], params: ReportParams, attributes: AttributesCheck | None, answered: Collection[str]
) -> Verdict:
    """What is to be settled, what stops a report, and what deserves a look, where no key that is given answers it."""
    of_tables = attributes.verdict if attributes else Verdict()
    log = found.value.log
    assert log is not None
    problems = of_tables.problems or tuple(_stopped(params, log))
    asked = [Doubt.of_warning(doubt) for doubt in found.doubts if is_open(doubt.code, answered)]
    seen = [Remark.of_warning(doubt) for doubt in found.doubts if doubt.code not in SETTLED_BY]
    remarks = [*seen, *of_tables.remarks, *_remarks(params, log)]
    if not problems:
        remarks += _no_comparison(params, log, attributes)
    return Verdict((*found.questions, *of_tables.questions, *asked), problems, tuple(remarks))


def _stopped(params: ReportParams, log: TransactionLog) -> Iterator[Remark]:
    """Why a report would not run."""
    try:
        check_refused(log, params)
        heard(lambda: check_run(params, log))
    except ClvlabError as error:
        yield Remark.of_error(error)


def _remarks(params: ReportParams, log: TransactionLog) -> Iterator[Remark]:
    gate = minimum_data(log, params.as_of)
    failed = gate.height - int(gate["passed"].sum())
    if failed:
        yield Remark("check.remark_gate", {"failed": failed, "checks": gate.height})


def _no_comparison(params: ReportParams, log: TransactionLog, attributes: AttributesCheck | None) -> Iterator[Remark]:
    """Why a comparison of strategies would not run, though a report would."""
    if params.holdout is None:
        yield Remark("check.remark_short", {})
    else:
        values = {name: value for name, value in params.to_dict().items() if name in CompareParams.model_fields}
        values |= without_tables(params, attributes.leaking if attributes else [])
        try:
            heard(lambda: check_run(CompareParams(**values), log))
        except ClvlabError as error:
            yield Remark("check.remark_no_comparison", {"message": str(error)})


def _name(source: str) -> str:
    """The file's name without its endings, as the name of a series of reports."""
    return PurePath(source).name.split(".")[0].replace("*", "") or "report"
