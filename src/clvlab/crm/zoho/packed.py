"""Labels as a file that a CRM takes, and the file in which it says what became of them."""

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import Any

from clvlab.crm.protocol import Outcome, Row


def packed(names: Sequence[str], rows: Sequence[Row]) -> bytes:
    """A zip of one CSV file: the ids, and a column for each field that the rows have; an empty cell clears."""
    text, file = io.StringIO(), io.BytesIO()
    csv.writer(text).writerows([names, *([row.id, *map(_cell, row.values.values())] for row in rows)])
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.csv", text.getvalue())
    return file.getvalue()


def told(rows: Sequence[Row], result: bytes) -> list[Outcome]:
    """What became of each row, as the zip of a CSV file says; of a row that it does not have nothing is known."""
    with zipfile.ZipFile(io.BytesIO(result)) as archive:
        text = archive.read(archive.namelist()[0]).decode("utf-8-sig")
    found = {row.get("id") or row.get("RECORD_ID"): row for row in csv.DictReader(io.StringIO(text))}
    return [
        _outcome(row.id, *(found.get(row.id, {}).get(name) or "" for name in ("STATUS", "ERRORS"))) for row in rows
    ]


def _outcome(record: str, status: str, code: str) -> Outcome:
    if status == "UPDATED":
        return Outcome(record, "written")
    return Outcome(record, "refused" if status else "unknown", code or status)


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
