"""Intervals of several partitions of the customers at once, from one simulation."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.frames import CustomerSummary
from clvlab.models import PurchaseModel, SpendModel
from clvlab.models.simulation import Buyers, Simulation, read_buyers
from clvlab.models.uncertainty import tails

FUTURES = 200
INTERVALS = {"part": pl.String, "name": pl.String, "low": pl.Float64, "high": pl.Float64}


def simulated_intervals(
    model: PurchaseModel,
    spend: SpendModel | None,
    buyers: CustomerSummary,
    length: float,
    parts: Sequence[str],
    level: float,
    seed: int,
) -> pl.DataFrame:
    """part, name, low, high: of the sum over each part of the buyers, and of all of them (part total, name null).

    `parts` are columns of the buyers. Sums are purchases without a spend model, else currency; within the horizon
    `length`, in the buyers' time unit, the models being right.
    """
    names = [buyers.data[part].cast(pl.String) for part in parts]
    codes = [name.rank("dense").to_numpy().astype(np.intp) - 1 for name in names]
    sizes = [int(code.max(initial=-1)) + 1 for code in codes]

    def sums(values: Vector, rows: slice) -> Vector:
        by_part = (np.bincount(code[rows], values, size) for code, size in zip(codes, sizes, strict=True))
        return np.concatenate([[values.sum()], *by_part])

    simulation = Simulation.of(model, spend, length, 0.0, 1.0, FUTURES, seed)
    futures = np.zeros((FUTURES, 1 + sum(sizes)))
    histories = read_buyers(model, buyers, None, spend)
    for rows, values in simulation.values(Buyers.of(histories)):
        futures += np.stack([sums(each, rows) for each in values])
    low, high = np.quantile(futures, tails(level), axis=0)
    labels = [
        ("total", None),
        *((part, each) for part, name in zip(parts, names, strict=True) for each in name.unique().sort()),
    ]
    table = [(*label, *ends) for label, *ends in zip(labels, low.tolist(), high.tolist(), strict=True)]
    return pl.DataFrame(table, schema=INTERVALS, orient="row")
