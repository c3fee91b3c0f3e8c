"""The log that a run's parameters name, and its fingerprint."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

import polars as pl

from clvlab import datasets
from clvlab.frames import TransactionLog
from clvlab.params import RunParams
from clvlab.transactions import read_transactions

EMBEDDED: Mapping[str, Callable[[], TransactionLog]] = MappingProxyType(
    {
        "cdnow": lambda: datasets.cdnow(),
        "cdnow_sample": lambda: datasets.cdnow(sample=True),
        "lighting": lambda: datasets.lighting(),
    }
)


def read_log(params: RunParams) -> TransactionLog:
    """The log that `params.source` names: an embedded data set, or a path or glob."""
    if params.source in EMBEDDED:
        return EMBEDDED[params.source]()
    return read_transactions(params.source, columns=params.columns, currency=params.currency, **params.reading)


def fingerprint(log: TransactionLog, until: date) -> str:
    """SHA-256 of the accepted rows up to a day in canonical order, whatever order the source has."""
    rows = log.accepted.filter(pl.col("date") <= until)
    columns = sorted(rows.collect_schema().names())
    canonical = rows.select(columns).sort(columns).collect()
    return hashlib.sha256(canonical.write_csv().encode()).hexdigest()
