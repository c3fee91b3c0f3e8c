"""Do intervals hold where the model is not true? Customers of other laws, judged by what they then did.

    python benchmarks/misspecified_coverage.py --populations 200 > benchmarks/misspecified_coverage.md

Each population is 1,000 customers, acquired evenly over two and a half years, who buy by BG/NBD at CDNOW's parameters
(spend Gamma-Gamma) but for one thing:

    true      nothing
    season    everybody's rate rises by up to 60 % and falls as much within the year
    trend     everybody's rate falls to 60 % over the time
    spread    rates are lognormal across customers, of the same mean and variance, rather than gamma
    regular   gaps between purchases are Erlang-3 rather than exponential

BG/NBD, which knows none of it, predicts purchases and spend 26 weeks ahead at up to five past days. Judged are the
90 % intervals of the last of these: of the model alone, and with its own error as the earlier predictions show it
(`clvlab.validation.model_error`); of the total, of cohorts and of RFM groups of 30 customers and more. How many of
100 intervals held, and in brackets half their width in percent of what was predicted (median). Seeds are 0 ..
populations - 1; every population counts, those that cannot be fitted as not held.
"""

import argparse
from datetime import date

import numpy as np
import polars as pl
from tqdm.auto import trange

import clvlab as cl
from clvlab.validation.model_error import SMALLEST_PART

LEVEL, HORIZON, ORIGINS = 0.9, "26 weeks", 5
LAW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
SPEND = {"p": 6.25, "q": 3.74, "gamma": 15.44}
CUSTOMERS, DAYS = 1_000, 913
SEASON, FALL, STEPS = 0.6, 0.4, 3
WORLDS = ("true", "season", "trend", "spread", "regular")


def clock(world):
    """The customers' own time at the beginning of each day: it runs as fast as their rate is high."""
    day = np.arange(DAYS + 1)
    if world == "season":
        return day - SEASON * 365.25 / (2 * np.pi) * (np.cos(2 * np.pi * day / 365.25) - 1)
    if world == "trend":
        return day - FALL * day**2 / (2 * DAYS)
    return day.astype(float)


def rates(world, random):
    """Purchases a day of each customer."""
    shape, scale = LAW["r"], 1 / LAW["alpha"] / 7
    if world != "spread":
        return random.gamma(shape, scale, CUSTOMERS)
    variance = np.log(1 + 1 / shape)
    return random.lognormal(np.log(shape * scale) - variance / 2, np.sqrt(variance), CUSTOMERS)


def population(world, seed):
    """The log of one population."""
    random, own = np.random.default_rng(seed), clock(world)
    rate, leaves = rates(world, random), random.beta(LAW["a"], LAW["b"], CUSTOMERS)
    nu = random.gamma(SPEND["q"], 1 / SPEND["gamma"], CUSTOMERS)
    steps = STEPS if world == "regular" else 1
    who, now = np.arange(CUSTOMERS), np.interp(random.uniform(0, DAYS, CUSTOMERS), np.arange(DAYS + 1), own)
    purchases = [(who, now)]
    while who.size:
        now = now + random.gamma(steps, 1 / (steps * rate[who]))
        who, now = who[now < own[-1]], now[now < own[-1]]
        purchases.append((who, now))
        stays = random.random(who.size) >= leaves[who]
        who, now = who[stays], now[stays]
    who, now = (np.concatenate(each) for each in zip(*purchases, strict=True))
    day = np.datetime64(date(2022, 1, 1)) + np.interp(now, own, np.arange(DAYS + 1)).astype(np.int64)
    amount = random.gamma(SPEND["p"], 1 / nu[who]).clip(0.01)
    frame = pl.DataFrame({"customer_id": who.astype(str), "date": day, "amount": amount})
    return cl.read_transactions(frame)


def judged(log):
    """what, part, and of either interval whether it held and half its width, at the last origin."""
    found = cl.backtest(log, ["bg_nbd"], ORIGINS, HORIZON, groups=cl.strategies["rfm11"].assign, level=LEVEL)
    rows = found.honest_intervals().filter(
        pl.col("origin") == found.origins[-1],
        (pl.col("part") == "total") | (pl.col("customers") >= SMALLEST_PART),
    )
    if rows.is_empty():
        return pl.DataFrame({"what": ["purchases", "spend"], "part": "total", "model": False, "honest": False})
    ends = {"model": ("low", "high"), "honest": ("honest_low", "honest_high")}
    return rows.select(
        "what",
        "part",
        *(pl.col("actual").is_between(*of).alias(name) for name, of in ends.items()),
        *(
            ((pl.col(high) - pl.col(low)) / 2 / pl.col("predicted").clip(1e-9)).alias(f"{name}_width")
            for name, (low, high) in ends.items()
        ),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--populations", type=int, default=200)
    parser.add_argument("--worlds", nargs="+", choices=WORLDS, default=WORLDS)
    arguments = parser.parse_args()
    print(f"{arguments.populations} populations of each law.\n")
    print("| law | what | part | intervals | model alone | with its own error |")
    print("| --- | --- | --- | ---: | ---: | ---: |")
    for world in arguments.worlds:
        parts = [judged(population(world, seed)) for seed in trange(arguments.populations, desc=world)]
        table = pl.concat(parts, how="diagonal").group_by("what", "part", maintain_order=True)
        found = table.agg(pl.len(), pl.col("model", "honest").mean(), pl.col("model_width", "honest_width").median())
        for row in found.iter_rows(named=True):
            ways = (f"{100 * row[way]:.0f} ({100 * row[f'{way}_width']:.0f})" for way in ("model", "honest"))
            print(f"| {world} | {row['what']} | {row['part']} | {row['len']} | {' | '.join(ways)} |", flush=True)


if __name__ == "__main__":
    main()
