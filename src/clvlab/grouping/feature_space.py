"""Where clusters are looked for: customers as points, on standardised logarithms of what they did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.frames import CustomerSummary
from clvlab.grouping.strategy import PROSPECT, UNKNOWN

Matrix = NDArray[np.float64]  # shape (n_customers, n_features)
Labels = NDArray[np.int64]  # shape (n_customers,)

FEATURES = ("days_since_last", "n_purchases", "total_spend")


@dataclass(frozen=True)
class LogScale:
    """Turns features into standardised logarithms: sign(v) log(1 + |v|), less its mean, over its deviation."""

    features: tuple[str, ...]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    @classmethod
    def fit(cls, data: pl.DataFrame, features: tuple[str, ...]) -> "LogScale":
        """Mean and standard deviation of these customers; a constant feature keeps deviation 1."""
        logs = _logs(data, features)
        deviation = logs.std(axis=0)
        return cls(
            features, tuple(logs.mean(axis=0).tolist()), tuple(np.where(deviation > 0, deviation, 1.0).tolist())
        )

    def apply(self, data: pl.DataFrame) -> Matrix:
        """The scaled features, shape (n_customers, n_features)."""
        scaled: Matrix = (_logs(data, self.features) - np.array(self.mean)) / np.array(self.deviation)
        return scaled

    def to_dict(self) -> dict[str, Any]:
        """The scale as plain JSON."""
        return {"features": list(self.features), "mean": list(self.mean), "deviation": list(self.deviation)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "LogScale":
        """The scale that `to_dict` gave."""
        return cls(tuple(stored["features"]), tuple(stored["mean"]), tuple(stored["deviation"]))


def _logs(data: pl.DataFrame, features: tuple[str, ...]) -> Matrix:
    # Sums of money differ in their last bits with the order of the rows; the same money must be the same point.
    values = data.select(pl.col(f).cast(pl.Float64).round(6) for f in features).to_numpy()
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
            f"{feature} {median:.6g} [{low:.6g}, {high:.6g}]"
            for feature, (low, median, high) in zip(self.features, self.quartiles, strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """The quartiles as plain JSON."""
        return {feature: list(quartiles) for feature, quartiles in zip(self.features, self.quartiles, strict=True)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Profile":
        """The profile that `to_dict` gave."""
        return cls(tuple(stored), tuple((low, median, high) for low, median, high in stored.values()))


def clusterable(features: tuple[str, ...]) -> pl.Expr:
    """Whether a customer has bought and every feature is known."""
    return pl.all_horizontal(
        pl.col("n_purchases") > 0, *(pl.col(f).cast(pl.Float64).is_finite().fill_null(False) for f in features)
    )


def by_value(labels: Labels, spend: Matrix) -> list[int]:
    """The clusters' labels, highest mean spend first; negative labels are none."""
    found = np.unique(labels[labels >= 0])
    return [int(label) for label in sorted(found, key=lambda label: -spend[labels == label].mean())]


def codes_of(customers: CustomerSummary, ready: pl.Series, found: list[str]) -> pl.Series:
    """Codes for all customers: `found` for those who are ready, in turn; the others are prospects or unknown."""
    codes = pl.select(pl.when(customers.data["n_purchases"] > 0).then(pl.lit(UNKNOWN)).otherwise(pl.lit(PROSPECT)))
    return codes.to_series().scatter(ready.arg_true(), found)
