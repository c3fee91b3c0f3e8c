"""Groups and values back into the CRM or database: what would change, changing it, and taking it back.

<output>/<name>/.labels/<day>-<n>.undo.jsonl    what was there, written before the first request
                        <day>-<n>.done.jsonl    what became of each record
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from clvlab.crm.protocol import LabelField, Outcome, Row, TakesLabels, same
from clvlab.errors import DataError, ParamsError
from clvlab.label_history import CUSTOMERS_FILE
from clvlab.lock import locked
from clvlab.params import ReportParams
from clvlab.sources.faults import fault
from clvlab.wording import Words

FOLDER = ".labels"
_DECIMALS = {"value": 2, "p_alive": 4}
_DUE = "due.parquet"
_BEGUN = "begun"


@dataclass(frozen=True)
class Change:
    """What of one record would change: field -> the value before and after; None is an empty field.

    `kept` are the labels that it has already.
    """

    id: str
    fields: Mapping[str, tuple[Any, Any]]
    kept: Mapping[str, Any] = field(default_factory=dict)

    @property
    def row(self) -> Row:
        """The record as it is to be."""
        return Row(self.id, {name: after for name, (_, after) in self.fields.items()})


@dataclass(frozen=True)
class Plan:
    """What labelling would do.

    Attributes
    ----------
    changes : of records, by id
    names : the fields
    unchanged : how many have their labels already
    absent : how many customers of the report the CRM does not have
    cleared : how many of the changes take labels from records that the report does not have any more
    takes_back : whether it takes back what was written, so that what it leaves there is not ours
    """

    changes: tuple[Change, ...]
    names: tuple[str, ...] = ()
    unchanged: int = 0
    absent: int = 0
    cleared: int = 0
    takes_back: bool = False

    @property
    def table(self) -> pl.DataFrame:
        """id, field, before, after: one row for each value that changes."""
        rows = [
            (change.id, name, *map(_shown, values))
            for change in self.changes
            for name, values in change.fields.items()
        ]
        return pl.DataFrame(rows, dict.fromkeys(("id", "field", "before", "after"), pl.String), orient="row")


@dataclass(frozen=True)
class Done:
    """What became of the records: outcomes, and where the way back is kept."""

    outcomes: tuple[Outcome, ...]
    undo: Path | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many records came to which end."""
        return Counter(outcome.status for outcome in self.outcomes)

    @property
    def is_whole(self) -> bool:
        """Whether every record was written."""
        return all(outcome.status == "written" for outcome in self.outcomes)


def plan(params: ReportParams, crm: TakesLabels) -> Plan:
    """What the labels of the published report would change in the CRM.

    Raises
    ------
    ParamsError : the parameters name no fields for labels, or the CRM has none of them
    DataError : there is no published report of the day
    """
    given = params.labels
    if not given:
        raise fault("crm_no_labels", ParamsError)
    fields = dict(zip(given, crm.label_fields([*given.values()]), strict=True))
    wanted = _wanted(params, fields)
    names = [each.name for each in fields.values()]
    _settle(params.folder / FOLDER, crm)
    present = {row.pop("customer_id"): row for row in crm.labels(names).iter_rows(named=True)}
    changes, unchanged = [], 0
    for record, values in wanted.items():
        if record not in present:
            continue
        changed = _changed(present[record], values)
        unchanged += not changed
        if changed:
            kept = {name: value for name, value in values.items() if name not in changed}
            changes.append(Change(record, changed, kept))
    cleared = [
        Change(record, {name: (value, None) for name, value in ours.items()})
        for record, ours in _ours(params.folder / FOLDER, present, names).items()
        if record not in wanted
    ]
    absent = sum(record not in present for record in wanted)
    whole = sorted([*changes, *cleared], key=lambda change: change.id)
    return Plan(tuple(whole), tuple(names), unchanged, absent, len(cleared))


def undoing(path: Path, crm: TakesLabels) -> Plan:
    """What taking back would change: each value that is still the one that was written then.

    Raises
    ------
    DataError : the file is not there, or no undo file
    """
    head, changes = read_undo(path)
    crm.label_fields(head["fields"])
    _settle(path.parent, crm)
    ids = [change.id for change in changes]
    present = {row.pop("customer_id"): row for row in crm.labels(head["fields"], ids).iter_rows(named=True)}
    back = []
    for change in changes:
        there = present.get(change.id, {})
        fields = {
            name: (after, before)
            for name, (before, after) in change.fields.items()
            if name in there and same(there[name], after)
        }
        if fields:
            back.append(Change(change.id, fields))
    absent = sum(each not in present for each in ids)
    return Plan(tuple(back), tuple(head["fields"]), len(changes) - len(back), absent, takes_back=True)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a series of reports from planning to the last record written: nobody else's labels come in between.

    Raises
    ------
    LockedError : another process is at work in the series
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        yield


def apply(planned: Plan, crm: TakesLabels, folder: Path, day: date, most: int | None = None) -> Done:
    """Write a plan's values: the way back is kept first, then batch after batch, each with what became of it.

    Parameters
    ----------
    planned
        what to change
    crm
        the CRM, connected
    folder
        of the series of reports
    day
        of the report
    most
        beyond how many records nothing is written; as the CRM has it by default

    Raises
    ------
    ParamsError : more records than `most` would be written
    """
    if len(planned.changes) > (cap := most or crm.most):
        raise fault("crm_too_many", ParamsError, records=len(planned.changes), most=cap)
    if not planned.changes:
        return Done(())
    (folder / FOLDER).mkdir(parents=True, exist_ok=True, mode=0o700)
    undo = _new_undo(folder / FOLDER, day)
    head = {
        "crm": crm.name,
        "as_of": day.isoformat(),
        "fields": list(planned.names),
        "takes_back": planned.takes_back,
    }
    rows = ({"id": it.id, "fields": {name: list(pair) for name, pair in it.fields.items()}} for it in planned.changes)
    begun = undo.with_suffix(".new")
    _append(begun, [head, *rows])
    begun.replace(undo)
    outcomes: list[Outcome] = []
    journal = undo.with_name(undo.name.replace(".undo.", ".done."))

    def note(name: str) -> None:
        _append(journal, [{_BEGUN: name}])

    for batch in crm.batches([change.row for change in planned.changes]):
        done = crm.write_labels(batch, note)
        _append(journal, [{"id": it.id, "status": it.status, "code": it.code} for it in done])
        outcomes += done
    checked = _checked(crm, planned, outcomes)
    _append(journal, [{"id": it.id, "status": it.status} for it in checked if it.status == "ignored"])
    return Done(tuple(checked), undo)


def import_file(planned: Plan, crm: TakesLabels, path: Path) -> bytes:
    """A file for the CRM's own import: the records of which something changes, with all their labels.

    Raises
    ------
    ParamsError : the file's name has an ending that the CRM does not take, or it is a database, which has no import
    """
    if crm.import_suffix is None:
        raise fault("database_no_import", ParamsError)
    if path.suffix.lower() != crm.import_suffix:
        raise fault("crm_import_name", ParamsError, file=str(path), suffix=crm.import_suffix)
    labels = [{**change.kept, **change.row.values} for change in planned.changes]
    rows = [
        Row(change.id, {name: _shown(each.get(name)) for name in planned.names})
        for change, each in zip(planned.changes, labels, strict=True)
    ]
    return crm.import_file(rows, planned.names)


def read_undo(path: Path) -> tuple[dict[str, Any], list[Change]]:
    """The head of an undo file, and the changes that it takes back; DataError where it is none."""
    try:
        lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        head, rows = lines[0], lines[1:]
        told = {name: head[name] for name in ("crm", "as_of", "fields", "takes_back")}
        changes = [
            Change(row["id"], {name: (old, new) for name, (old, new) in row["fields"].items()}) for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        raise fault("crm_no_undo", DataError, file=str(path)) from None
    return told, changes


def _wanted(params: ReportParams, fields: Mapping[str, LabelField]) -> dict[str, dict[str, Any]]:
    """Customer -> field -> the label that the published report has for it."""
    folder = params.folder / params.as_of.isoformat()
    path = folder / CUSTOMERS_FILE
    if not path.is_file():
        raise fault("crm_no_report", DataError, folder=str(folder))
    customers = pl.read_parquet(path)
    due = pl.read_parquet(folder / _DUE) if (folder / _DUE).is_file() else None
    listed = set(due["customer_id"]) if due is not None else set()
    words = Words(params.languages[0], params.currency)
    columns = {"group": "group", "value": "clv", "p_alive": "p_alive"}
    wanted: dict[str, dict[str, Any]] = {}
    for row in customers.iter_rows(named=True):
        labels = {ours: row.get(column) for ours, column in columns.items()}
        group = row.get("group")
        labels["group_name"] = words.group(group) if group else None
        labels["as_of"] = params.as_of
        labels["due"] = params.as_of if row["customer_id"] in listed else None
        wanted[row["customer_id"]] = {each.name: _fitted(labels[ours], ours, each) for ours, each in fields.items()}
    return wanted


def _fitted(value: Any, ours: str, field: LabelField) -> Any:
    """A label as its field takes it: rounded, a day as text; ParamsError where it does not fit into the field."""
    if value is None:
        return None
    if field.kind == "number":
        if not isinstance(value, int | float):
            raise fault("crm_field_kind", ParamsError, field=repr(field.name), label=ours)
        decimals = _DECIMALS[ours] if field.decimals is None else min(field.decimals, _DECIMALS[ours])
        if ours == "p_alive" and not decimals:
            raise fault("crm_field_kind", ParamsError, field=repr(field.name), label=ours)
        return round(float(value), decimals) if decimals else round(value)
    text = (
        value.isoformat() if isinstance(value, date) else str(round(value, 4) if isinstance(value, float) else value)
    )
    if field.kind == "day" and not isinstance(value, date):
        raise fault("crm_field_kind", ParamsError, field=repr(field.name), label=ours)
    if field.length is not None and field.kind == "text" and len(text) > field.length:
        raise fault("crm_field_short", ParamsError, field=repr(field.name), length=field.length, text=repr(text))
    return text


def _changed(present: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (present[name], value) for name, value in wanted.items() if not same(present[name], value)}


def _ours(folder: Path, present: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Record -> the values of these fields that earlier labelling left there and that nobody has changed since."""
    written: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.undo.jsonl")):
        head, changes = read_undo(path)
        for change in changes:
            left = {name: None if head["takes_back"] else after for name, (_, after) in change.fields.items()}
            written.setdefault(change.id, {}).update(left)
    ours = {
        record: {
            name: value
            for name, value in values.items()
            if name in names and value is not None and same(present.get(record, {}).get(name), value)
        }
        for record, values in written.items()
    }
    return {record: values for record, values in ours.items() if values}


def _checked(crm: TakesLabels, planned: Plan, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes, with those ignored that the CRM says are written and that it does not show."""
    ids = [it.id for it in outcomes if it.status == "written"]
    present = {row["customer_id"]: row for row in crm.labels(planned.names, ids).iter_rows(named=True)} if ids else {}
    wanted = {change.id: change.row.values for change in planned.changes}
    return [
        Outcome(it.id, "ignored")
        if it.status == "written"
        and not all(same(present.get(it.id, {}).get(name), value) for name, value in wanted[it.id].items())
        else it
        for it in outcomes
    ]


def _settle(folder: Path, crm: TakesLabels) -> None:
    """Wait for what an earlier process has begun in the CRM, if it was killed before it had ended."""
    for path in sorted(folder.glob("*.done.jsonl"), key=lambda path: path.stat().st_mtime_ns)[-1:]:
        whole = [line for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
        last = json.loads(whole[-1]) if whole else {}
        if _BEGUN in last:
            crm.settle(last[_BEGUN])


def _new_undo(folder: Path, day: date) -> Path:
    for left in folder.glob("*.new"):
        left.unlink()
    numbers = [int(path.name.split(".")[0].rpartition("-")[2]) for path in folder.glob(f"{day}-*.undo.jsonl")]
    return folder / f"{day}-{max(numbers, default=0) + 1:03d}.undo.jsonl"


def _append(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add lines to a file that only its owner can read, and wait until the disk has them."""
    if not rows:
        return
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _shown(value: Any) -> str | None:
    return None if value is None else str(value)
