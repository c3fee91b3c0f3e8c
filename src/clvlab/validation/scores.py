"""How near predictions came to single customers: what every method is scored by, and the score of a distribution."""

from functools import partial

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.metrics import calibration_slope
from clvlab.models import AnyPurchaseModel, PurchaseModel
from clvlab.models.covariates import by_kind
from clvlab.models.numerics.interpolation import interpolated_in_age
from clvlab.models.purchase_history import PurchaseHistories
from clvlab.models.purchase_model import HISTORY

SURE = 1e-3
"""Probability of more purchases below which the rest of a distribution adds its square, nothing, to the score."""
MOST_PURCHASES = 400
EXACT = 1e-10
"""Error of a probability, at most about ten times of it."""
STILL_OPEN = 0.7
"""Share of histories that go on, below which the others are left out."""
SCORES = ("mae", "rmse", "rank_correlation", "calibration", "crps")


def scores(actual: Vector, predicted: Vector) -> dict[str, float | None]:
    """Errors of one figure per customer; None where the data leave one open.

    mae, rmse : mean absolute and root mean squared error, lower is better
    rank_correlation : Spearman's, ties share their place; -1..1, higher is better
    calibration : how far outcomes differ where predictions differ by 1, `clvlab.metrics.calibration_slope`; 1 is best
    """
    error = predicted - actual
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "rank_correlation": _known(
            pl.select(pl.corr(pl.Series(predicted), pl.Series(actual), method="spearman")).item()
        ),
        "calibration": _known(float(calibration_slope(predicted, actual))),
    }


def count_crps(model: AnyPurchaseModel, customers: pl.DataFrame, actual: Vector, horizon: float) -> float:
    """Mean continuous ranked probability score of the model's distribution of each customer's purchases.

    The sum over k of (P(at most k purchases) - [the customer made at most k])^2, in purchases; lower is better, 0 is
    perfect. Of a prediction that is one number it is the absolute error, so that it compares with a naive one's mae.
    `customers` has frequency, recency and T, as `horizon` in the model's time unit, and the attributes that it reads.

    References
    ----------
    Gneiting & Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", JASA 102(477), 359-378.
    Czado, Gneiting & Held (2009), "Predictive model assessment for count data", Biometrics 65(4), 1254-1261.
    """
    kinds = by_kind(model, customers)
    return sum(_summed_crps(own, customers[rows], actual[rows], horizon) for own, rows in kinds) / actual.size


def _summed_crps(model: PurchaseModel, customers: pl.DataFrame, actual: Vector, horizon: float) -> float:
    """The sum of the scores of customers of one model."""
    alike = customers.select(HISTORY).with_columns(actual=pl.Series(actual)).group_by(pl.all()).len()
    x, t_x, T, made, weight = alike.sort(pl.all()).cast(pl.Float64).to_numpy().T.copy()
    histories, alive = _histories(x, t_x, T), model.p_alive_given(x, t_x, T)
    at_most, score, scale = 1 - alive, 0.0, float(model.time_scale(np.zeros(1))[0])
    for k in range(MOST_PURCHASES):
        probability = partial(model.pmf_if_alive, k, horizon)
        smooth = partial(interpolated_in_age, probability, scale=scale, settled=EXACT, least=1.0)
        at_most += alive * model.by_state(histories, smooth)
        score += float(weight @ (at_most - (made <= k)) ** 2)
        is_open = (weight > 0) & ((made > k) | (at_most < 1 - SURE))
        if not is_open.any():
            break
        weight = weight * is_open
        # To find the distinct histories again costs more than to go on with a few that are settled.
        if is_open.mean() < STILL_OPEN:
            made, weight, alive, at_most = (each[is_open] for each in (made, weight, alive, at_most))
            histories = _histories(*(column[is_open] for column in histories.columns))
    return score


def _histories(*columns: Vector) -> PurchaseHistories:
    return PurchaseHistories(list(columns), np.ones(columns[0].size, dtype=bool))


def _known(figure: float | None) -> float | None:
    return None if figure is None or np.isnan(figure) else figure
