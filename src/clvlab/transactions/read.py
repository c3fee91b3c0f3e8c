"""`read_transactions`: any source becomes a `TransactionLog`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.columns import LOG
from clvlab.errors import MissingColumnsError
from clvlab.frames import TransactionLog
from clvlab.sources import Table, open_source
from clvlab.sources.dates import check_format, days_of
from clvlab.sources.numbers import read_numbers
from clvlab.sources.texts import clean_ids, is_missing
from clvlab.transactions.rules import Duplicates, ZeroAmounts, quality_table

_OURS = "clvlab."  # prefix of our columns beside the source's own, so that no name can clash


def read_transactions(
    source: Any,
    columns: Mapping[str, str] | None = None,
    date_format: str | None = None,
    decimal: str = ".",
    *,
    duplicates: Duplicates = "keep",
    zero_amounts: ZeroAmounts = "keep",
) -> TransactionLog:
    """Accepted rows, refused rows with the rule that refused each, and the account of all of them."""
    mapping = {column.name: column.name for column in LOG} | dict(columns or {})
    if date_format is not None:
        check_format(date_format)
    rows = pl.concat(
        [_with_ours(table, mapping, columns or {}) for table in open_source(source)], how="diagonal_relaxed"
    )
    days, formats = days_of(rows, _OURS + "date", date_format)
    judged = _judge(rows.with_columns(days.alias(_OURS + "day")), decimal, zero_amounts)
    passed = judged.filter(pl.col(_OURS + "rule").is_null())
    kept = passed.unique(_source_columns(passed), maintain_order=True) if duplicates == "drop" else passed
    money = pl.col(_OURS + "amount").sum() if _OURS + "amount" in judged.collect_schema() else pl.lit(0.0)
    account = [pl.len().cast(pl.Int64).alias("rows"), money.alias("amount")]
    counts, rejected, accepted, before, after = pl.collect_all(
        [
            judged.group_by(pl.col(_OURS + "rule").alias("rule")).agg(account),
            judged.filter(pl.col(_OURS + "rule").is_not_null()),
            _ours_only(kept),
            passed.select(account),
            kept.select(account),
        ]
    )
    merged = (before["rows"][0] - after["rows"][0], before["amount"][0] - after["amount"][0])
    detected = {"date_formats": formats}
    return TransactionLog(
        accepted.lazy(), _as_it_stood(rejected), quality_table(counts, merged), MappingProxyType(detected)
    )


def _with_ours(table: Table, mapping: Mapping[str, str], asked: Mapping[str, str]) -> pl.LazyFrame:
    found = table.rows.collect_schema().names()
    needed = {"customer_id", "date", *asked}
    missing = [name for name in needed if mapping[name] not in found]
    if missing:
        raise MissingColumnsError(table.name, [mapping[name] for name in missing], found)
    ours = [pl.col(theirs).alias(_OURS + name) for name, theirs in mapping.items() if theirs in found]
    return table.rows.with_row_index(_OURS + "row", offset=1).with_columns(
        *ours, pl.lit(table.name).alias(_OURS + "file")
    )


def _judge(rows: pl.LazyFrame, decimal: str, zero_amounts: ZeroAmounts) -> pl.LazyFrame:
    schema = rows.collect_schema()
    customer = clean_ids(pl.col(_OURS + "customer_id"), schema[_OURS + "customer_id"])
    day = pl.col(_OURS + "day")
    date_text = pl.col(_OURS + "date").cast(pl.String)
    rule = (
        pl.when(customer.is_null())
        .then(pl.lit("missing_customer"))
        .when(is_missing(date_text))
        .then(pl.lit("missing_date"))
        .when(day.is_null())
        .then(pl.lit("unreadable_date"))
    )
    typed = [customer.alias(_OURS + "customer_id")]
    if _OURS + "amount" in schema:
        raw = pl.col(_OURS + "amount")
        number = read_numbers(raw, decimal) if schema[_OURS + "amount"] == pl.String else raw.cast(pl.Float64)
        finite = pl.when(number.abs() < 1e15).then(number)
        text = raw.cast(pl.String)
        rule = (
            rule.when(is_missing(text))
            .then(pl.lit("missing_amount"))
            .when(text.str.to_lowercase().str.contains(r"^\s*[-+]?inf(inity)?\s*$") | (number.abs() >= 1e15))
            .then(pl.lit("infinite_amount"))
            .when(number.is_null())
            .then(pl.lit("unreadable_amount"))
        )
        if zero_amounts == "refuse":
            rule = rule.when(number == 0).then(pl.lit("zero_amount"))
        typed.append(finite.alias(_OURS + "amount"))
    for name, column in ((_OURS + column.name, column) for column in LOG):
        if column.name in ("quantity", "cost") and name in schema:
            typed.append(
                (
                    read_numbers(pl.col(name), decimal)
                    if schema[name] == pl.String
                    else pl.col(name).cast(pl.Float64)
                ).alias(name)
            )
        elif column.name in ("order_id", "category", "channel", "currency") and name in schema:
            typed.append(pl.col(name).cast(pl.String).alias(name))
    return rows.with_columns(rule.otherwise(None).alias(_OURS + "rule"), *typed)


def _source_columns(rows: pl.LazyFrame) -> list[str]:
    return [name for name in rows.collect_schema().names() if not name.startswith(_OURS)]


def _ours_only(rows: pl.LazyFrame) -> pl.LazyFrame:
    found = rows.collect_schema().names()
    names = [column.name for column in LOG if _OURS + column.name in found]
    return (
        rows.drop(_OURS + "date")
        .rename({_OURS + "day": _OURS + "date"})
        .select(pl.col(_OURS + name).alias(name) for name in names)
    )


def _as_it_stood(rejected: pl.DataFrame) -> pl.DataFrame:
    theirs = [name for name in rejected.columns if not name.startswith(_OURS)]
    clash = {name: f"{name} (source)" for name in theirs if name in ("rule", "file", "row")}
    return rejected.rename(clash).select(
        *(pl.col(_OURS + name).alias(name) for name in ("rule", "file", "row")),
        *(clash.get(name, name) for name in theirs),
    )
