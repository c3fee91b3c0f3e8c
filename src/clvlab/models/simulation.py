"""What customers may do next, simulated: what is open about a model, and about each customer, shows in how it varies.

One future is one draw of the parameters. In it each customer is still there with P(alive), buys by the model's own
law given their history, and their purchases are worth Gamma(p, nu) each, where nu ~ Gamma(p x + q, gamma + x m). All
customers share the future's draw of the parameters: in their sum its error does not average out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from clvlab.arrays import Counts, Matrix, Positions, Vector
from clvlab.clock import STEADY, Ahead
from clvlab.errors import ParamsError
from clvlab.models import purchase_history
from clvlab.models.attributes import kinds_of
from clvlab.models.covariates import AnyPurchaseModel, CovariateModel
from clvlab.models.numerics.distinct import DistinctRows
from clvlab.models.purchase_history import Customers, PurchaseHistories
from clvlab.models.purchase_model import HISTORY, PurchaseModel, decay_rate
from clvlab.models.spend_model import SpendModel, factors_of, numbers_of
from clvlab.models.uncertainty import tails
from clvlab.units import TimeUnit

N_FUTURES = 400
CUSTOMERS_AT_ONCE = 8_192  # bounds the memory of many futures


@dataclass(frozen=True, eq=False)
class Buyers:
    """Customers to simulate, one value per customer, times in the models' unit.

    Attributes
    ----------
    x, t_x, T : repeat purchases, age at the last one, age at the cutoff
    spent : money spent on repeat purchases, or on all where the spend model counts the first, too
    z : the numbers of the attributes that the model reads, shape (customers, terms); None where it reads none
    of_spend : the same of the spend model, one column for each term
    """

    x: Vector
    t_x: Vector
    T: Vector
    spent: Vector
    z: Matrix | None = None
    of_spend: tuple[Vector, ...] = ()

    @classmethod
    def of(cls, table: PurchaseHistories) -> Self:
        """The customers of a table that `read_buyers` has read."""
        x, t_x, T, *money = table.columns
        spent, *of_spend = money or [np.zeros(x.size)]
        return cls(x, t_x, T, spent, table.numbers, tuple(of_spend))

    def __len__(self) -> int:
        return self.x.size

    def __getitem__(self, rows: slice | Positions) -> "Buyers":
        z = None if self.z is None else self.z[rows]
        of_spend = tuple(column[rows] for column in self.of_spend)
        return Buyers(self.x[rows], self.t_x[rows], self.T[rows], self.spent[rows], z, of_spend)

    def each_once(self) -> tuple["Buyers", Positions]:
        """Equal customers once, and which of these every customer is."""
        columns = [self.x, self.t_x, self.T, self.spent, *self.of_spend]
        if self.z is None or not self.z.shape[1]:
            found = DistinctRows.of(columns)
            x, t_x, T, spent, *of_spend = found.rows
            return Buyers(x, t_x, T, spent, of_spend=tuple(of_spend)), found.index
        kind = np.empty(len(self))
        for i, (_, places) in enumerate(self.kinds):
            kind[places] = i
        found = DistinctRows.of([*columns, kind])
        x, t_x, T, spent, *of_spend, kind = found.rows
        numbers = np.array([z for z, _ in self.kinds])
        return Buyers(x, t_x, T, spent, numbers[kind.astype(np.intp)], tuple(of_spend)), found.index

    @cached_property
    def kinds(self) -> list[tuple[Vector, Positions]]:
        """The distinct numbers of attributes, and which customers have them; one kind of all without attributes."""
        return kinds_of(np.empty((len(self), 0)) if self.z is None else self.z)

    @cached_property
    def tables(self) -> list[tuple[Vector, Positions, PurchaseHistories]]:
        """The histories of each kind of customers."""
        return [
            (z, places, PurchaseHistories([each[places] for each in (self.x, self.t_x, self.T)], places >= 0))
            for z, places in self.kinds
        ]

    @cached_property
    def numbers_of_spend(self) -> Matrix:
        """The numbers of the attributes that the spend model reads, shape (customers, terms)."""
        return np.array(self.of_spend).reshape(len(self.of_spend), len(self)).T

    def p_alive(self, model: PurchaseModel) -> Vector:
        """P(alive) of each customer to draw by, computed once for each distinct history."""
        return self._histories.each(model.p_alive_to_draw_by)

    @cached_property
    def _histories(self) -> DistinctRows:
        return DistinctRows.of([self.x, self.t_x, self.T])


def drawable(model: object) -> AnyPurchaseModel:
    """The model itself, whose parameters can be drawn; ParamsError for whatever else predicts purchases."""
    if not isinstance(model, PurchaseModel | CovariateModel):
        raise ParamsError(
            "Intervals are for models whose parameters can be drawn, such as BgNbd; this is a "
            f"{type(model).__name__}. Ask for values without an interval."
        )
    return model


def read_buyers(
    model: AnyPurchaseModel, customers: Customers, time_unit: TimeUnit | None, spend: SpendModel | None = None
) -> PurchaseHistories:
    """The buyers' frequency, recency, T, times in the model's unit, with the numbers of the attributes that it reads.

    Then the money that `spend` knows of, and the numbers of the attributes that it reads.
    """
    unit = model.unit_of(customers, time_unit)
    histories = purchase_history.read_histories(customers, HISTORY, unit, model.time_unit)
    columns = histories.columns
    buyers = purchase_history.table_of(customers).filter(histories.is_buyer)
    if spend is not None:
        n, mean = purchase_history.read_spend(customers, first_purchases=spend.first_purchases).columns
        spent = np.multiply(n, mean, out=np.zeros(n.size), where=n > 0)
        columns = [*columns, spent, *numbers_of(spend, buyers).T]
    return PurchaseHistories(columns, histories.is_buyer, model.numbers_of(buyers))


@dataclass(frozen=True, eq=False)
class Simulation:
    """Futures to be simulated: the models at each draw of their parameters, and what is asked of them.

    Attributes
    ----------
    models, spends : equally many; one pair is one future. Without spend a purchase is worth 1
    horizon : in the models' time unit, by the customers' clock
    decay : a purchase at time t from the cutoff is worth margin * spend * e^(-decay t)
    margin : share of spend that is kept
    seed : of the futures
    ahead : how the clock runs from the cutoff on
    """

    models: Sequence[AnyPurchaseModel]
    spends: Sequence[SpendModel | None]
    horizon: float
    decay: float
    margin: float
    seed: int
    ahead: Ahead = STEADY

    @classmethod
    def of(
        cls,
        model: AnyPurchaseModel,
        spend: SpendModel | None,
        horizon: float,
        annual_discount_rate: float,
        margin: float,
        n_futures: int,
        seed: int,
        ahead: Ahead = STEADY,
    ) -> Self:
        """`n_futures` futures that the data of the two models allow."""
        seeds = [int(each) for each in np.random.SeedSequence(seed).generate_state(3)]
        models: Sequence[AnyPurchaseModel] = model.at_draws(model.draws(n_futures, seeds[0]))
        spends = [None] * n_futures if spend is None else spend.futures(n_futures, seeds[1])
        decay = decay_rate(annual_discount_rate, model.time_unit)
        return cls(models, spends, horizon, decay, margin, seeds[2], ahead.until(horizon))

    @property
    def n_futures(self) -> int:
        """Number of futures."""
        return len(self.models)

    def values(self, buyers: Buyers) -> Iterator[tuple[Positions, Matrix]]:
        """Simulated values, block by block: which customers, and an array (futures, customers)."""
        for rows, futures in self._blocks(buyers):
            yield rows, np.stack([value for _, value in futures])

    def purchases_and_values(self, buyers: Buyers) -> Iterator[tuple[Positions, Matrix, Matrix]]:
        """The same futures with the purchases that the values are of: which customers, purchases, values."""
        for rows, futures in self._blocks(buyers):
            yield rows, np.stack([count for count, _ in futures]), np.stack([value for _, value in futures])

    def _blocks(self, buyers: Buyers) -> Iterator[tuple[Positions, list[tuple[Vector, Vector]]]]:
        """Block by block, each of one kind of customers: which, and of each future their purchases and values."""
        random = np.random.default_rng(self.seed)
        for z, places in buyers.kinds:
            models = [model.model_of(z) for model in self.models]
            for low in range(0, places.size, CUSTOMERS_AT_ONCE):
                rows = places[low : low + CUSTOMERS_AT_ONCE]
                block, pairs = buyers[rows], zip(models, self.spends, strict=True)
                yield rows, [self._future(model, spend, block, random) for model, spend in pairs]

    def intervals(self, buyers: Buyers, level: float) -> tuple[Vector, Vector]:
        """Central intervals of each customer's value: low, high. Equal customers have equal ones."""
        unlike, index = buyers.each_once()
        ends = np.empty((2, len(unlike)))
        for rows, futures in self.values(unlike):
            ends[:, rows] = np.quantile(futures, tails(level), axis=0)
        low, high = ends[:, index]
        return low, high

    def _future(
        self, model: PurchaseModel, spend: SpendModel | None, buyers: Buyers, random: np.random.Generator
    ) -> tuple[Vector, Vector]:
        """The purchases of each customer in one future, and their value."""
        count, last = simulated_purchases(model, buyers, self.horizon, random)
        return count.astype(np.float64), self.worth_of(spend, buyers, count, last, random)

    def worth_of(
        self, spend: SpendModel | None, buyers: Buyers, count: Counts, last: Vector, random: np.random.Generator
    ) -> Vector:
        """What the purchases of each customer in one future are worth, the last of them being at a time from T on."""
        owner = np.repeat(np.arange(count.size), count)
        # Given the time of the last, the purchases before it fall evenly on the time up to there; those of regular
        # buyers fall more evenly still, which a discount hardly sees.
        share = random.random(owner.size)
        share[np.cumsum(count)[count > 0] - 1] = 1.0
        worth = np.exp(-self.decay * self.ahead.calendar(last[owner] * share))
        if spend is not None:
            factor = factors_of(spend, buyers.numbers_of_spend)
            worth *= factor[owner] * spend.worth(random, buyers.x, buyers.spent / factor, count, owner)
        return np.multiply(self.margin, np.bincount(owner, worth, count.size))

    def expected(self, future: int, buyers: Buyers) -> Matrix:
        """What is expected of each customer at the parameters of one future: two rows, purchases and their value."""
        model, spend, found = self.models[future], self.spends[future], np.empty((2, len(buyers)))
        for z, places, histories in buyers.tables:
            found[:, places] = model.model_of(z).ahead_of(histories, self.horizon, self.decay, self.ahead)
        found[1] *= self.margin
        if spend is not None:
            factor = factors_of(spend, buyers.numbers_of_spend)
            found[1] *= factor * spend.expected_worth(buyers.x, buyers.spent / factor)
        return found


def simulated_purchases(
    model: PurchaseModel, buyers: Buyers, horizon: float, random: np.random.Generator
) -> tuple[Counts, Vector]:
    """One future of each customer: purchases in (T, T + horizon], and the time from T to the last of them (or 0)."""
    alive = np.flatnonzero(random.random(len(buyers)) < buyers.p_alive(model))
    count, last = np.zeros(len(buyers), dtype=np.int64), np.zeros(len(buyers))
    T, t = buyers.T[alive], np.full(alive.size, horizon)
    state = model.state_if_alive(random, buyers.x[alive], buyers.t_x[alive], T)
    count[alive], last[alive] = model.draw_if_alive(random, t, state, T)
    return count, last
