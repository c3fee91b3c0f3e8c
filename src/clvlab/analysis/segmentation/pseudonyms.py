"""Names that stand for customers on a page that may be passed on."""

import hashlib
import hmac

import polars as pl

from clvlab.columns import CUSTOMERS, names

LENGTH = 12


def pseudonyms(customers: pl.DataFrame) -> pl.DataFrame:
    """customer_id, pseudonym (LENGTH hexadecimal digits), one row per customer in their order.

    Ids are few enough to try them all, so their plain hash would hide nobody. This one is keyed by what all customers
    did: only who has their figures, and with them the ids, can tell who is meant. The names differ from report to
    report.
    """
    known = customers.select(pl.col(name) for name in names(CUSTOMERS) if name in customers.columns)
    key = hashlib.sha256(known.sort("customer_id").write_csv().encode()).digest()

    def pseudonym(customer_id: str) -> str:
        return hmac.new(key, customer_id.encode(), hashlib.sha256).hexdigest()[:LENGTH]

    return customers.select("customer_id", pseudonym=pl.col("customer_id").map_elements(pseudonym, pl.String))
