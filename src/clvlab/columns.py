"""The columns of the log and of the customer table: dtype, unit and meaning.

Other tables declare their own columns where they are made.
"""

from dataclasses import dataclass
from datetime import date

import polars as pl

EARLIEST, LATEST = date(1900, 1, 2), date(2100, 12, 31)
"""The days that a log may have: 1900-01-01 is what databases and spreadsheets write where there is none."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its name, polars dtype, unit and meaning."""

    name: str
    dtype: pl.DataType
    unit: str
    meaning: str
    required: bool = True


LOG: tuple[Column, ...] = (
    Column("customer_id", pl.String(), "", "who bought; text, so that '00001' keeps its zeros"),
    Column("date", pl.Date(), "day", "day of the order"),
    Column("amount", pl.Float64(), "currency", "money of the row; negative for a return", required=False),
    Column("order_id", pl.String(), "", "which order the row belongs to", required=False),
    Column("quantity", pl.Float64(), "pieces", "pieces of the row; negative for a return", required=False),
    Column("unit_price", pl.Float64(), "currency", "price of a piece, for a log without amounts", required=False),
    Column("cost", pl.Float64(), "currency", "cost of the row, for profit", required=False),
    Column("category", pl.String(), "", "product category of the row", required=False),
    Column("channel", pl.String(), "", "where the order came from", required=False),
    Column("currency", pl.String(), "", "ISO code of the row's currency", required=False),
)

CUSTOMERS: tuple[Column, ...] = (
    Column("customer_id", pl.String(), "", "who"),
    Column("frequency", pl.Int64(), "purchase days", "x: repeat purchase days, n_purchases - 1"),
    Column("recency", pl.Float64(), "time units", "t_x: age at the last purchase; 0 without a repeat"),
    Column("T", pl.Float64(), "time units", "age at the cutoff; 0 for a first buyer on the cutoff"),
    Column("monetary_value", pl.Float64(), "currency", "mean spend per repeat purchase day; null without a repeat"),
    Column("n_purchases", pl.Int64(), "purchase days", "days with a purchase, the first included"),
    Column("n_orders", pl.Int64(), "orders", "distinct orders"),
    Column("days_since_last", pl.Int64(), "days", "days from the last purchase to the cutoff"),
    Column("total_spend", pl.Float64(), "currency", "net money of every accepted row up to the cutoff"),
    Column("first_purchase", pl.Date(), "day", "day of the first purchase"),
    Column("last_purchase", pl.Date(), "day", "day of the last purchase"),
)

MODELLED: tuple[Column, ...] = (
    Column("p_alive", pl.Float64(), "probability", "that the customer still buys, at the cutoff"),
    Column("expected_purchases", pl.Float64(), "purchase days", "expected over the horizon"),
    Column("expected_spend", pl.Float64(), "currency", "expected spend per purchase day"),
    Column("clv", pl.Float64(), "currency", "expected value over the horizon, discounted"),
)
"""The columns that value models add to a customer table."""

RESULTS: tuple[Column, ...] = (
    *MODELLED,
    Column("p_buys_again", pl.Float64(), "probability", "of at least one purchase within the horizon"),
    Column("clv_low", pl.Float64(), "currency", "lower end of the interval of clv"),
    Column("clv_high", pl.Float64(), "currency", "upper end of the interval of clv"),
    Column("next_from", pl.Date(), "day", "from when on the next order is to be expected, if there is one"),
    Column("next_to", pl.Date(), "day", "by when it is to be expected"),
    Column("r_score", pl.Int8(), "score", "recency score"),
    Column("f_score", pl.Int8(), "score", "frequency score"),
    Column("m_score", pl.Int8(), "score", "spend score"),
    Column("group", pl.String(), "", "group by the run's strategy"),
    Column("rank", pl.Int64(), "", "rank of the group, 1 is best"),
    Column("cluster", pl.String(), "", "cluster"),
    Column("pseudonym", pl.String(), "", "what stands for the customer on a page that may be passed on"),
)
"""All that a report adds to a customer table."""

LAST_CONTACT = "last_contact"
"""The attribute that says when a customer was last contacted."""

HOLDOUT: tuple[Column, ...] = (
    Column("holdout_purchases", pl.Int64(), "purchase days", "in the holdout"),
    Column("holdout_spend", pl.Float64(), "currency", "net money of the holdout"),
    Column("previous_purchases", pl.Int64(), "purchase days", "in as long a period up to the cutoff"),
    Column("previous_spend", pl.Float64(), "currency", "net money of as long a period up to the cutoff"),
)
"""What customers did in a holdout, and before it."""


def names(table: tuple[Column, ...], *, required_only: bool = False) -> list[str]:
    """Names of a table's columns, in order."""
    return [column.name for column in table if column.required or not required_only]
