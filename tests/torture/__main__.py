"""Kill, signal, starve and crowd runs: `python -m tests.torture`, or one part of it: `python -m tests.torture kills`.

Linux alone; `limits` mounts small disks for temporary files, and so needs root. README.md has the results.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from tests.torture.limits import limits
from tests.torture.workplace import (
    Workplace,
    adopt_orphans,
    kill_at_publishing,
    kill_at_random,
    run_together,
    signal_at_random,
)

PARTS = {
    "kills": lambda workplace: kill_at_random(workplace, 200, random.Random(0)),
    "publishing": lambda workplace: kill_at_publishing(workplace, 60),
    "signals": lambda workplace: signal_at_random(workplace, 40, random.Random(0)),
    "together": lambda workplace: run_together(workplace, 32, 1),
    "crowd": lambda workplace: run_together(workplace, 8, 4),
    "limits": limits,
}


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    adopt_orphans()
    for part in parser.parse_args().parts or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            clock = time.monotonic()
            found = PARTS[part](Workplace(Path(folder) / part))
            print(f"{part} ({time.monotonic() - clock:.0f} s): {found}", flush=True)


if __name__ == "__main__":
    main()
