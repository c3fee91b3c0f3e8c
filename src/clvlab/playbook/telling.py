"""A playbook's entries and the reasons of a due list in the words of their reader."""

import re
from collections.abc import Collection

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
    "next_from",
    "next_to",
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
    columns = [_texts(table, name, playbook, words, low_value).alias(name) for name in TOLD if name in wanted]
    return table.with_columns(columns)


def due_in_words(due: pl.DataFrame, playbook: Playbook, words: Words, low_value: LowValue | None) -> pl.DataFrame:
    """A due list as those who work through it read it: DUE_FILE."""
    told = with_texts(due, TOLD, playbook, words, low_value)
    return told.select(name for name in DUE_FILE if name in told.columns)


def _texts(table: pl.DataFrame, name: str, playbook: Playbook, words: Words, low_value: LowValue | None) -> pl.Series:
    if name == "why":
        return _reasons(table, words)
    codes = {code: _of_group(code, name, playbook, words, low_value) for code in table["group"].unique()}
    texts = table["group"].replace_strict(codes, return_dtype=pl.String)
    if name == "action" or "cadence" not in table.columns:
        return texts
    return table.select(pl.when(pl.col("cadence").is_not_null()).then(texts)).to_series()


def _of_group(code: str, name: str, playbook: Playbook, words: Words, low_value: LowValue | None) -> str:
    entry = playbook.entry(code, is_own=code in words.own_groups)
    if name != "action":
        return str(getattr(entry, name)[words.lang])
    return words.action(code, low_value) if entry.action is None else entry.action[words.lang]


def _reasons(table: pl.DataFrame, words: Words) -> pl.Series:
    """Why each customer is due. Figures are written once each: of a million customers most have the same ones."""
    days = pl.concat([table["days_since_last"].cast(pl.Int64), table["gap_p80"].round().cast(pl.Int64)])
    written = {n: words("due.days", days=n) for n in days.drop_nulls().unique()}
    dates = {day: words.number(day, "date") for day in table["contacted_on"].drop_nulls().unique()}
    figures = table.select(
        "why",
        days=pl.col("days_since_last").replace_strict(written, default=None, return_dtype=pl.String),
        gap=pl.col("gap_p80").round().cast(pl.Int64).replace_strict(written, default=None, return_dtype=pl.String),
        day=pl.col("contacted_on").replace_strict(dates, default=None, return_dtype=pl.String),
    )
    unknown = _sentence(words("due.why_no_contact", days="{days}"))
    return figures.select(
        pl.when(pl.col("why") == "late")
        .then(_sentence(words("due.why_late", days="{days}", gap="{gap}")))
        .when(pl.col("why") == "again")
        .then(_sentence(words("due.why_again", day="{day}")))
        .when(pl.col("days").is_null())
        .then(pl.lit(words("due.why_no_purchase")))
        .otherwise(unknown)
    ).to_series()


def _sentence(text: str) -> pl.Expr:
    """A text in which {name} stands for what the column of that name has."""
    return pl.format(re.sub(r"\{\w+\}", "{}", text), *re.findall(r"\{(\w+)\}", text))
