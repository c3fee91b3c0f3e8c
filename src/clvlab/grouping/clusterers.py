"""Clusters by other means than k-means: mixtures, hierarchies, densities, or any scikit-learn clusterer.

Most of these neither scale to a whole base nor say where a new customer belongs. They are therefore run on a sample,
and everybody joins the nearest sampled customer.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Any, ClassVar, Protocol

import numpy as np
import polars as pl

from clvlab.errors import ParamsError
from clvlab.frames import CustomerSummary
from clvlab.grouping.clusters import SAMPLE, best_k
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
from clvlab.grouping.strategy import UNKNOWN, Group

OUTLIERS = "outliers"
"""The group of customers who are like no cluster, where a clusterer knows such."""
_TOO_FEW = 10
_QUIET = ("hierarchical", "mixture")
# Parallel loops of scikit-learn, which other methods may have, swap the filters of warnings that all threads share.
_ALONE = Lock()


class Clusterer(Protocol):
    """Whatever labels points; negative labels are outliers. Such as any clusterer of scikit-learn."""

    def fit_predict(self, points: Matrix) -> Any:
        """A label for each point."""


@dataclass(frozen=True)
class SampledClusters(FeatureStrategy):
    """Clusters found on a sample of the customers' standardised logarithms; prospects are a group of their own.

    Clusters are numbered by their mean spend: `cluster_1` is the most valuable. Where most customers would be
    outliers, no gap parts them, and all are one cluster.

    Parameters
    ----------
    method
        "mixture" (Gaussian mixture), "hierarchical" (Ward), "hdbscan", or a scikit-learn clusterer, which is cloned
        before use
    k
        number of clusters, or None for the one that suits k-means best; "hdbscan" and clusterers find their own
    seed
        seeds the sample and the mixture
    features
        columns of the customer table
    sample
        most customers that the clusterer sees
    """

    method: str | Clusterer
    k: int | None = None
    seed: int = 0
    features: tuple[str, ...] = FEATURES
    sample: int = SAMPLE

    def __post_init__(self) -> None:
        if isinstance(self.method, str) and self.method not in ("mixture", "hierarchical", "hdbscan"):
            raise ParamsError(
                f"method is {self.method!r}. Choose mixture, hierarchical, hdbscan, or give a clusterer."
            )
        super().__post_init__()

    def fit(self, customers: CustomerSummary) -> "NeighbourRule":
        buyers = self.buyers(customers)
        scale = LogScale.fit(buyers, self.features)
        if buyers.is_empty():
            return NeighbourRule(scale, (), (), ())
        drawn = _draw(buyers, self.sample, self.seed)
        points = scale.apply(drawn)
        labels = self._partition(points)
        best_first = by_value(labels, drawn["total_spend"].to_numpy())
        cluster_of = {label: cluster for cluster, label in enumerate(best_first, start=1)}
        # Customers alike in every feature are one point, and clusterers label them alike.
        clusters = [cluster_of.get(label, 0) for label in labels.tolist()]
        known = dict(zip(map(tuple, points.tolist()), clusters, strict=True))
        profiles = tuple(Profile.of(drawn.filter(labels == label), self.features) for label in best_first)
        return NeighbourRule(scale, profiles, tuple(known), tuple(known.values()))

    def _partition(self, points: Matrix) -> Labels:
        if len(np.unique(points, axis=0)) < max(_TOO_FEW, self.k or 0):
            return np.zeros(len(points), dtype=np.int64)
        with nullcontext() if self.method in _QUIET else _ALONE:
            labels = np.asarray(self._clusterer(points).fit_predict(points), dtype=np.int64)
        return np.zeros_like(labels) if np.mean(labels < 0) > 0.5 else labels

    def _clusterer(self, points: Matrix) -> Any:
        from sklearn.base import clone
        from sklearn.cluster import HDBSCAN, AgglomerativeClustering
        from sklearn.mixture import GaussianMixture

        if not isinstance(self.method, str):
            return clone(self.method)
        if self.method == "hdbscan":
            # As many neighbours as a cluster's least size, the library's default, would make most customers outliers.
            return HDBSCAN(min_cluster_size=max(5, len(points) // 50), min_samples=_TOO_FEW, copy=True)
        k = self.k or best_k(points, self.seed)
        if self.method == "hierarchical":
            return AgglomerativeClustering(k)
        # A floor under the variances keeps a mixture from closing in on customers who are all alike.
        return GaussianMixture(k, n_init=3, random_state=self.seed, reg_covar=1e-3)


def _draw(buyers: pl.DataFrame, size: int, seed: int) -> pl.DataFrame:
    rows = np.random.default_rng(seed).choice(buyers.height, min(size, buyers.height), replace=False)
    return buyers[np.sort(rows)]


@dataclass(frozen=True)
class NeighbourRule(ClusterRule):
    """Sampled customers on the log scale and the clusters they belong to; a customer joins the nearest of them.

    `clusters` counts from 1, the most valuable; 0 is an outlier.
    """

    kind: ClassVar[str] = "neighbours"

    points: tuple[tuple[float, ...], ...]
    clusters: tuple[int, ...]

    @property
    def groups(self) -> tuple[Group, ...]:
        return (*super().groups, Group(OUTLIERS, None, "*"))

    def codes(self, points: Matrix) -> pl.Series:
        from scipy.spatial import KDTree

        if not self.points:
            return pl.repeat(UNKNOWN, len(points), eager=True)
        nearest = KDTree(np.array(self.points)).query(points)[1]
        codes = [f"cluster_{cluster}" if cluster else OUTLIERS for cluster in self.clusters]
        return pl.Series(codes, dtype=pl.Enum(sorted(set(codes)))).gather(nearest)

    def to_dict(self) -> dict[str, Any]:
        points = [list(point) for point in self.points]
        return {**super().to_dict(), "points": points, "clusters": list(self.clusters)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "NeighbourRule":
        return cls(
            LogScale.from_dict(stored["scale"]),
            tuple(Profile.from_dict(entry) for entry in stored["profiles"]),
            tuple(tuple(point) for point in stored["points"]),
            tuple(stored["clusters"]),
        )
