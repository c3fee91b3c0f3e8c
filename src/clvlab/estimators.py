"""clvlab inside scikit-learn: scores, groups and values as steps of a pipeline.

The estimators take customer tables. Of a pandas, polars or Arrow frame they find their columns by name, and read no
others. A bare array says nothing of what its columns are: they are taken by place, and further ones passed over.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from clvlab.arrays import Flags, Matrix, Vector
from clvlab.errors import MissingColumnsError, ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping import find
from clvlab.grouping.strategy import Rule
from clvlab.models import MODEL_NAMES, Terms, ValueModels
from clvlab.models.purchase_history import numbered, table_of
from clvlab.models.value_models import kind_named
from clvlab.rfm import own_bounds
from clvlab.shares import comparable
from clvlab.units import TimeUnit, parse_day

logger = logging.getLogger("clvlab")

RFM = ("days_since_last", "n_purchases", "total_spend")
HISTORY = ("frequency", "recency", "T", "monetary_value")
_DATED = frozenset({"first_purchase", "last_purchase"})


class _OfCustomers(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What the estimators share: how a table is read."""

    def _numbers(self, X: Any, wanted: Sequence[str], *, reset: bool, optional: Sequence[str] = ()) -> Matrix:
        """The wanted columns of a frame, and the optional ones that it has; all columns of an array."""
        may_lack = _is_frame(X) or self.__sklearn_tags__().input_tags.allow_nan
        if _is_frame(X):
            # Not every version of scikit-learn reads the names of polars frames.
            X = _selected(X, wanted, optional, type(self).__name__).cast(pl.Float64).to_pandas()
        numbers: Matrix = validate_data(
            self,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_all_finite="allow-nan" if may_lack else True,
            ensure_non_negative=self.__sklearn_tags__().input_tags.positive_only,
            ensure_min_features=self._fewest if reset else 0,
        )
        return numbers

    _fewest = 1
    """Columns that an array has at least."""


def _is_frame(X: Any) -> bool:
    """Whether a table's columns have names."""
    return (
        all(isinstance(name, str) for name in X.columns)
        if hasattr(X, "columns")
        else hasattr(X, "__arrow_c_stream__")
    )


def _selected(X: Any, wanted: Sequence[str], optional: Sequence[str], who: str) -> pl.DataFrame:
    table = table_of(X)
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise MissingColumnsError(
            f"The customer table, which {who} reads,",
            missing,
            table.columns,
            hint="`clvlab.summarise_customers` makes such a table.",
        )
    return table.select(*wanted, *(name for name in optional if name in table.columns))


def _summary(table: pl.DataFrame, time_unit: TimeUnit, cutoff: date | None = None) -> CustomerSummary:
    """The table as of a day, which may be left open where nothing reads it."""
    ids = pl.Series("customer_id", numbered(table.height), dtype=pl.String)
    return CustomerSummary(table.insert_column(0, ids), cutoff, time_unit)  # type: ignore[arg-type]


class RfmScorer(TransformerMixin, _OfCustomers):  # type: ignore[misc]  # scikit-learn has no types
    """Recency, frequency and spend as scores from 1 to `n_bins`, high is good, as by `clvlab.score_rfm`.

    Parameters
    ----------
    n_bins : number of scores
    columns : of a frame, what is scored; the first is of recency, of which little is good, the second how often a
        customer bought, the third what they spent. Of an array the columns are these in this order; further ones are
        scored as spend is

    Attributes
    ----------
    bounds_ : of each column where scores 2, 3, ... begin, ascending; those of the first are of its negative

    Customers without a purchase (0 in the second column) have NaN for scores, and so has what is not known.

    Examples
    --------
    >>> import clvlab as cl
    >>> customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), cutoff="1997-09-30")
    >>> RfmScorer().set_output(transform="polars").fit_transform(customers.data).head(2).rows()
    [(5.0, 3.0, 4.0), (1.0, 2.0, 4.0)]
    """

    def __init__(self, n_bins: int = 5, columns: Sequence[str] = RFM) -> None:
        self.n_bins = n_bins
        self.columns = columns

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Any, y: object = None) -> Self:
        """Find the bounds of the scores on these customers."""
        del y
        numbers = self._numbers(X, self.columns, reset=True)
        columns = [pl.Series(column).drop_nans() for column in _upward(numbers[_bought(numbers)])]
        self.bounds_ = [
            own_bounds(known, self.n_bins, alike_are_best=place == 0 or (place == 1 and known.min() != 1))
            for place, known in enumerate(columns)
        ]
        return self

    def transform(self, X: Any) -> Matrix:
        """The scores of these customers by the bounds that were found, one column each."""
        check_is_fitted(self)
        numbers = self._numbers(X, self.columns, reset=False)
        scores = np.stack([_score(of, at) for of, at in zip(_upward(numbers), self.bounds_, strict=True)], axis=1)
        return np.where(_bought(numbers)[:, None], scores, np.nan)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """r_score, f_score and m_score; of further columns their name and `_score`."""
        del input_features  # scikit-learn's own signature
        check_is_fitted(self)
        ours = np.array(["r_score", "f_score", "m_score"], dtype=object)[: self.n_features_in_]
        names = getattr(self, "feature_names_in_", [f"x{place}" for place in range(self.n_features_in_)])
        return np.array([*ours, *(f"{name}_score" for name in names[len(ours) :])], dtype=object)


def _upward(numbers: Matrix) -> list[Vector]:
    """The columns turned so that much is good of each."""
    return [-column if place == 0 else column for place, column in enumerate(numbers.T)]


def _bought(numbers: Matrix) -> Flags:
    """Which customers have bought, as the second column says; all, where there is none."""
    return numbers[:, 1] != 0 if numbers.shape[1] > 1 else np.ones(len(numbers), dtype=bool)


def _score(values: Vector, bounds: tuple[float, ...]) -> Vector:
    """1 plus the number of bounds reached; NaN for NaN."""
    compared = pl.select(comparable(pl.lit(pl.Series(values)))).to_series().to_numpy()
    return np.where(np.isnan(values), np.nan, 1.0 + np.searchsorted(bounds, compared, side="right"))


class SegmentLabeler(TransformerMixin, _OfCustomers):  # type: ignore[misc]  # scikit-learn has no types
    """The groups of a clvlab strategy: their codes by `predict`, a column of 0 and 1 for each by `transform`.

    Parameters
    ----------
    strategy : one of `clvlab.strategies`, the path of an RFM map, or ``{"attribute": "a column"}``
    cutoff : the day of the customer table, such as "1998-06-30"; for strategies that read days of purchases

    Attributes
    ----------
    rule_ : the rule that the strategy yields on the customers of `fit`
    groups_ : the codes of its groups, best first; the columns of `transform`

    Of an array the columns are days since the last purchase, purchases and spend, in this order; what it lacks is
    taken to be alike for all.

    Examples
    --------
    >>> import clvlab as cl
    >>> customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), cutoff="1997-09-30")
    >>> [str(code) for code in SegmentLabeler("rfm11").fit(customers.data).predict(customers.data.head(2))]
    ['potential_loyalist', 'lost']
    """

    def __init__(self, strategy: str | dict[str, Any] = "rfm11", cutoff: Any = None) -> None:
        self.strategy = strategy
        self.cutoff = cutoff

    def fit(self, X: Any, y: object = None) -> Self:
        """Find the strategy's rule on these customers."""
        del y
        strategy = find(self.strategy)
        if strategy.needs & _DATED and self.cutoff is None:
            raise ParamsError(f"The strategy {strategy.name!r} reads days: give `cutoff`, the table's last day.")
        self._needs = sorted(strategy.needs)
        self.rule_: Rule = strategy.fit(self._customers(X, reset=True))
        self.groups_ = np.array([group.code for group in self.rule_.all_groups], dtype=object)
        return self

    def predict(self, X: Any) -> NDArray[np.object_]:
        """The code of each customer's group."""
        check_is_fitted(self)
        codes = self.rule_.assign(self._customers(X, reset=False))["group"]
        return np.array(codes.to_list(), dtype=object)

    def transform(self, X: Any) -> Matrix:
        """1 in the column of a customer's group, 0 in the others."""
        is_in: Flags = self.predict(X)[:, None] == self.groups_
        return is_in.astype(np.float64)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """The codes of the groups."""
        del input_features  # scikit-learn's own signature
        check_is_fitted(self)
        return self.groups_

    def _customers(self, X: Any, *, reset: bool) -> CustomerSummary:
        if _is_frame(X):
            table = _selected(X, self._needs, (), type(self).__name__)
            if reset:
                self.n_features_in_, self.feature_names_in_ = table.width, np.array(table.columns, dtype=object)
        else:
            table = self._by_place(X, reset=reset)
        return _summary(table, "day", None if self.cutoff is None else parse_day("cutoff", self.cutoff))

    def _by_place(self, X: ArrayLike, *, reset: bool) -> pl.DataFrame:
        numbers = self._numbers(X, (), reset=reset)
        further = sorted(set(self._needs) - set(RFM))
        if further:
            raise ParamsError(f"This strategy reads {', '.join(further)}: give a frame with columns of these names.")
        given = {name: numbers[:, place] for place, name in enumerate(RFM) if place < numbers.shape[1]}
        return pl.DataFrame({name: given.get(name, np.ones(len(numbers))) for name in self._needs})


class ClvRegressor(RegressorMixin, _OfCustomers):  # type: ignore[misc]  # scikit-learn has no types
    """What customers will be worth, from how they have bought; a `y` is for scoring alone, nothing is learnt from it.

    Parameters
    ----------
    model : bg_nbd, mbg_nbd, pareto_nbd, nbd, bg_cnbd_k or mbg_cnbd_k. Where customers do not identify it, the others
        are tried as in a report
    horizon : how far ahead, such as "39 weeks"
    time_unit : of recency and T: day, week or month
    annual_discount_rate : effective, 0.10 is 10 % a year
    margin : share of spend that is kept

    Attributes
    ----------
    models_ : the models that value customers, as `clvlab.models.ValueModels`

    A frame has frequency, recency and T, and monetary_value, without which purchases are predicted. Of an array the
    columns are these in this order; two are frequency and T, from which nobody can be told to have left. Numbers of
    an array that are no history are made one, and the log says of how many rows: frequencies are rounded, T is at
    least recency, and spend that is not above 0 is the mean.

    Examples
    --------
    >>> import clvlab as cl
    >>> log = cl.datasets.cdnow(sample=True)
    >>> calibration, holdout = cl.split_holdout(log, "1997-09-30", "1998-06-30", "week")
    >>> values = ClvRegressor(horizon="39 weeks").fit(calibration.data)
    >>> round(values.score(calibration.data, holdout.data["holdout_spend"]), 2)
    0.3
    """

    def __init__(
        self,
        model: Literal["bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "bg_cnbd_k", "mbg_cnbd_k"] = "bg_nbd",
        horizon: str = "12 months",
        time_unit: TimeUnit = "week",
        annual_discount_rate: float = 0.0,
        margin: float = 1.0,
    ) -> None:
        self.model = model
        self.horizon = horizon
        self.time_unit = time_unit
        self.annual_discount_rate = annual_discount_rate
        self.margin = margin

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.target_tags.required = False
        tags.regressor_tags.poor_score = True
        return tags

    _fewest = 2

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Fit the models to these customers."""
        if y is not None and not _is_frame(X):
            validate_data(self, X, y, y_numeric=True)
        customers = self._customers(X, reset=True)
        terms = Terms(self.horizon, self.annual_discount_rate, self.margin)
        kind = kind_named(self.model, MODEL_NAMES)
        models = ValueModels.fit(customers, terms, kind)
        if models.purchases is None:
            models = replace(models, purchases=kind.fit(customers, prior=True))
        self.models_ = models
        return self

    def predict(self, X: Any) -> Vector:
        """The value of each customer over the horizon; without spend, the purchases expected; 0 for prospects."""
        check_is_fitted(self)
        values = self.models_.value(self._customers(X, reset=False))
        wanted = "expected_purchases" if self.models_.spend is None else "clv"
        return values[wanted].fill_null(0.0).to_numpy()

    def _customers(self, X: Any, *, reset: bool) -> CustomerSummary:
        *always, spend = HISTORY
        numbers = self._numbers(X, always, reset=reset, optional=(spend, "n_purchases"))
        table = (
            pl.DataFrame(numbers, schema=list(self.feature_names_in_)).fill_nan(None)
            if _is_frame(X)
            else _mended(_by_place(numbers))
        )
        return _summary(table, self.time_unit)


def _by_place(numbers: Matrix) -> pl.DataFrame:
    """The columns of an array by their names; of two, the last purchase is as late as it can be."""
    if numbers.shape[1] == 2:
        numbers = numbers[:, [0, 1, 1]]
    return pl.DataFrame(dict(zip(HISTORY, numbers.T, strict=False)))


def _mended(table: pl.DataFrame) -> pl.DataFrame:
    """The table with numbers that are histories; the log says in how many rows they were none."""
    x, t_x, T = (pl.col(name) for name in HISTORY[:3])
    mended = table.with_columns(T=pl.max_horizontal(T, t_x)).with_columns(
        frequency=pl.when(T > 0).then(x.round()).otherwise(0.0)
    )
    mended = mended.with_columns(recency=pl.when(x > 0).then(t_x).otherwise(0.0))
    if "monetary_value" in table.columns:
        spend = pl.col("monetary_value").fill_nan(None)
        above = spend > 0
        mended = mended.with_columns(
            monetary_value=pl.when(x > 0).then(pl.when(above).then(spend).otherwise(spend.filter(above).mean()))
        )
    changed = table.select(pl.any_horizontal(pl.col(name) != mended[name] for name in HISTORY[:3]).sum()).item()
    if changed:
        logger.warning("%d of %d rows of the array are no purchase history, and were made one", changed, table.height)
    return mended
