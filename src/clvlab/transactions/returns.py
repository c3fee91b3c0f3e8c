"""Returns that are listed in tables of their own: by order, or by customer and day."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import polars as pl

from clvlab.columns import LOG, names
from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.frames import TransactionLog
from clvlab.sources import SourceTable
from clvlab.sources.faults import fault
from clvlab.sources.headers import plain_header, suggest_returns
from clvlab.sources.texts import as_id, as_text
from clvlab.transactions.mapping import IDS, found_columns, together
from clvlab.transactions.rules import one_account
from clvlab.transactions.words import words

Reader = Callable[[pl.DataFrame], TransactionLog]
_OURS = ("customer_id", "date", "amount", "order_id", "category")


def with_returns(
    log: TransactionLog, tables: Sequence[SourceTable], columns: Mapping[str, str], read: Reader
) -> TransactionLog:
    """The log with returns as further rows of negative amounts.

    A return that names its order alone takes back all that the log has of this order; one with an amount takes back
    as much. Its customer is the order's, unless it names one, and so is its day. A column that says whether there was
    a return (退回: 是) is heeded.

    Parameters
    ----------
    log
        the accepted rows, with amounts
    tables
        of returns
    columns
        our name -> the header, where a table has it
    read
        reads a frame of our columns as the log was read

    Raises
    ------
    ParamsError : the log has no amounts
    MissingColumnsError : a table with neither an order nor a customer, a day and an amount
    """
    if not log.has_amounts:
        raise fault("returns_without_amounts", ParamsError)
    rows = _with_orders(together([_ours(table, columns) for table in tables]).collect(), log)
    whose = pl.col("customer_id").is_not_null()
    parts = [_unmet(rows.filter(~whose))]
    if rows.select(whose.any()).item():
        parts.append(_negative(read(rows.filter(whose))))
    files = pl.lit(", ".join(table.name for table in tables))
    rejected = [part.rejected.with_columns(file=files, row=pl.lit(None, pl.UInt32)) for part in parts]
    facts = [{"name": table.name, **table.facts} for table in tables]
    return replace(
        log,
        accepted=pl.concat([log.accepted, *(part.accepted for part in parts[1:])], how="diagonal_relaxed"),
        rejected=pl.concat([log.rejected, *rejected], how="diagonal_relaxed"),
        quality=one_account([log.quality, *(part.quality for part in parts)]),
        detected=MappingProxyType({**log.detected, "returns": facts}),
    )


def _ours(table: SourceTable, columns: Mapping[str, str]) -> pl.LazyFrame:
    """The table's rows that are returns, under our names."""
    asked = {ours: name for ours, name in found_columns(columns, table).items() if ours in columns}
    known = suggest_returns(table.columns) | asked
    found = {ours: known[ours] for ours in _OURS if ours in known}
    if "order_id" not in found and not {"customer_id", "date", "amount"} <= found.keys():
        hint = "Returns name their order (`order_id`), or a customer, a day and an amount."
        raise MissingColumnsError(table.name, ["order_id"], table.columns, hint=hint)
    schema = table.rows.collect_schema()
    ids = {ours: as_id(found[ours], schema[found[ours]], table.name) for ours in IDS if ours in found}
    others = {ours: pl.col(name) for ours, name in found.items() if ours not in ids}
    return table.rows.filter(_is_return(table)).select(**ids, **others)


def _is_return(table: SourceTable) -> pl.Expr:
    """Whether a row is a return: all of them, unless a column says so of each."""
    flags = [header for header in table.columns if plain_header(header) in words("returned")]
    schema = table.rows.collect_schema()
    said = [
        as_text(flag, schema[flag], table.name).str.to_lowercase().is_in(words("affirmed")).fill_null(value=False)
        for flag in flags
    ]
    return pl.all_horizontal(pl.lit(value=True), *said)


def _with_orders(rows: pl.DataFrame, log: TransactionLog) -> pl.DataFrame:
    """The returns with customer, day and amount; what they do not say is what the log has of their order."""
    if "order_id" not in rows.columns or {"customer_id", "date", "amount"} <= set(rows.columns):
        return rows
    if "order_id" not in log.accepted.collect_schema():
        hint = "Returns name orders, which the log does not. Map the column `order_id`."
        raise MissingColumnsError("The log", ["order_id"], log.accepted.collect_schema().names(), hint=hint)
    said = [name for name in names(LOG) if name in rows.columns and name != "order_id"]
    lines = log.accepted.filter(pl.col("order_id").is_in(rows["order_id"].drop_nulls().unique().implode())).collect()
    if "amount" in rows.columns:
        lines = lines.unique("order_id", keep="first", maintain_order=True)
    else:
        rows = rows.unique("order_id", keep="first", maintain_order=True)
        lines = lines.with_columns(-pl.col("amount"))
    known = lines.drop(said, strict=False).drop("quantity", "unit_price", "currency", strict=False)
    return rows.join(known, on="order_id", how="left", maintain_order="left")


def _unmet(rows: pl.DataFrame) -> TransactionLog:
    """Returns of orders that the log does not have, all refused."""
    quality = pl.DataFrame({"rule": ["read", "missing_customer"], "rows": rows.height, "share": 1.0, "amount": 0.0})
    rejected = rows.select(pl.lit("missing_customer").alias("rule"), pl.all())
    return TransactionLog(rows.clear().lazy(), rejected, quality.filter(pl.col("rows") > 0))


def _negative(returned: TransactionLog) -> TransactionLog:
    """The returns with negative amounts, though most are written as positive."""
    written = returned.accepted.select((pl.col("amount") > 0).sum() > (pl.col("amount") < 0).sum()).collect().item()
    amount = pl.col("amount") * (-1 if written else 1)
    return replace(
        returned, accepted=returned.accepted.with_columns(amount), quality=returned.quality.with_columns(amount)
    )
