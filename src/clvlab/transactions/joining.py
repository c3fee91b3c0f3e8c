"""Orders and their items in two tables become one: a row for each item, with what its order says."""

from collections.abc import Mapping, Sequence

import polars as pl

from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.sources import OURS, SourceTable
from clvlab.sources.faults import fault
from clvlab.sources.headers import suggest_columns
from clvlab.sources.table import FLAW, ROW
from clvlab.sources.texts import as_id
from clvlab.transactions.mapping import NUMBERS, found_columns, has_money, together

_KEY = OURS + "key"
_OF_ORDER = " (order)"


def joined(orders: Sequence[SourceTable], items: Sequence[SourceTable], columns: Mapping[str, str]) -> SourceTable:
    """One row for each item, with the columns of its order; orders without items and items without orders as well.

    Money is the items': their amount, or quantity x unit price. What the orders say of money would be repeated by
    each item, and is left out; so is a column of an order that its items have, too.

    Parameters
    ----------
    orders, items
        the two kinds of tables, each with the id of the order
    columns
        our name -> the header, in whichever of the two

    Raises
    ------
    MissingColumnsError : a table without the id of the order, or items without money
    ParamsError : the amount is mapped to a column that only the orders have
    DataError : two orders of one id
    """
    for table in items:
        _check_money(table, columns)
    first, second = _keyed(orders, columns), _keyed(items, columns)
    orders_named, items_named = (", ".join(table.name for table in tables) for tables in (orders, items))
    _check_once(first, orders_named)
    money = {
        found[ours]
        for found in (found_columns(columns, table) for table in orders)
        for ours in NUMBERS
        if ours in found
    }
    twice = {*second.collect_schema().names(), *money} - {_KEY}
    order = first.select(
        _KEY,
        *(pl.col(name).alias(name + _OF_ORDER) for name in (ROW, FLAW)),
        pl.exclude(_KEY, ROW, FLAW, *twice),
    )
    rows = second.join(order, on=_KEY, how="full", coalesce=True, maintain_order="left_right").with_columns(
        pl.coalesce(name, name + _OF_ORDER).alias(name) for name in (ROW, FLAW)
    )
    rows = rows.rename({_KEY: columns.get("order_id", "order_id")}).drop(ROW + _OF_ORDER, FLAW + _OF_ORDER)
    is_large = any(table.is_large for table in (*orders, *items))
    return SourceTable(rows, f"{items_named} with {orders_named}", {}, is_large)


def _keyed(tables: Sequence[SourceTable], columns: Mapping[str, str]) -> pl.LazyFrame:
    """The rows of the tables, the id of their order under a name of its own."""
    keyed = []
    for table in tables:
        header = _order_header(table, columns)
        key = as_id(header, table.rows.collect_schema()[header], table.name)
        keyed.append(table.rows.with_columns(key.alias(_KEY)).drop(header))
    return together(keyed)


def _order_header(table: SourceTable, columns: Mapping[str, str]) -> str:
    known = suggest_columns(table.columns) | found_columns(columns, table)
    if "order_id" not in known:
        hint = "Orders and items are joined by the id of the order: map it, `columns: {order_id: <your column>}`."
        raise MissingColumnsError(table.name, ["order_id"], table.columns, hint=hint)
    return known["order_id"]


def _check_money(items: SourceTable, columns: Mapping[str, str]) -> None:
    found = found_columns(columns, items)
    if not has_money(found):
        guess = suggest_columns(items.columns)
        known = {ours: guess.get(ours, "<your column>") for ours in ("amount", "quantity", "unit_price")}
        hint = (
            "Items need an amount, or a quantity and a unit price. Map them, perhaps: `columns: "
            f"{{{', '.join(f'{ours}: {name}' for ours, name in known.items())}}}`."
        )
        raise MissingColumnsError(items.name, ["amount"], items.columns, hint=hint)
    if "amount" in columns and "amount" not in found:
        raise fault("items_without_amount", ParamsError, column=repr(columns["amount"]), file=items.name)


def _check_once(orders: pl.LazyFrame, name: str) -> None:
    ids = orders.select(pl.col(_KEY).drop_nulls()).filter(pl.col(_KEY).is_duplicated()).collect()[_KEY]
    if len(ids):
        raise fault("orders_repeat", file=name, example=repr(ids[0]), orders=ids.n_unique())
