"""Intervals of several partitions of the customers at once, from one simulation."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from clvlab.frames import CustomerSummary
from clvlab.models import AnyPurchaseModel, SpendModel
from clvlab.models.simulation import Buyers, Simulation, read_buyers
from clvlab.models.sums import Sets, summed
from clvlab.models.uncertainty import tails

FUTURES = 200
INTERVALS = {"what": pl.String, "part": pl.String, "name": pl.String, "low": pl.Float64, "high": pl.Float64}


def simulated_intervals(
    model: AnyPurchaseModel,
    spend: SpendModel | None,
    buyers: CustomerSummary,
    length: float,
    parts: Sequence[str],
    level: float,
    futures: int,
    seed: int,
) -> pl.DataFrame:
    """what, part, name, low, high: of the sum over each part of the buyers, and of all of them (name null).

    `parts` are columns of the buyers. What is purchases and, with a spend model, spend in currency; within the
    horizon `length`, in the buyers' time unit, the models being right.
    """
    names = [buyers.data[part].cast(pl.String) for part in parts]
    codes = [name.rank("dense").to_numpy().astype(np.intp) - 1 for name in names]
    sizes = [int(code.max(initial=-1)) + 1 for code in codes]

    labels = [
        ("total", None),
        *((part, each) for part, name in zip(parts, names, strict=True) for each in name.unique().sort()),
    ]
    horizon = model.horizon_length(buyers, length, None)
    simulation = Simulation.of(model, spend, horizon, 0.0, 1.0, futures, seed)
    customers = Buyers.of(read_buyers(model, buyers, None, spend))
    outcomes = zip(("purchases", "spend"), summed(simulation, customers, Sets(codes, sizes)), strict=True)
    table = [
        (what, *label, *ends)
        for what, each in outcomes
        if what == "purchases" or spend is not None
        for label, *ends in zip(labels, *np.quantile(each, tails(level), axis=0).tolist(), strict=True)
    ]
    return pl.DataFrame(table, schema=INTERVALS, orient="row")
