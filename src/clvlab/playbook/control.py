"""The control: customers who are not contacted, so that the others can be compared with somebody."""

import hashlib

import polars as pl

_DIGITS = 13
"""Hexadecimal digits of a hash that make a number of 52 bits, which a float holds exactly."""


def held_back(customer_ids: pl.Series, share: float, seed: int) -> pl.Series:
    """Whether each customer belongs to the control.

    That is drawn by the hash of seed and id alone: a customer is in it or not whatever period it is, whatever group
    they are in and whoever else is there; and a larger share holds all of a smaller one.

    Parameters
    ----------
    customer_ids
        texts
    share
        of all customers, 0 <= share < 1
    seed
        another one draws another control

    >>> held_back(pl.Series(["001", "002", "003", "004"]), 0.5, seed=0).to_list()
    [False, False, False, True]
    """
    if share == 0:
        return pl.Series("is_control", [False]).new_from_index(0, len(customer_ids))
    return customer_ids.map_elements(lambda customer: _draw(customer, seed) < share, pl.Boolean).alias("is_control")


def _draw(customer_id: str, seed: int) -> float:
    """A number from 0 to 1, the same for the same customer and seed."""
    digest = hashlib.sha256(f"{seed}:{customer_id}".encode()).hexdigest()
    return float(int(digest[:_DIGITS], 16) / 16**_DIGITS)
