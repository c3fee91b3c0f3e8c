"""What customers will be worth, over a horizon or for ever: expected purchases times expected spend, discounted."""

import numpy as np
import polars as pl

from clvlab.errors import ParamsError
from clvlab.models.alike import value_ends
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.predictors import SpendPredictor, ValuePredictor
from clvlab.models.purchase_history import Customers, with_ids
from clvlab.models.purchase_model import Horizon, PurchaseModel
from clvlab.models.simulation import N_FUTURES, Buyers, Simulation, drawable, read_buyers
from clvlab.models.spend_model import SpendModel
from clvlab.units import TimeUnit


def lifetime_value(
    model: ValuePredictor,
    spend: SpendModel,
    customers: Customers,
    horizon: Horizon,
    annual_discount_rate: float = 0.0,
    margin: float = 1.0,
    *,
    interval: float | None = None,
    n_draws: int = N_FUTURES,
    seed: int = 0,
    time_unit: TimeUnit | None = None,
) -> pl.DataFrame:
    """Value each customer's purchases of the coming `horizon`.

    A purchase at t years from the cutoff is worth margin * spend * (1 + annual_discount_rate)^-t, in continuous time:
    calendar time, whatever the clock of the customers.

    Parameters
    ----------
    model, spend
        how often customers buy, and what they spend
    customers
        frequency, recency, T, monetary_value; a CustomerSummary or a plain frame
    horizon
        a length with its unit ("12 months") or a number in the table's time unit
    annual_discount_rate
        effective, 0.10 is 10 % a year; 1 % a month is 0.126825
    margin
        share of spend that is kept
    interval
        probability, such as 0.9, with which a customer's value falls between clv_low and clv_high; it carries what is
        open about the parameters and about the customer, and always holds clv. Of more than 50,000 customers those
        who will do nearly alike share their futures: an end is then off by some hundredths of itself
    n_draws, seed
        simulated futures behind the interval
    time_unit
        unit of a plain frame's times; the model's own by default

    Returns
    -------
    customer_id (if the table has it), p_alive, expected_purchases (undiscounted), expected_spend (per purchase,
    currency), clv (currency), clv_low and clv_high if `interval` is given; in the order of `customers`, null for
    prospects
    """
    check_margin(margin)
    check_models(model, spend)
    ahead = model.purchases_ahead(customers, horizon, annual_discount_rate, time_unit=time_unit)
    discounted = ahead.pop("discounted_purchases") * margin
    values = pl.DataFrame(ahead | {"expected_spend": spend.expected_spend(customers)})
    values = values.with_columns(clv=pl.col("expected_spend") * discounted)
    if interval is not None:
        drawn = drawable(model)
        buyers = read_buyers(drawn, customers, time_unit, spend)
        length = drawn.horizon_length(customers, horizon, time_unit)
        clock = drawn.ahead(customers)
        simulation = Simulation.of(drawn, spend, length, annual_discount_rate, margin, n_draws, seed, clock)
        low, high = value_ends(simulation, Buyers.of(buyers), interval)
        values = values.with_columns(clv_low=buyers.spread(low), clv_high=buyers.spread(high))
    return with_ids(values.fill_nan(None), customers)


def residual_lifetime_value(
    model: ValuePredictor,
    spend: SpendPredictor,
    customers: Customers,
    annual_discount_rate: float,
    margin: float = 1.0,
    *,
    time_unit: TimeUnit | None = None,
) -> pl.DataFrame:
    """Value each customer's purchases from the cutoff on, without end.

    A purchase at t years from the cutoff is worth margin * spend * (1 + annual_discount_rate)^-t, in continuous time;
    the integral over time has a relative error below 1e-10.

    Parameters
    ----------
    model, spend
        how often customers buy, and what they spend
    customers
        frequency, recency, T, monetary_value; a CustomerSummary or a plain frame
    annual_discount_rate
        effective and above 0; 0.10 is 10 % a year
    margin
        share of spend that is kept
    time_unit
        unit of a plain frame's times; the model's own by default

    Returns
    -------
    customer_id (if the table has it), p_alive, discounted_purchases (each worth (1 + annual_discount_rate)^-t),
    expected_spend (per purchase, currency), residual_clv (currency); in the order of `customers`, null for prospects

    References
    ----------
    Fader, Hardie & Lee (2005), "RFM and CLV: Using iso-value curves", Journal of Marketing Research 42(4), 415-430,
    for Pareto/NBD; here the same integral for every model of the family.
    """
    check_margin(margin)
    check_models(model, spend)
    values = pl.DataFrame(
        {
            "p_alive": model.p_alive(customers, time_unit=time_unit),
            "discounted_purchases": model.discounted_purchases(
                customers, None, annual_discount_rate, time_unit=time_unit
            ),
            "expected_spend": spend.expected_spend(customers),
        }
    ).with_columns(residual_clv=pl.col("discounted_purchases") * pl.col("expected_spend") * margin)
    return with_ids(values.fill_nan(None), customers)


def new_customer_value(
    model: PurchaseModel,
    spend: GammaGamma,
    annual_discount_rate: float,
    margin: float = 1.0,
    *,
    horizon: Horizon | None = None,
) -> float:
    """Value of a customer about to buy for the first time, that purchase included: what acquisition may cost at most.

    The first purchase counts in full, each later one at t years with (1 + annual_discount_rate)^-t; without a horizon
    (None) all of them. ParamsError if the population's mean spend does not exist (q <= 1).

    Examples
    --------
    >>> from clvlab.models import BgNbd
    >>> model, spend = BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week"), GammaGamma(6.25, 3.74, 15.44)
    >>> round(new_customer_value(model, spend, annual_discount_rate=0.10, margin=0.3, horizon="3 years"), 2)
    36.9
    """
    check_margin(margin)
    check_models(model, spend)
    if not isinstance(model, PurchaseModel):
        raise ParamsError(
            f"A new customer of a {type(model).__name__} has attributes that this figure does not know: "
            "give its `reference`, or a model fitted to customers of one kind."
        )
    if not np.isfinite(spend.mean_spend):
        raise ParamsError(f"q is {spend.q:.3g}: the mean spend of new customers exists only if q is above 1.")
    return margin * spend.mean_spend * (1 + model.discounted_purchases_new(horizon, annual_discount_rate))


def check_models(model: object, spend: object) -> None:
    """Raise ParamsError unless the first predicts purchases, and the second spend."""
    if not hasattr(model, "purchases_ahead") or not hasattr(spend, "expected_spend"):
        raise ParamsError(
            f"`model` is of type {type(model).__name__}, `spend` of type {type(spend).__name__}: give a purchase "
            "model such as BgNbd first, then a spend model such as GammaGamma, then the customers."
        )


def check_margin(margin: float) -> None:
    """Raise ParamsError unless the margin is a share of spend: more than 0, at most 1."""
    if not 0 < margin <= 1:
        raise ParamsError(f"margin is {margin}; it is a share of spend, more than 0 and at most 1.")
