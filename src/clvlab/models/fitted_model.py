"""What every fitted model knows of itself: parameters, how sure they are, and its plain-JSON form."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from numbers import Real
from typing import Any, ClassVar, Self, get_args

import numpy as np
import polars as pl
from scipy import special

from clvlab.arrays import Matrix, Vector
from clvlab.displays import Displayed, number
from clvlab.errors import ClvlabError, ClvlabWarning, ParamsError, counted
from clvlab.models.numerics.maximum import Expansion, Likelihood
from clvlab.models.uncertainty import Draws, Method, from_bootstrap, from_likelihood, from_normal

VAGUE = 3.0  # standard error of a log-parameter: known only to within a factor of e^6 either way


@dataclass(frozen=True, eq=False)
class Estimate:
    """How a model came by its parameters, and how sure they are.

    Attributes
    ----------
    log_likelihood : at the parameters: the sum over customers, without the penalty
    log_covariance : of the log-parameters: the inverse of the negative Hessian of the penalised log-likelihood
    n_customers : sum of the weights
    penalty, prior : as given to `fit`
    likelihood : the function that was maximised, with its customers; None for a model read by `from_dict`
    """

    log_likelihood: float
    log_covariance: Matrix
    n_customers: float
    penalty: float = 0.0
    prior: bool = False
    likelihood: Likelihood | None = None

    @classmethod
    def at(cls, maximum: Expansion, likelihood: Likelihood) -> "Estimate":
        """The estimate at a maximum; a ClvlabWarning names what it leaves vague."""
        log_covariance = maximum.covariance
        vague = [
            name
            for name, variance in zip(likelihood.names, np.diag(log_covariance), strict=True)
            if variance > VAGUE**2
        ]
        if vague:
            warnings.warn(
                ClvlabWarning(
                    f"These customers leave {', '.join(vague)} vague: the logarithm's standard error exceeds "
                    f"{VAGUE:g}.",
                    code="vague",
                    parameters=", ".join(vague),
                ),
                stacklevel=4,
            )
        return cls(
            likelihood.without_prior(maximum),
            log_covariance,
            likelihood.population.n_customers,
            likelihood.penalty,
            likelihood.has_prior,
            likelihood,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, without the customers."""
        return {
            "log_likelihood": self.log_likelihood,
            "log_covariance": self.log_covariance.tolist(),
            "n_customers": self.n_customers,
            "penalty": self.penalty,
            "prior": self.prior,
        }


@dataclass(frozen=True)
class FittedModel(Displayed):
    """A model with its parameters, all positive. A subclass has their names, in its paper's order, and meanings."""

    names: ClassVar[tuple[str, ...]]
    meanings: ClassVar[tuple[str, ...]]

    _behind: ClassVar[frozenset[str]] = frozenset(
        {
            "at_draws",
            "estimate",
            "log_likelihood_of",
            "log_parameters",
            "log_prior_of",
            "meanings",
            "names",
        }
    )

    estimate: Estimate | None = field(default=None, kw_only=True, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in self.parameters.items():
            if not (np.isfinite(value) and value > 0):
                raise ParamsError(f"{type(self).__name__}: {name} is {value}; parameters are positive numbers.")

    @property
    def _facts(self) -> str:
        parameters = ", ".join(f"{name} {number(value)}" for name, value in self.parameters.items())
        if self.estimate is None:
            return f"{parameters} (given, not fitted)"
        customers = counted(int(self.n_customers), "customer")
        return f"{parameters}; {customers}, log-likelihood {number(self.log_likelihood)}"

    @property
    def _shown(self) -> pl.DataFrame:
        """Each parameter with its 95 % interval and what it says."""
        meaning = pl.Series("meaning", self.meanings)
        if self.estimate is None:
            values = {"parameter": list(self.parameters), "estimate": list(self.parameters.values())}
            return pl.DataFrame(values).with_columns(meaning)
        return self.confidence_intervals().with_columns(meaning)

    @property
    def parameters(self) -> dict[str, float]:
        """Parameter -> value."""
        return {name: float(getattr(self, name)) for name in self.names}

    @property
    def log_parameters(self) -> Vector:
        """Natural logarithms of the parameters."""
        logs: Vector = np.log(np.array(list(self.parameters.values())))
        return logs

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the customers that the model was fitted on, without any penalty."""
        return self._estimate.log_likelihood

    @property
    def n_customers(self) -> float:
        """How many customers the model was fitted on: the sum of their weights."""
        return self._estimate.n_customers

    @property
    def aic(self) -> float:
        """Akaike's information criterion; lower is better."""
        return 2 * len(self.names) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        """Schwarz's information criterion, with the number of customers as sample size; lower is better."""
        return len(self.names) * float(np.log(self.n_customers)) - 2 * self.log_likelihood

    @property
    def covariance(self) -> Matrix:
        """Covariance of the estimates, in the order of `names`: that of the log-parameters, by the delta method."""
        values = np.exp(self.log_parameters)
        covariance: Matrix = self._estimate.log_covariance * np.outer(values, values)
        return covariance

    @property
    def standard_errors(self) -> dict[str, float]:
        """Parameter -> standard error of its estimate."""
        return dict(zip(self.names, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    def confidence_intervals(self, level: float = 0.95) -> pl.DataFrame:
        """Wald intervals on the log scale, so that both ends are positive: parameter, estimate, low, high."""
        if not 0 < level < 1:
            raise ParamsError(f"level is {level}; it must lie between 0 and 1.")
        reach = special.ndtri((1 + level) / 2) * np.sqrt(np.diag(self._estimate.log_covariance))
        return pl.DataFrame(
            {
                "parameter": self.names,
                "estimate": np.exp(self.log_parameters),
                "low": np.exp(self.log_parameters - reach),
                "high": np.exp(self.log_parameters + reach),
            }
        )

    def draws(self, n: int = 1_000, seed: int = 0, *, method: Method = "likelihood") -> Draws:
        """Draws of the parameters that these customers allow, for whatever is computed from them.

        "likelihood" draws in proportion to the likelihood of the log-parameters and a weak prior, which matters where
        the data leave a parameter open (the penalty given to `fit` takes its place). "bootstrap" fits the model again
        to `n` samples of the customers, drawn with replacement. A model read by `from_dict` has no customers: the
        normal approximation serves it, the bootstrap cannot.
        """
        if n < 1 or method not in get_args(Method):
            raise ParamsError(
                f"draws: n is {n}, method {method!r}; n must be 1 or more, method likelihood or bootstrap."
            )
        asked = n, seed, method
        if asked not in self._drawn:
            self._drawn[asked] = self._draw(n, seed, method)
        return self._drawn[asked]

    @cached_property
    def _drawn(self) -> dict[tuple[int, int, Method], Draws]:
        """Those that were asked for so far: values and groups rest on the same."""
        return {}

    def _draw(self, n: int, seed: int, method: Method) -> Draws:
        estimate, point = self._estimate, self.log_parameters
        if method == "bootstrap":
            if estimate.likelihood is None:
                raise ParamsError(f"This {type(self).__name__} was read without its customers: fit it to bootstrap.")
            return from_bootstrap(estimate.likelihood, point, n, seed)
        if estimate.likelihood is None:
            return from_normal(self.names, point, estimate.log_covariance, n, seed)
        return from_likelihood(estimate.likelihood, point, estimate.log_covariance, n, seed)

    def at_draws(self, draws: Draws) -> list[Self]:
        """The model at each draw of its parameters."""
        return [replace(self, **dict(zip(self.names, row, strict=True)), estimate=None) for row in draws.data.rows()]

    def to_dict(self) -> dict[str, Any]:
        """Everything but the customers, as plain JSON; `from_dict` reads it back."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("estimate", *self.names)}
        estimate = None if self.estimate is None else self.estimate.to_dict()
        return {"model": type(self).__name__, "parameters": self.parameters, **own, "estimate": estimate}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Self:
        """The model that `to_dict` wrote; ParamsError if it is another model's, or not a model."""
        missing = [key for key in ("model", "parameters") if key not in saved]
        if missing:
            raise ParamsError(f"This is not a saved {cls.__name__}: it lacks {' and '.join(missing)}.")
        if saved.get("model") != cls.__name__:
            raise ParamsError(f"These are the parameters of {saved.get('model')!r}, not of {cls.__name__!r}.")
        own = {key: value for key, value in saved.items() if key not in ("model", "parameters", "estimate")}
        estimate = saved.get("estimate")
        try:
            if estimate is not None:
                estimate = Estimate(
                    **{**estimate, "log_covariance": np.array(estimate["log_covariance"], dtype=float)}
                )
            return cls(**saved["parameters"], **own, estimate=estimate)
        except ClvlabError:
            raise
        except (KeyError, TypeError, ValueError) as error:
            raise ParamsError(f"This is not a saved {cls.__name__}: {error}.") from None

    @property
    def _estimate(self) -> Estimate:
        if self.estimate is None:
            raise ParamsError(f"This {type(self).__name__} was given its parameters, not fitted: it knows no errors.")
        return self.estimate


def check_penalty(penalty: float, *, prior: bool = False) -> None:
    """Raise ParamsError unless the penalty is a finite number of 0 or more, and 0 where there is a prior."""
    if not (isinstance(penalty, Real) and 0 <= penalty < np.inf):
        raise ParamsError(f"penalty is {penalty}; it must be a finite number, 0 or more.")
    if penalty and prior:
        raise ParamsError(f"penalty is {penalty} and there is a prior: a penalty is one, too. Give one of them.")
