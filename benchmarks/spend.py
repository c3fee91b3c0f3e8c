"""Does what spend rests on bring predictions nearer to what customers then spent?

    python benchmarks/spend.py
    python benchmarks/spend.py orders.csv --columns amount=Sales

Logs: CDNOW and the made-up lighting retailer, unless a log is given: any source that `clvlab.read_transactions`
reads, with `--columns` as in its `columns`. At up to eight origins BG/NBD (or what it falls back to) and a spend
model predict what customers bring in within the next half year (a quarter of the log, where that is less):

    literature  Gamma-Gamma of repeat purchases, returns on other days not taken off
    chosen      the kind of spend model that the period before the origin chose, less returns
                (`clvlab.validation.spend_choice`), as long as what is predicted, or the last third of what was known

Of each: the error of the total (mean over the origins, and mean of its size), and the RMSE per customer relative to
the literature's (mean). `given` is the error of the total with purchases as they were: that of the spend model alone.
"""

import argparse
import warnings
from collections import Counter
from datetime import timedelta

import numpy as np
import polars as pl

import clvlab as cl
from clvlab.errors import ClvlabWarning
from clvlab.models import Terms, ValueModels
from clvlab.models.spend_model import LITERATURE
from clvlab.validation.origins import spread_origins
from clvlab.validation.spend_choice import choose_spend

ORIGINS, LONGEST = 8, 182


def judged(log):
    """One row for each origin and way: way, kind, error, given, rmse, purchases (the error of their total)."""
    first, end = (
        log.accepted.select(pl.col("date").min().alias("a"), pl.col("date").max().alias("b")).collect().row(0)
    )
    ahead = timedelta(min(LONGEST, (end - first).days // 4))
    for origin in spread_origins(first, end, ahead.days, ORIGINS):
        calibration, holdout = cl.split_holdout(log, origin, origin + ahead, "week")
        period = ahead if origin - 2 * ahead >= first else (origin - first) // 3
        choice = choose_spend(*cl.split_holdout(log, origin - period, origin, "week"))
        kind = choice.kind if choice else LITERATURE
        table = calibration.data.join(holdout.data, on="customer_id", maintain_order="left")
        is_buyer = table["n_purchases"].to_numpy() > 0
        n, spent = (table[f"holdout_{what}"].to_numpy()[is_buyer] for what in ("purchases", "spend"))
        models = ValueModels.fit(calibration, Terms(), cl.BgNbd, kind)
        expected = models.purchases.expected_purchases(calibration, holdout.days / 7)[is_buyer]
        for way, spend in (("literature", cl.GammaGamma.fit(calibration)), ("chosen", models.spend)):
            worth = spend.expected_spend(calibration)[is_buyer]
            yield {
                "way": way,
                "kind": kind,
                "error": (expected * worth).sum() / spent.sum() - 1,
                "given": (n * worth).sum() / spent.sum() - 1,
                "rmse": np.sqrt(np.mean((expected * worth - spent) ** 2)),
                "purchases": expected.sum() / n.sum() - 1,
            }


def show(name, log):
    rows = pl.DataFrame(judged(log))
    literature, chosen = rows.filter(way="literature"), rows.filter(way="chosen")
    kinds = ", ".join(f"{kind} {count}" for kind, count in Counter(chosen["kind"]).items())
    print(f"{name}: {chosen.height} origins ({kinds}); total of purchases {literature['purchases'].mean():+.1%}")
    for way, part in (("literature", literature), ("chosen", chosen)):
        figures = "  ".join(
            f"{column} {part[column].mean():+6.1%} (size {part[column].abs().mean():5.1%})"
            for column in ("error", "given")
        )
        print(f"  {way:10}  {figures}  RMSE {(part['rmse'] / literature['rmse']).mean():.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", nargs="?")
    parser.add_argument("--columns", nargs="*", default=[], help="ours=theirs")
    arguments = parser.parse_args()
    # What models warn of on a past day is beside the point.
    warnings.simplefilter("ignore", ClvlabWarning)
    if arguments.source:
        columns = dict(each.split("=", 1) for each in arguments.columns)
        show(arguments.source, cl.read_transactions(arguments.source, columns=columns))
        return
    for name, log in {"CDNOW": cl.datasets.cdnow, "lighting": cl.datasets.lighting}.items():
        show(name, log())


if __name__ == "__main__":
    main()
