"""How long a fresh process takes to its first answer: an import, a help text, a fit, a chart.

    python benchmarks/start_up.py

Each line is run in processes of its own, several times, after once to warm the disk's cache; printed are the medians
of processor time and of the wall's, the interpreter's own start included, and the same by others where there is one.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time

CUSTOMERS = """
import clvlab as cl
customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
"""
LINES = {
    "the interpreter alone": "pass",
    "import clvlab": "import clvlab",
    "import polars": "import polars",
    "import lifetimes": "import lifetimes",
    "clvlab --help": "from clvlab.cli import main; main(['--help'])",
    "first customers: a log of 6,919 rows read and summarised": CUSTOMERS,
    "first fit: the same, and BG/NBD": f"{CUSTOMERS}cl.BgNbd.fit(customers)",
    "the same by lifetimes": """
import lifetimes, lifetimes.datasets
customers = lifetimes.datasets.load_cdnow_summary()
lifetimes.BetaGeoFitter().fit(customers["frequency"], customers["recency"], customers["T"])
""",
    "first chart: customers, and their map as JSON": f"{CUSTOMERS}customers.plot().to_json()",
}


def once(code):
    """Processor time and the wall's time of a process that runs the code."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run")
    rounds = parser.parse_args().rounds
    print("| what | processor time, s | wall, s |")
    print("| --- | ---: | ---: |")
    for what, code in LINES.items():
        once(code)
        processor, wall = (
            statistics.median(times) for times in zip(*(once(code) for _ in range(rounds)), strict=True)
        )
        print(f"| {what} | {processor:.2f} | {wall:.2f} |", flush=True)


if __name__ == "__main__":
    main()
