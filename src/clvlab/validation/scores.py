"""How near predictions came to single customers: what every method is scored by, and the score of a distribution."""

from functools import partial

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.metrics import calibration_slope
from clvlab.models import AnyPurchaseModel, PurchaseModel
from clvlab.models.covariates import by_kind
from clvlab.models.purchase_history import PurchaseHistories
from clvlab.models.purchase_model import HISTORY

SURE = 1e-3
"""Probability of more purchases below which the rest of a distribution adds its square, nothing, to the score."""
MOST_PURCHASES = 400
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
    histories, alive = np.stack([x, t_x, T]), model.p_alive_given(x, t_x, T)
    at_most, score = 1 - alive, 0.0
    for k in range(MOST_PURCHASES):
        table = PurchaseHistories(list(histories), np.ones(made.size, dtype=bool))
        at_most += alive * model.by_state(table, partial(model.pmf_if_alive, k, horizon))
        score += float(weight @ (at_most - (made <= k)) ** 2)
        is_open = (made > k) | (at_most < 1 - SURE)
        if not is_open.any():
            break
        made, weight, alive, at_most = (each[is_open] for each in (made, weight, alive, at_most))
        histories = histories[:, is_open]
    return score


def _known(figure: float | None) -> float | None:
    return None if figure is None or np.isnan(figure) else figure
