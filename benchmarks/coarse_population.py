"""What the coarser population saves of a fit: the same maximum, by way of it and without it.

    python benchmarks/coarse_population.py

Customers of CDNOW's parameters, acquired over two years, to the day. Whole fits, reading and counting included, are
timed in processor time with and without the coarser population, in turn, as often as `--rounds` says; printed are the
medians, the median of the ratios, and how far apart the two maxima are, in log-parameters.
"""

import argparse
import time

import numpy as np
import polars as pl

import clvlab as cl
from clvlab.models.numerics import maximum

LAWS = {
    "BgNbd": cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week"),
    "MbgNbd": cl.MbgNbd(0.525, 6.183, 0.891, 1.614, time_unit="week"),
    "ParetoNbd": cl.ParetoNbd(0.553, 10.578, 0.606, 11.669, time_unit="week"),
}
SIZES = {"BgNbd": [1e4, 4e4, 1e5, 1e6], "MbgNbd": [1e4, 1e5], "ParetoNbd": [4e3, 1e4, 1e5]}
NEVER = 10**12


def customers(law, n, seed):
    """`n` customers who follow the law; ages and recency in whole days."""
    T = np.random.default_rng(seed).integers(1, 731, n) / 7
    table = law.simulate(n, T, seed)
    return table.with_columns(recency=pl.min_horizontal((pl.col("recency") * 7).ceil() / 7, "T"))


def timed(family, table, many):
    """The model, and the processor milliseconds it took, if populations above `many` are first made coarser."""
    maximum.MANY_DISTINCT = many
    started = time.process_time()
    model = family.fit(table, time_unit="week")
    return model, 1000 * (time.process_time() - started)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    print("| model | customers | distinct | coarse | without, ms | with, ms | without / with | apart |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, law in LAWS.items():
        for n in map(int, SIZES[name]):
            family, table = type(law), customers(law, n, 0)
            rounds = [(timed(family, table, NEVER), timed(family, table, 0)) for _ in range(arguments.rounds)]
            plain, coarse = ([took for _, took in each] for each in zip(*rounds, strict=True))
            (model, _), (by_coarse, _) = rounds[0]
            likelihood, apart = model.estimate.likelihood, np.abs(model.log_parameters - by_coarse.log_parameters)
            print(
                f"| {name} | {n:,} | {likelihood.n_distinct:,} | {likelihood.coarse().n_distinct:,} "
                f"| {np.median(plain):.0f} | {np.median(coarse):.0f} "
                f"| {np.median(np.divide(plain, coarse)):.2f} | {apart.max():.0e} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
