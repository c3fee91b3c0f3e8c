"""Contexts over a few written rows, so that a reader can check a section's tables with a pencil."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
from hypothesis import strategies as st

import clvlab as cl
from clvlab.analysis.segmentation.context import Context
from clvlab.models import Nbd, Terms, ValueModels
from clvlab.models.mean_spend import MeanSpend
from clvlab.params import ReportParams

# 60 customers, of whom the higher numbers buy more often and for more, and a third stops in autumn.
SIXTY = [
    (f"c{i:02d}", day, 10.0 + i)
    for i in range(60)
    for k in range(2 + i % 7)
    if (day := date(2023, 3, 1 + i % 28) + timedelta(days=(1 + i % 3) * k * 40)) < date(2024, 7, 1)
    and not (i % 3 == 0 and day > date(2023, 10, 1))
]
"""Rows of customer, day and amount."""


def context_of(*rows: tuple, as_of: str, columns: str = "customer_id date amount", **params) -> Context:
    """The context of a run over these rows; dates are written as "2024-01-31"."""
    frame = pl.DataFrame(rows, schema=columns.split(), orient="row", infer_schema_length=None)
    given = {"strategy": "hiatus", "holdout": None, "time_unit": "day", **params}
    return Context(ReportParams(name="pencil", source="rows", as_of=as_of, **given), cl.read_transactions(frame))


def rows_since(first: date, amounts: Sequence[float], most: int = 25) -> st.SearchStrategy[list[tuple]]:
    """Rows of six customers up to the end of 2024, at most so many: customer, day, one of these amounts."""
    row = st.tuples(st.sampled_from("abcdef"), st.dates(first, date(2024, 12, 31)), st.sampled_from(amounts))
    return st.lists(row, max_size=most)


def valued(context: Context, model, spend: float | None = None) -> Context:
    """The context with models that are given instead of fitted, and no past; every purchase is worth `spend`."""
    money = None if spend is None else MeanSpend(spend)
    vars(context)["models"] = ValueModels(model, money, Terms(context.horizon))
    vars(context)["past"] = None
    return context


def nbd(r: float, alpha: float) -> Nbd:
    """NBD per day: who bought x times again within T days buys (r + x) / (alpha + T) times a day.

    It is as sure of its parameters as if r and alpha were known to 1 and 2 %.
    """
    known = {"log_likelihood": -50.0, "log_covariance": [[1e-4, 0.0], [0.0, 4e-4]], "n_customers": 6, "penalty": 0.0}
    return Nbd.from_dict(
        {"model": "Nbd", "parameters": {"r": r, "alpha": alpha}, "time_unit": "day", "estimate": known}
    )
