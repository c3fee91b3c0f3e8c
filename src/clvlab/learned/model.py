"""Gradient boosting that learns from the log's own past what customers with such a history did next.

At each of several past days, whose predicted time had ended by the cutoff, every buyer's features are what was known
then (see `clvlab.learned.features`), and the outcomes are what they did next. Trees boosted for the Poisson deviance
predict purchases; trees boosted for the gamma deviance predict the money of a purchase, each customer who bought
counting as often as they bought, so that the product of the two is the expected spend.

It knows no law of buying and of leaving: it needs a log several times as long as it looks ahead, serves one horizon,
and has neither P(alive) nor intervals. It is there to keep the models of `clvlab.models` honest.

References
----------
Friedman (2001), "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29(5).
Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS, for trees on histograms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn, Self

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits

from clvlab.arrays import Matrix, Vector
from clvlab.customers import AttributeTable, customer_days, read_attributes
from clvlab.displays import Displayed, listed
from clvlab.errors import DataError, ParamsError, counted
from clvlab.frames import CustomerSummary, TransactionLog, check_kind
from clvlab.learned.encoding import Encoding, lasting
from clvlab.learned.features import SEASON, buyers_by, features_at, has_seen_a_year, windows_before, with_outcomes
from clvlab.units import DAYS_PER, TimeUnit, check_time_unit, horizon_in, parse_day

WINDOWS = 6
"""Past days to learn from, at most."""
MOST_ROWS = 20_000
"""Customers to learn from, at most, those of all past days together; more are slower and hardly tell more."""
TREES = {
    "max_iter": 40,
    "learning_rate": 0.1,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 50,
    "l2_regularization": 1.0,
    "early_stopping": False,
}
LEAST_SPEND = 0.01
"""A customer who returned as much as they bought counts with this share of the mean: gamma knows no 0."""


@dataclass(frozen=True, eq=False)
class Learned(Displayed):
    """A learned model of one log, cutoff and horizon. There is no unfitted one: call `Learned.fit`.

    Attributes
    ----------
    cutoff : the last day that it knows
    horizon : how far it looks ahead, as it was given
    days : the same in days
    windows : the past days that it learnt from
    known : customer_id and the features of each buyer at the cutoff
    names : the features that it uses
    """

    cutoff: date
    horizon: str | float
    days: int
    windows: tuple[date, ...]
    known: pl.DataFrame
    names: tuple[str, ...]
    encoding: Encoding
    purchases: Any
    spend: Any | None

    @classmethod
    def fit(
        cls,
        log: TransactionLog,
        cutoff: str | date,
        horizon: str | float = "13 weeks",
        *,
        time_unit: TimeUnit = "week",
        attributes: Any = None,
        seed: int = 0,
    ) -> Self:
        """Learn from the log up to the cutoff what its buyers will do within the horizon.

        Parameters
        ----------
        log
            from `read_transactions`; no row after the cutoff is looked at
        cutoff
            last day that counts, a date or "1997-09-30"
        horizon
            a length with its unit ("13 weeks"), or a number of `time_unit`s; whole days count
        time_unit
            unit of a plain number
        attributes
            a path, a frame, or a list of them, see `read_attributes`; those that change with what customers do are
            used only where they are dated
        seed
            of the sample of customers, where there are more than MOST_ROWS

        Raises
        ------
        DataError : no past day of the log has the horizon after it and a third as long before, or nobody bought then
        ParamsError : the cutoff is not a day, or the horizon is shorter than one

        Examples
        --------
        >>> import clvlab as cl
        >>> learned = cl.Learned.fit(cl.datasets.cdnow(sample=True), "1997-12-31", "13 weeks")
        >>> learned
        Learned: 13 weeks from 1997-12-31, learnt from 6 past days, 1997-01-31 to 1997-10-01; n_purchases, ...
        >>> customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-12-31")
        >>> round(float(learned.expected_purchases(customers).sum()), -2)
        700.0
        """
        check_kind("log", log, TransactionLog, "clvlab.read_transactions")
        day, length = parse_day("cutoff", cutoff), horizon_in(horizon, check_time_unit(time_unit))
        tables = [] if attributes is None else read_attributes(attributes)
        days = round(length * DAYS_PER[time_unit])
        if days < 1:
            raise ParamsError(f"The horizon {horizon!r} is shorter than a day: no purchase day falls into it.")
        return cls.of_days(customer_days(log, day), day, days, horizon, attributes=tables, seed=seed)

    @classmethod
    def of_days(
        cls,
        days: pl.DataFrame,
        cutoff: date,
        length: int,
        horizon: str | float,
        *,
        attributes: Sequence[AttributeTable] = (),
        seed: int = 0,
    ) -> Self:
        """The same from customers' days (see `customer_days`), none of them after the cutoff, `length` days ahead."""
        if not days["is_purchase"].any():
            raise DataError(
                f"There is no purchase up to the cutoff {cutoff}: nothing can be learnt. Choose a later one."
            )
        first: date = days["date"].min()  # type: ignore[assignment]
        windows = windows_before(first, cutoff, length, WINDOWS)
        if not windows:
            _refuse_short(first, cutoff, length)
        tables = lasting(attributes)
        seen = _lessons(days, windows, length, first, tables, seed)
        if not (seen["next_purchases"] > 0).any():
            raise DataError(
                f"Nobody bought within {length} days of {windows[0]} to {windows[-1]}: there is nothing to learn. "
                "Choose a longer horizon, or a later cutoff."
            )
        encoding = Encoding.of(seen, [name for table in tables for name in table.columns])
        names = _usable(seen, windows)
        with threadpool_limits(limits=1):
            purchases, spend = _boosted(seen, names, encoding, seed)
        known = _known(days, cutoff, length, first, tables)
        return cls(cutoff, horizon, length, windows, known, names, encoding, purchases, spend)

    def expected_purchases(
        self, customers: CustomerSummary, horizon: str | float | None = None, *, time_unit: TimeUnit | None = None
    ) -> Vector:
        """Expected purchases of each customer within the horizon; one per row, NaN for prospects.

        Raises
        ------
        ParamsError : a horizon or a day other than those that it learnt
        DataError : a customer whom the log does not know
        """
        self._check(customers, horizon, time_unit)
        return self._of_each(customers, self._predicted(self.purchases))

    def expected_spend(self, customers: CustomerSummary) -> Vector:
        """Expected money of each customer's purchases within the horizon, per purchase; NaN for prospects."""
        self._check(customers)
        if self.spend is None:
            raise DataError("The log has no amounts: a model learnt from it predicts purchases, and no spend.")
        return self._of_each(customers, self._predicted(self.spend))

    def value(self, customers: CustomerSummary, margin: float = 1.0) -> pl.DataFrame:
        """customer_id, expected_purchases, expected_spend, clv: purchases times spend times margin, undiscounted."""
        purchases, spend = self.expected_purchases(customers), self.expected_spend(customers)
        table = customers.data.select("customer_id").with_columns(
            expected_purchases=pl.Series(purchases),
            expected_spend=pl.Series(spend),
            clv=pl.Series(purchases * spend * margin),
        )
        return table.fill_nan(None)

    def p_alive(self, customers: CustomerSummary) -> NoReturn:
        """ParamsError: a learned model says what customers will do, and nothing of why they do not."""
        del customers
        raise ParamsError(
            "A learned model has no P(alive): it predicts what customers do within its horizon, and does not tell "
            "those who have left from those who wait. Ask a model of clvlab.models, such as BgNbd, for p_alive."
        )

    def _predicted(self, boosted: Any) -> Vector:
        with threadpool_limits(limits=1):
            found: Vector = boosted.predict(_matrix(self.known, self.names, self.encoding))
        return found

    def _of_each(self, customers: CustomerSummary, predicted: Vector) -> Vector:
        """What was predicted of the known customers, for each row of a table."""
        of_known = self.known.select("customer_id", predicted=pl.Series(predicted))
        asked = customers.data.select("customer_id", "n_purchases")
        table = asked.join(of_known, on="customer_id", how="left", maintain_order="left")
        strange = table.filter(pl.col("predicted").is_null(), pl.col("n_purchases") > 0)
        if strange.height:
            raise DataError(
                f"Customer {strange['customer_id'][0]!r} has not bought in the log that this model learnt from. "
                "Summarise the customers of that log, or fit the model to theirs."
            )
        return table["predicted"].fill_null(float("nan")).to_numpy()

    def _check(
        self, customers: CustomerSummary, horizon: str | float | None = None, time_unit: TimeUnit | None = None
    ) -> None:
        check_kind("customers", customers, CustomerSummary, "clvlab.summarise_customers")
        if customers.cutoff != self.cutoff:
            raise ParamsError(
                f"The customers are as of {customers.cutoff}, and the model learnt what follows {self.cutoff}. "
                f"Fit it again: Learned.fit(log, {str(customers.cutoff)!r}, {self.horizon!r})."
            )
        unit = time_unit or customers.time_unit
        if horizon is not None and round(horizon_in(horizon, unit) * DAYS_PER[unit]) != self.days:
            raise ParamsError(
                f"The model looks {self.days} days ahead, and no further or less far; asked for is {horizon!r}. "
                f"Fit another one: Learned.fit(log, {str(self.cutoff)!r}, {horizon!r})."
            )

    @property
    def _facts(self) -> str:
        ahead = self.horizon if isinstance(self.horizon, str) else counted(self.days, "day")
        return (
            f"{ahead} from {self.cutoff}, learnt from {counted(len(self.windows), 'past day')}, {self.windows[0]} to "
            f"{self.windows[-1]}; {listed(self.names, 20)}"
        )

    @property
    def _shown(self) -> pl.DataFrame:
        return self.known.head(5)


def _refuse_short(first: date, cutoff: date, length: int) -> NoReturn:
    raise DataError(
        f"From {first} to the cutoff {cutoff} the log is too short to learn what customers do within {length} days: "
        "it takes a past day with as many days after it and a third as many before. Choose a shorter horizon."
    )


def _known(days: pl.DataFrame, day: date, length: int, first: date, tables: Sequence[AttributeTable]) -> pl.DataFrame:
    """The features of the buyers at a day, attributes as they were known then among them."""
    found = features_at(days, day, length, first)
    for table in tables:
        found = found.join(table.as_of(day), on="customer_id", how="left", maintain_order="left")
    return found


def _lessons(
    days: pl.DataFrame, windows: Sequence[date], length: int, first: date, tables: Sequence[AttributeTable], seed: int
) -> pl.DataFrame:
    """The features of buyers at past days, and what they did next: of each day a sample that keeps to MOST_ROWS."""
    found = []
    for place, day in enumerate(windows):
        ids = buyers_by(days, day)
        if ids.len() > MOST_ROWS // len(windows):
            ids = ids.sample(MOST_ROWS // len(windows), seed=seed + place).sort()
        theirs = days.filter(pl.col("customer_id").is_in(ids.implode()))
        found.append(with_outcomes(_known(theirs, day, length, first, tables), theirs, day, length))
    return pl.concat(found)


def _usable(seen: pl.DataFrame, windows: Sequence[date]) -> tuple[str, ...]:
    """The features that may tell something: none that is always missing, no season where the years are not told."""
    left_out = {"customer_id", "next_purchases", "next_spend", *(() if has_seen_a_year(windows) else SEASON)}
    return tuple(name for name in seen.columns if name not in left_out and seen[name].null_count() < seen.height)


def _matrix(table: pl.DataFrame, names: Sequence[str], encoding: Encoding) -> Matrix:
    return table.select(encoding.numbers(name) for name in names).to_numpy()


def _boosted(seen: pl.DataFrame, names: Sequence[str], encoding: Encoding, seed: int) -> tuple[Any, Any | None]:
    """The trees that predict purchases, and those that predict the money of one (None without amounts)."""
    given = {**TREES, "random_state": seed, "categorical_features": [name in encoding.values for name in names]}
    matrix, made = _matrix(seen, names, encoding), seen["next_purchases"].to_numpy()
    purchases = _trees("poisson", matrix, made, given)
    if "next_spend" not in seen.columns:
        return purchases, None
    bought = np.flatnonzero(made > 0)
    spend = np.maximum(seen["next_spend"].to_numpy()[bought], 0.0) / made[bought]
    floor = LEAST_SPEND * spend.mean()
    if floor == 0:
        return purchases, None
    # A row for each purchase: of weights the library makes bins so slowly that they would take most of the time.
    each = np.repeat(np.arange(bought.size), made[bought].astype(np.intp))
    if each.size > MOST_ROWS:
        each = np.sort(np.random.default_rng(seed).choice(each, MOST_ROWS, replace=False))
    return purchases, _trees("gamma", matrix[bought[each]], np.maximum(spend[each], floor), given)


def _trees(loss: str, matrix: Matrix, outcome: Vector, given: Mapping[str, Any]) -> Any:
    # Heavy to import, and of use to this file alone.
    from sklearn.ensemble import HistGradientBoostingRegressor

    # Of a feature that is missing throughout no bins could be found.
    known = np.where(np.isnan(matrix).all(axis=0), 0.0, matrix)
    return HistGradientBoostingRegressor(loss=loss, **given).fit(known, outcome)
