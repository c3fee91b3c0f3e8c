"""How much faster than lifetimes, on the same customers, to the same parameters.

    make bench

Every comparison is paired: both libraries work on the same arrays in turn, one after the other, several times;
printed are the median of the ratios of each pair, the smallest and the largest. Timed is the way from arrays to
parameters with standard errors (lifetimes knows none for Pareto/NBD), in a process that has done it once; the very
first call of a fresh process is timed apart, imports left out. Memory is the peak of a fit over what the process held
before it. The clock is the processor time of all threads, which other work on the machine disturbs least; `--clock
wall` takes the wall's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from population import Population, simulate

import clvlab as cl

DISCOUNT_A_MONTH = 0.01
CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}
TARGETS = {
    "BG/NBD fit, 1e4": 30,
    "BG/NBD fit, 1e5": 100,
    "BG/NBD fit, 1e6": 200,
    "Gamma-Gamma fit, 1e6": 30,
    "Pareto/NBD fit, 1e5": 100,
    "scoring, 1e6": 100,
}


YEAR = 365.25 / 7  # weeks


def ours_table(people: Population):
    return pl.DataFrame({"frequency": people.x, "recency": people.t_x, "T": people.T, "monetary_value": people.m})


def ours_purchases(family):
    def fit(people):
        model = family.fit(ours_table(people), time_unit="week")
        return model, model.standard_errors

    return fit


def ours_spend(people):
    model = cl.GammaGamma.fit(ours_table(people))
    return model, model.standard_errors


def theirs(name, spend=False):
    def fit(people):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import lifetimes

            buys = people.x > 0
            columns = (people.x[buys], people.m[buys]) if spend else (people.x, people.t_x, people.T)
            return getattr(lifetimes, name)().fit(*columns), None

    return fit


def ours_scores(models, people):
    model, spend = models
    table = ours_table(people)
    annual = (1 + DISCOUNT_A_MONTH) ** 12 - 1
    value = cl.lifetime_value(model, spend, table, YEAR, annual, time_unit="week")
    return value["p_alive"], value["expected_purchases"], value["clv"]


def their_scores(fitters, people):
    fitter, spend = fitters
    x, t_x, T, m = (pd.Series(column) for column in (people.x, people.t_x, people.T, people.m))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alive = fitter.conditional_probability_alive(x, t_x, T)
        expected = fitter.conditional_expected_number_of_purchases_up_to_time(YEAR, x, t_x, T)
        value = spend.customer_lifetime_value(fitter, x, t_x, T, m, time=12, discount_rate=DISCOUNT_A_MONTH, freq="W")
    return alive, expected, value


def seconds(clock, work, *arguments):
    started = clock()
    work(*arguments)
    return clock() - started


def paired(clock, ours, their, arguments, rounds):
    """(our seconds, their seconds) of each round; ours are the median of three calls, since they are short."""
    pairs = []
    for _ in range(rounds):
        our_time = statistics.median(seconds(clock, ours, *arguments[0]) for _ in range(3))
        pairs.append((our_time, seconds(clock, their, *arguments[1])))
    return pairs


def row(name, pairs, first=None):
    ratios = sorted(theirs / ours for ours, theirs in pairs)
    ours = statistics.median(pair[0] for pair in pairs)
    their = statistics.median(pair[1] for pair in pairs)
    start = "" if first is None else f"{first * 1e3:,.0f}"
    wanted = TARGETS.get(name, "")
    print(
        f"| {name} | {ours * 1e3:,.1f} | {their * 1e3:,.0f} | {statistics.median(ratios):,.0f} "
        f"| {ratios[0]:,.0f}-{ratios[-1]:,.0f} | {len(pairs)} | {wanted} | {start} |",
        flush=True,
    )


def agree(name, ours, theirs):
    theirs = dict(theirs.params_)
    theirs["gamma"] = theirs.get("v")
    apart = max(abs(np.log(value / theirs[each])) for each, value in ours.parameters.items())
    print(f"<!-- {name}: parameters agree within {apart:.1e} in their logarithms -->", flush=True)


def in_fresh_process(what, n):
    """First-call seconds and extra memory of one fit, as a process of its own reports them."""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    call = [sys.executable, __file__, "--measure", what, "--size", str(n)]
    return json.loads(subprocess.run(call, check=True, capture_output=True, text=True, env=environment).stdout)


WORK = {
    "BG/NBD": (ours_purchases(cl.BgNbd), theirs("BetaGeoFitter")),
    "Pareto/NBD": (ours_purchases(cl.ParetoNbd), theirs("ParetoNBDFitter")),
    "Gamma-Gamma": (ours_spend, theirs("GammaGammaFitter", spend=True)),
}


def measure(what, n):
    """Print the first call's seconds and a fit's extra memory, MB, ours or lifetimes'."""
    library, name = what.split(":")
    fit = WORK[name][0 if library == "ours" else 1]
    people = simulate(n)
    if library == "lifetimes":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import lifetimes  # noqa: F401
    first = seconds(time.process_time, fit, people)
    held = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    fit(people)
    print(json.dumps({"first": first, "extra_mb": (_status("VmHWM") - held) / 1024}))


def _status(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field)))


def compare(clock, sizes, rounds, only):
    print("| what | ours, ms | lifetimes, ms | ratio (median) | spread | rounds | wanted | our first call, ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    jobs = [("BG/NBD", n) for n in sizes]
    jobs += [("Pareto/NBD", n) for n in sizes if n <= 10**5] + [("Gamma-Gamma", max(sizes))]
    for name, n in jobs:
        if only and name not in only:
            continue
        people = simulate(n)
        ours, their = WORK[name]
        agree(f"{name}, {n:,}", ours(people)[0], their(people)[0])
        few = rounds if n < 10**6 and not (name == "Pareto/NBD" and n > 10**4) else min(rounds, 3)
        pairs = paired(clock, ours, their, ((people,), (people,)), few)
        row(f"{name} fit, 1e{round(np.log10(n))}", pairs, in_fresh_process(f"ours:{name}", n)["first"])
    if not only or "scoring" in only:
        compare_scoring(clock, simulate(max(sizes)), min(rounds, 3))
    if not only or "memory" in only:
        for library in ("ours", "lifetimes"):
            extra = in_fresh_process(f"{library}:BG/NBD", max(sizes))["extra_mb"]
            print(f"Extra memory of a BG/NBD fit at {max(sizes):,} customers, {library}: {extra:,.0f} MB")
        for n in sizes:
            print(f"Distinct (x, t_x, T) at {n:,} customers: {simulate(n).n_distinct:,}")


def compare_scoring(clock, people, rounds):
    fitted = [[WORK[name][side](people)[0] for name in ("BG/NBD", "Gamma-Gamma")] for side in (0, 1)]
    ours_scores(fitted[0], people)
    pairs = paired(clock, ours_scores, their_scores, [(models, people) for models in fitted], rounds)
    row(f"scoring, 1e{round(np.log10(len(people)))}", pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e4, 1e5, 1e6])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    parser.add_argument("--only", nargs="+", choices=[*WORK, "scoring", "memory"])
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure, arguments.size)
    else:
        sizes = [int(size) for size in arguments.sizes]
        compare(CLOCKS[arguments.clock], sizes, arguments.rounds, arguments.only)


if __name__ == "__main__":
    main()
