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
    A one-time buyer of ten weeks ago, by how regularly customers buy:

    >>> import polars as pl
    >>> once = pl.DataFrame({"frequency": [0], "recency": [0], "T": [10]})
    >>> for k in (1, 2, 4):
    ...     print(MbgCnbdK(2.0, 8.0 / k, 0.9, 1.6, k=k, time_unit="week").p_alive(once).round(2))
    """

    survived = staticmethod(MbgNbd.survived)
    may_have_left = staticmethod(MbgNbd.may_have_left)
