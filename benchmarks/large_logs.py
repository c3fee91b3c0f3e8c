"""From a log in a Parquet file to one row per customer: time and memory, next to lifetimes and to the engine alone.

    python benchmarks/large_logs.py
    python benchmarks/large_logs.py --rows 1e8

The log has one customer for each 20 rows, in no order: ids are texts, a day of a thousand, an amount. What is
measured: `read_transactions` and `summarise_customers`; what lifetimes makes of the same file, read by pandas; a
plain grouping by customer and day, then by customer, by polars; a scan that reads the three columns. Each is a
process of its own, its clock the processor time of all threads; memory is the most that it held. lifetimes is left
out above ten million rows.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from growth import exponents, timed

FIRST_DAY, DAYS, ROWS_EACH = date(2022, 1, 1), 1000, 20
LAST_DAY = "2024-09-30"
CHUNK = 2_000_000
MEASURED = {"processor": "summarised", "wall": "wall", "peak": "peak"}
COLUMNS = pa.schema([("customer_id", pa.string()), ("date", pa.date32()), ("amount", pa.float64())])


def write_log(path, n_rows, seed=0):
    """A file of `n_rows`, some customers with many of them, most with few; who came, and many left, meanwhile."""
    random = np.random.default_rng(seed)
    n_customers = max(1, n_rows // ROWS_EACH)
    upto = np.cumsum(random.gamma(0.6, 1, n_customers))
    came = random.integers(0, DAYS - 200, n_customers)
    stays = np.minimum(random.exponential(DAYS / 2, n_customers) + 1, DAYS - came)
    with pq.ParquetWriter(path, COLUMNS, compression="zstd") as file:
        for first in range(0, n_rows, CHUNK):
            n = min(CHUNK, n_rows - first)
            who = np.searchsorted(upto, random.random(n) * upto[-1])
            rows = pl.DataFrame(
                {
                    "customer_id": "C" + pl.Series(who).cast(pl.String).str.zfill(9),
                    "date": np.datetime64(FIRST_DAY) + came[who] + (random.random(n) * stays[who]).astype(int),
                    "amount": np.round(random.gamma(2, 20, n) + 0.01, 2),
                }
            )
            file.write_table(rows.with_columns(pl.col("date").cast(pl.Date)).to_arrow().cast(COLUMNS))


def ours(path):
    import scipy.sparse  # noqa: F401  # which clvlab imports when it is first needed

    import clvlab as cl

    read, summarise = cl.read_transactions, cl.summarise_customers
    yield
    log = read(path)
    yield "read"
    summarise(log, LAST_DAY)
    yield "summarised"


def lifetimes(path):
    import pandas as pd
    from lifetimes.utils import summary_data_from_transaction_data

    yield
    rows = pd.read_parquet(path)
    yield "read"
    summary_data_from_transaction_data(
        rows, "customer_id", "date", monetary_value_col="amount", observation_period_end=LAST_DAY
    )
    yield "summarised"


def two_levels(path):
    rows = pl.scan_parquet(path)
    yield
    days = rows.group_by("customer_id", "date").agg(pl.col("amount").sum())
    day = pl.col("date")
    days.group_by("customer_id").agg(pl.len(), pl.col("amount").sum(), first=day.min(), last=day.max()).collect(
        engine="streaming"
    )
    yield "summarised"


def scan(path):
    rows = pl.scan_parquet(path)
    yield
    rows.select(pl.col("customer_id").str.len_bytes().sum(), pl.col("amount").sum(), pl.col("date").max()).collect(
        engine="streaming"
    )
    yield "summarised"


WAYS = {way.__name__: way for way in (ours, lifetimes, two_levels, scan)}


def one(way, path):
    """What a way took, see `timed`."""
    return timed(WAYS[way](path))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6, 1e7], help="sizes of logs")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(*arguments.one)))
        return
    print("| rows | what | read, s | and summarised, s | ours is of it | wall, s | peak, MB |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    of_ours = []
    with tempfile.TemporaryDirectory() as folder:
        for n_rows in map(int, arguments.rows):
            path = Path(folder) / f"{n_rows}.parquet"
            write_log(path, n_rows)
            base = None
            for way in WAYS:
                if way == "lifetimes" and n_rows > 10_000_000:
                    continue
                command = [sys.executable, __file__, "--one", way, str(path)]
                found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                if base is None:
                    base = found["summarised"]
                    of_ours.append(found)
                read = f"{found['read']:.1f}" if "read" in found else ""
                print(
                    f"| {n_rows:,} | {way} | {read} | {found['summarised']:.1f} | {base / found['summarised']:.2f} "
                    f"| {found['wall']:.1f} | {found['peak']:,.0f} |",
                    flush=True,
                )
            path.unlink()
    if len(of_ours) > 1:
        figures = {what: [found[name] for found in of_ours] for what, name in MEASURED.items()}
        print(f"\nOurs. {exponents(arguments.rows, **figures)}")


if __name__ == "__main__":
    main()
