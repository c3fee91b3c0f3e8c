"""Further columns of the customer table, for whoever needs them: from the log, and from value models."""

from collections.abc import Set as AbstractSet

import polars as pl

from clvlab.columns import Column, names
from clvlab.customers import DERIVED, derive
from clvlab.errors import ConvergenceError
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.models import PURCHASE_MODELS, GammaGamma, PurchaseModel, lifetime_value

MODELLED: tuple[Column, ...] = (
    Column("p_alive", pl.Float64(), "probability", "that the customer still buys, at the cutoff"),
    Column("expected_purchases", pl.Float64(), "purchase days", "expected over the horizon"),
    Column("expected_spend", pl.Float64(), "currency", "expected spend per purchase day"),
    Column("clv", pl.Float64(), "currency", "expected value over the horizon, discounted"),
)

_READS = {
    "spend_last_year": {"amount"},
    "order_value": {"amount"},
    "profit": {"amount", "cost"},
    "profit_last_year": {"amount", "cost"},
    "favourite_category": {"category"},
    "n_categories": {"category"},
}
"""What columns of the log a derived column reads beside customer and day."""


def derivable(log: TransactionLog) -> set[str]:
    """The derived columns that this log can give."""
    found = set(log.accepted.collect_schema().names())
    return {name for name in names(DERIVED) if _READS.get(name, set()) <= found}


def enrich(
    log: TransactionLog,
    customers: CustomerSummary,
    needs: AbstractSet[str],
    horizon: str | float = "12 months",
    *,
    annual_discount_rate: float = 0.0,
    margin: float = 1.0,
) -> CustomerSummary:
    """The same customers with those columns of `needs` that the log or a value model can give.

    All are as of the summary's own cutoff: derived columns as `clvlab.customers.derive` makes them, modelled ones by
    the first of `PURCHASE_MODELS` that these customers identify, and Gamma-Gamma. Columns that the table has already
    stay as they are; names that neither source knows, such as attributes, are left to whoever reads them.

    Parameters
    ----------
    needs : names of columns
    horizon : how far ahead `expected_purchases` and `clv` look
    annual_discount_rate, margin : as in `clvlab.lifetime_value`

    Raises
    ------
    MissingColumnsError : the log lacks a column that a derived one is made from
    ConvergenceError : the customers cannot identify a model
    """
    customers = derive(log, customers, set(needs & set(names(DERIVED))))
    wanted = [name for name in names(MODELLED) if name in needs and name not in customers.data.columns]
    if not wanted:
        return customers
    model = _purchase_model(customers)
    if {"expected_spend", "clv"} & set(wanted):
        spend = GammaGamma.fit(customers)
        value = lifetime_value(
            model, spend, customers, horizon=horizon, annual_discount_rate=annual_discount_rate, margin=margin
        )
    else:
        value = customers.data.select(
            "customer_id",
            p_alive=pl.Series(model.p_alive(customers)),
            expected_purchases=pl.Series(model.expected_purchases(customers, horizon=horizon)),
        ).fill_nan(None)
    return customers.with_columns(value.select("customer_id", *wanted))


def _purchase_model(customers: CustomerSummary) -> PurchaseModel:
    """The first purchase model that the customers identify; ConvergenceError of the last where none is."""
    *first, last = PURCHASE_MODELS
    for model in first:
        try:
            return model.fit(customers)
        except ConvergenceError:
            continue
    return last.fit(customers)
