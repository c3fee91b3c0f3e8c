"""MBG/CNBD-k: BG/CNBD-k in which customers may leave right after their first purchase, too.

The time between two purchases is Erlang-k; k = 1 is MBG/NBD. See `regular` for the formulas and their sources.
"""

from dataclasses import dataclass

from clvlab.models.mbg_nbd import MbgNbd
from clvlab.models.regular import RegularBetaGeometric


@dataclass(frozen=True)
class MbgCnbdK(RegularBetaGeometric):
    """A fitted MBG/CNBD-k model.

    Attributes
    ----------
    r, alpha : events happen at rates Gamma(r, alpha), alpha in time units
    a, b : probabilities of leaving after a purchase, the first included, are Beta(a, b)
    k : every k-th event is a purchase

    Examples
    --------
    A customer who bought every three weeks has just bought again: what to expect of the week to come?

    >>> import polars as pl
    >>> customer = pl.DataFrame({"frequency": [10], "recency": [30], "T": [30]})
    >>> models = [MbgCnbdK(0.6, 8.0 / k, 0.7, 2.5, k=k, time_unit="week") for k in (1, 2, 4)]
    >>> [round(model.expected_purchases(customer, "1 week")[0].item(), 2) for model in models]
    [0.26, 0.12, 0.04]
    """

    survived = staticmethod(MbgNbd.survived)
    may_have_left = staticmethod(MbgNbd.may_have_left)
