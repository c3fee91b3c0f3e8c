"""The report of the period before, which a report of a series is compared with.

What it said is what its readers remember. So it is taken as it was published; where it was not, or was made in
another way, it is computed again as of its day, which gives the same.
"""

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from clvlab.analysis.segmentation.earlier import first_model
from clvlab.grouping.strategy import Rule, rule_from_dict
from clvlab.label_history import CUSTOMERS_FILE, HEADLINE_FILE, RULE_FILE
from clvlab.params import PREDECESSOR


@dataclass(frozen=True, eq=False)
class Predecessor:
    """What the report of the period before said.

    Attributes
    ----------
    as_of : its day
    customers : its table of customers, with values and groups; published, also with all else that it says of them
    rule, rule_day : the rule that gave the groups, and the day on whose customers it was drawn
    model : the class of the purchase model that it valued customers by; None where it valued nobody
    values : what it and the reports before it expected all customers to bring, oldest first, as far as published
    """

    as_of: date
    customers: pl.DataFrame
    rule: Rule
    rule_day: date
    model: str | None
    values: tuple[float, ...] = ()


def published_on(day: date) -> Predecessor | None:
    """The report of a day as the runner of this process has found it published; None where it has not."""
    given = os.environ.get(PREDECESSOR)
    if not given or Path(given).name != day.isoformat():
        return None
    folder = Path(given)
    rule = json.loads((folder / RULE_FILE).read_text(encoding="utf-8"))
    return Predecessor(
        day,
        pl.read_parquet(folder / CUSTOMERS_FILE, glob=False),
        rule_from_dict(rule["rule"]),
        date.fromisoformat(rule["drawn_on"]),
        first_model(folder),
        _values(folder),
    )


def _values(folder: Path) -> tuple[float, ...]:
    """The line of the expected value, as a report has published it."""
    headline = json.loads((folder / HEADLINE_FILE).read_text(encoding="utf-8"))
    return next((tuple(figure["trend"]) for figure in headline if figure["measure"] == "clv"), ())
