"""MBG/NBD: BG/NBD in which customers may leave right after their first purchase, too.

One-time buyers then have a P(alive) below 1 that falls with time; offer it where they dominate.

[1] Batislam, Denizel & Filiztekin (2007), "Empirical validation and comparison of models for customer base analysis",
    International Journal of Research in Marketing 24(3), 201-209.
[2] Hoppe & Wagner (2007), "Customer base analysis: the case for a central variant of the Betageometric/NBD model",
    Marketing ZFP 29(2), 75-90.
"""

from dataclasses import dataclass

from clvlab.arrays import Vector
from clvlab.models.beta_geometric import BetaGeometric
from clvlab.models.numerics.population import Population


@dataclass(frozen=True)
class MbgNbd(BetaGeometric):
    """A fitted MBG/NBD model.

    Attributes
    ----------
    r, alpha : purchase rates are Gamma(r, alpha), alpha in time units
    a, b : probabilities of leaving after a purchase, the first included, are Beta(a, b)

    Examples
    --------
    One-time buyers fade:

    >>> import polars as pl
    >>> model = MbgNbd(0.525, 6.183, 0.891, 1.614, time_unit="week")
    >>> once = pl.DataFrame({"frequency": [0, 0], "recency": [0, 0], "T": [4, 39]})
    >>> model.p_alive(once).round(2)
    array([0.58, 0.39])
    """

    @staticmethod
    def survived(x: Vector) -> Vector:
        return x + 1

    @staticmethod
    def may_have_left(population: Population) -> Population:
        return population
