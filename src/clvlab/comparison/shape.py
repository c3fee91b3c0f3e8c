"""How a grouping is shaped: how even its groups are, whom it covers, how far apart its clusters lie."""

import numpy as np

from clvlab.arrays import Flags, Labels, Matrix

_SAMPLE = 2_000


def balance(groups: Labels) -> float:
    """How even the groups are: their entropy over that of equal groups, 0..1; NaN for a single group.

    Examples
    --------
    >>> balance(np.array([0, 0, 1, 1])), round(balance(np.array([0, 0, 0, 1])), 4)
    (1.0, 0.8113)

    Reference
    ---------
    Pielou (1966), "The measurement of diversity in different types of biological collections".
    """
    share = np.unique(groups, return_counts=True)[1] / groups.size
    return float(-(share @ np.log(share)) / np.log(share.size)) if share.size > 1 else float("nan")


def coverage(known: Flags) -> float:
    """Share of customers of whom the grouping knows what it reads: 0..1.

    Examples
    --------
    >>> coverage(np.array([True, False, True, True]))
    0.75
    """
    return float(known.mean())


def cluster_separation(points: Matrix, groups: Labels, seed: int) -> dict[str, float]:
    """Mean silhouette (-1..1, higher is better), Calinski-Harabasz (higher) and Davies-Bouldin (0.., lower).

    The silhouette is that of a sample of 2,000 customers. All are NaN where there is one group, or one customer each.

    Reference
    ---------
    Rousseeuw (1987); Calinski & Harabasz (1974); Davies & Bouldin (1979).
    """
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

    names = ("silhouette", "calinski_harabasz", "davies_bouldin")
    rows = np.random.default_rng([seed, 3]).permutation(groups.size)[:_SAMPLE]
    if not 1 < np.unique(groups[rows]).size < rows.size:
        return dict.fromkeys(names, float("nan"))
    scores = (
        silhouette_score(points[rows], groups[rows]),
        calinski_harabasz_score(points, groups),
        davies_bouldin_score(points, groups),
    )
    return dict(zip(names, map(float, scores), strict=True))
