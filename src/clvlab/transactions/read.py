"""Any source becomes a `TransactionLog`."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, get_args

import polars as pl

from clvlab.customer_days import brought_together
from clvlab.errors import ParamsError, UnsettledError, counted
from clvlab.frames import TransactionLog
from clvlab.memory_limit import LEAST, limited
from clvlab.sources import OURS, FileSettings, SourceTable, open_source
from clvlab.sources.dates import GivenFormat, given_format
from clvlab.sources.doubts import noted
from clvlab.sources.numbers import read_numbers
from clvlab.sources.table import readable
from clvlab.sources.zones import check_zone
from clvlab.transactions.currencies import found_currencies, one_currency
from clvlab.transactions.databases import table_of
from clvlab.transactions.days import DateCells, with_days
from clvlab.transactions.doubts import (
    ids_of,
    warn_of_amounts,
    warn_of_bulk,
    warn_of_days,
    warn_of_ids,
    warn_of_unread,
)
from clvlab.transactions.filling import filled_down
from clvlab.transactions.filters import KEPT, Where, check_kept, kept_rows, warn_of_states
from clvlab.transactions.guests import warn_of_giants
from clvlab.transactions.joining import joined
from clvlab.transactions.judging import judged_rows, without_sums
from clvlab.transactions.mapping import resolve, standardise, together
from clvlab.transactions.own_attributes import own_attributes
from clvlab.transactions.questions import kept
from clvlab.transactions.returns import with_returns
from clvlab.transactions.rules import Duplicates, ZeroAmounts, check_choice, check_largest
from clvlab.transactions.signs import Signs, with_signs
from clvlab.transactions.sorting import DAY, check_not_all_refused, sort_out
from clvlab.units import parse_day


def read_transactions(
    source: Any,
    columns: Mapping[str, str] | None = None,
    date_format: str | None = None,
    decimal: Literal[".", ","] = ".",
    *,
    encoding: str | None = None,
    separator: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    time_zone: str | None = None,
    date_cells: DateCells | None = None,
    duplicates: Duplicates = "keep",
    zero_amounts: ZeroAmounts = "keep",
    signs: Signs | None = None,
    where: Where | None = None,
    fill_down: str | Sequence[str] = (),
    guests: Iterable[Any] = (),
    largest_amount: float | None = None,
    duplicate_key: str | Sequence[str] | None = None,
    currency: str | None = None,
    currency_rates: Mapping[str, float] | None = None,
    attributes: Sequence[str] = (),
    items: Any = None,
    returns: Any = None,
    until: date | str | None = None,
    memory_limit: float | None = None,
) -> TransactionLog:
    """Accepted rows, refused rows with the rule that refused each, and the account of all of them.

    Ids stay text ("00001" keeps its zeros); dates become days before anything else looks at them; a row that cannot
    be understood is refused by a rule of `clvlab.transactions.rules.RULES`, never dropped. What would take more than
    a quarter of `memory_limit` is scanned, and the rows that pass are set down in a temporary file until the process
    ends.

    Parameters
    ----------
    source
        a path or glob of CSV, Parquet or Excel files, or gz and zip of these, or a pandas, polars, Arrow, DuckDB
        or Spark frame, or a list of these; or a mapping that names a table or query of a database or of Spark, such
        as {"duckdb": "shop.duckdb", "table": "orders"}, {"sql": "DATABASE_URL", "query": "SELECT ..."} or
        {"spark": "sc://host:15002", "table": "orders"}, of which only the columns that are needed are read
    columns
        our name -> the source's name; columns that already have our name need no mention, and case, spaces and units
        in brackets may differ. Ours are those of `clvlab.columns.LOG`. Where there is no amount, it is quantity x
        unit_price; without these either, the log serves purchase models alone
    date_format
        strftime format such as "%d/%m/%Y"; found out if it is not given and the data leaves no doubt
    decimal
        decimal mark of numbers that are text
    encoding, separator, sheet
        of text files and workbooks; detected if not given
    header_row
        the row of the file or sheet that names the columns, from 1; found out if it is not given
    time_zone
        the zone on whose days moments count, such as "Asia/Shanghai"; a moment that names no zone is then one of UTC.
        Without it a day is the one that is written
    date_cells
        swap turns day and month of cells that are dates round, where a spreadsheet has turned them; keep does not.
        Asked for where they look turned
    duplicates
        keep counts rows that are equal in all their columns each time; drop merges them into one
    duplicate_key
        columns, by our names or the source's, in which rows must be equal to be merged into one
    zero_amounts
        keep or refuse rows with an amount of 0
    signs
        turn for a ledger that writes sales as negative amounts; keep takes negative amounts for returns. Asked for
        where hardly any amount is positive
    where
        column (by our name or the source's) -> the values of rows that are kept, such as {"Stage": ["Closed Won"]};
        None among them keeps blank ones. The others are in the account as filtered
    fill_down
        our names of columns in which a blank cell means what is above it, as in merged cells
    guests
        ids that are nobody, such as 0, besides the usual words (guest, 散客, ...); their rows are refused
    largest_amount
        rows of amounts beyond it, on either side of 0, are refused, once all are in one currency
    currency
        the run's currency, which the log's must then be, or be turned into
    currency_rates
        what one unit of each currency is worth in the run's, for a log with a column of currencies
    attributes
        columns of the source that say something of the customer, such as a country; they are then a dated table in
        the log's `attributes`, the last value of a day counting for that day

    items
        the items of the orders, where `source` has one row for each order: joined by the id of the order, their
        money counts (amount, or quantity x unit_price)
    returns
        returns that are listed apart, by order or by customer and day: further rows of negative amounts
    until
        the last day that is known: rows of later days are not read, as if they were not there yet
    memory_limit
        about how many bytes of memory reading and counting may take, 2 GB if it is not given

    Returns
    -------
    A `TransactionLog`. Its `detected` has files (with encoding, separator, ...), columns, date_formats, currencies,
    doubts (code and figures of those that `clvlab.transactions.questions` names), and for a log in memory
    duplicate_rows (exact repetitions among the rows that pass).

    Raises
    ------
    DataError : the source is missing, empty, damaged or refused as a whole
    UnsettledError : a DataError; the data leaves open, or contradicts, date_format, date_cells, decimal, signs, sheet
        or the currency
    MissingColumnsError : a column is not there
    ParamsError : an argument is wrong

    Examples
    --------
    A web shop's order lines: a cancellation is a line of negative quantity, a written-off debt has no customer.

    >>> import io, polars as pl
    >>> lines = pl.read_csv(io.StringIO('''InvoiceNo,Quantity,InvoiceDate,UnitPrice,CustomerID
    ... 536365,6,2010-12-01 08:26,2.55,17850
    ... 536365,8,2010-12-01 08:26,2.75,17850
    ... C536379,-1,2010-12-04 09:41,2.75,17850
    ... A563186,1,2011-08-12 14:51,-11062.06,
    ... '''), infer_schema=False)
    >>> mapping = {"customer_id": "CustomerID", "date": "InvoiceDate", "order_id": "InvoiceNo",
    ...            "quantity": "Quantity", "unit_price": "UnitPrice"}
    >>> log = read_transactions(lines, columns=mapping)
    >>> log.quality.drop("share").rows()
    [('read', 4, -11027.51), ('accepted', 3, 34.55), ('merged', 0, 0.0), ('missing_customer', 1, -11062.06)]
    """
    check_choice("decimal", decimal, (".", ","))
    check_choice("duplicates", duplicates, get_args(Duplicates))
    check_choice("zero_amounts", zero_amounts, get_args(ZeroAmounts))
    if date_cells is not None:
        check_choice("date_cells", date_cells, get_args(DateCells))
    if signs is not None:
        check_choice("signs", signs, get_args(Signs))
    given = None if date_format is None else given_format(date_format)
    zone = None if time_zone is None else check_zone(time_zone)
    last = None if until is None else parse_day("until", until)
    check_largest(largest_amount)
    memory_limit = _checked_memory(memory_limit)
    key = None if duplicate_key is None else _names("duplicate_key", duplicate_key)
    filled, columns, where = _names("fill_down", fill_down), columns or {}, where or {}
    settings = FileSettings(encoding, separator, sheet, header_row, tuple(columns.values()))
    with limited(memory_limit):
        if isinstance(source, Mapping):
            also = (*where, *attributes, *(key or ()))
            whole = duplicates == "drop" and key is None
            opened = [table_of(source, columns, also=also, whole=whole, until=last, time_zone=zone)]
        else:
            opened = open_source(source, settings)
        of_items = [] if items is None else open_source(items, settings)
    tables = opened
    if items is not None:
        tables, opened = [joined(tables, of_items, columns)], [*tables, *of_items]
    mappings = resolve(columns, tables)
    mapping = {ours: theirs for each in reversed(mappings) for ours, theirs in each.items()}
    check_kept(tables, mappings, where)
    large = ", ".join(table.name for table in tables if table.is_large)
    # What is small has been read already; what is large can still turn out to be damaged.
    with limited(memory_limit), noted() as doubts, readable(large) if large else nullcontext():
        rows = together(
            [_standardised(*each, filled, where, decimal, given) for each in zip(tables, mappings, strict=True)]
        )
        rows = rows if large else rows.collect().lazy()
        left_out = with_signs(rows.filter(~pl.col(KEPT)), signs or "keep") if where else None
        rows = rows.filter(KEPT)
        texts = _amount_texts(rows)
        _check_decimal(texts, decimal)
        currencies = found_currencies(rows, texts, currency)
        rows = one_currency(rows, currencies, currency_rates, currency)
        rows, formats = with_days(rows, mapping["date"], given, zone, date_cells)
        rows = rows if last is None else rows.filter((pl.col(DAY) <= last).fill_null(value=True))
        rows = with_signs(rows, signs)
        judged = without_sums(judged_rows(rows, zero_amounts, guests, largest_amount), len(tables))
        judged = judged if large else judged.collect().lazy()
        drops = duplicates == "drop" or key is not None
        log, passed, rejected = sort_out(judged, left_out, key, drops=drops, lazily=bool(large))
        own = own_attributes(passed, attributes, tables[0].name)
        check_not_all_refused(log, mapping)
        _warn(judged, passed, rejected, log, texts, decimal)
        for table, each in zip(tables, mappings, strict=True):
            warn_of_states(table, each, where)
    detected = {
        "files": [{"name": table.name, **table.facts} for table in opened],
        "columns": mapping,
        "date_formats": list(formats),
        "currencies": list(currencies),
        "doubts": kept(doubts),
        **log.detected,
    }
    log = replace(log, detected=MappingProxyType(detected), attributes=own).knowing(log.days)
    if returns is None:
        return log

    def read(frame: pl.DataFrame) -> TransactionLog:
        return read_transactions(
            frame,
            date_format=date_format,
            decimal=decimal,
            time_zone=time_zone,
            date_cells=date_cells,
            signs="keep",
            until=last,
        )

    with limited(memory_limit):
        whole_log = with_returns(log, open_source(returns, settings), columns, read)
        return whole_log.knowing(brought_together(whole_log.accepted, whole_log.n_rows))


def _standardised(
    table: SourceTable,
    mapping: Mapping[str, str],
    filled: Sequence[str],
    where: Where,
    decimal: str,
    given: GivenFormat | None,
) -> pl.LazyFrame:
    """The table's rows with our columns next to its own."""
    table = replace(table, rows=kept_rows(table, mapping, where))
    return standardise(*filled_down(table, mapping, filled), decimal, given)


def _warn(
    judged: pl.LazyFrame,
    passed: pl.LazyFrame,
    rejected: pl.DataFrame,
    log: TransactionLog,
    texts: pl.DataFrame,
    decimal: str,
) -> None:
    """Warn of all that looks doubtful in rows that can be read."""
    ids = ids_of(judged, rejected, log)
    warn_of_ids(ids)
    warn_of_giants(ids)
    warn_of_unread(passed)
    warn_of_days(passed)
    warn_of_amounts(passed, texts, decimal)
    warn_of_bulk(judged)


def _names(setting: str, given: str | Sequence[str]) -> tuple[str, ...]:
    """One name or several, as a setting lists them."""
    listed = given if isinstance(given, list | tuple) else (given,)
    if not all(isinstance(name, str) for name in listed):
        raise ParamsError(f"{setting} is {given!r}. List names of columns.")
    return tuple(listed)


def _checked_memory(limit: float | None) -> int | None:
    """The limit as a whole number of bytes, as which 2e9 serves as well."""
    if limit is None:
        return None
    if not isinstance(limit, int | float) or limit != limit // 1 or limit < LEAST:
        raise ParamsError(f"memory_limit is {limit!r}. It is a whole number of bytes, {LEAST:,} or more.")
    return int(limit)


def _amount_texts(rows: pl.LazyFrame) -> pl.DataFrame:
    """text, rows: the amounts that are written as text, each way of writing once; sorted."""
    name = OURS + "amount_text"
    if name not in rows.collect_schema():
        return pl.DataFrame(schema={"text": pl.String, "rows": pl.Int64})
    counts = rows.group_by(text=pl.col(name)).agg(rows=pl.len().cast(pl.Int64))
    return counts.drop_nulls().sort("text").collect(engine="streaming")


def _check_decimal(texts: pl.DataFrame, decimal: str) -> None:
    """Raise UnsettledError if the amounts' texts show the other decimal mark."""
    other = "," if decimal == "." else "."
    ours, theirs = (read_numbers(texts["text"], mark).is_not_null() for mark in (decimal, other))
    only_ours, only_theirs = texts.filter(ours & ~theirs), texts.filter(theirs & ~ours)
    count, ours_count, all_count = (int(found["rows"].sum()) for found in (only_theirs, only_ours, texts))
    if count > max(ours_count, 0.02 * all_count):
        raise UnsettledError(
            f"The amounts are written with the decimal mark {other!r}, as in {only_theirs['text'][0]!r} "
            f"({counted(count, 'row')}), but {decimal!r} is set. Set `decimal: '{other}'`.",
            "decimal",
            [other],
            repr(only_theirs["text"][0]),
        )
