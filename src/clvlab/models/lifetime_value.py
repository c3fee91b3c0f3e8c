"""What customers will be worth: expected purchases times expected spend, discounted."""

import polars as pl

from clvlab.models.family import Horizon, PurchaseModel
from clvlab.models.futures import N_DRAWS, Buyers, Worlds, around, read
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.histories import Customers, with_ids
from clvlab.models.residual_value import check_margin
from clvlab.units import TimeUnit


def lifetime_value(
    model: PurchaseModel,
    spend: GammaGamma,
    customers: Customers,
    horizon: Horizon,
    annual_discount_rate: float = 0.0,
    margin: float = 1.0,
    *,
    interval: float | None = None,
    n_draws: int = N_DRAWS,
    seed: int = 0,
    time_unit: TimeUnit | None = None,
) -> pl.DataFrame:
    """Value each customer's purchases of the coming `horizon`.

    A purchase at t years from the cutoff is worth margin * spend * (1 + annual_discount_rate)^-t, in continuous time.

    Parameters
    ----------
    model, spend : how often customers buy, and what they spend
    customers : frequency, recency, T, monetary_value; a CustomerSummary or a plain frame
    horizon : a length with its unit ("12 months") or a number in the table's time unit
    annual_discount_rate : effective, 0.10 is 10 % a year; 1 % a month is 0.126825
    margin : share of spend that is kept
    interval : probability, such as 0.9, with which a customer's value falls between clv_low and clv_high; it carries
        what is open about the parameters and about the customer, and always holds clv
    n_draws, seed : simulated futures behind the interval
    time_unit : unit of a plain frame's times; the model's own by default

    Returns
    -------
    customer_id (if the table has it), p_alive, expected_purchases (undiscounted), expected_spend (per purchase,
    currency), clv (currency), clv_low and clv_high if `interval` is given; in the order of `customers`, null for
    prospects
    """
    check_margin(margin)
    ahead = model.purchases_ahead(customers, horizon, annual_discount_rate, time_unit=time_unit)
    discounted = ahead.pop("discounted_purchases") * margin
    values = pl.DataFrame(ahead | {"expected_spend": spend.expected_spend(customers)})
    values = values.with_columns(clv=pl.col("expected_spend") * discounted)
    if interval is not None:
        buyers = read(model, customers, time_unit)
        length = model._length(customers, horizon, time_unit)
        worlds = Worlds.of(model, spend, length, annual_discount_rate, margin, n_draws, seed)
        low, high = worlds.intervals(Buyers.of(buyers), interval)
        ends = around(pl.col("clv"), buyers.spread(low), buyers.spread(high))
        values = values.with_columns(end.name.prefix("clv_") for end in ends)
    return with_ids(values.fill_nan(None), customers)
