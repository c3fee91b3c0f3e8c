"""From a log to customers with scores, values, groups and clusters in a Parquet file, as one process, and the same by
lifetimes, pandas and scikit-learn.

    python benchmarks/whole_path.py
    python benchmarks/whole_path.py --rows 1e7

The log is that of `large_logs.py`. Either way summarises it, fits BG/NBD and Gamma-Gamma, says of each customer
whether they are still there, what they will buy and what they are worth within a year, gives R, F and M scores of
five bins and groups by them, and five clusters of recency, frequency and spend (k-means, ten starts). The clock is
the processor time of all threads, the import left out.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from growth import exponents, timed
from large_logs import LAST_DAY, write_log

MEASURED = {"processor": "written", "wall": "wall", "peak": "peak"}
STEPS = ("summary", "fits", "scores", "groups", "clusters", "written")
PENALTY = 0.001


def ours(path, out):
    # What clvlab imports when it is first needed.
    import scipy.sparse  # noqa: F401
    import sklearn.cluster  # noqa: F401

    import clvlab as cl
    from clvlab.grouping import Clusters

    for name in ("read_transactions", "summarise_customers", "BgNbd", "score_rfm"):
        getattr(cl, name)
    yield
    customers = cl.summarise_customers(cl.read_transactions(path), LAST_DAY, "week")
    yield "summary"
    model, spend = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers)
    yield "fits"
    value = cl.lifetime_value(model, spend, customers, "12 months", annual_discount_rate=0.1)
    yield "scores"
    rfm = cl.score_rfm(customers).join(cl.strategies["rfm11"].assign(customers), on="customer_id")
    yield "groups"
    clusters = Clusters(5).fit(customers).assign(customers)
    yield "clusters"
    customers.data.join(value, on="customer_id").join(rfm, on="customer_id").join(
        clusters, on="customer_id", suffix="_cluster"
    ).write_parquet(out)
    yield "written"


def others(path, out):
    import numpy as np
    import pandas as pd
    from lifetimes import BetaGeoFitter, GammaGammaFitter
    from lifetimes.utils import summary_data_from_transaction_data
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    yield
    customers = summary_data_from_transaction_data(
        pd.read_parquet(path), "customer_id", "date", monetary_value_col="amount", observation_period_end=LAST_DAY
    )
    customers[["recency", "T"]] /= 7
    yield "summary"
    model = BetaGeoFitter(penalizer_coef=PENALTY).fit(customers["frequency"], customers["recency"], customers["T"])
    again = customers[(customers["frequency"] > 0) & (customers["monetary_value"] > 0)]
    spend = GammaGammaFitter(penalizer_coef=PENALTY).fit(again["frequency"], again["monetary_value"])
    yield "fits"
    arrays = customers["frequency"], customers["recency"], customers["T"]
    customers["p_alive"] = model.conditional_probability_alive(*arrays)
    customers["purchases"] = model.predict(52, *arrays)
    customers["value"] = spend.customer_lifetime_value(
        model, *arrays, customers["monetary_value"], time=12, freq="W", discount_rate=0.1 / 12
    )
    yield "scores"
    for name, source in {
        "r": customers["recency"] - customers["T"],
        "f": customers["frequency"],
        "m": customers["monetary_value"],
    }.items():
        customers[name] = np.ceil(source.rank(pct=True) * 5).astype(int)
    customers["group"] = customers["r"] * 10 + (customers["f"] + customers["m"]) // 2
    yield "groups"
    measures = np.log1p(customers[["T", "frequency", "monetary_value"]])
    customers["cluster"] = KMeans(5, n_init=10, random_state=0).fit_predict(StandardScaler().fit_transform(measures))
    yield "clusters"
    customers.to_parquet(out)
    yield "written"


WAYS = {way.__name__: way for way in (ours, others)}


def one(way, path):
    """What a way took, see `timed`."""
    with tempfile.TemporaryDirectory() as folder:
        return timed(WAYS[way](path, Path(folder) / "customers.parquet"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=float, nargs="+", default=[1e6, 1e7], help="sizes of logs")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(*arguments.one)))
        return
    print(f"| rows | what | {', '.join(STEPS)}: seconds until then | | | | | | times ours | wall, s | peak, MB |")
    print("| ---: | --- |" + " ---: |" * (len(STEPS) + 3))
    of_ours = []
    with tempfile.TemporaryDirectory() as folder:
        for n_rows in map(int, arguments.rows):
            path = Path(folder) / f"{n_rows}.parquet"
            write_log(path, n_rows)
            base = None
            for way in WAYS:
                command = [sys.executable, __file__, "--one", way, str(path)]
                found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
                if base is None:
                    base = found["written"]
                    of_ours.append(found)
                steps = " | ".join(f"{found[step]:.1f}" for step in STEPS)
                print(
                    f"| {n_rows:,} | {way} | {steps} | {found['written'] / base:.1f} | {found['wall']:.1f} "
                    f"| {found['peak']:,.0f} |",
                    flush=True,
                )
    if len(of_ours) > 1:
        figures = {what: [found[name] for found in of_ours] for what, name in MEASURED.items()}
        print(f"\nOurs. {exponents(arguments.rows, **figures)}")


if __name__ == "__main__":
    main()
