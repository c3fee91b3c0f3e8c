"""A holdout knows what its customers did in as long a period before it."""

import polars as pl

import clvlab as cl

ROWS = [
    ("a", "2024-01-14", 1.0),  # 14 January is the day before the period of 16 days up to the cutoff
    ("a", "2024-01-16", 2.0),
    ("a", "2024-01-31", 4.0),
    ("a", "2024-02-01", 8.0),
    ("b", "2024-01-10", 16.0),
]


def test_the_period_before_is_as_long_as_the_holdout_and_ends_on_the_cutoff():
    log = cl.read_transactions(pl.DataFrame(ROWS, schema=["customer_id", "date", "amount"], orient="row"))
    _, holdout = cl.split_holdout(log, "2024-01-31", "2024-02-16")
    assert holdout.previous.rows() == [("a", 2, 6.0), ("b", 0, 0.0)]
    assert holdout.data.rows() == [("a", 1, 8.0), ("b", 0, 0.0)]
