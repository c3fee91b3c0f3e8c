"""Values that carry their exact gradient and Hessian.

A `Jet` is a quantity that depends on the parameters being fitted, together with its first and second partial
derivatives. A likelihood written with jets yields its exact gradient and Hessian; the same lines, given plain
numbers, yield its value alone.

Only partial derivatives that are not identically zero are kept, and each may be a scalar where it is the same
for all customers, so that what depends on one parameter costs only that parameter's share.

Reference: Griewank & Walther (2008), "Evaluating Derivatives", ch. 13 (second-order forward mode).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
from scipy import special

from clvlab.arrays import Matrix, Positions, Vector

Number = Any  # float, Vector or Jet: what likelihoods are written in
Key = TypeVar("Key", int, tuple[int, int])

ONE_RUN = np.zeros(1, dtype=np.intp)
LARGEST_EXPONENT = 690.0  # e^690 is still a number; beyond it ln(1 + e^u) is u


@dataclass(slots=True)
class Jet:
    """A value, its first partials by parameter, and its second partials by pair of parameters (i <= j)."""

    value: Any
    first: Mapping[int, Any]
    second: Mapping[tuple[int, int], Any]

    # Otherwise numpy would treat a jet as an object to broadcast over.
    __array_ufunc__: ClassVar[None] = None

    def __add__(self, other: Number) -> "Jet":
        if not isinstance(other, Jet):
            return Jet(self.value + other, self.first, self.second)
        return Jet(self.value + other.value, _sum(self.first, other.first), _sum(self.second, other.second))

    __radd__ = __add__

    def __mul__(self, other: Number) -> "Jet":
        if not isinstance(other, Jet):
            return Jet(self.value * other, _scaled(self.first, other), _scaled(self.second, other))
        second = _sum(_scaled(self.second, other.value), _scaled(other.second, self.value))
        for i, u in self.first.items():
            for j, v in other.first.items():
                pair = (min(i, j), max(i, j))
                # From both factors: in u_i v_j + u_j v_i an equal pair counts twice.
                product = _times(u, v)
                second[pair] = second.get(pair, 0.0) + (product + product if i == j else product)
        first = _sum(_scaled(self.first, other.value), _scaled(other.first, self.value))
        return Jet(self.value * other.value, first, second)

    __rmul__ = __mul__

    def __neg__(self) -> "Jet":
        return self * -1.0

    def __sub__(self, other: Number) -> "Jet":
        if not isinstance(other, Jet):
            return Jet(self.value - other, self.first, self.second)
        first, second = _difference(self.first, other.first), _difference(self.second, other.second)
        return Jet(self.value - other.value, first, second)

    def __rsub__(self, other: Number) -> "Jet":
        return (-self).__add__(other)


def variables(point: Vector) -> list[Jet]:
    """The parameters themselves: each has derivative 1 with respect to itself."""
    return [Jet(float(value), {i: 1.0}, {}) for i, value in enumerate(point)]


def value_of(u: Number) -> Any:
    """The value alone."""
    return u.value if isinstance(u, Jet) else u


def exp(u: Number) -> Number:
    """e^u."""
    if not isinstance(u, Jet):
        return np.exp(u)
    value = np.exp(u.value)
    return _chain(u, value, value, value)


def log(u: Number) -> Number:
    """ln u."""
    if not isinstance(u, Jet):
        return np.log(u)
    inverse = 1.0 / u.value
    return _chain(u, np.log(u.value), inverse, -inverse * inverse)


def log1p(u: Number) -> Number:
    """ln(1 + u), exact for small u."""
    if not isinstance(u, Jet):
        return np.log1p(u)
    inverse = 1.0 / (1.0 + u.value)
    return _chain(u, np.log1p(u.value), inverse, -inverse * inverse)


def log_ratio(u: Number, more: Any) -> Number:
    """ln((u + more) / u) for a constant `more`, as between two ages; exact however large u is."""
    if not isinstance(u, Jet):
        return np.log1p(more / u)
    over_u, over_sum = 1.0 / u.value, 1.0 / (u.value + more)
    slope = -more * over_u * over_sum
    return _chain(u, np.log1p(more * over_u), slope, -slope * (over_u + over_sum))


def log_gamma(u: Number) -> Number:
    """Ln of the gamma function."""
    if not isinstance(u, Jet):
        return special.gammaln(u)
    return _chain(u, special.gammaln(u.value), special.psi(u.value), special.zeta(2.0, u.value))


def log_beta(u: Number, v: Number) -> Number:
    """Ln of the beta function."""
    return log_gamma(u) + log_gamma(v) - log_gamma(u + v)


def sum_of(u: Number, weight: Vector) -> Number:
    """Sum of weight * u over customers."""
    if not isinstance(u, Jet):
        return _dot(weight, u)
    return Jet(
        _dot(weight, u.value),
        {i: _dot(weight, part) for i, part in u.first.items()},
        {pair: _dot(weight, part) for pair, part in u.second.items()},
    )


def sum_of_log1p_exp(u: Number, weight: Vector, level: Number = 0.0, starts: Positions = ONE_RUN) -> Number:
    """Sum of weight * ln(1 + e^(u + level)): what terms with these log-odds add to the logarithms of others.

    `level` is the same for each run of customers that begins at `starts`, and costs only its own length.
    """
    exponent = value_of(u) + np.repeat(value_of(level), np.diff(starts, append=weight.size))
    bounded = np.minimum(exponent, LARGEST_EXPONENT)
    odds = np.exp(bounded)
    exponent -= bounded
    value = float(weight @ np.log1p(odds) + weight @ exponent)
    if not isinstance(u, Jet):
        return value
    rest = 1.0 / (1.0 + odds)
    slope = weight * odds
    slope *= rest
    curvature = slope * rest
    curved = {i: u_i * curvature for i, u_i in u.first.items()}
    total = value + _sum_through(slope, curved, u)
    if not isinstance(level, Jet):
        return total
    slope_of_run, curvature_of_run = np.add.reduceat(slope, starts), np.add.reduceat(curvature, starts)
    total += _sum_through(slope_of_run, {i: part * curvature_of_run for i, part in level.first.items()}, level)
    mixed: dict[tuple[int, int], float] = {}
    for i, part in curved.items():
        curved_of_run = np.add.reduceat(part, starts)
        for j, level_j in level.first.items():
            pair = (min(i, j), max(i, j))
            mixed[pair] = mixed.get(pair, 0.0) + _dot(curved_of_run, level_j) * (1 + (i == j))
    return total + Jet(0.0, {}, mixed)


def log_integral(u: Number, log_weights: Vector) -> Number:
    """Ln of the sum of e^(u + log_weights) over the last axis: a quadrature of e^u."""
    exponent = value_of(u) + log_weights
    top = exponent.max(axis=-1, keepdims=True)
    share = np.exp(exponent - top)
    total = share.sum(axis=-1, keepdims=True)
    value = (np.log(total) + top)[..., 0]
    if not isinstance(u, Jet):
        return value
    share /= total
    mean = {i: _mean(share, u_i) for i, u_i in u.first.items()}
    second = {pair: _mean(share, u_ij) for pair, u_ij in u.second.items()}
    # Covariances over the nodes: none with a part that is the same for all of them.
    varying = {i: u_i for i, u_i in u.first.items() if isinstance(u_i, np.ndarray)}
    for i, u_i in varying.items():
        weighted = share * u_i
        for j, u_j in varying.items():
            if i <= j:
                second[i, j] = second.get((i, j), 0.0) + _mean(weighted, u_j) - mean[i] * mean[j]
    return Jet(value, mean, second)


def expanded(u: Jet, n_parameters: int) -> tuple[float, Vector, Matrix]:
    """The value, gradient and Hessian of a jet of scalars."""
    gradient = np.zeros(n_parameters)
    hessian = np.zeros((n_parameters, n_parameters))
    for i, part in u.first.items():
        gradient[i] = part
    for (i, j), part in u.second.items():
        hessian[i, j] = hessian[j, i] = part
    return float(u.value), gradient, hessian


def _chain(u: Jet, value: Any, slope: Any, curvature: Any) -> Jet:
    """f(u), from f, f' and f'' at u: the chain rule."""
    second = dict(_scaled(u.second, slope))
    for i, j in _pairs(u.first):
        curved = _times(_times(u.first[i], u.first[j]), curvature)
        second[i, j] = second[i, j] + curved if (i, j) in second else curved
    return Jet(value, _scaled(u.first, slope), second)


def _sum_through(slope: Vector, curved: Mapping[int, Vector], u: Jet) -> Jet:
    """The derivatives of a sum of f(u): the chain rule, from each customer's f' and f'' times the first partials."""
    second = {pair: _dot(slope, part) for pair, part in u.second.items()}
    for i, j in _pairs(u.first):
        second[i, j] = second.get((i, j), 0.0) + _dot(curved[i], u.first[j])
    return Jet(0.0, {i: _dot(slope, part) for i, part in u.first.items()}, second)


def _pairs(parts: Mapping[int, Any]) -> list[tuple[int, int]]:
    return [(i, j) for i in parts for j in parts if i <= j]


def _scaled(parts: Mapping[Key, Any], factor: Any) -> dict[Key, Any]:
    return {key: _times(part, factor) for key, part in parts.items()}


def _times(part: Any, factor: Any) -> Any:
    """The product; a parameter's derivative with respect to itself is 1, and costs nothing."""
    return factor if isinstance(part, float) and part == 1.0 else part * factor


def _sum(left: Mapping[Key, Any], right: Mapping[Key, Any]) -> dict[Key, Any]:
    total = dict(left)
    for key, part in right.items():
        total[key] = total[key] + part if key in total else part
    return total


def _difference(left: Mapping[Key, Any], right: Mapping[Key, Any]) -> dict[Key, Any]:
    total = dict(left)
    for key, part in right.items():
        total[key] = total[key] - part if key in total else -part
    return total


def _mean(share: Vector, part: Any) -> Any:
    return np.einsum("...k,...k->...", share, part) if isinstance(part, np.ndarray) else part


def _dot(weight: Vector, part: Any) -> float:
    return float(weight @ part) if isinstance(part, np.ndarray) else float(weight.sum() * part)
