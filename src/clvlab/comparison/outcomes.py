"""What customers did in the holdout, and how they are dealt into parts that teach and parts that are judged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.arrays import Labels, Vector

FIFTHS = 5
ONLY_TEACH = 2  # fewer would be taught too little, more would leave too few to judge


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What customers did in the holdout, and the part that each was dealt into.

    Attributes
    ----------
    spend : net spend; purchases where the log knows no money
    bought : 1 where there was a purchase, else 0
    part : 0 (only teaches), then 1, 2, 3 in the order in which they are judged
    number : of the deal
    counts : how often each counts; None where each is one customer
    """

    spend: Vector
    bought: Vector
    part: Labels
    number: int = 0
    counts: Vector | None = None

    @classmethod
    def deal(cls, spend: Vector, bought: Vector, seed: int, number: int = 0) -> "Outcomes":
        """Deal the customers at random, by their order, the seed and the number of the deal."""
        order = np.random.default_rng([seed, 1, number]).permutation(spend.size)
        return cls(spend, bought, np.maximum(order % FIFTHS - ONLY_TEACH + 1, 0), number)

    @property
    def judged(self) -> NDArray[np.bool_]:
        """Which customers are judged."""
        return self.part > 0

    def of(self, outcome: str) -> Vector:
        """The outcome of that name."""
        return self.spend if outcome == "spend" else self.bought


def numbered(labels: Sequence[str] | pl.Series) -> tuple[tuple[str, ...], Labels]:
    """The groups' names in their order, and each customer's group as a number into them."""
    groups = pl.Series(labels, dtype=pl.String)
    names = groups.unique().sort()
    return tuple(names), groups.cast(pl.Enum(names)).to_physical().cast(pl.Int64).to_numpy()


def group_numbers(labels: Sequence[str] | pl.Series) -> Labels:
    """Groups as numbers from 0: of an Enum in its order, else in the order of their names."""
    if isinstance(labels, pl.Series) and labels.dtype == pl.Enum:
        return labels.to_physical().cast(pl.Int64).to_numpy()
    return numbered(labels)[1]
