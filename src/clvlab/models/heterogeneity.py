"""How much customers differ, by a model: the distributions of their rates, and of their readiness to leave."""

from collections.abc import Callable, Iterator

import numpy as np
import polars as pl
from scipy import special

from clvlab.arrays import Vector
from clvlab.models.purchase_model import PurchaseModel

BINS = 30
UP_TO = 0.95
"""Share of the customers whose rates are within the bins; the others are beyond."""

_Quantile = Callable[[float], float]
_Below = Callable[[Vector], Vector]


def heterogeneity(model: PurchaseModel) -> pl.DataFrame:
    """Which share of new customers has which rate of buying, and is how ready to leave.

    Returns
    -------
    what ("rate": purchases in a time unit while a customer; "leaving_rate": of leaving in a time unit;
    "leaving_chance": of leaving at a purchase), above, up_to (bounds of a bin), share: BINS bins of equal width up to
    the quantile UP_TO. A model in which nobody leaves has "rate" alone

    Examples
    --------
    >>> import clvlab as cl
    >>> table = heterogeneity(cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week"))
    >>> table.group_by("what", maintain_order=True).agg(pl.col("share").sum().round(3)).rows()
    [('rate', 0.95), ('leaving_chance', 0.95)]
    """
    return pl.concat([_binned(what, *distribution) for what, distribution in _distributions(model)])


def median_rate(model: PurchaseModel) -> float:
    """Purchases in a time unit that half of all new customers do not reach while they are customers."""
    quantile, _ = next(distribution for _, distribution in _distributions(model))
    return quantile(0.5)


def _distributions(model: PurchaseModel) -> Iterator[tuple[str, tuple[_Quantile, _Below]]]:
    # Of regular buyers every k-th event is a purchase.
    yield "rate", _gamma(model.r, model.alpha * getattr(model, "k", 1))
    if {"a", "b"} <= set(model.names):
        yield "leaving_chance", _beta(*(getattr(model, name) for name in "ab"))
    if {"s", "beta"} <= set(model.names):
        yield "leaving_rate", _gamma(*(getattr(model, name) for name in ("s", "beta")))


def _gamma(shape: float, rate: float) -> tuple[_Quantile, _Below]:
    return lambda share: float(special.gammaincinv(shape, share)) / rate, lambda x: special.gammainc(shape, rate * x)


def _beta(a: float, b: float) -> tuple[_Quantile, _Below]:
    return lambda share: float(special.betaincinv(a, b, share)), lambda x: special.betainc(a, b, x)


def _binned(what: str, quantile: _Quantile, below: _Below) -> pl.DataFrame:
    bounds = np.linspace(0.0, quantile(UP_TO), BINS + 1)
    return pl.DataFrame(
        {"what": [what] * BINS, "above": bounds[:-1], "up_to": bounds[1:], "share": np.diff(below(bounds))}
    )
