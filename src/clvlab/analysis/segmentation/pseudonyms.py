"""Names that stand for customers on a page that may be passed on."""

import hmac
import secrets
from functools import cache

import polars as pl

from clvlab.analysis.section import Finding

LENGTH = 12


def pseudonyms(customers: pl.DataFrame, key: str | None) -> pl.DataFrame:
    """customer_id, pseudonym (LENGTH hexadecimal digits), one row per customer in their order.

    Ids are few enough to try them all, so their plain hash would hide nobody. This one is keyed by a secret, which
    stays with whoever makes the reports: with one key a customer keeps the pseudonym from report to report. Without a
    key it holds as long as the process.
    """
    secret = (key or _key_of_process()).encode()

    def pseudonym(customer_id: str) -> str:
        return hmac.digest(secret, customer_id.encode(), "sha256").hex()[:LENGTH]

    return customers.select("customer_id", pseudonym=pl.col("customer_id").map_elements(pseudonym, pl.String))


def resolved(*, by_exports: bool) -> Finding:
    """Which file says whom the pseudonyms of a page mean: one that is exported, or one that stays with the maker."""
    return Finding.of("watch.ids" if by_exports else "watch.pseudonyms")


@cache
def _key_of_process() -> str:
    return secrets.token_hex(32)
