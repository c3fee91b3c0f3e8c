"""How well predictions that were learnt on other customers agree with what these customers did.

Every metric takes

    predicted   what was predicted of each customer                          shape (n_customers,)
    actual      what the customer did; 0 or 1 for `auc` and `brier`          shape (n_customers,)
    within      the part of the customers that each is ranked in             shape (n_customers,), one part if None
    weight      how often each customer counts, in one or many resamples     shape (..., n_customers), once if None

and gives one figure for each leading index of `weight`. `Ranked` predictions serve as well, where several metrics ask
for the places of the same customers. Customers with equal predictions share their place, so that
their order cannot matter. A figure that the data leave open (nobody spent, nobody bought) is NaN. Predictions and
outcomes that do not belong together, or are not numbers, are refused with a ParamsError.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from clvlab.arrays import Vector
from clvlab.errors import ParamsError


def gini(
    predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Vector:
    """Gini coefficient of the cumulative gain: -1..1, higher is better, 0 for a ranking that knows nothing.

    Rank customers by `predicted` and let F, 0..1, be a customer's place among those of the same part, halfway
    through its ties. Twice the area between the cumulative gain curve (the share of `actual` that the best q of
    customers bring) and the diagonal is 2 E[actual F] / E[actual] - 1. The best ranking reaches the Gini coefficient
    of `actual` itself, which is below 1.

    Examples
    --------
    The best two of four customers bring all the spend: the area between curve and diagonal is 1/4.

    >>> float(gini([4, 3, 2, 1], [10, 10, 0, 0]))
    0.5
    >>> float(gini([1, 1, 1, 1], [10, 10, 0, 0]))
    0.0

    Reference
    ---------
    Lerman & Yitzhaki (1984), "A note on the calculation and interpretation of the Gini index".
    """
    ranked = Ranked.of(predicted, actual, within, weight)
    return _ratio((ranked.outcome * (2 * ranked.place - 1)).sum(axis=-1), ranked.outcome.sum(axis=-1))


def top_capture(
    predicted: ArrayLike,
    actual: ArrayLike,
    within: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    *,
    share: float = 0.2,
) -> Vector:
    """Share of `actual` brought by the `share` of customers ranked highest; higher is better, random gives `share`.

    Customers who tie across the bound count in proportion. Of each part the same share is taken.

    Examples
    --------
    The best quarter is the first customer, who brings 6 of 12; of two who tie for it, each counts half.

    >>> float(top_capture([4, 3, 2, 1], [6, 4, 2, 0], share=0.25))
    0.5
    >>> round(float(top_capture([4, 4, 2, 1], [6, 4, 2, 0], share=0.25)), 4)
    0.4167
    """
    return _captured(Ranked.of(predicted, actual, within, weight), share)


def capture_curve(predicted: ArrayLike, actual: ArrayLike, shares: Iterable[float]) -> list[float]:
    """`top_capture` of several shares, from one ranking of the customers.

    Examples
    --------
    >>> capture_curve([4, 3, 2, 1], [6, 4, 2, 0], [0.25, 0.5, 1.0])
    [0.5, 0.833..., 1.0]
    """
    ranked = Ranked.of(predicted, actual, None, None)
    return [float(_captured(ranked, share)) for share in shares]


def variance_explained(
    predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Vector:
    """Share of the variance of `actual` that the predictions explain; at most 1, below 0 if worse than the mean.

    1 - sum (actual - predicted)^2 / sum (actual - mean)^2, the mean being that of these customers.

    Examples
    --------
    >>> float(variance_explained([1, 1, 4, 4], [0, 2, 3, 5]))
    0.6923...
    """
    del within  # Predictions are compared with outcomes, not with each other.
    forecast, happened = _paired(predicted, actual)
    counts = _weights(weight, forecast)
    total = counts.sum(axis=-1)
    mean = _ratio(counts @ happened, total)
    return 1 - _ratio(counts @ (happened - forecast) ** 2, counts @ happened**2 - total * mean**2)


def auc(
    predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Vector:
    """Probability that a customer who bought was ranked above one who did not: 0..1, 0.5 for random, ties half.

    Pairs are formed within each part.

    Examples
    --------
    Of the four pairs of a buyer and a non-buyer, three are in the right order.

    >>> float(auc([0.9, 0.4, 0.6, 0.1], [1, 1, 0, 0]))
    0.75
    """
    ranked = Ranked.of(predicted, actual, within, weight)
    bought, not_bought = ranked.outcome, ranked.counts - ranked.outcome
    below = ranked.before(not_bought) + not_bought / 2
    return _ratio((bought * below).sum(axis=-1), (ranked.per_part(bought) * ranked.per_part(not_bought)).sum(axis=-1))


def brier(
    predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Vector:
    """Mean squared error of a predicted probability: 0..1, lower is better.

    Examples
    --------
    >>> float(brier([0.9, 0.5], [1, 0]))
    0.13

    Reference
    ---------
    Brier (1950), Monthly Weather Review 78(1), 1-3.
    """
    del within
    forecast, happened = _paired(predicted, actual)
    counts = _weights(weight, forecast)
    return _ratio(counts @ (happened - forecast) ** 2, counts.sum(axis=-1))


def calibration_slope(
    predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Vector:
    """How far outcomes differ where predictions differ by 1: 1 is calibrated, below 1 promises too much.

    The slope of the regression of `actual` on `predicted` with an intercept for each part. NaN where the predictions
    of each part are all equal.

    Examples
    --------
    Twice as far apart as they should be:

    >>> float(calibration_slope([0, 0, 8, 8], [1, 3, 5, 7]))
    0.5

    Reference
    ---------
    Cox (1958), "Two further applications of a model for binary regression", Biometrika 45.
    """
    forecast, happened = _paired(predicted, actual)
    counts = _weights(weight, forecast)
    part = _parts(within, forecast.size)
    sums = [_sum_by(values, part) for values in (counts, counts * forecast, counts * happened)]
    n = np.maximum(sums[0], 1e-300)
    covariance = counts @ (forecast * happened) - (sums[1] * sums[2] / n).sum(axis=-1)
    variance = counts @ forecast**2 - (sums[1] ** 2 / n).sum(axis=-1)
    flat = variance <= 1e-12 * np.maximum(counts @ forecast**2, 1e-300)
    return np.where(flat, np.nan, covariance / np.where(flat, 1.0, variance))


class Ranked:
    """Predictions and outcomes of customers who are ranked within their parts, once for all metrics that ask for it.

    It takes the place of `predicted`; outcomes, parts and weights are then those that it was made of. A cell is the
    customers of one part and one prediction, worst prediction first.

    Attributes
    ----------
    counts : how often the customers of a cell count, shape (..., n_cells)
    outcome : the sum of what they did
    place : of a cell among its part, halfway through its customers, 0..1
    width : its share of its part
    """

    def __init__(
        self, predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None, weight: ArrayLike | None
    ) -> None:
        self._forecast, happened = _paired(predicted, actual)
        part = _parts(within, happened.size)
        order = np.lexsort((self._forecast, part))
        ranked, ranked_part = self._forecast[order], part[order]
        new_part = np.diff(ranked_part, prepend=-1) != 0
        starts = new_part | (np.diff(ranked, prepend=np.nan) != 0)
        begins = np.flatnonzero(starts)
        self._part_of_cell = np.cumsum(new_part)[begins] - 1
        self._part_starts = np.flatnonzero(new_part[begins])
        often = _weights(weight, self._forecast)[..., order]
        self.counts = np.add.reduceat(often, begins, axis=-1)
        self.outcome = np.add.reduceat(often * happened[order], begins, axis=-1)
        size = self.per_part(self.counts)[..., self._part_of_cell]
        self.width = _ratio(self.counts, size, empty=0.0)
        self.place = _ratio(self.before(self.counts) + self.counts / 2, size, empty=0.5)

    @classmethod
    def of(
        cls, predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None, weight: ArrayLike | None
    ) -> "Ranked":
        """The predictions ranked; as they are, where they are already."""
        return predicted if isinstance(predicted, Ranked) else cls(predicted, actual, within, weight)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The predictions alone, for metrics that ask for no places."""
        return np.array(self._forecast, dtype=dtype, copy=copy)

    def per_part(self, cells: Vector) -> Vector:
        """The sum over the cells of each part."""
        return np.add.reduceat(cells, self._part_starts, axis=-1)

    def before(self, cells: Vector) -> Vector:
        """The sum over the cells of the same part that rank below."""
        below = np.cumsum(cells, axis=-1) - cells
        return np.asarray(below - below[..., self._part_starts][..., self._part_of_cell])


def _captured(ranked: Ranked, share: float) -> Vector:
    """The share of all outcomes that the `share` of customers ranked highest bring."""
    above = 1 - ranked.place - ranked.width / 2
    taken = np.clip(_ratio(share - above, ranked.width), 0.0, 1.0)
    reached = ranked.outcome * np.where(ranked.width > 0, taken, 0.0)
    return _ratio(reached.sum(axis=-1), ranked.outcome.sum(axis=-1))


def _paired(predicted: ArrayLike, actual: ArrayLike) -> tuple[Vector, Vector]:
    """Predictions and outcomes as numbers; ParamsError unless there is one of each for every customer."""
    forecast, happened = np.asarray(predicted, float), np.asarray(actual, float)
    if forecast.shape != happened.shape or forecast.ndim != 1:
        raise ParamsError(
            f"Predictions have the shape {forecast.shape} and outcomes {happened.shape}; give one of each for every "
            "customer, in one order."
        )
    for name, values in (("prediction", forecast), ("outcome", happened)):
        if np.isnan(values).any():
            raise ParamsError(
                f"The {name} of customer {int(np.isnan(values).argmax())}, counted from 0, is not a number."
            )
    return forecast, happened


def _weights(weight: ArrayLike | None, forecast: Vector) -> Vector:
    return np.ones(forecast.size) if weight is None else np.asarray(weight, float)


def _parts(within: ArrayLike | None, n: int) -> NDArray[np.int64]:
    return np.zeros(n, np.int64) if within is None else np.asarray(within, np.int64)


def _sum_by(values: Vector, part: NDArray[np.int64]) -> Vector:
    """Sums of the last axis by part."""
    order = np.argsort(part, kind="stable")
    return np.add.reduceat(values[..., order], np.flatnonzero(np.diff(part[order], prepend=-1)), axis=-1)


def _ratio(part: Vector, whole: Vector, empty: float = np.nan) -> Vector:
    """part / whole, and `empty` where the whole is nothing."""
    nothing = whole == 0
    return np.where(nothing, empty, part / np.where(nothing, 1.0, whole))
