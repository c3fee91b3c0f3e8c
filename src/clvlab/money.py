"""Sums of money: exact, and the same for any order of rows."""

import polars as pl

# A row of more than this is not money: floating point would no longer hold its cents.
LARGEST_AMOUNT = 1e15
_SCALE = 1_000_000
_LARGE = 1_000_000 * 10**9


def to_millionths(amount: pl.Expr, dtype: type[pl.Int64 | pl.Int128] = pl.Int128) -> pl.Expr:
    """Amounts as whole numbers of millionths, which add up exactly; of more than a thousand million to about one."""
    return (amount * _SCALE).round().cast(dtype)


def bits_of_sums(amounts: pl.LazyFrame) -> type[pl.Int64 | pl.Int128]:
    """The narrowest type that holds every sum of some of these amounts, in millionths.

    >>> bits_of_sums(pl.LazyFrame({"amount": [5e12, -5e12]})), bits_of_sums(pl.LazyFrame({"amount": [0.1]}))
    (Int128, Int64)
    """
    size = amounts.select(pl.first().abs().sum()).collect(engine="streaming").item()
    return pl.Int64 if size * _SCALE < 2**62 else pl.Int128


def from_millionths(total: pl.Expr) -> pl.Expr:
    """A sum of millionths as money: the number that its decimals name."""
    # Rounded, since polars divides by multiplying with the reciprocal, which is off by a bit for every third number.
    # Of large sums that would round away from the number; the part behind the point is then rounded alone.
    rounded = (total.cast(pl.Float64) / _SCALE).round(6)
    apart = (total // _SCALE).cast(pl.Float64) + ((total % _SCALE).cast(pl.Float64) / _SCALE).round(6)
    return pl.when(total.abs() < _LARGE).then(rounded).otherwise(apart)


def exact_sum(amount: pl.Expr) -> pl.Expr:
    """The sum of amounts, free of rounding errors: 0.1 + 0.2 - 0.3 is 0, in whatever order rows are added.

    >>> pl.DataFrame({"amount": [0.1, 0.2, -0.3]}).select(exact_sum(pl.col("amount"))).item()
    0.0
    """
    return from_millionths(to_millionths(amount).sum())


def share_of(part: pl.Expr) -> pl.Expr:
    """The share of each in the sum; null where there is nothing to share."""
    return pl.when(part.sum() > 0).then(part / part.sum())
