"""Foresight: the figures recomputed by loops over the customers who were judged."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from clvlab.analysis.comparison import ComparisonContext
from clvlab.analysis.comparison.foresight import METRIC_NAMES
from clvlab.comparison.outcomes import Outcomes
from clvlab.comparison.rankings import BARS
from tests.analysis.comparison.logs import (
    KINDS,
    context,
    log_of,
    page_of,
    params_of,
    section_of,
    sentences_of,
    with_tables,
)
from tests.analysis.pages import is_chinese

SPEND = {"A": 60.0, "B": 12.0, "C": 0.0}
GROUPS = {
    "last_year_spend": {"A": 60.0, "B": 12.0, "C": 0.0},  # each kind by itself
    "hiatus": {"A": 1, "B": 1, "C": 0},  # A and B are active
    "frequency_tiers": {"A": 1, "B": 0, "C": 0},  # A bought twice
    "one_group": {"A": 0, "B": 0, "C": 0},
}


def judged(deal: int):
    """Kind and part of each customer who was judged in one deal."""
    kinds = [kind for kind, (customers, _) in KINDS.items() for _ in range(customers)]
    dealt = Outcomes.deal(np.zeros(60), np.zeros(60), 0, deal).part
    return [(kind, part) for kind, part in zip(kinds, dealt, strict=True) if part > 0]


def gini(places: dict[str, float]) -> float:
    """The mean over all deals."""
    return float(np.mean([gini_of(places, deal) for deal in range(context().board.n_deals)]))


def gini_of(places: dict[str, float], deal: int) -> float:
    """Twice the mean place of a unit of spend, less one; a customer's place is the share of their part below them."""
    total, placed = 0.0, 0.0
    for part in (1, 2, 3):
        members = [kind for kind, own in judged(deal) if own == part]
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
    assert set(tables["metrics"]["strategy"]) == {*GROUPS, "random_groups", *BARS}
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
    best, chance, bar = sentences_of("foresight")[1:]
    found = gini(GROUPS["last_year_spend"])
    assert best == (
        f"“Last year's spend in fifths” predicts spend best of the groupings (Gini {found:.2f}); “Ranking one by one "
        f"by last year's spend” reaches {found:.2f}"
    )
    row = context().board.ranking.filter(strategy="last_year_spend").row(0, named=True)
    assert chance == (
        f"“Last year's spend in fifths” tells more than chance: its Gini is {found:.2f} ({row['gini_low']:.2f} to "
        f"{row['gini_high']:.2f}; 99%, for all groupings at once), and that of chance is 0."
    )
    assert bar.startswith("What a spreadsheet gives: rank the customers, one by one, by their spend in the last year")
    assert "The better here is “Ranking one by one by last year's spend”;" in bar


def test_the_bar_by_hand():
    bar = section_of("foresight")["bar"]
    value = dict(section_of("foresight")["gini"].select("strategy", "value").iter_rows())
    assert bar["strategy"].to_list() == ["last_year_spend", "frequency_tiers", "hiatus"]
    for row in bar.iter_rows(named=True):
        assert row["from_bar"] == pytest.approx(value[row["strategy"]] - value["ranked_last_year"])
        assert row["money_10"] == pytest.approx(1_500 * row["first_10"])
    # Kinds are told apart by last year's spend, be it of each customer or of groups.
    assert bar.row(0)[1:] == (0,) * 7


def test_groupings_are_held_against_the_better_of_the_rankings():
    figures = context().board.data
    rate = (pl.col("strategy") == "ranked_rate") & (pl.col("metric") == "gini")
    ahead = with_tables(data=figures.with_columns(value=pl.when(rate).then(0.99).otherwise(pl.col("value"))))
    assert (context().bar, ahead.bar) == ("ranked_last_year", "ranked_rate")
    name = "Ranking one by one by spend per day as a customer"
    assert sentences_of("foresight", ahead)[1].endswith(f"“{name}” reaches 0.99")
    assert any(name in sentence for sentence in sentences_of("verdict", ahead))


def test_the_sentences_are_there_in_chinese():
    assert is_chinese(sentences_of("foresight", lang="zh"))


def ranked(**columns):
    """The board with other columns of its ranking."""
    return with_tables(ranking=context().board.ranking.with_columns(**columns))


def test_what_does_not_beat_chance_is_said_not_to():
    given = ranked(knows=pl.lit(False), recommended=pl.lit(False), gini_low=pl.lit(-0.2))
    sentence = sentences_of("foresight", given)[2]
    assert sentence.startswith("The data cannot distinguish “Last year's spend in fifths” from chance: its Gini is")
    assert "(−0.2" in sentence  # a minus, not a hyphen
    assert is_chinese(sentences_of("foresight", given, "zh"))


def test_the_best_grouping_is_the_same_as_in_the_verdict_even_where_chance_is_ahead():
    figures = context().board.data
    lucky = (pl.col("strategy") == "random_groups") & (pl.col("metric") == "gini")
    ahead = with_tables(data=figures.with_columns(value=pl.when(lucky).then(0.99).otherwise(pl.col("value"))))
    section = section_of("foresight", ahead)
    assert section["gini"]["strategy"][0] == "random_groups"
    assert section.findings["gini"].figures["strategy"].code == context().board.best


def test_what_is_not_shown_to_predict_is_listed_and_nothing_else():
    given = ranked(knows=pl.col("strategy") != "hiatus")
    sentence = sentences_of("foresight", given)[3]
    assert sentence == (
        "Not shown to predict anything, since the interval that holds for all groupings at once (99%) is not above "
        "zero: Recently active or not."
    )
    assert is_chinese(sentences_of("foresight", given, "zh"))
    assert "blind" not in section_of("foresight").findings


def test_each_cutoff_by_itself_and_how_the_rule_ages():
    rows = [(f"{kind}{i:02d}", day, amount) for kind, (customers, _) in KINDS.items() for i in range(customers)
            for day, amount in (("2023-06-01", 9.0 if kind == "A" else 1.0), ("2024-01-02", 5.0 * (kind != "C")),
                                ("2024-09-01", 7.0 * (kind == "A") + 0.5)) if amount]  # fmt: skip
    given = ComparisonContext.of(
        params_of(strategies=["hiatus", "last_year_spend"], cutoffs=2),
        log_of(rows, "customer_id date amount"),
        progress=False,
    )
    section = section_of("foresight", given)
    assert section["windows"]["cutoff"].unique(maintain_order=True).to_list() == [
        date(2023, 12, 29),
        date(2024, 6, 30),
    ]
    shown = section["windows"].filter(strategy=given.shown)["gini"]
    assert shown.mean() == pytest.approx(given.board.metric("gini").filter(strategy=given.shown)["value"].item())
    assert section["ageing"]["cutoff"].to_list() == [date(2024, 6, 30)]
    assert section["ageing"]["gini"].item() == pytest.approx(shown[1])
    windows = section_of("verdict", given).findings["windows"].figures
    assert (windows["cutoffs"], windows["low"], windows["high"]) == (2, shown.min(), shown.max())
    assert is_chinese(sentences_of("verdict", given, "zh"))


def test_groupings_that_know_of_some_are_judged_among_them_too():
    # Whoever answered spends; what they answered says nothing.
    ids = [f"{kind}{i:02d}" for kind, (customers, _) in KINDS.items() for i in range(customers)]
    answered = pl.DataFrame({"customer_id": ids[:45], "city": ["x", "y", "z"] * 15})
    given = ComparisonContext.of(
        params_of(strategies=[{"attribute": "city"}]), replace(log_of(), attributes=(answered,)), progress=False
    )
    covered = section_of("foresight", given)["covered"].row(0, named=True)
    assert (covered["strategy"], covered["coverage"]) == ("city", 0.75)
    by_name = dict(given.board.metric("gini").select("strategy", "value").iter_rows())
    assert by_name["answering"] == pytest.approx(by_name["ranked_last_year"], abs=0.3)
    assert by_name["answering"] > 0.15
    assert abs(covered["gini"]) < 0.1  # its own answers, not the pattern of answering
    assert "answering" not in given.board.ranking["strategy"]
    assert is_chinese(sentences_of("foresight", given, "zh"))


def test_the_table_reads_as_computed():
    table = page_of("foresight")[-1].splitlines()
    row = next(line for line in table if line.startswith("One group"))
    assert row.split()[2:] == ["0.00", row.split()[3], "10%", "20%", "–", "0.50", row.split()[8]]
    assert row.split()[3].startswith("−")  # worse than the mean of those who are judged
