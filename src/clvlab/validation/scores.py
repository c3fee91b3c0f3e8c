"""How near predictions came to single customers: what every method is scored by, and the score of a distribution."""

from functools import partial

import numpy as np
import polars as pl

from clvlab.arrays import Matrix, Vector
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
COUNTED = ("crps", "within_90", "pit_deviation")
"""Scores of a distribution of a count, which a prediction that is one number lacks."""
SCORES = ("mae", "rmse", "rank_correlation", "calibration", *COUNTED)
TWENTIETHS = np.arange(1, 20) / 20


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


def count_scores(
    model: AnyPurchaseModel, customers: pl.DataFrame, actual: Vector, horizon: float
) -> dict[str, float]:
    """How well the model's distributions of customers' purchases fit what they did: COUNTED.

    `customers` has frequency, recency and T, as `horizon` in the model's time unit, and the attributes that it reads.

    crps : mean continuous ranked probability score, the sum over k of (P(at most k purchases) - [the customer made at
        most k])^2, in purchases; lower is better, 0 is perfect. Of a prediction that is one number it is the absolute
        error, so that it compares with a naive one's mae
    within_90, pit_deviation : see `pit`

    References
    ----------
    Gneiting & Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", JASA 102(477), 359-378.
    Czado, Gneiting & Held (2009), "Predictive model assessment for count data", Biometrics 65(4), 1254-1261.
    """
    kinds = [
        _against_outcomes(own, customers[rows], actual[rows], horizon) for own, rows in by_kind(model, customers)
    ]
    weight, crps, below, up_to = np.concatenate(kinds, axis=1)
    return {"crps": float(weight @ crps / weight.sum()), **pit(below, up_to, weight)}


def pit(below: Vector, up_to: Vector, weight: Vector) -> dict[str, float]:
    """Whether outcomes lie in their distributions as they should: evenly, by the probability integral transform.

    A customer whose count has the probabilities P(fewer) = `below` and P(at most as many) = `up_to` lies evenly
    between the two; `weight` says how many there are. (The non-randomised transform of Czado, Gneiting & Held 2009,
    the mean of the randomised one.)

    within_90 : share of customers within the central 90 % of their distributions; 0.9 if these are right, less if
        they are too narrow
    pit_deviation : the largest difference, at twentieths, between the share of customers below a point of their
        distributions and its probability; 0 if these are right

    Examples
    --------
    Two who are as likely as not to buy, of whom one does, are as they should be; two of two are not.

    >>> zero, half, one = np.zeros(1), np.full(1, 0.5), np.ones(1)
    >>> {name: round(value, 9) for name, value in pit(np.r_[zero, half], np.r_[half, one], np.ones(2)).items()}
    {'within_90': 0.9, 'pit_deviation': 0.0}
    >>> {name: round(value, 9) for name, value in pit(half, one, one).items()}
    {'within_90': 0.9, 'pit_deviation': 0.5}
    """
    width = up_to - below
    even = np.clip((TWENTIETHS[:, None] - below) / np.where(width > 0, width, 1.0), 0.0, 1.0)
    passed = np.where(width > 0, even, TWENTIETHS[:, None] >= up_to)
    share = passed @ weight / weight.sum()
    return {
        "within_90": float(share[-1] - share[0]),
        "pit_deviation": float(np.abs(share - TWENTIETHS).max()),
    }


def _against_outcomes(model: PurchaseModel, customers: pl.DataFrame, actual: Vector, horizon: float) -> Matrix:
    """weight, crps, P(fewer than were made), P(at most as many): rows of distinct customers of one model."""
    alike = customers.select(HISTORY).with_columns(actual=pl.Series(actual)).group_by(pl.all()).len()
    x, t_x, T, made, weight = alike.sort(pl.all()).cast(pl.Float64).to_numpy().T.copy()
    histories, alive = _histories(x, t_x, T), model.p_alive_given(x, t_x, T)
    # Who makes more than MOST_PURCHASES lies at the end of a distribution that expects nothing of the kind.
    crps, below, up_to = np.zeros(made.size), np.ones(made.size), np.ones(made.size)
    rows, is_open, left = np.arange(made.size), np.ones(made.size, dtype=bool), made
    fewer, at_most, scale = np.zeros(made.size), 1 - alive, float(model.time_scale(np.zeros(1))[0])
    for k in range(MOST_PURCHASES):
        probability = partial(model.pmf_if_alive, k, horizon)
        smooth = partial(interpolated_in_age, probability, scale=scale, settled=EXACT, least=1.0)
        at_most = at_most + alive * model.by_state(histories, smooth)
        crps[rows] += is_open * (at_most - (left <= k)) ** 2
        is_it = left == k
        below[rows[is_it]], up_to[rows[is_it]] = fewer[is_it], at_most[is_it]
        is_open &= (left > k) | (at_most < 1 - SURE)
        if not is_open.any():
            break
        # To find the distinct histories again costs more than to go on with a few that are settled.
        if is_open.mean() < STILL_OPEN:
            rows, left, alive, at_most = (each[is_open] for each in (rows, left, alive, at_most))
            histories = _histories(*(column[is_open] for column in histories.columns))
            is_open = np.ones(rows.size, dtype=bool)
        fewer = at_most
    return np.stack([weight, crps, below, up_to])


def _histories(*columns: Vector) -> PurchaseHistories:
    return PurchaseHistories(list(columns), np.ones(columns[0].size, dtype=bool))


def _known(figure: float | None) -> float | None:
    return None if figure is None or np.isnan(figure) else figure
