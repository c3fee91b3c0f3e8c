"""Clusters: customers who are alike in recency, frequency and spend, found rather than defined."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.strategy import PROSPECT, Group, Rule, Strategy

Matrix = NDArray[np.float64]  # shape (n_customers, n_features)
Labels = NDArray[np.int64]  # shape (n_customers,)

FEATURES = ("days_since_last", "n_purchases", "total_spend")
SAMPLE = 2_000
MAX_K = 8


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


def _logs(data: pl.DataFrame, features: tuple[str, ...]) -> Matrix:
    values = data.select(pl.col(f).cast(pl.Float64).round(6) for f in features).to_numpy()
    logs: Matrix = np.sign(values) * np.log1p(np.abs(values))
    return logs


@dataclass(frozen=True)
class Profile:
    """A cluster in the user's units: for each feature its lower quartile, median and upper quartile."""

    size: int
    quartiles: tuple[tuple[float, float, float], ...]

    def text(self, features: tuple[str, ...]) -> str:
        """Such as ``days_since_last 12 [5, 30], n_purchases 4 [3, 7]``: median, quartiles in brackets."""
        return ", ".join(
            f"{feature} {median:.6g} [{low:.6g}, {high:.6g}]"
            for feature, (low, median, high) in zip(features, self.quartiles, strict=True)
        )


@dataclass(frozen=True)
class Clusters(Strategy):
    """k-means on the standardised logarithms of recency, frequency and spend; prospects stand apart.

    Clusters are numbered by their mean spend: `cluster_1` is the most valuable. Neither the order nor the names
    of customers matter.

    Parameters
    ----------
    k : number of clusters, or None for the one of 2..8 with the best silhouette on a sample of 2,000
    seed : seeds the starts and the sample
    features : columns of the customer table, numeric and known for every buyer
    """

    k: int | None = None
    seed: int = 0
    features: tuple[str, ...] = FEATURES
    name: str = field(default="clusters", kw_only=True)

    def __post_init__(self) -> None:
        if self.k is not None and self.k < 1:
            raise ParamsError(f"k is {self.k!r}; the number of clusters must be 1 or more, or None to choose it.")

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(self.features) | {"n_purchases", "total_spend"}

    def fit(self, customers: CustomerSummary) -> "CentreRule":
        customers.require(self.needs, self.name)
        buyers = customers.data.filter(pl.col("n_purchases") > 0)
        if buyers.is_empty():
            return CentreRule(LogScale(self.features, (), ()), (), ())
        scale = LogScale.fit(buyers, self.features)
        points = scale.apply(buyers)
        # k-means draws its starts by position: in a fixed order of the points the customers' order cannot matter.
        order = np.lexsort(points.T)
        labels = np.empty(len(points), dtype=np.int64)
        labels[order] = self._partition(points[order])
        by_value = _by_value(labels, buyers["total_spend"].to_numpy())
        members = [labels == label for label in by_value]
        centres = tuple(tuple(points[rows].mean(axis=0).tolist()) for rows in members)
        return CentreRule(scale, centres, tuple(_profile(buyers.filter(rows), self.features) for rows in members))

    def _partition(self, points: Matrix) -> Labels:
        n_distinct = len(np.unique(points, axis=0))
        k = self.k or best_k(points, range(2, min(MAX_K, n_distinct - 1) + 1), self.seed)
        return _k_means(points, min(k, n_distinct), self.seed)


def best_k(points: Matrix, ks: range, seed: int) -> int:
    """The k whose k-means on a sample of the points has the highest mean silhouette; 1 if `ks` is empty."""
    from sklearn.metrics import silhouette_score

    rows = np.random.default_rng(seed).choice(len(points), min(SAMPLE, len(points)), replace=False)
    sample = points[np.sort(rows)]
    n_distinct = len(np.unique(sample, axis=0))
    scores = {k: silhouette_score(sample, _k_means(sample, k, seed)) for k in ks if k < n_distinct}
    return max(scores, key=scores.__getitem__, default=1)


def _k_means(points: Matrix, k: int, seed: int) -> Labels:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(k, n_init=4, random_state=seed).fit_predict(points), dtype=np.int64)


def _by_value(labels: Labels, spend: Matrix) -> list[int]:
    """Labels, highest mean spend first."""
    found = np.unique(labels)
    return [int(label) for label in sorted(found, key=lambda label: -spend[labels == label].mean())]


def _profile(members: pl.DataFrame, features: tuple[str, ...]) -> Profile:
    quartiles = members.select(
        pl.col(f).quantile(q, "linear").alias(f"{f}{q}") for f in features for q in (0.25, 0.5, 0.75)
    )
    numbers = [float(value) for value in quartiles.row(0)]
    return Profile(members.height, tuple(zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True)))


@dataclass(frozen=True)
class CentreRule(Rule):
    """Centres on the log scale, most valuable first; a customer belongs to the nearest.

    `profiles` say in the user's units what the customers of each cluster were like when it was found.
    """

    kind: ClassVar[str] = "centres"

    scale: LogScale
    centres: tuple[tuple[float, ...], ...]
    profiles: tuple[Profile, ...]

    @property
    def needs(self) -> frozenset[str]:
        return frozenset(self.scale.features) | {"n_purchases"}

    @property
    def groups(self) -> tuple[Group, ...]:
        found = (
            Group(f"cluster_{rank}", rank, profile.text(self.scale.features))
            for rank, profile in enumerate(self.profiles, start=1)
        )
        return (*found, Group(PROSPECT, None, "n_purchases == 0"))

    def label(self, customers: CustomerSummary) -> pl.Series:
        bought = customers.data["n_purchases"] > 0
        points = self.scale.apply(customers.data.filter(bought))
        distances = np.stack([((points - np.array(centre)) ** 2).sum(axis=1) for centre in self.centres], axis=1)
        codes = np.full(len(customers), PROSPECT, dtype=object)
        codes[bought.to_numpy()] = [f"cluster_{nearest + 1}" for nearest in distances.argmin(axis=1)]
        return pl.Series(codes.tolist(), dtype=pl.String)

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "features": list(self.scale.features),
            "mean": list(self.scale.mean),
            "deviation": list(self.scale.deviation),
            "centres": [list(centre) for centre in self.centres],
            "profiles": [[profile.size, *map(list, profile.quartiles)] for profile in self.profiles],
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "CentreRule":
        scale = LogScale(tuple(stored["features"]), tuple(stored["mean"]), tuple(stored["deviation"]))
        profiles = tuple(
            Profile(size, tuple((low, median, high) for low, median, high in quartiles))
            for size, *quartiles in stored["profiles"]
        )
        return cls(scale, tuple(tuple(centre) for centre in stored["centres"]), profiles)
