"""The customers that benchmarks are run on: BG/NBD with CDNOW's parameters, acquired over two years, to the day."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

LAW = {"r": 0.2426, "alpha": 4.4136, "a": 0.7929, "b": 2.4259}  # weeks
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
DAYS, YEAR = 730, 365
FIRST_DAY = date(2022, 1, 1)


@dataclass(frozen=True)
class Population:
    """One value per customer; times in weeks; spend 0 without a repeat purchase."""

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    m: np.ndarray

    def __len__(self):
        return self.x.size

    @property
    def n_distinct(self):
        """Distinct (x, t_x, T)."""
        return len(np.unique(np.column_stack([self.x, self.t_x, self.T]), axis=0))


def simulate(n, seed=0):
    """`n` customers; all purchases of a day are one, and the day of the first is not repeated."""
    random = np.random.default_rng(seed)
    T = random.integers(1, DAYS + 1, n) / 7
    rate = random.gamma(LAW["r"], 1 / LAW["alpha"], n)
    leaves = random.beta(LAW["a"], LAW["b"], n)
    x, t_x, now = np.zeros(n), np.zeros(n), np.zeros(n)
    active = np.arange(n)
    while active.size:
        now[active] += random.exponential(1 / rate[active])
        active = active[now[active] <= T[active]]
        day = np.minimum(np.ceil(now[active] * 7) / 7, T[active])
        again = day > t_x[active]
        x[active[again]] += 1
        t_x[active[again]] = day[again]
        active = active[random.random(active.size) > leaves[active]]
    nu = random.gamma(SPEND["q"], 1 / SPEND["gamma"], n)
    m = np.where(x > 0, random.gamma(SPEND["p"] * np.maximum(x, 1)) / (nu * np.maximum(x, 1)), 0.0)
    return Population(x, t_x, T, m)


def transactions(n, seed=0):
    """What `n` customers bought until a year after the last of them came: customer_id, date, amount, in no order."""
    random = np.random.default_rng(seed)
    rate = random.gamma(LAW["r"], 1 / LAW["alpha"], n) / 7  # a day
    leaves = random.beta(LAW["a"], LAW["b"], n)
    mean = SPEND["p"] / random.gamma(SPEND["q"], 1 / SPEND["gamma"], n)
    now = random.integers(0, DAYS, n).astype(float)
    active, who, when = np.arange(n), [], []
    while active.size:
        who.append(active)
        when.append(now[active].astype(np.int64))
        active = active[random.random(active.size) > leaves[active]]
        now[active] += random.exponential(1 / rate[active])
        active = active[now[active] < DAYS + YEAR]
    who, when = np.concatenate(who), np.concatenate(when)
    order = random.permutation(who.size)
    amount = np.round(random.gamma(SPEND["p"], mean[who] / SPEND["p"]) + 0.01, 2)
    days = pl.Series(np.datetime64(FIRST_DAY) + when[order]).cast(pl.Date)
    ids = "C" + pl.Series(who[order]).cast(pl.String).str.zfill(9)
    return pl.DataFrame({"customer_id": ids, "date": days, "amount": amount[order]})
