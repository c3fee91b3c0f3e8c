"""A playbook's entries and the reasons of a due list in the words of their reader."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping

import polars as pl

from clvlab.params import file_name
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
_DIGITS = 6


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


def by_owner(due: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The parts of such a list, in its order, by a safe file name made of their owner.

    >>> due = pl.DataFrame({"customer_id": ["1", "2", "3"], "owner": ["李女士", "a/b", "李女士"]})
    >>> {name: part["customer_id"].to_list() for name, part in by_owner(due).items()}
    {'李女士': ['1', '3'], 'a_b-c14cdd': ['2']}
    """
    parts = {str(owner): part for (owner,), part in due.group_by("owner", maintain_order=True)}
    names = {owner: file_name(owner) for owner in parts}
    taken = Counter(map(_as_a_system_may_see, names.values()))
    return {_apart(name, owner, taken): parts[owner] for owner, name in names.items()}


def _as_a_system_may_see(name: str) -> str:
    """The name as a system sees it that tells neither case apart nor ways of composing a letter."""
    return unicodedata.normalize("NFC", name).casefold()


def _apart(name: str, owner: str, taken: Mapping[str, int]) -> str:
    """The name with a few digits of the owner's hash, where another owner's is the same to some systems."""
    if taken[_as_a_system_may_see(name)] == 1:
        return name
    return f"{name}-{hashlib.sha256(owner.encode()).hexdigest()[:_DIGITS]}"


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
