"""Damage logs until the time is up: `python -m tests.fuzz --seconds 600`.

Each round takes a file of the corpus, or one of those that fight back anyway (`tests/corpus`), changes some of its
bytes, and reads it as a log, as attributes and by the check. The account must add up or an error of ours be raised,
within ten seconds of work. What fails is kept in the corpus, from where `test_corpus.py` reads it again with every
run of the tests.
"""

import argparse
import hashlib
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.corpus.bad_files import seeds as bad_files
from tests.fuzz.rounds import CORPUS, damaged, exercise, options_of

SLOWEST = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=None, help="repeat a run; random otherwise")
    arguments = parser.parse_args()
    seed = arguments.seed if arguments.seed is not None else random.randrange(2**32)
    seeds = [*(path.read_bytes() for path in sorted(CORPUS.glob("*.bin"))), *bad_files()]
    chance = random.Random(seed)
    print(f"seed {seed}, {len(seeds)} files in the corpus", flush=True)
    end, rounds, accounted = time.monotonic() + arguments.seconds, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        while time.monotonic() < end:
            content, options = damaged(chance, seeds), options_of(chance)
            path.write_bytes(content)
            begin = time.process_time()
            try:
                accounted += exercise(path, options)
                took = time.process_time() - begin
                assert took < SLOWEST, f"took {took:.0f} s of work"
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # a panic of polars is no Exception
                kept = CORPUS / f"found-{hashlib.sha256(content).hexdigest()[:12]}.bin"
                kept.write_bytes(content)
                print(f"round {rounds}, {kept}, options {options}: {type(error).__name__}: {error}", flush=True)
                raise
            rounds += 1
            if rounds % 500 == 0:
                print(f"{rounds} rounds, {accounted} logs accounted for", flush=True)
    print(f"clean: {rounds} rounds, {accounted} logs accounted for, the rest refused with an error of ours")
    return 0


if __name__ == "__main__":
    sys.exit(main())
