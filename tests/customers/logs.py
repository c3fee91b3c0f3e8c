"""Small logs, written as rows."""

from datetime import date

import polars as pl

import clvlab as cl


def log_of(*rows: tuple, columns: str = "customer_id date amount", **options) -> cl.TransactionLog:
    """The log of rows; dates are written as "2024-01-31"."""
    frame = pl.DataFrame(rows, schema=columns.split(), orient="row", infer_schema_length=None)
    return cl.read_transactions(frame, **options)


def day(text: str) -> date:
    return date.fromisoformat(text)
