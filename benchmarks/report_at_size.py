"""What `clvlab report` takes as customers become more: time, memory, and the size of what it publishes.

    python benchmarks/report_at_size.py
    python benchmarks/report_at_size.py --customers 1e5

Customers by CDNOW's law, acquired over two years, to the day, with what they bought until a year later: some three
rows each in a Parquet file, in no order, ids as texts. The report is the plain one, of the last day. Each run is a
process of its own with its kernel below it; processor time is that of both, memory the most that the larger of the
two held. `again` is the same command once more, when nothing has changed. An exponent is the slope of the logarithms
over all sizes.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from population import DAYS, LAW, SPEND

FIRST_DAY, YEAR = date(2022, 1, 1), 365
PARAMS = """\
name: large
source: {folder}/log.parquet
as_of: 2024-12-30
holdout: 39 weeks
horizon: 12 months
annual_discount_rate: 0.10
output: {folder}/reports
"""


def write_log(path, n, seed=0):
    """The log of `n` customers in a Parquet file; how many rows it has."""
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
    rows = pl.DataFrame(
        {"customer_id": who[order], "date": np.datetime64(FIRST_DAY) + when[order], "amount": amount[order]}
    )
    ids = "C" + pl.col("customer_id").cast(pl.String).str.zfill(9)
    rows.with_columns(ids, pl.col("date").cast(pl.Date)).write_parquet(path)
    return rows.height


def timed(command):
    """Processor time of a command and of all below it, the wall's, in seconds, and its peak of memory, in MB."""
    clock = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}.")
    return used.ru_utime + used.ru_stime, time.perf_counter() - clock, used.ru_maxrss / 1024


def size(paths):
    """How large files are together, in MB."""
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def one(n):
    """What a report of `n` customers took, and what it is; in a process that has nothing else below it."""
    with tempfile.TemporaryDirectory() as folder:
        params = Path(folder) / "params.yaml"
        params.write_text(PARAMS.format(folder=folder), encoding="utf-8")
        rows = write_log(Path(folder) / "log.parquet", n)
        command = [sys.executable, "-c", "from clvlab.cli import main; main()", "report", str(params)]
        new, again = timed(command), timed(command)
        published = Path(folder) / "reports" / "large" / "2024-12-30"
        html, whole = size([published / "report.html"]), size(published.rglob("*"))
    return {"customers": n, "rows": rows, "new": new, "again": again, "html": html, "folder": whole}


def exponent(found, figure):
    """By which power of the number of customers a figure grows."""
    sizes, figures = np.log([each["customers"] for each in found]), np.log([figure(each) for each in found])
    return float(np.polyfit(sizes, figures, 1)[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=float, nargs="+", default=[1e5, 1e6, 5e6], help="how many there are")
    arguments = parser.parse_args()
    print(
        "| customers | rows | processor time, s | wall, s | peak, MB | again: processor time, s | wall, s | peak, MB "
        "| HTML, MB | folder, MB |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    found = []
    for n in map(int, arguments.customers):
        each = one(n)
        found.append(each)
        runs = " | ".join(
            f"{processor:.0f} | {wall:.0f} | {peak:,.0f}" for processor, wall, peak in (each["new"], each["again"])
        )
        print(f"| {n:,} | {each['rows']:,} | {runs} | {each['html']:.2f} | {each['folder']:,.0f} |", flush=True)
    if len(found) > 1:
        figures = {"processor": lambda each: each["new"][0], "wall": lambda each: each["new"][1]}
        figures |= {"peak": lambda each: each["new"][2], "HTML": lambda each: each["html"]}
        print(f"\nExponents: {', '.join(f'{name} {exponent(found, of):.2f}' for name, of in figures.items())}.")


if __name__ == "__main__":
    main()
