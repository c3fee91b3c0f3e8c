"""Where clusters are looked for: customers as points, on standardised logarithms of what they did."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.columns import CUSTOMERS
from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.strategy import PROSPECT, UNKNOWN, Group, Rule, Strategy
from clvlab.shares import comparable

Matrix = NDArray[np.float64]  # shape (n_customers, n_features)
Labels = NDArray[np.int64]  # shape (n_customers,)

FEATURES = ("days_since_last", "n_purchases", "total_spend")
_COUNTED = {column.name for column in CUSTOMERS if column.unit in ("days", "orders", "purchase days")}


@dataclass(frozen=True)
class LogScale:
    """Turns features into standardised logarithms: sign(v) log(1 + |v| / unit), less its mean, over its deviation.

    The unit is 1 for days and counts. Anything else, money above all, is measured in fiftieths of the median of those
    above 0, so that the currency does not matter: small enough that the logarithm compares ratios, and no smaller, so
    that a few cents and nothing stay close together.
    """

    features: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    unit: tuple[float, ...]

    @classmethod
    def fit(cls, data: pl.DataFrame, features: tuple[str, ...]) -> "LogScale":
        """Mean and standard deviation of these customers; the deviation is 1 where there is no spread."""
        unit = tuple(_unit(data[feature], feature) for feature in features)
        if data.is_empty():
            return cls(features, (0.0,) * len(features), (1.0,) * len(features), unit)
        logs = _logs(data, features, unit)
        deviation = logs.std(axis=0)
        spread = np.where(deviation > 0, deviation, 1.0)
        return cls(features, tuple(logs.mean(axis=0).tolist()), tuple(spread.tolist()), unit)

    def apply(self, data: pl.DataFrame) -> Matrix:
        """The scaled features, shape (n_customers, n_features)."""
        scaled: Matrix = (_logs(data, self.features, self.unit) - np.array(self.mean)) / np.array(self.deviation)
        return scaled

    def to_dict(self) -> dict[str, Any]:
        """The scale as plain JSON."""
        return {name: list(values) for name, values in asdict(self).items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "LogScale":
        """The scale that `to_dict` gave."""
        return cls(**{name: tuple(values) for name, values in stored.items()})


class FeatureStrategy(Strategy):
    """What strategies that look for clusters share: the buyers among whom they look, and the number of clusters."""

    k: int | None
    features: tuple[str, ...]

    def __post_init__(self) -> None:
        check_k(self.k)

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(self.features) | {"n_purchases", "total_spend"}

    def buyers(self, customers: CustomerSummary) -> pl.DataFrame:
        """The customers who can be points, in an order that does not depend on their own: sums and draws do."""
        customers.require(self.needs, self.name)
        return customers.data.filter(clusterable(self.features)).sort(*self.features, "total_spend")


def _unit(values: pl.Series, feature: str) -> float:
    """What one is on the logarithmic scale, in the feature's own unit."""
    above_zero = values.filter(values > 0).to_numpy()
    return 1.0 if feature in _COUNTED or not above_zero.size else float(np.median(above_zero)) / 50


def _logs(data: pl.DataFrame, features: tuple[str, ...], unit: tuple[float, ...]) -> Matrix:
    # Rounded after the division: the same money must be the same point, whatever the currency.
    columns = [comparable(pl.col(feature) / one) for feature, one in zip(features, unit, strict=True)]
    values = data.select(columns).to_numpy()
    logs: Matrix = np.sign(values) * np.log1p(np.abs(values))
    return logs


@dataclass(frozen=True)
class Profile:
    """A cluster in the user's units: for each feature its lower quartile, median and upper quartile."""

    features: tuple[str, ...]
    quartiles: tuple[tuple[float, float, float], ...]

    @classmethod
    def of(cls, members: pl.DataFrame, features: tuple[str, ...]) -> "Profile":
        """The profile of these customers."""
        low, middle, high = (members.select(pl.col(features).quantile(q, "linear")).row(0) for q in (0.25, 0.5, 0.75))
        return cls(features, tuple(zip(map(float, low), map(float, middle), map(float, high), strict=True)))

    @property
    def text(self) -> str:
        """Such as ``days_since_last 12 [5, 30], n_purchases 4 [3, 7]``: median, quartiles in brackets."""
        return ", ".join(
            f"{feature} {_written(median)} [{_written(low)}, {_written(high)}]"
            for feature, (low, median, high) in zip(self.features, self.quartiles, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """The quartiles as plain JSON."""
        return {feature: list(quartiles) for feature, quartiles in zip(self.features, self.quartiles, strict=True)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Profile":
        """The profile that `to_dict` gave."""
        return cls(tuple(stored), tuple((low, median, high) for low, median, high in stored.values()))


def _written(figure: float) -> str:
    """To the hundredth, never with an exponent.

    >>> _written(1_234_567.891), _written(30.0)
    ('1234567.89', '30')
    """
    return np.format_float_positional(round(figure, 2), trim="-")


def clusterable(features: tuple[str, ...]) -> pl.Expr:
    """Whether a customer has bought and every feature is known."""
    return pl.all_horizontal(
        pl.col("n_purchases") > 0, *(pl.col(f).cast(pl.Float64).is_finite().fill_null(False) for f in features)
    )


def by_value(labels: Labels, spend: Matrix) -> list[int]:
    """The clusters' labels, highest mean spend first; negative labels are none."""
    found = np.unique(labels[labels >= 0])
    return [int(label) for label in sorted(found, key=lambda label: -spend[labels == label].mean())]


@dataclass(frozen=True)
class ClusterRule(Rule):
    """A rule that finds a customer's cluster from where they are; prospects are a group of their own.

    Attributes
    ----------
    scale : turns customers into points
    profiles : what the customers of each cluster were like when it was found, most valuable cluster first
    """

    scale: LogScale
    profiles: tuple[Profile, ...]

    @abstractmethod
    def codes(self, points: Matrix) -> pl.Series:
        """The code of each point's cluster; unknown where there are no clusters."""

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(self.scale.features) | {"n_purchases"}

    @property
    def groups(self) -> tuple[Group, ...]:
        found = (Group(f"cluster_{rank}", rank, profile.text) for rank, profile in enumerate(self.profiles, start=1))
        return (*found, Group(PROSPECT, None, "n_purchases == 0"), Group(UNKNOWN, None, "–"))

    def label(self, customers: CustomerSummary) -> pl.Series:
        bought = pl.col("n_purchases") > 0
        data = customers.data.select(*self.needs)
        ready = data.select(clusterable(self.scale.features)).to_series()
        if ready.all() and data.height:
            return self.codes(self.scale.apply(data))
        rest = data.select(pl.when(bought).then(pl.lit(UNKNOWN)).otherwise(pl.lit(PROSPECT))).to_series()
        if not ready.any():
            return rest
        codes = self.codes(self.scale.apply(data.filter(ready)))
        return rest.scatter(ready.arg_true(), codes.cast(pl.String()))

    def to_dict(self) -> dict[str, Any]:
        profiles = [profile.to_dict() for profile in self.profiles]
        return {"kind": self.kind, "scale": self.scale.to_dict(), "profiles": profiles}


def check_k(k: int | None) -> None:
    """ParamsError unless `k` can be a number of clusters, or None."""
    if k is not None and k < 1:
        raise ParamsError(f"k is {k!r}; the number of clusters must be 1 or more, or None to choose it.")
