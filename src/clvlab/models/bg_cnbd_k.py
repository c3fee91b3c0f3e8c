"""BG/CNBD-k: BG/NBD for customers who buy at regular intervals, as for groceries or supplies.

The time between two purchases is Erlang-k; k = 1 is BG/NBD. See `regular` for the formulas and their sources.
"""

from dataclasses import dataclass
from typing import ClassVar

from clvlab.models.bg_nbd import BgNbd
from clvlab.models.regular import RegularBetaGeometric


@dataclass(frozen=True)
class BgCnbdK(RegularBetaGeometric):
    """A fitted BG/CNBD-k model.

    Attributes
    ----------
    r, alpha : events happen at rates Gamma(r, alpha), alpha in time units
    a, b : probabilities of leaving after a repeat purchase are Beta(a, b)
    k : every k-th event is a purchase

    Examples
    --------
    Ten weeks of silence are late for who bought every three weeks, and the later the more regularly they did:

    >>> import polars as pl
    >>> customer = pl.DataFrame({"frequency": [10], "recency": [30], "T": [40]})
    >>> models = [BgCnbdK(0.6, 8.0 / k, 0.7, 2.5, k=k, time_unit="week") for k in (1, 2, 4)]
    >>> [round(model.p_alive(customer)[0].item(), 2) for model in models]
    [0.58, 0.32, 0.05]
    """

    survived = staticmethod(BgNbd.survived)
    may_have_left = staticmethod(BgNbd.may_have_left)
    leaves_from: ClassVar[int] = BgNbd.leaves_from
