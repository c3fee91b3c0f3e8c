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
from pathlib import Path

from growth import exponents
from population import transactions

PARAMS = """\
name: large
source: {folder}/log.parquet
as_of: 2024-12-30
holdout: 39 weeks
horizon: 12 months
annual_discount_rate: 0.10
output: {folder}/reports
"""


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
        rows = transactions(n)
        rows.write_parquet(Path(folder) / "log.parquet")
        command = [sys.executable, "-c", "from clvlab.cli import main; main()", "report", str(params)]
        new, again = timed(command), timed(command)
        published = Path(folder) / "reports" / "large" / "2024-12-30"
        html, whole = size([published / "report.html"]), size(published.rglob("*"))
    return {"customers": n, "rows": rows.height, "new": new, "again": again, "html": html, "folder": whole}


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
        runs = {name: [each["new"][at] for each in found] for at, name in enumerate(("processor", "wall", "peak"))}
        html = [each["html"] for each in found]
        print(f"\n{exponents([each['customers'] for each in found], **runs, HTML=html)}")


if __name__ == "__main__":
    main()
