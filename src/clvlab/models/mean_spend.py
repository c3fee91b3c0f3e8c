"""One spend for everybody: what is expected where customers spend too much alike for Gamma-Gamma."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from clvlab.arrays import Counts, Positions, Vector
from clvlab.errors import DataError
from clvlab.models import purchase_history
from clvlab.models.purchase_history import Customers

_COLUMNS = ("frequency", "monetary_value")


@dataclass(frozen=True)
class MeanSpend:
    """Every purchase of every customer is expected to be worth `mean`, in currency.

    >>> import polars as pl
    >>> customers = pl.DataFrame({"frequency": [0, 1, 3], "monetary_value": [None, 20.0, 24.0]})
    >>> MeanSpend.fit(customers)
    MeanSpend(mean=23.0)
    """

    mean: float

    first_purchases: ClassVar[bool] = False

    @classmethod
    def fit(cls, customers: Customers) -> Self:
        """The mean of all repeat purchases of customers with a positive mean spend; DataError where there is none."""
        x, m = purchase_history.read_histories(customers, _COLUMNS, "day", "day").columns
        spends = (x > 0) & (m > 0)
        if not spends.any():
            raise DataError(
                "MeanSpend needs customers with a repeat purchase and a positive spend; the table has none.",
                code="no_spenders",
            )
        return cls(float(np.average(m[spends], weights=x[spends])))

    def expected_spend(self, customers: Customers) -> Vector:
        """The mean for each customer who has bought; one per row, NaN for prospects."""
        table = purchase_history.read_histories(customers, ("frequency",), "day", "day")
        return table.spread(np.full(table.columns[0].size, self.mean))

    def futures(self, n: int, _seed: int) -> list[Self]:
        """The same in every future."""
        return [self] * n

    def worth(
        self, _random: np.random.Generator, _x: Vector, _spent: Vector, _count: Counts, owner: Positions
    ) -> Vector:
        """What each purchase is worth: the mean."""
        return np.full(owner.size, self.mean)

    def expected_worth(self, x: Vector, _spent: Vector) -> Vector:
        """The same of each customer."""
        return np.full(x.size, self.mean)
