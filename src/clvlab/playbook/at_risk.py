"""Who is late by their own habit, and what of their spend is at risk: one definition for every list of customers."""

import polars as pl

FEWEST = 3
"""So many purchases show a habit; fewer than two gaps between purchases do not."""


def is_late() -> pl.Expr:
    """Whether a customer of FEWEST purchases or more has waited longer than four in five of their own gaps.

    Reads n_purchases, days_since_last and gap_p80.
    """
    return (pl.col("n_purchases") >= FEWEST) & (pl.col("days_since_last") > pl.col("gap_p80"))


def value_at_risk(*, leaves: bool) -> pl.Expr:
    """Spend of the last year (none, where more was returned) times the probability of having left; money.

    Reads spend_last_year and p_alive.

    Parameters
    ----------
    leaves
        the purchase model knows that customers leave; where it does not, nothing is known to be at risk: null

    >>> customers = pl.DataFrame({"spend_last_year": [100.0, -5.0], "p_alive": [0.75, 0.1]})
    >>> customers.select(value_at_risk(leaves=True)).to_series().to_list()
    [25.0, 0.0]
    """
    gone = 1 - pl.col("p_alive") if leaves else pl.lit(None, pl.Float64)
    return (pl.col("spend_last_year").clip(lower_bound=0) * gone).alias("at_risk")
