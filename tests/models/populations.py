"""Small populations to fit and to predict."""

import numpy as np
import polars as pl


def history(x, t_x, T):
    """One customer."""
    return pl.DataFrame({"frequency": [x], "recency": [float(t_x)], "T": [float(T)]})


def simulated_bg_nbd(n, seed, r=0.6, alpha=8.0, a=0.7, b=2.5, longest=100.0):
    """A population that follows the BG/NBD model, written independently of the package."""
    random = np.random.default_rng(seed)
    rows = []
    for T in random.uniform(0, longest, n):
        rate, p = random.gamma(r, 1 / alpha), random.beta(a, b)
        x, t_x, t = 0, 0.0, random.exponential(1 / rate)
        while t < T:
            x, t_x = x + 1, t
            if random.random() < p:
                break
            t += random.exponential(1 / rate)
        rows.append((x, t_x, T))
    return pl.DataFrame(rows, schema=["frequency", "recency", "T"], orient="row")


def with_spend(customers, seed, p=6.0, q=4.0, gamma=15.0):
    """The same customers with ids, and spend that follows the Gamma-Gamma model, written independently."""
    random = np.random.default_rng(seed)
    nu = random.gamma(q, 1 / gamma, customers.height)
    mean = [random.gamma(p, 1 / n, max(x, 1)).mean() for x, n in zip(customers["frequency"], nu, strict=True)]
    return customers.with_columns(
        customer_id=pl.int_range(pl.len()).cast(pl.String).str.zfill(4),
        monetary_value=pl.when(pl.col("frequency") > 0).then(pl.Series(mean)),
    )
