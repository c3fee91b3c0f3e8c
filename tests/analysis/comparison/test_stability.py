"""Reliability by hand: three kinds of customers that no resample can confuse."""

import polars as pl
import pytest

from tests.analysis.comparison.logs import STRATEGIES, context, page_of, section_of, sentences_of, with_tables
from tests.analysis.pages import is_chinese


def figures():
    return {row["strategy"]: row for row in section_of("stability")["figures"].iter_rows(named=True)}


def test_the_shape_of_the_groups_by_hand():
    found = figures()
    assert {name: (row["n_groups"], row["smallest"]) for name, row in found.items()} == {
        "last_year_spend": (3, 15),
        "hiatus": (2, 15),  # C is inactive
        "frequency_tiers": (2, 20),  # A bought twice
    }
    assert all(row["coverage"] == 1 for row in found.values())


def test_balance_is_the_entropy_relative_to_equal_groups():
    from math import log

    shares = {"last_year_spend": (20, 25, 15), "hiatus": (45, 15), "frequency_tiers": (20, 40)}
    for name, sizes in shares.items():
        entropy = -sum(n / 60 * log(n / 60) for n in sizes)
        assert figures()[name]["balance"] == pytest.approx(entropy / log(len(sizes)))


def test_what_one_threshold_tells_three_questions_tell():
    assert all(row["fidelity"] == 1 for row in figures().values())


def test_what_no_resample_can_confuse_is_stable():
    for name in ("stability_resamples", "stability_halves"):
        assert all(row[name] == pytest.approx(1) for row in figures().values()), name


def test_groupings_that_know_nothing_are_not_listed():
    section = section_of("stability")
    for table in ("map", "figures"):
        assert set(section[table]["strategy"]) == set(STRATEGIES)


def test_the_map_has_the_figures_of_the_tables():
    points = {row["strategy"]: row for row in section_of("stability")["map"].iter_rows(named=True)}
    gini = dict(context().board.metric("gini").select("strategy", "value").iter_rows())
    for name, row in points.items():
        assert row["gini"] == gini[name]
        assert row["stability_resamples"] == figures()[name]["stability_resamples"]
    assert {name: row["role"] for name, row in points.items()} == {
        "last_year_spend": "recommended",
        "hiatus": "baseline",
        "frequency_tiers": "contender",
    }


def with_stability(**agreement):
    data = context().board.data
    for name, value in agreement.items():
        own = (pl.col("strategy") == name) & (pl.col("metric") == "stability_resamples")
        data = data.with_columns(value=pl.when(own).then(pl.lit(value, pl.Float64)).otherwise(pl.col("value")))
    return with_tables(data=data)


def test_where_all_are_alike_none_is_the_least_stable():
    assert sentences_of("stability")[1] == "All groupings are equally stable, with an agreement of 1.00"
    assert is_chinese(sentences_of("stability", lang="zh"))


def test_the_least_stable_is_named():
    context = with_stability(hiatus=0.4, frequency_tiers=0.8)
    assert sentences_of("stability", context)[1] == (
        "“Last year's spend in fifths” comes out again with an agreement of 1.00; the least stable, “Recently "
        "active or not”, with 0.40"
    )
    assert is_chinese(sentences_of("stability", context, "zh"))
    itself = with_stability(last_year_spend=0.3)
    assert sentences_of("stability", itself)[1] == (
        "The grouping shown, “Last year's spend in fifths”, is the least stable, with an agreement of 0.30"
    )
    assert is_chinese(sentences_of("stability", itself, "zh"))


def test_what_is_not_known_is_not_the_least():
    context = with_stability(hiatus=None, frequency_tiers=0.8)
    assert section_of("stability", context).findings["map"].figures["strategy"].code == "frequency_tiers"


def test_without_clusters_nothing_is_said_of_their_distance():
    assert "clusters" not in section_of("stability")


def test_the_table_reads_as_computed():
    table = page_of("stability")[-1].splitlines()
    row = next(line for line in table if line.startswith("Recently active or not"))
    assert row.split()[4:] == ["1.00", "1.00", "1.00", "2", "15", "0.81", "100%", "100%"]
