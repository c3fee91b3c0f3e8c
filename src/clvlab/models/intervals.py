"""Values of groups and of the total, with their uncertainty."""

import numpy as np
import pandas as pd
import polars as pl

from clvlab.arrays import Positions, Vector
from clvlab.errors import DataError, MissingColumnsError
from clvlab.models.covariates import AnyPurchaseModel
from clvlab.models.lifetime_value import check_models, lifetime_value
from clvlab.models.purchase_history import Customers, PurchaseHistories, table_of
from clvlab.models.purchase_model import Horizon
from clvlab.models.simulation import N_FUTURES, Buyers, Simulation, drawable, read_buyers
from clvlab.models.spend_model import SpendModel
from clvlab.models.sums import Sets, summed
from clvlab.models.uncertainty import tails
from clvlab.units import TimeUnit

TOTAL = "total"
ASSIGNED = {"customer_id", "group"}


def value_intervals(
    model: AnyPurchaseModel,
    spend: SpendModel,
    customers: Customers,
    horizon: Horizon,
    annual_discount_rate: float = 0.0,
    margin: float = 1.0,
    *,
    groups: pl.DataFrame | pd.DataFrame | None = None,
    level: float = 0.9,
    n_draws: int = N_FUTURES,
    seed: int = 0,
    time_unit: TimeUnit | None = None,
) -> pl.DataFrame:
    """Value groups of customers, and all of them together, with the interval that will hold it with `level`.

    What a group will really bring is uncertain because its customers are, and because the parameters are: the first
    averages out over many customers, the second does not. Both are simulated. Where hardly any future brings
    something, the interval is 0 to 0, below the expected value. Of more than 50,000 customers chance is simulated on
    a sample, some 2,000 of each group, and what is expected in each future is computed of all.

    Parameters
    ----------
    model, spend, customers, horizon, annual_discount_rate, margin, time_unit
        as in `clvlab.lifetime_value`
    groups
        customer_id, group (what a rule assigns); every customer in one group. None for the total alone
    level
        probability that the value falls into the interval, the models being right
    n_draws
        simulated futures
    seed
        of the simulation

    Returns
    -------
    group (sorted; the last row is "total"), customers (prospects excluded), clv, clv_low, clv_high (currency)

    Raises
    ------
    DataError : a customer without a group
    ParamsError : a model whose parameters cannot be drawn

    Examples
    --------
    >>> import clvlab as cl
    >>> customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1998-06-30", "week")
    >>> model, spend = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers)
    >>> groups = cl.strategies["rfm8"].assign(customers)
    >>> cl.value_intervals(model, spend, customers, "12 months", groups=groups, n_draws=100).columns
    ['group', 'customers', 'clv', 'clv_low', 'clv_high']
    """
    check_models(model, spend)
    drawable(model)
    table = lifetime_value(model, spend, customers, horizon, annual_discount_rate, margin, time_unit=time_unit)
    buyers = read_buyers(model, customers, time_unit, spend)
    length = model.horizon_length(customers, horizon, time_unit)
    ahead = model.ahead(customers)
    simulation = Simulation.of(model, spend, length, annual_discount_rate, margin, n_draws, seed, ahead)
    sums = _sums(
        simulation, buyers, _groups(customers, groups, buyers), table["clv"].to_numpy()[buyers.is_buyer], level
    )
    return sums.rename({"expected": "clv", "low": "clv_low", "high": "clv_high"})


def purchase_intervals(
    model: AnyPurchaseModel,
    customers: Customers,
    horizon: Horizon,
    *,
    groups: pl.DataFrame | pd.DataFrame | None = None,
    level: float = 0.9,
    n_draws: int = N_FUTURES,
    seed: int = 0,
    time_unit: TimeUnit | None = None,
) -> pl.DataFrame:
    """Expected purchases of groups and of all customers within the horizon, with their interval.

    As `value_intervals`, for purchases: group, customers, expected_purchases, low, high.
    """
    drawable(model)
    expected = model.expected_purchases(customers, horizon, time_unit=time_unit)
    buyers = read_buyers(model, customers, time_unit)
    simulation = Simulation.of(
        model, None, model.horizon_length(customers, horizon, time_unit), 0.0, 1.0, n_draws, seed
    )
    sums = _sums(simulation, buyers, _groups(customers, groups, buyers), expected[buyers.is_buyer], level)
    return sums.rename({"expected": "expected_purchases"})


def _sums(
    simulation: Simulation,
    buyers: PurchaseHistories,
    groups: tuple[list[str], Positions],
    expected: Vector,
    level: float,
) -> pl.DataFrame:
    """group, customers, expected, low, high: of each group, and of all in the last row."""
    names, index = groups

    sets = Sets([index], [len(names)])
    _, values = summed(simulation, Buyers.of(buyers), sets)
    futures, counts, means = (
        np.roll(each, -1, axis=-1) for each in (values, sets.totals(np.ones(index.size)), sets.totals(expected))
    )
    low, high = np.quantile(futures, tails(level), axis=0)
    table = pl.DataFrame(
        {
            "group": pl.Series([*names, TOTAL], dtype=pl.String),
            "customers": counts.astype(np.int64),
            "expected": means,
            "low": low,
            "high": high,
        }
    )
    return table.fill_nan(None)


def _groups(
    customers: Customers, groups: pl.DataFrame | pd.DataFrame | None, buyers: PurchaseHistories
) -> tuple[list[str], Positions]:
    """The groups that have buyers, and which of them each buyer is in."""
    if groups is None:
        return [], np.zeros(int(buyers.is_buyer.sum()), dtype=np.intp)
    table, groups = table_of(customers), table_of(groups)
    for what, frame, needed in (("The customer table", table, {"customer_id"}), ("groups", groups, ASSIGNED)):
        if missing := needed - set(frame.columns):
            raise MissingColumnsError(
                what, missing, frame.columns, hint="`rule.assign(customers)` makes such a table."
            )
    if groups["customer_id"].is_duplicated().any():
        twice = groups.filter(pl.col("customer_id").is_duplicated())["customer_id"][0]
        raise DataError(f"Customer {twice!r} is twice in `groups`: every customer is in one group.")
    found = table.select("customer_id").join(groups, on="customer_id", how="left", maintain_order="left")["group"]
    found = found.filter(pl.Series(buyers.is_buyer))
    if found.null_count():
        raise DataError(f"{found.null_count()} of {found.len()} customers have no group in `groups`.")
    names = found.unique().sort()
    index = found.replace_strict(names, pl.int_range(names.len(), eager=True)).to_numpy()
    return names.to_list(), index.astype(np.intp)
