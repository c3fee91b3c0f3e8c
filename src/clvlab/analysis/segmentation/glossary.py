"""Glossary: the words of this report, with their meaning; the texts are in the wording catalogue."""

import polars as pl

from clvlab.analysis.section import Finding, Section
from clvlab.analysis.segmentation.context import Context

TERMS = (
    "purchase", "repeat_purchase", "days_since_last", "rfm", "segment", "cluster", "p_alive", "p_buys_again",
    "clv", "horizon", "holdout", "naive", "interval", "chance", "concentration",
)  # fmt: skip


def compute(_: Context) -> Section:
    """Table `terms`: the codes of the terms explained."""
    return Section({"terms": pl.DataFrame({"term": TERMS})}, {"lead": Finding.of("glossary.lead")})
