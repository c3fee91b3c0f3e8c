"""How long `compare` takes, and how much memory, as customers become more.

    python benchmarks/scale.py
    python benchmarks/scale.py --million

Customers by CDNOW's law, acquired over two years, to the day, with what they bought until a year later: a few rows
each, with costs and categories, and no attributes. All strategies that these serve are compared, in a process of its
own for each size. The clock is the processor time of all threads; memory is the most that the process held, and what
it held before it compared: the log. An exponent is the slope of the logarithms over all sizes.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import polars as pl
from growth import exponents
from population import DAYS, FIRST_DAY, YEAR, transactions

import clvlab as cl

CUTOFF, END = (np.datetime64(FIRST_DAY) + days for days in (DAYS - 1, DAYS - 1 + YEAR))
SIZES = [10_000, 30_000, 100_000]


def log(n, seed=0):
    """The log of `n` customers, with costs and categories."""
    rows = transactions(n, seed)
    category = np.random.default_rng(seed).choice(["books", "music", "films"], rows.height)
    return cl.read_transactions(rows.with_columns(cost=(0.6 * pl.col("amount")).round(2), category=category))


def peak():
    """The most memory that this process held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one(n):
    """What a comparison of `n` customers took, as JSON."""
    rows = log(n)
    before, processor, wall = peak(), time.process_time(), time.perf_counter()
    board = cl.compare(None, rows, CUTOFF.item(), END.item(), progress=False)
    return {
        "customers": board.n_customers,
        "rows": rows.data.height,
        "strategies": board.cards["strategy"].n_unique(),
        "processor": time.process_time() - processor,
        "wall": time.perf_counter() - wall,
        "before": before,
        "peak": peak(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", action="store_true", help="a million customers as well")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(arguments.one)))
        return
    found = []
    print("| customers | rows | strategies | processor time, s | wall, s | peak, MB | of which the log, MB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for n in [*SIZES, *([1_000_000] if arguments.million else [])]:
        command = [sys.executable, __file__, "--one", str(n)]
        found.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        each = found[-1]
        print(
            f"| {each['customers']:,} | {each['rows']:,} | {each['strategies']} | {each['processor']:.0f} "
            f"| {each['wall']:.0f} | {each['peak']:,.0f} | {each['before']:,.0f} |",
            flush=True,
        )
    figures = {what: [each[what] for each in found] for what in ("processor", "wall", "peak")}
    print(f"\n{exponents([each['customers'] for each in found], **figures)}")


if __name__ == "__main__":
    main()
