"""Foresight: the figures recomputed by loops over the customers who were judged."""

import numpy as np
import polars as pl
import pytest

from clvlab.analysis.comparison.foresight import METRIC_NAMES
from clvlab.comparison.outcomes import Outcomes
from tests.analysis.comparison.logs import KINDS, context, page_of, section_of, sentences_of, with_tables
from tests.analysis.pages import is_chinese

SPEND = {"A": 60.0, "B": 12.0, "C": 0.0}
GROUPS = {
    "last_year_spend": {"A": 60.0, "B": 12.0, "C": 0.0},  # each kind by itself
    "hiatus": {"A": 1, "B": 1, "C": 0},  # A and B are active
    "frequency_tiers": {"A": 1, "B": 0, "C": 0},  # A bought twice
    "one_group": {"A": 0, "B": 0, "C": 0},
}


def judged():
    """Kind and part of each customer who was judged."""
    kinds = [kind for kind, (customers, _) in KINDS.items() for _ in range(customers)]
    dealt = Outcomes.deal(np.zeros(60), np.zeros(60), seed=0).part
    return [(kind, part) for kind, part in zip(kinds, dealt, strict=True) if part > 0]


def gini(places: dict[str, float]) -> float:
    """Twice the mean place of a unit of spend, less one; a customer's place is the share of their part below them."""
    total, placed = 0.0, 0.0
    for part in (1, 2, 3):
        members = [kind for kind, own in judged() if own == part]
        for kind in members:
            below = sum(places[other] < places[kind] for other in members)
            equal = sum(places[other] == places[kind] for other in members)
            placed += SPEND[kind] * (below + equal / 2) / len(members)
            total += SPEND[kind]
    return 2 * placed / total - 1


@pytest.mark.parametrize("strategy", GROUPS)
def test_the_gini_by_hand(strategy):
    found = section_of("foresight")["gini"].filter(strategy=strategy)["value"].item()
    assert found == pytest.approx(gini(GROUPS[strategy]), abs=1e-9)


def test_a_grouping_that_tells_all_kinds_apart_explains_everything():
    metrics = section_of("foresight")["metrics"].filter(strategy="last_year_spend").row(0, named=True)
    assert metrics["variance_explained"] == pytest.approx(1)
    assert metrics["calibration_slope"] == pytest.approx(1)
    assert metrics["buys_again_auc"] == pytest.approx(1)
    assert metrics["buys_again_brier"] == pytest.approx(0, abs=1e-12)


def test_one_group_knows_nothing():
    metrics = section_of("foresight")["metrics"].filter(strategy="one_group").row(0, named=True)
    assert (metrics["gini"], metrics["buys_again_auc"]) == (pytest.approx(0), pytest.approx(0.5))
    assert (metrics["capture_10"], metrics["capture_20"]) == (pytest.approx(0.1), pytest.approx(0.2))
    assert metrics["calibration_slope"] is None


def test_every_strategy_has_every_metric_best_first():
    tables = section_of("foresight")
    assert set(tables["metrics"]["strategy"]) == {*GROUPS, "random_groups"}
    assert tables["metrics"].columns == ["strategy", *METRIC_NAMES]
    assert tables["gini"]["value"].is_sorted(descending=True)
    assert (tables["gini"]["low"] <= tables["gini"]["value"]).all()
    assert (tables["gini"]["value"] <= tables["gini"]["high"]).all()


def test_differences_are_those_of_the_figures():
    tables = section_of("foresight")
    value = dict(tables["gini"].select("strategy", "value").iter_rows())
    for row in tables["differences"].iter_rows(named=True):
        assert row["value"] == pytest.approx(value[row["strategy"]] - value[row["versus"]])


def test_the_sentences_by_hand():
    best, chance = sentences_of("foresight")[1:]
    assert best == f"“Last year's spend” predicts spend best (Gini {gini(GROUPS['last_year_spend']):.2f})"
    against = (
        context().board.differences.filter(strategy="last_year_spend", versus="random_groups").row(0, named=True)
    )
    assert against["low"] > 0
    assert chance == (
        f"“Last year's spend” beats random groups by a Gini of {against['value']:.2f} ({against['low']:.2f} to "
        f"{against['high']:.2f})."
    )


def test_the_sentences_are_there_in_chinese():
    assert is_chinese(sentences_of("foresight", lang="zh"))


def shifted(by: float):
    """The board with every difference from random groups moved."""
    differences = context().board.differences
    moved = [pl.when(pl.col("versus") == "random_groups").then(pl.col(c) + by).otherwise(pl.col(c)).alias(c)
             for c in ("value", "low", "high")]  # fmt: skip
    return with_tables(differences=differences.with_columns(moved))


def test_what_does_not_beat_chance_is_said_not_to():
    sentence = sentences_of("foresight", shifted(-0.7))[2]
    assert sentence.startswith("The data cannot distinguish “Last year's spend” from random groups: the difference")
    assert "(−0." in sentence  # a minus, not a hyphen
    assert is_chinese(sentences_of("foresight", shifted(-0.7), "zh"))


def test_the_best_grouping_is_the_same_as_in_the_verdict_even_where_chance_is_ahead():
    figures = context().board.data
    lucky = (pl.col("strategy") == "random_groups") & (pl.col("metric") == "gini")
    ahead = with_tables(data=figures.with_columns(value=pl.when(lucky).then(0.99).otherwise(pl.col("value"))))
    section = section_of("foresight", ahead)
    assert section["gini"]["strategy"][0] == "random_groups"
    assert section.findings["gini"].figures["strategy"].code == context().board.best


def test_what_is_not_shown_to_predict_is_listed_and_nothing_else():
    figures = context().board.data
    weak = (pl.col("strategy") == "hiatus") & (pl.col("metric") == "gini")
    board = with_tables(data=figures.with_columns(low=pl.when(weak).then(-0.1).otherwise(pl.col("low"))))
    sentence = sentences_of("foresight", board)[3]
    assert sentence == (
        "Not shown to predict anything, since the interval is not above zero: Recently active or not."
    )
    assert is_chinese(sentences_of("foresight", board, "zh"))
    assert "blind" not in section_of("foresight").findings


def test_the_table_reads_as_computed():
    table = page_of("foresight")[-1].splitlines()
    row = next(line for line in table if line.startswith("One group"))
    assert row.split()[2:] == ["0.00", row.split()[3], "10%", "20%", "–", "0.50", row.split()[8]]
    assert row.split()[3].startswith("−")  # worse than the mean of those who are judged
