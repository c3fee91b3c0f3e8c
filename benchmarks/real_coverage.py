"""Do intervals hold on logs that nobody simulated? Every origin's, judged by what then happened.

    python benchmarks/real_coverage.py
    python benchmarks/real_coverage.py orders.csv --models pareto_nbd
    python benchmarks/real_coverage.py --simulated 100

Logs: CDNOW, whole and sample, unless logs are given: any source that `clvlab.read_transactions` reads by itself. At
up to eight origins the models predict purchases and spend 8, 13 and 26 weeks ahead, in total, by cohort and by RFM
group (parts of 30 customers and more); each origin knows only the predictions that had ended by then. For each way of
making the 90 % interval: the share of origins x horizons x parts in which it held, and half its width relative to
what was predicted (median).

    model         parameters and customers, the model being right
    honest        that and the model's own error (`clvlab.validation.model_error`)
    honest / 2, honest x 2  the same, with half or twice the typical size of an error before any was seen
    conformal     split-conformal: the 90 % quantile of earlier errors; the largest of fewer than nine, else no bound

Last, of single customers: the share whose purchases lie within the central 90 % of the model's distribution for
each, and how far these distributions are off at most, by the probability integral transform
(`clvlab.validation.scores.pit`; means over origins and horizons).

Simulated logs: 1,000 customers acquired evenly over two years, BG/NBD at CDNOW's parameters; as they are, and with a
season that raises everybody's rate by up to 60 % and lowers it as much within the year.
"""

import argparse
import time
from datetime import date, timedelta

import numpy as np
import polars as pl

import clvlab as cl
from clvlab.validation import model_error

LEVEL = 0.9
HORIZONS = ["8 weeks", "13 weeks", "26 weeks"]
LAW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
DAYS, SEASON = 730, 0.6
TYPICAL = model_error.TYPICAL, model_error.TYPICAL_OF_PART


def judged(found):
    """way, what, part, held, width: of each way of making an interval."""
    is_large = (pl.col("part") == "total") | (pl.col("customers") >= model_error.SMALLEST_PART)
    honest = found.honest_intervals().filter(is_large)
    ways = {"model": honest.with_columns(pl.col("low").alias("honest_low"), pl.col("high").alias("honest_high"))}
    ways |= {"honest": honest, "conformal": conformal(honest)}
    for name, factor in (("honest / 2", 0.5), ("honest x 2", 2.0)):
        model_error.TYPICAL, model_error.TYPICAL_OF_PART = (size * factor for size in TYPICAL)
        ways[name] = found.honest_intervals().filter(is_large)
    model_error.TYPICAL, model_error.TYPICAL_OF_PART = TYPICAL
    return pl.concat(
        rows.select(
            pl.lit(way).alias("way"),
            "what",
            "part",
            held=pl.col("actual").is_between("honest_low", "honest_high"),
            width=(pl.col("honest_high") - pl.col("honest_low")) / 2 / pl.col("predicted").clip(lower_bound=1e-9),
        )
        for way, rows in ways.items()
    )


def single(found):
    """within_90, pit_deviation: of single customers, at each origin and horizon."""
    return found.customers.filter(what="purchases").drop_nulls("within_90").select("within_90", "pit_deviation")


def conformal(rows):
    """The earlier errors of the same part of the same horizon that had ended, of any group or cohort."""
    half = pl.col("half_purchase")
    log = ((pl.col("actual").clip(lower_bound=0) + half) / (pl.col("predicted") + half)).log().abs()
    rows = rows.with_columns(miss=log)
    reach = []
    for row in rows.iter_rows(named=True):
        same = all_of(rows, row, "method", "what", "part", "horizon")
        earlier = np.sort(same.filter(pl.col("end") <= row["origin"])["miss"].to_numpy())
        place = int(np.ceil(LEVEL * (earlier.size + 1))) - 1
        reach.append(earlier[min(place, earlier.size - 1)] if earlier.size else np.inf)
    factor = pl.Series(reach, dtype=pl.Float64).exp()
    centre = pl.col("predicted")
    return rows.drop("miss").with_columns(honest_low=centre / factor, honest_high=centre * factor)


def all_of(rows, row, *columns):
    return rows.filter(pl.all_horizontal(pl.col(column) == row[column] for column in columns))


def simulated(seed, season):
    """A log without amounts: BG/NBD, and its purchases moved to where the season has them."""
    random, n = np.random.default_rng(seed), 1_000
    rate = random.gamma(LAW["r"], 1 / LAW["alpha"], n) / 7
    leaves = random.beta(LAW["a"], LAW["b"], n)
    # In its own time the season is even; the calendar runs faster where the rate is low.
    day = np.arange(0, DAYS + 1)
    own = day + season * DAYS / 2 / (2 * np.pi) * (1 - np.cos(4 * np.pi * day / DAYS))
    rows = []
    for i in range(n):
        born = random.uniform(0, DAYS)
        t, has_left = np.interp(born, day, own), False
        rows.append((f"{i:04d}", date(2023, 1, 1) + timedelta(days=int(born))))
        while not has_left and (t := t + random.exponential(1 / rate[i])) < own[-1]:
            rows.append((f"{i:04d}", date(2023, 1, 1) + timedelta(days=int(np.interp(t, own, day)))))
            has_left = random.random() < leaves[i]
    return cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date"], orient="row"))


def show(name, found, started):
    parts, singles = zip(*found, strict=True)
    table = (
        pl.concat(parts)
        .group_by("way", "what", "part", maintain_order=True)
        .agg(
            pl.len().alias("of"),
            held=(100 * pl.col("held").mean()).round(0),
            width=(100 * pl.col("width").median()).round(0),
        )
    )
    print(f"\n{name}, {time.monotonic() - started:.0f} s")
    if table.is_empty():
        print("no model could be fitted at any origin", flush=True)
        return
    for (what, part), rows in table.group_by("what", "part", maintain_order=True):
        ways = "  ".join(f"{row['way']} {row['held']:.0f} ({row['width']:.0f})" for row in rows.iter_rows(named=True))
        print(f"{what:9} {part:6} of {rows['of'][0]:4}: {ways}", flush=True)
    within, off = pl.concat(singles).mean().row(0)
    print(f"single customers: {within:.1%} within the central 90 %, off by {100 * off:.1f} points", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--models", nargs="+", default=["bg_nbd"])
    parser.add_argument("--simulated", type=int, default=0, help="how many logs of each kind, instead of real ones")
    arguments = parser.parse_args()

    def backtested(log):
        groups = cl.strategies["rfm11" if log.has_amounts else "lifecycle5"].assign
        found = cl.backtest(log, arguments.models, 8, HORIZONS, groups=groups, level=LEVEL)
        return judged(found), single(found)

    started = time.monotonic()
    if arguments.simulated:
        for name, season in (("BG/NBD", 0.0), ("BG/NBD with a season", SEASON)):
            found = [backtested(simulated(seed, season)) for seed in range(arguments.simulated)]
            show(f"{arguments.simulated} logs of {name}", found, started)
        return
    logs = {"CDNOW, sample": lambda: cl.datasets.cdnow(sample=True), "CDNOW": cl.datasets.cdnow}
    if arguments.sources:
        logs = {source: lambda source=source: cl.read_transactions(source) for source in arguments.sources}
    for name, read in logs.items():
        log = read()
        size = f"{log.data['customer_id'].n_unique():,} customers, {log.data.height:,} rows"
        show(f"{name} ({size})", [backtested(log)], started)


if __name__ == "__main__":
    main()
