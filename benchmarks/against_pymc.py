"""How much faster than pymc-marketing's MAP, on the same customers.

    python -m venv /tmp/pymc && /tmp/pymc/bin/pip install pymc-marketing
    python benchmarks/against_pymc.py --python /tmp/pymc/bin/python

pymc-marketing lives in an environment of its own and works in turn with us, once a round. Its MAP has default priors
and yields no standard errors; its model is built and compiled anew for every fit, as its users do. The clock is the
processor time of all threads; the first call is shown apart.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from against_lifetimes import ours_table
from population import simulate

import clvlab as cl

WORKER = """
import sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd
from pymc_marketing.clv import BetaGeoModel
arrays = np.load(sys.argv[1])
data = pd.DataFrame({"customer_id": range(arrays["x"].size), "frequency": arrays["x"],
                     "recency": arrays["t_x"], "T": arrays["T"]})
print("ready", flush=True)
for _ in sys.stdin:
    started = time.process_time()
    model = BetaGeoModel(data=data)
    model.fit(method="map", progressbar=False)
    seconds = time.process_time() - started
    found = model.fit_summary()
    print("fitted", seconds, *[float(found[name]) for name in ("r", "alpha", "a", "b")], flush=True)
"""


def worker(python, people):
    """The process that fits by pymc-marketing whenever it is sent a line."""
    arrays = Path(tempfile.mkdtemp()) / "people.npz"
    np.savez(arrays, x=people.x, t_x=people.t_x, T=people.T)
    started = subprocess.Popen(
        [python, "-c", WORKER, str(arrays)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    answer(started, "ready")
    return started


def answer(process, sign):
    """The numbers of the worker's next line that begins with `sign`; its progress bars are passed over."""
    for line in process.stdout:
        first, *rest = line.split() or [""]
        if first == sign:
            return [float(word) for word in rest]
    sys.exit("pymc-marketing's process ended; run the script's worker by hand to see why.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", required=True, help="the interpreter that has pymc-marketing")
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e4, 1e5])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("| BG/NBD fit | ours, ms | MAP, ms | ratio (median) | spread | MAP's first call, ms | a: ours, MAP |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for n in map(int, arguments.sizes):
        people = simulate(n)
        process = worker(arguments.python, people)
        pairs = []
        for _ in range(arguments.rounds + 1):
            started = time.process_time()
            model = cl.BgNbd.fit(ours_table(people), time_unit="week")
            ours = time.process_time() - started
            process.stdin.write("fit\n")
            process.stdin.flush()
            theirs, _, _, a, _ = answer(process, "fitted")
            pairs.append((ours, theirs))
        process.stdin.close()
        first, pairs = pairs[0], pairs[1:]
        ratios = sorted(theirs / ours for ours, theirs in pairs)
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        print(
            f"| {n:,} | {ours * 1e3:,.1f} | {theirs * 1e3:,.0f} | {statistics.median(ratios):,.0f} "
            f"| {ratios[0]:,.0f}-{ratios[-1]:,.0f} | {first[1] * 1e3:,.0f} | {model.a:.3f}, {a:.3f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
