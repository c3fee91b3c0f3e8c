"""CDNOW: every purchase of 23,570 people who first bought compact discs there in the first quarter of 1997."""

from importlib.metadata import distribution

import polars as pl

from clvlab.frames import TransactionLog
from clvlab.transactions import read_transactions

_SAMPLE = ("master_id", "customer_id", "date", "quantity", "amount")
_WHOLE = ("customer_id", "date", "quantity", "amount")


def cdnow(*, sample: bool = False) -> TransactionLog:
    """The CDNOW log, January 1997 to June 1998: 69,659 rows of 23,570 customers, amounts in US dollars.

    The files are those that the lifetimes distribution carries.

    Parameters
    ----------
    sample
        the 1/10 sample of the literature instead: 6,919 rows of 2,357 customers, whose customer_id is the sample's
        own number, "0001" to "2357"

    Source
    ------
    Fader & Hardie (2001), "Forecasting repeat sales at CDNOW", Interfaces 31(3), S94-S107.

    Examples
    --------
    >>> cdnow(sample=True).data.head(2).select("customer_id", "date", "amount").rows()
    [('0001', datetime.date(1997, 1, 1), 29.33), ('0001', datetime.date(1997, 1, 18), 29.73)]
    """
    name, fields = ("CDNOW_sample.txt", _SAMPLE) if sample else ("CDNOW_master.txt", _WHOLE)
    # By path: importing lifetimes would warn and overwrite the caller's warning filters.
    path = distribution("lifetimes").locate_file(f"lifetimes/datasets/{name}")
    lines = pl.read_csv(
        str(path), has_header=False, separator="\0", new_columns=["line"], skip_rows=0 if sample else 1
    )
    pattern = r"^\s*" + r"\s+".join(rf"(?<{field}>\S+)" for field in fields)
    rows = lines.select(pl.col("line").str.extract_groups(pattern)).unnest("line")
    return read_transactions(rows.drop("master_id", strict=False), date_format="%Y%m%d")
