"""Customers on a map of recency and spend: cells to draw, and whom a rectangle on it holds.

What is drawn is counted in cells, however many customers there are; who is selected is read off the customers'
own columns, never off what is drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.errors import UnknownNameError
from clvlab.frames import CustomerSummary
from clvlab.grouping import Rule
from clvlab.money import exact_sum

Range = tuple[float, float]
Bounds = Mapping[str, Range]
"""Column -> lowest and highest value, both included."""
ACROSS, MONEY, COUNT, VALUE = "days_since_last", "total_spend", "n_purchases", "clv"
N_BINS = 32
"""Cells of the map along each side, and bars of a distribution."""


@dataclass(frozen=True, eq=False)
class Exploration:
    """Customers with their groups."""

    customers: CustomerSummary
    rule: Rule

    @cached_property
    def data(self) -> pl.DataFrame:
        """The customer table with each customer's `group`."""
        codes = self.rule.assign(self.customers)["group"]
        return self.customers.data.with_columns(codes.alias("group"))

    @property
    def up(self) -> str:
        """What the map has upwards: spend; purchases where there is no money."""
        return MONEY if MONEY in self.data.columns else COUNT

    @cached_property
    def measures(self) -> tuple[str, ...]:
        """Whose distributions are shown: recency, spend, and the expected value where it is known."""
        known = VALUE in self.data.columns and self.data[VALUE].null_count() < self.data.height
        return (ACROSS, self.up, *([VALUE] if known else []))

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The groups that have customers, best first."""
        there = set(self.data["group"])
        return tuple(group.code for group in self.rule.all_groups if group.code in there)

    def selected(self, segment: str | None, bounds: Bounds) -> pl.DataFrame:
        """The rows of the customers of a group (None: of all) whose columns are within the bounds, both included."""
        within = [pl.col(column).is_between(*ends) for column, ends in bounds.items()]
        mine = pl.lit(True) if segment is None else pl.col("group") == segment
        return self.data.filter(mine, *within)

    def check(self, segment: str | None) -> None:
        """Raise UnknownNameError unless there is such a group."""
        if segment is not None and segment not in self.groups:
            raise UnknownNameError("group", segment, self.groups)

    @cached_property
    def cells(self) -> pl.DataFrame:
        """group, across_from, across_to, up_from, up_to, customers: the cells of the map in which there is somebody.

        A cell holds its lower ends; the last also its upper ones. Who has not bought is on no map.
        """
        bought = self.data.drop_nulls([ACROSS, self.up])
        for name, column in (("across", ACROSS), ("up", self.up)):
            bought = bought.with_columns(_binned(name, bought[column], self.edges[column]))
        keys = ["group", "across_from", "across_to", "up_from", "up_to"]
        return bought.group_by(keys).agg(customers=pl.len().cast(pl.Int64)).sort(keys)

    @cached_property
    def distributions(self) -> pl.DataFrame:
        """measure, group, from, to, customers: how many of each group have which recency, spend and value."""
        counted = []
        for measure in self.measures:
            known = self.data.drop_nulls(measure)
            bins = known.select("group", *_binned("bin", known[measure], self.edges[measure]))
            sizes = bins.group_by("group", "bin_from", "bin_to").agg(customers=pl.len().cast(pl.Int64))
            named = sizes.rename({"bin_from": "from", "bin_to": "to"})
            counted.append(named.sort("group", "from").select(pl.lit(measure).alias("measure"), pl.all()))
        return pl.concat(counted)

    @cached_property
    def edges(self) -> Mapping[str, Vector]:
        """Measure -> the edges of its bins: of recency evenly spaced, of money finer where it is less."""
        even = {ACROSS: _even(self.data[ACROSS].drop_nulls())}
        return even | {measure: _widening(self.data[measure].drop_nulls()) for measure in self.measures[1:]}

    def facts(self, selected: pl.DataFrame) -> dict[str, float | int | None]:
        """customers, share_customers, spend and share_spend of a selection; the last two None without money."""
        figures: dict[str, float | int | None] = {
            "customers": selected.height,
            "share_customers": selected.height / max(self.data.height, 1),
            "spend": None,
            "share_spend": None,
        }
        if self.up == MONEY:
            spent, total = (table.select(exact_sum(pl.col(MONEY))).item() for table in (selected, self.data))
            figures |= {"spend": spent, "share_spend": spent / total if total > 0 else None}
        return figures


def _even(values: pl.Series) -> Vector:
    """Edges of at most N_BINS bins of whole days, as wide as each other, that hold all values."""
    most = float(values.to_numpy().max(initial=0))
    width = np.ceil((most + 1) / N_BINS)
    return np.arange(0, most + 1 + width, width)


def _widening(values: pl.Series) -> Vector:
    """Edges that lie evenly on the symmetric logarithmic scale of the charts, `symlog`, and hold all values."""
    numbers = values.cast(pl.Float64).to_numpy()
    low, high = (
        float(np.sign(end) * np.log1p(abs(end))) for end in (numbers.min(initial=0.0), numbers.max(initial=1.0))
    )
    at = np.linspace(low, high, N_BINS + 1)
    edges = np.sign(at) * np.expm1(np.abs(at))
    edges[0], edges[-1] = min(edges[0], numbers.min(initial=0.0)), max(edges[-1], numbers.max(initial=1.0))
    return np.asarray(edges)


def _binned(name: str, values: pl.Series, edges: Vector) -> list[pl.Series]:
    """The lower and the upper edge of each value's bin."""
    place = np.clip(np.searchsorted(edges, values.to_numpy(), side="right") - 1, 0, edges.size - 2)
    return [pl.Series(f"{name}_from", edges[place]), pl.Series(f"{name}_to", edges[place + 1])]
