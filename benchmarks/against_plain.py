"""How much longer regular and seasonal models take to predict than their plain ones, on the same customers.

    make bench

Timed are whole calls, in turn, in one process; printed is the median of the ratios of each pair. Regular is a model
of Erlang-k gaps; seasonal is the plain model by the operational time of a calendar. The clock is the processor time.
"""

import argparse
import statistics
import time
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
from population import simulate

import clvlab as cl

CUTOFF = date(2023, 10, 31)
CALENDAR = cl.Calendar((0.8, 0.7, 0.9, 0.95, 1.0, 1.0, 0.9, 0.9, 1.0, 1.1, 1.5, 1.25))
FAMILIES = {cl.BgNbd: cl.BgCnbdK, cl.MbgNbd: cl.MbgCnbdK}
DISCOUNT = 0.1  # a year
CALLS = {
    "expected purchases, 13 weeks": lambda model, _, table: model.expected_purchases(table, 13),
    "expected purchases, 12 months": lambda model, _, table: model.expected_purchases(table, "12 months"),
    "value, 12 months": lambda model, spend, table: cl.lifetime_value(model, spend, table, "12 months", DISCOUNT),
    "value without end": lambda model, spend, table: cl.residual_lifetime_value(model, spend, table, DISCOUNT),
}


def tables(n):
    """The same customers by plain and by operational time."""
    people, cutoff = simulate(n), np.full(n, np.datetime64(CUTOFF))
    first = cutoff - np.rint(people.T * 7).astype(int)
    last = first + np.rint(people.t_x * 7).astype(int)
    data = pl.DataFrame({"frequency": people.x, "recency": people.t_x, "T": people.T, "monetary_value": people.m})
    recency, T = (pl.Series(CALENDAR.elapsed(first, until) / 7) for until in (last, cutoff))
    plain = cl.CustomerSummary(data, CUTOFF, "week")
    return plain, replace(plain, data=data.with_columns(recency=recency, T=T), calendar=CALENDAR)


def seconds(work):
    started = time.process_time()
    work()
    return time.process_time() - started


def ratio(work, plain_work, rounds):
    work(), plain_work()
    return statistics.median(seconds(work) / seconds(plain_work) for _ in range(rounds))


def compare(n, rounds, ks):
    plain, seasonal = tables(n)
    spend = cl.GammaGamma.fit(plain)
    print(f"| {n:,} customers | {' | '.join(CALLS)} |")
    print("| --- |" + " ---: |" * len(CALLS))
    for family, regular in FAMILIES.items():
        base = family.fit(plain)
        models = {f"{regular.__name__}, k = {k}, / plain": (regular.fit(plain, k=k), plain) for k in ks}
        models[f"{family.__name__}, seasonal / plain"] = family.fit(seasonal), seasonal
        for name, (model, table) in models.items():
            ratios = [
                ratio(lambda: call(model, spend, table), lambda: call(base, spend, plain), rounds)  # noqa: B023
                for call in CALLS.values()
            ]
            print(f"| {name} | {' | '.join(f'{each:.1f}' for each in ratios)} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=float, default=4_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--k", type=int, nargs="+", default=[1, 2, 3, 4, 6])
    arguments = parser.parse_args()
    compare(int(arguments.size), arguments.rounds, arguments.k)


if __name__ == "__main__":
    main()
