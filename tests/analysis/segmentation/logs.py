"""Contexts over a few written rows, so that a reader can check a section's tables with a pencil."""

import polars as pl

import clvlab as cl
from clvlab.analysis.segmentation.context import Context
from clvlab.params import ReportParams


def context_of(*rows: tuple, as_of: str, columns: str = "customer_id date amount", **params) -> Context:
    """The context of a run over these rows; dates are written as "2024-01-31"."""
    frame = pl.DataFrame(rows, schema=columns.split(), orient="row", infer_schema_length=None)
    given = {"strategy": "hiatus", "holdout": None, "time_unit": "day", **params}
    return Context(ReportParams(name="pencil", source="rows", as_of=as_of, **given), cl.read_transactions(frame))
