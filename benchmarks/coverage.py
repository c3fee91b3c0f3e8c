"""Do intervals hold what they promise? Populations of a known law, fitted, and judged on their true future.

    python benchmarks/coverage.py --model BgNbd --populations 2000 --out benchmarks/coverage_bg_nbd.csv

Every population is simulated here, without the package: 2,000 customers acquired evenly over two years at CDNOW's
parameters, with spend (or as many over as many weeks as the arguments say). The models are fitted to their histories;
the 90 % intervals are then compared with the true parameters, against what the customers really bring in the next 52
weeks (in total, and in the groups "none", "few" and "many" by repeat purchases), and against each customer's true
number of purchases. Seeds are 0 .. populations - 1; every population counts, those that cannot be fitted included.
With `--attribute` customers are of three kinds, who buy once, 1.8 and 0.6 times as often, and the model knows the
kind (`CovariateModel`); of its parameters those are judged that do not depend on which kind is the reference.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

import clvlab as cl
from clvlab.errors import ConvergenceError
from clvlab.models.simulation import Buyers, simulated_purchases

AHEAD = 52.0
LEVEL, N_DRAWS, N_COUNTS = 0.9, 400, 100
FACTORS = (1.0, 1.8, 0.6)
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
LAWS = {
    "BgNbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    "MbgNbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "ParetoNbd": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
}


@dataclass
class Tally:
    """How often each interval held, and where purchase counts fell among their futures (deciles of the PIT)."""

    held: Counter = field(default_factory=Counter)
    tried: Counter = field(default_factory=Counter)
    pit: np.ndarray = field(default_factory=lambda: np.zeros(10))
    failures: int = 0

    def note(self, what, held):
        self.held[what] += int(np.sum(held))
        self.tried[what] += int(np.size(held))


def population(model, customers, oldest, seed, *, has_attribute=False):
    """Histories of customers, and what each buys in the time ahead."""
    law, random = LAWS[model], np.random.default_rng(seed)
    T = random.uniform(1.0, oldest, customers)
    kind = random.integers(0, len(FACTORS), customers) if has_attribute else np.zeros(customers, dtype=int)
    rate = random.gamma(law["r"], 1 / law["alpha"], customers) * np.array(FACTORS)[kind]
    until, last = _leaving(model, law, customers, random)
    arrivals = random.poisson(rate * np.minimum(until, T + AHEAD))
    who = np.repeat(np.arange(customers), arrivals)
    when = random.random(who.size) * np.minimum(until, T + AHEAD)[who]
    order = np.lexsort((when, who))
    who, when = who[order], when[order]
    place = np.arange(who.size) - np.repeat(np.cumsum(arrivals) - arrivals, arrivals) + 1
    there = place <= last[who]
    who, when = who[there], when[there]
    nu = random.gamma(SPEND["q"], 1 / SPEND["gamma"], customers)
    worth = random.gamma(SPEND["p"], 1 / nu[who])
    past = when <= T[who]
    x = np.bincount(who[past], minlength=customers)
    t_x = np.zeros(customers)
    np.maximum.at(t_x, who[past], when[past])
    mean = np.bincount(who[past], worth[past], customers) / np.maximum(x, 1)
    table = pl.DataFrame(
        {
            "customer_id": [f"{i:04d}" for i in range(customers)],
            "frequency": x,
            "recency": t_x,
            "T": T,
            "monetary_value": np.where(x > 0, mean, np.nan),
            "kind": np.array(["a", "b", "c"])[kind],
        }
    )
    count = np.bincount(who[~past], minlength=customers)
    return table, count, np.bincount(who[~past], worth[~past], customers)


def _leaving(model, law, customers, random):
    """When each customer leaves, and after how many repeat purchases, whichever comes first."""
    if model == "ParetoNbd":
        return random.exponential(1 / random.gamma(law["s"], 1 / law["beta"], customers)), np.full(customers, np.inf)
    tries = random.geometric(np.maximum(random.beta(law["a"], law["b"], customers), 1e-15))
    # In MBG/NBD the first purchase, which is not a repeat, can be the last.
    return np.full(customers, np.inf), tries - (model == "MbgNbd")


def judge(name, customers, oldest, seed, tally, *, has_attribute=False):
    """Fit one population and note which of its intervals held."""
    table, count, value = population(name, customers, oldest, seed, has_attribute=has_attribute)
    law = {key: true for key, true in LAWS[name].items() if not (has_attribute and key == "alpha")}
    try:
        model = getattr(cl, name).fit(table, time_unit="week")
        if has_attribute:
            model = cl.CovariateModel.fit(type(model), table, purchase=["kind"], time_unit="week")
        spend = cl.GammaGamma.fit(table)
    except ConvergenceError:
        tally.failures += 1
        return
    for fitted, truth in ((model, law), (spend, SPEND)):
        draws = fitted.draws(N_DRAWS, seed)
        wald, drawn = fitted.confidence_intervals(LEVEL), draws.intervals(LEVEL)
        if fitted is model and not has_attribute:
            _judge_counts(model.at_draws(draws)[:N_COUNTS], table, count, seed, tally)
        for kind, intervals in (("Wald", wald), ("draws", drawn)):
            for row in intervals.filter(pl.col("parameter").is_in(list(truth))).iter_rows(named=True):
                true = truth[row["parameter"]]
                tally.note(f"{row['parameter']} ({kind})", row["low"] <= true <= row["high"])
    repeats = pl.col("frequency")
    group = pl.when(repeats == 0).then(pl.lit("none")).when(repeats < 4).then(pl.lit("few")).otherwise(pl.lit("many"))
    groups = table.select("customer_id", group=group)
    intervals = cl.value_intervals(model, spend, table, AHEAD, groups=groups, level=LEVEL, n_draws=N_DRAWS, seed=seed)
    for row in intervals.iter_rows(named=True):
        there = (groups["group"] == row["group"]).to_numpy() | (row["group"] == "total")
        tally.note(f"value: {row['group']}", row["clv_low"] <= value[there].sum() <= row["clv_high"])


def _judge_counts(worlds, table, count, seed, tally):
    random = np.random.default_rng(seed)
    x, t_x, T = (table[column].to_numpy().astype(float) for column in ("frequency", "recency", "T"))
    buyers = Buyers(x, t_x, T, np.zeros(x.size))
    futures = np.stack([simulated_purchases(world, buyers, AHEAD, random)[0] for world in worlds])
    low, high = np.quantile(futures, [0.05, 0.95], axis=0, method="inverted_cdf")
    tally.note("customer's purchase count", (low <= count) & (count <= high))
    # The true count is one more draw of the same kind: its place among all of them is uniform, ties drawn at random.
    ties = random.random(x.size) * ((futures == count).sum(axis=0) + 1)
    pit = ((futures < count).sum(axis=0) + ties) / (len(worlds) + 1)
    tally.pit += np.histogram(pit, bins=10, range=(0, 1))[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=LAWS, default="BgNbd")
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--weeks", type=float, default=104.0, help="over which they are acquired, evenly")
    parser.add_argument("--populations", type=int, default=2_000)
    parser.add_argument(
        "--attribute", action="store_true", help="customers are of three kinds, which the model knows"
    )
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    tally, started = Tally(), time.monotonic()
    for seed in range(arguments.populations):
        judge(arguments.model, arguments.customers, arguments.weeks, seed, tally, has_attribute=arguments.attribute)
        if seed % 100 == 99:
            print(f"{seed + 1} populations, {time.monotonic() - started:.0f} s", flush=True)
    rows = [("populations fitted", arguments.populations - tally.failures, arguments.populations)]
    rows += [(what, tally.held[what], tally.tried[what]) for what in tally.tried]
    if tally.pit.any():
        rows += [(f"PIT decile {i + 1}", int(hits), int(tally.pit.sum())) for i, hits in enumerate(tally.pit)]
    table = pl.DataFrame(rows, schema=["what", "held", "of"], orient="row").with_columns(
        share=(pl.col("held") / pl.col("of")).round(4)
    )
    with pl.Config(tbl_rows=-1):
        print(table)
    if arguments.out:
        table.write_csv(arguments.out)


if __name__ == "__main__":
    main()
