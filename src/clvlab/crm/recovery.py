"""Records whose reply was lost are read before they are written again."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from clvlab.crm.protocol import Outcome, Row, same
from clvlab.crm.transport import LostReplyError

Labels = Callable[[Sequence[str], Sequence[str]], pl.DataFrame]


def write_once(rows: Sequence[Row], write: Callable[[Sequence[Row]], list[Outcome]], labels: Labels) -> list[Outcome]:
    """What became of rows that `write` writes; a lost reply is followed by reading, and by one attempt more.

    Parameters
    ----------
    rows
        what to write
    write
        writes it; LostReplyError where nobody knows whether it did
    labels
        the present values of fields of records
    """
    try:
        return write(rows)
    except LostReplyError:
        missing = unwritten(rows, labels)
    done = [Outcome(row.id, "written") for row in rows if row.id not in missing]
    again = [row for row in rows if row.id in missing]
    if not again:
        return done
    try:
        return done + write(again)
    except LostReplyError:
        still = unwritten(again, labels)
        return done + [Outcome(row.id, "unknown" if row.id in still else "written") for row in again]


def unwritten(rows: Sequence[Row], labels: Labels) -> set[str]:
    """The ids of those whose records do not have the values."""
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    present = {it["customer_id"]: it for it in labels(names, [row.id for row in rows]).iter_rows(named=True)}
    return {row.id for row in rows if row.id not in present or not has(present[row.id], row)}


def has(present: Mapping[str, Any], row: Row) -> bool:
    """Whether a record has the values of a row."""
    return all(same(present[name], value) for name, value in row.values.items())
