"""A playbook's entries and the reasons of a due list in the words of their reader."""

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from clvlab.playbook.playbook import Playbook
from clvlab.wording import LowValue, Words

TOLD = ("action", "channel", "owner", "metric", "why")
"""The columns that `with_texts` writes."""
DUE_FILE = (
    "customer_id",
    "pseudonym",
    "is_control",
    "group",
    "owner",
    "channel",
    "action",
    "why",
    "cadence",
    "contacted_on",
    "days_since_last",
    "gap_p80",
    "spend_last_year",
    "p_alive",
    "at_risk",
    "favourite_category",
    "birthday_month",
)
"""The columns of due.csv; those of attributes that customers do not have are left out."""


def with_texts(
    table: pl.DataFrame, wanted: Collection[str], playbook: Playbook, words: Words, low_value: LowValue | None
) -> pl.DataFrame:
    """The table with those columns of TOLD that are wanted.

    Of a group whose cadence is null in the table, the playbook tells nothing: such a row is of several groups.

    Parameters
    ----------
    table
        `group`; for `why` also why (one of `clvlab.playbook.REASONS`), days_since_last, gap_p80 and contacted_on
    wanted
        names of columns, of which others than TOLD are passed over
    playbook
        what is done with each group
    words
        language, and which groups are the user's own
    low_value
        what the report advises for customers of low value
    """
    columns = {name: _texts(table, name, playbook, words, low_value) for name in TOLD if name in wanted}
    return table.with_columns(pl.Series(name, texts, dtype=pl.String) for name, texts in columns.items())


def due_in_words(due: pl.DataFrame, playbook: Playbook, words: Words, low_value: LowValue | None) -> pl.DataFrame:
    """A due list as those who work through it read it: DUE_FILE."""
    told = with_texts(due, TOLD, playbook, words, low_value)
    return told.select(name for name in DUE_FILE if name in told.columns)


def _texts(
    table: pl.DataFrame, name: str, playbook: Playbook, words: Words, low_value: LowValue | None
) -> list[str | None]:
    if name == "why":
        return [_why(row, words) for row in table.iter_rows(named=True)]
    codes = {code: _of_group(code, name, playbook, words, low_value) for code in table["group"].unique()}
    if name == "action" or "cadence" not in table.columns:
        return [codes[code] for code in table["group"]]
    pairs = table.select("group", "cadence").iter_rows()
    return [None if cadence is None else codes[code] for code, cadence in pairs]


def _of_group(code: str, name: str, playbook: Playbook, words: Words, low_value: LowValue | None) -> str:
    entry = playbook.entry(code, is_own=code in words.own_groups)
    if name != "action":
        return str(getattr(entry, name)[words.lang])
    return words.action(code, low_value) if entry.action is None else entry.action[words.lang]


def _why(row: Mapping[str, Any], words: Words) -> str:
    if row["why"] == "late":
        return words("due.why_late", days=row["days_since_last"], gap=row["gap_p80"])
    if row["why"] == "again":
        return words("due.why_again", day=row["contacted_on"])
    if row["days_since_last"] is None:
        return words("due.why_no_purchase")
    return words("due.why_no_contact", days=row["days_since_last"])
