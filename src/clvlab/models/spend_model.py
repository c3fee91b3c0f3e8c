"""What values a purchase, and what of that goes back."""

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
import polars as pl

from clvlab.arrays import Counts, Matrix, Positions, Vector
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.mean_spend import MeanSpend
from clvlab.models.purchase_history import Customers
from clvlab.models.spend_by_attributes import SpendByAttributes, SpendWithAttributes
from clvlab.models.spend_by_frequency import SpendByFrequency

SpendKind = Literal["repeat_purchases", "first_purchases", "frequency_bands", "attributes", "attributes_and_first"]
"""What spend rests on: repeat purchases alone, as in the literature; all purchases; repeat purchases by frequency;
repeat purchases, or all, by attributes."""

SpendBasis = SpendKind | SpendWithAttributes
"""The same to be fitted: by attributes only with their names."""

LITERATURE: SpendKind = "repeat_purchases"
"""The kind that serves unless another is asked for."""

GrossSpend = GammaGamma | MeanSpend | SpendByFrequency | SpendByAttributes
"""What values a purchase on its day."""


@dataclass(frozen=True, eq=False)
class LessReturns:
    """A spend model next to which purchases are worth less, by what goes back on other days.

    Attributes
    ----------
    gross : what purchases are worth on their day
    returned : the share of it that goes back, 0 to 1

    Examples
    --------
    >>> import polars as pl
    >>> model = LessReturns(MeanSpend(20.0), returned=0.1)
    >>> model.expected_spend(pl.DataFrame({"frequency": [0, 3]}))
    array([18., 18.])
    """

    gross: GrossSpend
    returned: float

    @property
    def first_purchases(self) -> bool:
        """Whether first purchases count, too."""
        return self.gross.first_purchases

    def expected_spend(self, customers: Customers) -> Vector:
        """What is left of each customer's future purchases, of each; one per row, NaN for prospects."""
        return (1 - self.returned) * self.gross.expected_spend(customers)

    def futures(self, n: int, seed: int) -> list[Self]:
        """The model in each of `n` futures; as much goes back in all of them."""
        return [replace(self, gross=gross) for gross in self.gross.futures(n, seed)]

    def worth(self, random: np.random.Generator, x: Vector, spent: Vector, count: Counts, owner: Positions) -> Vector:
        """What is left of each purchase of one future; see `GammaGamma.worth`."""
        return (1 - self.returned) * self.gross.worth(random, x, spent, count, owner)

    def expected_worth(self, x: Vector, spent: Vector) -> Vector:
        """The mean of what `worth` draws for each purchase of a customer."""
        return (1 - self.returned) * self.gross.expected_worth(x, spent)


SpendModel = GrossSpend | LessReturns
"""What values a purchase."""


def gross_of(spend: SpendModel) -> GrossSpend:
    """The model without what goes back."""
    return spend.gross if isinstance(spend, LessReturns) else spend


def gamma_gamma_of(spend: SpendModel) -> GammaGamma | None:
    """The Gamma-Gamma that the model rests on, if it does on one."""
    gross = gross_of(spend)
    if isinstance(gross, SpendByFrequency):
        return gross.relative
    if isinstance(gross, SpendByAttributes):
        return gross.reference
    return gross if isinstance(gross, GammaGamma) else None


def basis_of(kind: SpendKind, attributes: tuple[str, ...]) -> SpendBasis:
    """What fits that kind, with the names of the attributes that spend may depend on."""
    if kind in ("attributes", "attributes_and_first"):
        return SpendWithAttributes(attributes, first_purchases=kind == "attributes_and_first")
    return kind


def kind_of_spend(spend: SpendModel | None) -> SpendKind:
    """What the model rests on."""
    if spend is None:
        return LITERATURE
    if isinstance(gross_of(spend), SpendByAttributes):
        return "attributes_and_first" if spend.first_purchases else "attributes"
    if spend.first_purchases:
        return "first_purchases"
    return "frequency_bands" if isinstance(gross_of(spend), SpendByFrequency) else LITERATURE


def numbers_of(spend: SpendModel, buyers: pl.DataFrame) -> Matrix:
    """The numbers of the attributes that the model reads, shape (customers, terms)."""
    gross = gross_of(spend)
    return gross.attributes.matrix(buyers) if isinstance(gross, SpendByAttributes) else np.empty((buyers.height, 0))


def factors_of(spend: SpendModel, z: Matrix) -> Vector:
    """What the money is relative to that `worth` of the model reads and gives, of customers with these numbers."""
    gross = gross_of(spend)
    return gross.factors(z) if isinstance(gross, SpendByAttributes) else np.ones(len(z))
