"""A comparison of sixty customers of three kinds, whose tables a reader can check with a pencil.

    kind  customers  before the cutoff (2024-06-30)     in the holdout (to 2024-12-31)   last year's spend
    A     20         100 on 1 May and on 1 June          60 each                          200, the top fifth
    B     25         50 on 15 May                        12 each                          50, the middle fifth
    C     15         20 on 1 June 2023                   nothing                          0, the bottom fifth

They spend 1,500 in the holdout, 25 each; half of what is paid is cost.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import polars as pl

import clvlab as cl
from clvlab.analysis.comparison import SECTIONS, ComparisonContext
from clvlab.frames import TransactionLog
from clvlab.params import CompareParams
from clvlab.presentation.comparison import ComparisonReport
from tests.analysis import pages

KINDS = {
    "A": (20, (("2024-05-01", 100.0), ("2024-06-01", 100.0), ("2024-09-01", 60.0))),
    "B": (25, (("2024-05-15", 50.0), ("2024-10-01", 12.0))),
    "C": (15, (("2023-06-01", 20.0),)),
}
ROWS = [
    (f"{kind}{i:02d}", day, amount, amount / 2)
    for kind, (customers, purchases) in KINDS.items()
    for i in range(customers)
    for day, amount in purchases
]
STRATEGIES = ("hiatus", "last_year_spend", "frequency_tiers")


def log_of(rows: Iterable[tuple] = ROWS, columns: str = "customer_id date amount cost") -> TransactionLog:
    """A log of written rows."""
    frame = pl.DataFrame(list(rows), schema=columns.split(), orient="row", infer_schema_length=None)
    return cl.read_transactions(frame)


def params_of(**given: Any) -> CompareParams:
    """Judged over the half year up to the end of 2024."""
    least = {"name": "pencil", "source": "rows", "as_of": "2024-12-31", "holdout": "184 days", "rounds": 20}
    return CompareParams(**{**least, "strategies": list(STRATEGIES), **given})


@cache
def context() -> ComparisonContext:
    """The three groupings that the sixty customers allow."""
    return ComparisonContext.of(params_of(), log_of(), progress=False)


def with_tables(**tables: pl.DataFrame) -> ComparisonContext:
    """The same with other tables on its board."""
    return replace(context(), board=replace(context().board, **tables))


def ranking(*rows: tuple[str, int, float, str | None, float, float, bool]) -> pl.DataFrame:
    """Name, groups, Gini, what dominates it, interval of the difference from the first, whether recommended."""
    table = pl.DataFrame(
        rows,
        schema=["strategy", "n_groups", "gini", "dominated_by", "low", "high", "recommended"],
        schema_overrides={"dominated_by": pl.String},
        orient="row",
    )
    return table.with_columns(
        difference=pl.col("gini") - table["gini"][0],
        loss=(table["gini"][0] - pl.col("gini")) * 10_000,
        tied=pl.col("dominated_by").is_null() & (pl.col("low") <= 0) & (pl.col("high") >= 0),
        equal=(pl.col("gini") >= table["gini"][0] - 0.02) & pl.col("dominated_by").is_null(),
        knows=pl.lit(True),
        gini_low=pl.col("gini") - 0.1,
        gini_high=pl.col("gini") + 0.1,
        first=pl.lit(0.5),
        smallest=pl.lit(100),
        coverage=pl.lit(1.0),
        stability_resamples=pl.lit(0.9),
        fidelity=pl.lit(0.75),
    )


def section_of(name: str, given: ComparisonContext | None = None):
    """One section of the report."""
    return SECTIONS[name].compute(given or context())


def page_of(name: str, given: ComparisonContext | None = None, lang: str = "en") -> list[str]:
    """What one section shows."""
    used = given or context()
    return pages.page_of(name, section_of(name, used), used.params, lang, report=ComparisonReport)


def sentences_of(name: str, given: ComparisonContext | None = None, lang: str = "en") -> list[str]:
    """Its sentences and chart titles."""
    return [text for text in page_of(name, given, lang)[1:] if "\n" not in text]
