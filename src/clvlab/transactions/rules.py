"""The rules that refuse rows, and the account of every row that was read."""

import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Literal

import polars as pl

from clvlab.columns import EARLIEST, LATEST
from clvlab.errors import ParamsError
from clvlab.money import LARGEST_AMOUNT, exact_sum, from_millionths, to_millionths
from clvlab.sources import OURS
from clvlab.sources.table import FLAW
from clvlab.wording import Name, Words

Duplicates = Literal["keep", "drop"]
ZeroAmounts = Literal["keep", "refuse"]

RULES = (
    "too_many_fields",
    "unclosed_quote",
    "total_row",
    "missing_customer",
    "guest",
    "missing_date",
    "unreadable_date",
    "implausible_date",
    "missing_amount",
    "unreadable_amount",
    "infinite_amount",
    "outlying_amount",
    "missing_currency",
    "zero_amount",
)
"""The rules, in the order in which a row is checked against them."""

_ACCOUNTED = ("read", "accepted", "merged", "filtered", *RULES)

HINTED = frozenset({"missing_customer", "missing_date", "unreadable_date", "unreadable_amount"})
"""Rules that a setting may help against."""


def hint(rule: str) -> Name:
    """What may help where a rule refuses many rows.

    >>> Words("en").name("hints", hint("missing_customer").code)
    'If an id is written once for several rows, set `fill_down: customer_id`.'
    """
    return Name("hints", rule if rule in HINTED else "other")


def meaning(rule: str) -> str:
    """What a row that the rule refuses has, in English.

    >>> meaning("missing_customer")
    'no customer'
    """
    return Words("en").name("refusals", rule)


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise ParamsError for a value that is none of the choices."""
    if value not in choices:
        raise ParamsError(f"{name} is {value!r}. Choose one of {', '.join(map(repr, choices))}.")


def check_largest(amount: float | None) -> None:
    """Raise ParamsError for a largest amount that is no number above 0."""
    if amount is not None and not (isinstance(amount, int | float) and 0 < amount <= sys.float_info.max):
        raise ParamsError(f"largest_amount is {amount!r}. It is a number above 0.")


def broken_by(
    schema: pl.Schema,
    zero_amounts: ZeroAmounts,
    says_total: pl.Expr,
    is_guest: pl.Expr,
    largest_amount: float | None = None,
) -> dict[str, pl.Expr]:
    """Rule -> whether a standardised row breaks it, in the order in which they are checked."""
    day, broken = pl.col(OURS + "day"), {"total_row": says_total, "guest": is_guest}
    broken |= {rule: pl.col(FLAW) == rule for rule in ("too_many_fields", "unclosed_quote")}
    broken["missing_customer"] = pl.col(OURS + "customer_id").is_null()
    broken["missing_date"] = pl.col(OURS + "lacks_date")
    broken["unreadable_date"] = day.is_null()
    broken["implausible_date"] = ~day.is_between(EARLIEST, LATEST)
    if OURS + "amount" in schema:
        amount = pl.col(OURS + "amount")
        broken["missing_amount"] = pl.col(OURS + "lacks_amount")
        broken["unreadable_amount"] = amount.is_null()
        broken["infinite_amount"] = amount.abs() > LARGEST_AMOUNT
        if largest_amount is not None:
            broken["outlying_amount"] = amount.abs() > largest_amount
        if zero_amounts == "refuse":
            broken["zero_amount"] = amount == 0
    if OURS + "currency" in schema:
        broken["missing_currency"] = pl.col(OURS + "currency").is_null()
    return {rule: broken[rule] for rule in RULES if rule in broken}


def rule_of(broken: Mapping[str, pl.Expr]) -> pl.Expr:
    """The first rule that a row breaks; null where it breaks none."""
    none = pl.lit(None, pl.String)
    return pl.coalesce(*(pl.when(is_broken).then(pl.lit(rule)) for rule, is_broken in broken.items()), none)


def account(rows: pl.LazyFrame) -> list[pl.Expr]:
    """How many rows there are, and their exact money in millionths; null where the log has no amounts."""
    if OURS + "amount" not in rows.collect_schema():
        return [pl.len().alias("rows"), pl.lit(None, pl.Int128).alias("millionths")]
    amount = pl.col(OURS + "amount")
    money = to_millionths(pl.when(amount.abs() <= LARGEST_AMOUNT).then(amount))
    return [pl.len().alias("rows"), money.sum().alias("millionths")]


def quality_table(by_rule: pl.DataFrame, kept: pl.DataFrame, filtered: pl.DataFrame | None = None) -> pl.DataFrame:
    """Account for every row: read = accepted + refused + merged (+ filtered), in rows and in money.

    Parameters
    ----------
    by_rule
        rule (null for rows that pass), rows, millionths
    kept
        rows, millionths of the rows that pass and are not dropped as duplicates; one row, or none
    filtered
        rows, millionths of the rows that a filter has left out; None without a filter

    Returns
    -------
    rule, rows, share (of the rows read), amount: `read`, `accepted`, `merged`, `filtered`, then each rule
    """
    counts = {
        rule: (rows, money or 0) for rule, rows, money in by_rule.select("rule", "rows", "millionths").iter_rows()
    }
    passed, accepted = counts.pop(None, (0, 0)), _figures(kept)
    left_out = {} if filtered is None else {"filtered": _figures(filtered)}
    table = {
        "read": tuple(map(sum, zip(passed, *left_out.values(), *counts.values(), strict=True))),
        "accepted": accepted,
        "merged": (passed[0] - accepted[0], passed[1] - accepted[1]),
        **left_out,
        **{rule: counts[rule] for rule in RULES if rule in counts},
    }
    has_money = by_rule["millionths"].null_count() < by_rule.height
    schema = {"rule": pl.String, "rows": pl.Int64, "millionths": pl.Int128}
    return pl.DataFrame([(rule, *figures) for rule, figures in table.items()], schema, orient="row").select(
        "rule",
        "rows",
        share=pl.col("rows") / max(table["read"][0], 1),
        amount=from_millionths(pl.col("millionths")) if has_money else pl.lit(None, pl.Float64),
    )


def one_account(accounts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The account of all rows, of accounts of some of them each: rule, rows, share, amount as by `quality_table`."""
    money, order = pl.col("amount"), {rule: place for place, rule in enumerate(_ACCOUNTED)}
    figures = {"rows": pl.col("rows").sum(), "amount": exact_sum(money), "has_money": money.count() > 0}
    some = pl.concat([each.select("rule", "rows", "amount") for each in accounts], how="vertical_relaxed")
    whole = some.group_by("rule").agg(**figures).sort(pl.col("rule").replace_strict(order))
    n_read = max(whole["rows"][0], 1)
    return whole.select("rule", "rows", share=pl.col("rows") / n_read, amount=pl.when("has_money").then("amount"))


def _figures(counted: pl.DataFrame) -> tuple[int, int]:
    """Rows and millionths; none of either where nothing was counted."""
    rows, millionths = counted.select("rows", "millionths").sum().row(0)
    return rows or 0, millionths or 0
