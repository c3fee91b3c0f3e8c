"""Clusters: customers who are alike in recency, frequency and spend, found rather than defined."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import polars as pl

from clvlab.frames import CustomerSummary
from clvlab.grouping.feature_space import (
    FEATURES,
    ClusterRule,
    FeatureStrategy,
    Labels,
    LogScale,
    Matrix,
    Profile,
    by_value,
)
from clvlab.grouping.strategy import UNKNOWN

SAMPLE = 2_000
STARTED_FROM = 25_000
"""Starts of k-means are tried on so many customers; what they find is then run to its end on all."""
MAX_K = 8


@dataclass(frozen=True)
class Clusters(FeatureStrategy):
    """k-means on the standardised logarithms of recency, frequency and spend; prospects are apart.

    Clusters are numbered by their mean spend: `cluster_1` is the most valuable. Neither the order nor the names
    of customers matter. Of more than 25,000 buyers, so many, drawn at random, find where k-means starts on all.

    Parameters
    ----------
    k
        number of clusters, or None for the one of 2..8 with the best silhouette on a sample of 2,000
    seed
        seeds the starts and the sample
    features
        numeric columns of the customer table; a buyer of whom one is not known is `unknown`
    """

    k: int | None = None
    seed: int = 0
    features: tuple[str, ...] = FEATURES
    name: str = field(default="clusters", kw_only=True)

    def fit(self, customers: CustomerSummary) -> "CentreRule":
        buyers = self.buyers(customers)
        scale = LogScale.fit(buyers, self.features)
        if buyers.is_empty():
            return CentreRule(scale, (), ())
        points = scale.apply(buyers)
        labels = self._partition(points)
        members = [labels == label for label in by_value(labels, buyers["total_spend"].to_numpy())]
        centres = tuple(tuple(points[rows].mean(axis=0).tolist()) for rows in members)
        return CentreRule(scale, tuple(Profile.of(buyers.filter(rows), self.features) for rows in members), centres)

    def _partition(self, points: Matrix) -> Labels:
        return _k_means(points, self.k or best_k(points, self.seed), self.seed)


def best_k(points: Matrix, seed: int) -> int:
    """The k of 2..8 whose k-means on a sample of the points has the highest mean silhouette; 1 below 3 points."""
    return _best_k(_drawn(points, SAMPLE, seed).tobytes(), points.shape[1], seed)


@lru_cache(maxsize=32)  # several strategies ask of the same sample, one after the other
def _best_k(points: bytes, n_features: int, seed: int) -> int:
    from sklearn.metrics import pairwise_distances

    sample = np.frombuffer(points).reshape(-1, n_features)
    candidates = range(2, min(MAX_K, _n_distinct(sample) - 1) + 1)
    if not candidates:
        return 1
    partitions = [_k_means(sample, k, seed, n_starts=3) for k in candidates]
    scores = silhouettes(pairwise_distances(sample), partitions)
    return candidates[int(np.argmax(scores))]


def silhouettes(distances: Matrix, partitions: Sequence[Labels]) -> list[float]:
    """The mean silhouette of each partition of points, -1..1, higher is better; of a point by itself it is 0.

    Parameters
    ----------
    distances
        of every pair of points, shape (n_points, n_points)
    partitions
        the cluster of each point, two clusters or more

    Reference
    ---------
    Rousseeuw (1987), "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis".
    """
    numbered = [np.unique(labels, return_inverse=True)[1] for labels in partitions]
    members = [np.eye(int(labels.max()) + 1)[labels] for labels in numbered]
    # The distances are read once for all partitions: that is what takes time.
    sums = np.hsplit(distances @ np.hstack(members), np.cumsum([of_each.shape[1] for of_each in members])[:-1])
    return [_silhouette(*of_one) for of_one in zip(sums, numbered, strict=True)]


def _silhouette(sums: Matrix, labels: Labels) -> float:
    """The mean silhouette, from each point's summed distances to the members of each cluster."""
    size, rows = np.bincount(labels), np.arange(labels.size)
    alone = size[labels] == 1
    within = sums[rows, labels] / np.where(alone, 1, size[labels] - 1)
    means = sums / size
    means[rows, labels] = np.inf
    nearest = means.min(axis=1)
    most = np.maximum(within, nearest)
    # Of points that are all alike nothing is far from anything.
    return float(np.where(alone | (most == 0), 0.0, (nearest - within) / np.where(most == 0, 1.0, most)).mean())


def _k_means(points: Matrix, k: int, seed: int, n_starts: int = 10) -> Labels:
    """The cluster of each point, at most `k`; of very many points, some find where all start."""
    from sklearn.cluster import KMeans

    # Several starts, each run to its end: the same customers whatever the seed, wherever the data let it.
    some = _drawn(points, STARTED_FROM, seed)
    best = KMeans(min(k, _n_distinct(some)), n_init=n_starts, max_iter=1_000, tol=1e-6, random_state=seed).fit(some)
    if len(some) < len(points):
        start = best.cluster_centers_
        best = KMeans(len(start), init=start, n_init=1, max_iter=1_000, tol=1e-6, random_state=seed).fit(points)
    return np.asarray(best.labels_, dtype=np.int64)


def _drawn(points: Matrix, most: int, seed: int) -> Matrix:
    """So many of the points at most, in their order."""
    if len(points) <= most:
        return points
    return points[np.sort(np.random.default_rng(seed).choice(len(points), most, replace=False))]


def _n_distinct(points: Matrix) -> int:
    return len(np.unique(points, axis=0))


@dataclass(frozen=True)
class CentreRule(ClusterRule):
    """Centres on the log scale, most valuable first; a customer belongs to the nearest."""

    kind: ClassVar[str] = "centres"

    centres: tuple[tuple[float, ...], ...]

    def codes(self, points: Matrix) -> pl.Series:
        if not self.centres:
            return pl.repeat(UNKNOWN, len(points), eager=True)
        distances = np.stack([((points - np.array(centre)) ** 2).sum(axis=1) for centre in self.centres])
        codes = [f"cluster_{number}" for number in range(1, len(self.centres) + 1)]
        return pl.Series(codes, dtype=pl.Enum(codes)).gather(distances.argmin(axis=0))

    def to_dict(self) -> dict[str, Any]:
        return {**super().to_dict(), "centres": [list(centre) for centre in self.centres]}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "CentreRule":
        return cls(
            LogScale.from_dict(stored["scale"]),
            tuple(Profile.from_dict(entry) for entry in stored["profiles"]),
            tuple(tuple(centre) for centre in stored["centres"]),
        )
