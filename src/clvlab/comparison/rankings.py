"""The bar: what a spreadsheet gives without any grouping, the customers ranked by one column."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
import polars as pl

from clvlab.arrays import Labels, Vector
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.outcomes import Outcomes
from clvlab.customers import derive
from clvlab.frames import CustomerSummary, TransactionLog

YEAR, QUARTER = 365, 91
BY_LAST_YEAR, BY_RATE = "ranked_last_year", "ranked_rate"
BARS: tuple[str, ...] = (BY_LAST_YEAR, BY_RATE)
"""By what customers spent in the last 365 days, and by the rate at which they did since they first bought."""

_SUMS: Mapping[bool, str] = MappingProxyType({True: "spend_last_year", False: "purchases_last_year"})


@dataclass(frozen=True, eq=False)
class Ranking:
    """Customers in the order of a number that is known of each; nothing is learnt from others."""

    name: str
    values: Vector

    @cached_property
    def _below(self) -> Labels:
        """How many customers have a lower number."""
        return np.searchsorted(np.sort(self.values), self.values).astype(np.int64)

    def labels(self, deal: int, most: int | None = None) -> Labels:
        """The customers' places, lowest number first, at most so many; equal numbers share one."""
        del deal  # The order is the same in all.
        return self._below if most is None else self._below * most // self.values.size

    def taught(self, labels: Labels, outcomes: Outcomes) -> CrossFitted:
        """The order of the judged customers; no level is predicted."""
        places = labels[outcomes.judged].astype(np.float64)
        return CrossFitted(places, places)


def rankings(log: TransactionLog, buyers: CustomerSummary) -> tuple[Ranking, ...]:
    """The BARS: by the spend of the last 365 days, and by its rate; by purchases where the log knows no money."""
    column = _SUMS[log.has_amounts]
    table = derive(log, buyers, {column}).data
    # Who came yesterday would have the highest rate of all.
    days = (pl.lit(buyers.cutoff) - pl.col("first_purchase")).dt.total_days() + 1
    found = table.select(pl.col(column).cast(pl.Float64), rate=pl.col(column) / days.clip(QUARTER, YEAR))
    return tuple(
        Ranking(name, np.asarray(found[of].fill_null(0.0).to_numpy(), np.float64))
        for name, of in zip(BARS, (column, "rate"), strict=True)
    )
