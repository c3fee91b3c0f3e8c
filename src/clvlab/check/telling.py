"""What was found, in sentences for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from clvlab.check.settling import Question
from clvlab.check.verdict import Doubt, Remark, Verdict
from clvlab.customers import AttributeTable
from clvlab.frames import TransactionLog
from clvlab.sources.dates import COUNTED
from clvlab.sources.texts import printable
from clvlab.transactions.days import CELLS
from clvlab.transactions.rules import RULES
from clvlab.wording import Name, Words

_EXAMPLES = 3
_LONGEST_VALUE = 40


def source(words: Words, name: str, columns: Mapping[str, str], headers: tuple[str, ...]) -> Iterator[str]:
    """Which source, and which of its columns are ours."""
    yield words("check.source", source=one_line(name))
    if not headers:
        return
    yield words("check.columns")
    yield from (f"  {ours:<12} <- {shown(theirs)}" for ours, theirs in columns.items())
    unused = [header for header in headers if header not in columns.values()]
    if unused:
        yield "  " + words("check.unused", columns=_listed(words, map(shown, unused)))


def found(words: Words, log: TransactionLog) -> Iterator[str]:
    """How the files are written, over which days the log goes, and what in it may be meant otherwise."""
    for file in log.detected["files"]:
        if facts := list(_facts(words, file)):
            yield words("check.file", file=one_line(file["name"]), facts=_listed(words, facts))
    days = log.accepted.select(first=pl.col("date").min(), last=pl.col("date").max()).collect(engine="streaming")
    first, last = days.row(0)
    yield words("check.days", first=first, last=last)
    formats = [_format(words, each) for each in dict.fromkeys(log.detected["date_formats"])]
    if formats:
        yield words("check.formats", formats=_listed(words, formats))
    if log.detected["currencies"]:
        yield words("check.currencies", currencies=_listed(words, log.detected["currencies"]))
    if not log.has_amounts:
        yield words("check.no_amounts")
    rows = _counts(log)
    yield from (f"  {words(f'check.kept_{what}', rows=n)}" for what, n in rows.items() if n)


def refused(words: Words, log: TransactionLog) -> Iterator[str]:
    """Which rules refuse rows, with examples."""
    for rule in log.quality["rule"]:
        if rule in RULES:
            yield words("check.refused_by", rule=Name("refusals", rule), code=rule)
            for row in log.rejected.filter(pl.col("rule") == rule).head(_EXAMPLES).iter_rows(named=True):
                yield "  " + words("check.row", row=row["row"], fields=_fields(row))


def gate(words: Words, checks: pl.DataFrame) -> Iterator[str]:
    """Whether the log is enough to predict from."""
    yield words("check.gate")
    for check, required, number, passed in checks.iter_rows():
        mark = words("check.passed" if passed else "check.failed")
        yield f"  {mark:<4}" + words(
            "check.gate_line", check=Name("gate", check), required=required, found=words.number(number, "int")
        )


def table(
    words: Words, attributes: AttributeTable, columns: pl.DataFrame, met: Mapping[str, int] | None
) -> Iterator[str]:
    """What a table of attributes holds: whose rows it has, since when they are true, what each column is."""
    data, refused_rows = attributes.data, attributes.refused
    yield words("check.table", table=one_line(attributes.name))
    customer, day = (attributes.headers.get(name, name) for name in ("customer_id", "date"))
    yield "  " + words("check.table_customers", column=shown(customer), customers=data["customer_id"].n_unique())
    yield "  " + (
        words("check.table_dated", column=shown(day)) if attributes.is_dated else words("check.table_undated")
    )
    for name, header, kind, distinct, missing, examples in columns.iter_rows():
        figures = {"kind": Name("kinds", kind), "distinct": distinct, "missing": missing}
        what = words("check.attribute", **figures) + (words("check.examples", examples=examples) if examples else "")
        yield f"  {name:<12} <- {shown(header)}  {what}"
    rows = data.height + sum(refused_rows.values())
    yield "  " + words("check.table_rows", rows=rows, accepted=data.height)
    for rule, n in refused_rows.items():
        yield "    " + words("check.table_refused", rule=Name("refusals", rule), rows=n)
    if met is not None:
        yield "  " + words("check.table_met", **met)


def summary(words: Words, log: TransactionLog) -> Iterator[str]:
    """Customers, and where every row and its money went."""
    yield words("check.summary")
    customers = log.accepted.select(pl.col("customer_id").n_unique()).collect(engine="streaming").item()
    yield "  " + words("check.customers", customers=customers)
    whole = log.quality["amount"][0]
    for rule, rows, share, amount in log.quality.iter_rows():
        money = ""
        if amount is not None:
            part = f"{words.number(amount / whole, 'pct1'):>8}" if whole > 0 else " " * 8
            money = f"{words.number(amount, 'dec2'):>20}{part}"
        code = f" ({rule})" if rule in RULES else ""
        yield f"{words.number(rows, 'int'):>14}{words.number(share, 'pct1'):>8}{money}  {words.row(rule)}{code}"


def verdict(words: Words, final: Verdict) -> Iterator[str]:
    """What is to be settled, what is wrong, what to look at, and whether a report can run."""
    parts = {
        "check.settle": [question(words, each) for each in final.questions],
        "check.wrong": [remark(words, each) for each in final.problems],
        "check.look": [remark(words, each) for each in final.remarks],
    }
    for part, sentences in parts.items():
        if sentences:
            yield words(part)
            yield from (f"  - {one_line(sentence)}" for sentence in sentences)
    n = len(final.remarks)
    stops = [each for each in final.questions if isinstance(each, Question)]
    keys = _listed(words, dict.fromkeys(f"`{each.key}`" for each in stops or final.questions))
    if stops:
        yield words("check.not_settled", keys=keys)
    elif final.problems:
        yield words("check.not_ready")
    elif final.questions:
        yield words("check.open", keys=keys)
    elif n:
        yield words("check.ready_but" if n > 1 else "check.ready_but_one", n=n)
    else:
        yield words("check.ready")


def question(words: Words, asked: Question | Doubt) -> str:
    """What the data leave open, what was taken for now, and what the choices are."""
    if isinstance(asked, Doubt):
        return remark(words, asked.remark)
    figures = {"example": asked.example, "taken": repr(asked.taken)}
    return words(f"check.question_{asked.key}", **figures, choices=_listed(words, map(repr, asked.choices)))


def remark(words: Words, made: Remark) -> str:
    """What is wrong, or deserves a look; a name among its figures as the language has it."""
    figures = {key: words.name(it.kind, it.code) if isinstance(it, Name) else it for key, it in made.figures.items()}
    return words(made.key, **figures)


def shown(value: object) -> str:
    """A value on one line, without control characters, which a terminal would obey."""
    text = one_line("" if value is None else str(value)[: _LONGEST_VALUE + 1])
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def one_line(text: str) -> str:
    """A text on one line, without control characters."""
    return printable(" ".join(text.split("\n")))


def _listed(words: Words, items: Any) -> str:
    return {"en": ", ", "zh": "、"}[words.lang].join(items)


def _facts(words: Words, file: Mapping[str, Any]) -> Iterator[str]:
    for key in ("format", "encoding", "separator", "sheet", "header_row", "counts_from"):
        if key in file:
            value = words(f"check.format_{file[key]}") if key == "format" else repr(file[key])
            yield words(f"check.fact_{key}", value=value)


def _format(words: Words, written: str) -> str:
    named = {COUNTED: "check.written_counted", CELLS: "check.written_cells"}
    return words(named[written]) if written in named else written


def _counts(log: TransactionLog) -> dict[str, int]:
    """Rows that are kept, though they may be meant otherwise."""
    amount = pl.col("amount")
    counts = {"duplicates": log.detected.get("duplicate_rows", 0)}
    if log.has_amounts:
        signs = log.accepted.select(returns=(amount < 0).sum(), zeros=(amount == 0).sum())
        counts = {**signs.collect(engine="streaming").row(0, named=True), **counts}
    return counts


def _fields(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in row.items() if name not in ("rule", "file", "row"))
