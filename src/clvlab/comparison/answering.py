"""The pattern of answering: whether somebody answered may say more of a customer than what was answered."""

from collections.abc import Sequence

import polars as pl

from clvlab.frames import CustomerSummary
from clvlab.grouping import Attribute
from clvlab.grouping.strategy import UNKNOWN, Rule

ANSWERS = "answers"
"""Column: whether all, some or none of what groupings read is known of the customer."""
ANSWERING = Attribute(ANSWERS, name="answering")
_ALL, _SOME, _NONE = "answered_all", "answered_some", "answered_none"


def with_answers(customers: CustomerSummary, rules: Sequence[Rule]) -> CustomerSummary:
    """The customers with the column ANSWERS: of how many of these rules it is known what they read."""
    unknown = pl.sum_horizontal((rule.assign(customers)["group"] == UNKNOWN).cast(pl.Int64) for rule in rules)
    table = customers.data.select("customer_id").with_columns(unknown=unknown)
    answers = (
        pl.when(pl.col("unknown") == 0)
        .then(pl.lit(_ALL))
        .when(pl.col("unknown") < len(rules))
        .then(pl.lit(_SOME))
        .otherwise(pl.lit(_NONE))
    )
    return customers.with_columns(table.select("customer_id", answers.alias(ANSWERS)))
