"""What customers did in the holdout, and how they are dealt into parts that teach and parts that are judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from clvlab.arrays import Flags, Labels, Positions, Vector

FIFTHS = 5
ONLY_TEACH = 2  # fewer would be taught too little, more would leave too few to judge
Lesson = tuple[Positions, Positions]


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
    bag : the bag of each, where bags are drawn in place of customers
    """

    spend: Vector
    bought: Vector
    part: Labels
    number: int = 0
    counts: Vector | None = None
    bag: Labels | None = None

    @classmethod
    def deal(cls, spend: Vector, bought: Vector, seed: int, number: int = 0) -> "Outcomes":
        """Deal the customers at random, by their order, the seed and the number of the deal."""
        order = np.random.default_rng([seed, 1, number]).permutation(spend.size)
        return cls(spend, bought, np.maximum(order % FIFTHS - ONLY_TEACH + 1, 0), number)

    @cached_property
    def judged(self) -> Flags:
        """Which customers are judged."""
        return self.part > 0

    @cached_property
    def slot(self) -> Labels:
        """Each customer's part and bag as one number, part by part."""
        return self.part if self.bag is None else self.part * self.n_slots[1] + self.bag

    @cached_property
    def n_slots(self) -> tuple[int, int]:
        """How many parts there are, and how many bags."""
        return int(self.part.max()) + 1, 1 if self.bag is None else int(self.bag.max()) + 1

    @cached_property
    def most(self) -> float:
        """The most that anybody spent, or was given back; 1 where nobody was."""
        return float(np.abs(self.spend).max()) or 1.0

    @cached_property
    def active(self) -> Positions:
        """The places of those who did anything: few, and the others add nothing to a sum."""
        return np.flatnonzero((self.spend != 0) | (self.bought != 0))

    @cached_property
    def of_the_active(self) -> tuple[Vector, Vector]:
        """What these spent, in units of the most that anybody did, and whether they bought."""
        return self.spend[self.active] / self.most, self.bought[self.active]

    @cached_property
    def lessons(self) -> list[Lesson]:
        """Whoever teaches each of the parts that are judged, and whoever is judged there."""
        return lessons(self.part)


def lessons(part: Labels) -> list[Lesson]:
    """Of each part but the first: the places of the customers of earlier parts, and of its own."""
    return [(np.flatnonzero(part < judged), np.flatnonzero(part == judged)) for judged in range(1, part.max() + 1)]


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
