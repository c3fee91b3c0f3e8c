"""What customers may do next: simulated futures, which carry what is open about a model and about each customer.

For every draw of the parameters each customer lives one future: they are still there with P(alive), buy by the
model's own law given their history, and their purchases are worth Gamma(p, nu) each, where nu ~ Gamma(p x + q,
gamma + x m). All customers of one future share its draw of the parameters: in their sum its error does not average
out.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.errors import ParamsError
from clvlab.models import purchase_history
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.numerics.jets import Vector
from clvlab.models.numerics.maximum import Matrix
from clvlab.models.purchase_history import Customers, Histories
from clvlab.models.purchase_model import HISTORY, PurchaseModel, decay_rate
from clvlab.models.uncertainty import tails
from clvlab.units import TimeUnit

N_DRAWS = 400
BLOCK = 8_192  # customers simulated at once: bounds the memory of many futures


@dataclass(frozen=True)
class Buyers:
    """Histories to simulate from, one value per customer, times in the models' unit.

    Attributes
    ----------
    x, t_x, T : repeat purchases, age at the last one, age at the cutoff
    spent : money spent on repeat purchases
    """

    x: Vector
    t_x: Vector
    T: Vector
    spent: Vector

    @classmethod
    def of(cls, table: Histories) -> Self:
        """The customers of a table read with the columns of `read`."""
        x, t_x, T, *m = table.columns
        return cls(x, t_x, T, np.where(x > 0, x * m[0], 0.0) if m else np.zeros(x.size))

    def __len__(self) -> int:
        return self.x.size

    def __getitem__(self, rows: slice) -> "Buyers":
        return Buyers(self.x[rows], self.t_x[rows], self.T[rows], self.spent[rows])

    def distinct(self) -> tuple["Buyers", NDArray[np.intp]]:
        """Each kind of customer once, and which kind every customer is."""
        columns, index = distinct(self.x, self.t_x, self.T, self.spent)
        return Buyers(*columns), index

    def p_alive(self, model: PurchaseModel) -> Vector:
        """P(alive) of each customer, computed once for each distinct history."""
        columns, index = self._histories
        return model.p_alive_given(*columns)[index]

    @cached_property
    def _histories(self) -> tuple[list[Vector], NDArray[np.intp]]:
        return distinct(self.x, self.t_x, self.T)


def distinct(*columns: Vector) -> tuple[list[Vector], NDArray[np.intp]]:
    """The distinct rows of some columns, sorted, and which of them each row is."""
    names = [f"c{i}" for i in range(len(columns))]
    rows = pl.DataFrame(dict(zip(names, columns, strict=True)))
    kinds = rows.unique().sort(names)
    index = rows.join(kinds.with_row_index("kind"), on=names, how="left", maintain_order="left")["kind"]
    return [column.to_numpy() for column in kinds.get_columns()], index.to_numpy().astype(np.intp)


def read(
    model: PurchaseModel, customers: Customers, time_unit: TimeUnit | None, *, with_spend: bool = True
) -> Histories:
    """The buyers' frequency, recency, T (and monetary_value), times in the model's unit.

    ParamsError for a model with attributes, whose parameters cannot be drawn yet.
    """
    if not isinstance(model, PurchaseModel):
        raise ParamsError(
            f"Intervals are for models without attributes, such as BgNbd; this is a {type(model).__name__}. "
            "Ask for values without an interval, or fit each group of customers by itself."
        )
    columns = (*HISTORY, "monetary_value") if with_spend else HISTORY
    return purchase_history.read(customers, columns, model.unit_of(customers, time_unit), model.time_unit)


@dataclass(frozen=True)
class Worlds:
    """The models at each draw of their parameters, and what is asked of them.

    Attributes
    ----------
    models, spends : equally many; one pair is one world. Without spend a purchase is worth 1
    horizon : in the models' time unit
    decay : a purchase at time t from the cutoff is worth margin * spend * e^(-decay t)
    margin : share of spend that is kept
    seed : of the futures
    """

    models: list[PurchaseModel]
    spends: list[GammaGamma] | list[None]
    horizon: float
    decay: float
    margin: float
    seed: int

    @classmethod
    def of(
        cls,
        model: PurchaseModel,
        spend: GammaGamma | None,
        horizon: float,
        annual_discount_rate: float,
        margin: float,
        n_draws: int,
        seed: int,
    ) -> Self:
        """`n_draws` worlds that the data of the two models allow."""
        seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(3)]
        models = model.at_draws(model.draws(n_draws, seeds[0]))
        spends = [None] * n_draws if spend is None else spend.at_draws(spend.draws(n_draws, seeds[1]))
        decay = decay_rate(annual_discount_rate, model.time_unit)
        return cls(models, spends, horizon, decay, margin, seeds[2])

    def values(self, buyers: Buyers) -> Iterator[tuple[slice, Matrix]]:
        """Simulated values, block by block: which customers, and an array (worlds, customers)."""
        random = np.random.default_rng(self.seed)
        for low in range(0, len(buyers), BLOCK):
            rows = slice(low, low + BLOCK)
            block, worlds = buyers[rows], zip(self.models, self.spends, strict=True)
            yield rows, np.stack([self._future(model, spend, block, random) for model, spend in worlds])

    def intervals(self, buyers: Buyers, level: float) -> tuple[Vector, Vector]:
        """Central intervals of each customer's value: low, high. Equal customers have equal ones."""
        kinds, index = buyers.distinct()
        ends = np.empty((2, len(kinds)))
        for rows, futures in self.values(kinds):
            ends[:, rows] = np.quantile(futures, tails(level), axis=0)
        low, high = ends[:, index]
        return low, high

    def _future(
        self, model: PurchaseModel, spend: GammaGamma | None, buyers: Buyers, random: np.random.Generator
    ) -> Vector:
        """The value of one future of each customer."""
        count, last = purchases(model, buyers, self.horizon, random)
        owner = np.repeat(np.arange(count.size), count)
        # Given the time of the last, the purchases before it fall evenly on the time up to there.
        share = random.random(owner.size)
        share[np.cumsum(count)[count > 0] - 1] = 1.0
        worth = np.exp(-self.decay * last[owner] * share)
        if spend is not None:
            buys = np.flatnonzero(count)
            nu = np.ones(count.size)
            nu[buys] = random.standard_gamma(spend.p * buyers.x[buys] + spend.q) / (spend.gamma + buyers.spent[buys])
            worth *= random.standard_gamma(spend.p, owner.size) / nu[owner]
        return np.multiply(self.margin, np.bincount(owner, worth, count.size))


def purchases(
    model: PurchaseModel, buyers: Buyers, horizon: float, random: np.random.Generator
) -> tuple[NDArray[np.intp], Vector]:
    """One future of each customer: purchases in (T, T + horizon], and the time from T to the last of them (or 0)."""
    alive = np.flatnonzero(random.random(len(buyers)) < buyers.p_alive(model))
    count, last = np.zeros(len(buyers), dtype=np.intp), np.zeros(len(buyers))
    t = np.full(alive.size, horizon)
    count[alive], last[alive] = model.draw_if_alive(random, t, buyers.x[alive], buyers.T[alive])
    return count, last


def around(expected: pl.Expr, low: Vector, high: Vector) -> list[pl.Expr]:
    """low, high: an interval, widened where it would leave out the expected value.

    Where most futures bring nothing, the central interval is 0 to 0, and the expected value lies above it.
    """
    return [
        pl.min_horizontal(pl.Series("low", low), expected).alias("low"),
        pl.max_horizontal(pl.Series("high", high), expected).alias("high"),
    ]
