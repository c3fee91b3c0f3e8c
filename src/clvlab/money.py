"""Sums of money: exact, and the same for any order of rows."""

import polars as pl

# A row of more than this is not money: floating point would no longer hold its cents.
LARGEST_AMOUNT = 1e15
_SCALE = 1_000_000


def to_millionths(amount: pl.Expr) -> pl.Expr:
    """Amounts as whole numbers of millionths, which add up exactly."""
    return (amount * _SCALE).round().cast(pl.Int128)


def from_millionths(total: pl.Expr) -> pl.Expr:
    """A sum of millionths as money: the number that its decimals name, below a thousand million."""
    # Rounded, since polars divides by multiplying with the reciprocal, which is off by a bit for every third number.
    return (total.cast(pl.Float64) / _SCALE).round(6)


def exact_sum(amount: pl.Expr) -> pl.Expr:
    """The sum of amounts, free of rounding errors: 0.1 + 0.2 - 0.3 is 0, in whatever order rows are added.

    >>> pl.DataFrame({"amount": [0.1, 0.2, -0.3]}).select(exact_sum(pl.col("amount"))).item()
    0.0
    """
    return from_millionths(to_millionths(amount).sum())
