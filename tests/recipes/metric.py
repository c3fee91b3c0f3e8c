"""A metric, as it would stand in `clvlab.metrics`."""

import numpy as np
from numpy.typing import ArrayLike

from clvlab.arrays import Vector
from clvlab.metrics import _paired, _weights


def mean_absolute_error(
    predicted: ArrayLike, actual: ArrayLike, within: ArrayLike | None = None, weight: ArrayLike | None = None
) -> Vector:
    """Mean distance of predictions from outcomes, in the outcome's unit: 0 or more, lower is better.

    Examples
    --------
    >>> float(mean_absolute_error([4, 1], [10, 1]))
    3.0
    """
    del within  # Predictions are compared with outcomes, not with each other.
    forecast, happened = _paired(predicted, actual)
    distance, counts = np.abs(happened - forecast), _weights(weight, forecast)
    return np.asarray(counts @ distance / counts.sum(axis=-1))
