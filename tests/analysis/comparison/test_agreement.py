"""Agreement by hand: which groupings follow from one another, and what crossing adds where all is known."""

import polars as pl
import pytest

from clvlab.analysis.comparison import ComparisonContext
from tests.analysis.comparison.logs import (
    STRATEGIES,
    context,
    log_of,
    page_of,
    params_of,
    section_of,
    sentences_of,
    with_tables,
)
from tests.analysis.pages import is_chinese


def test_agreement_is_symmetric_and_at_most_one():
    pairs = {(row[0], row[1]): row[2] for row in section_of("agreement")["pairs"].iter_rows()}
    for one in STRATEGIES:
        for other in STRATEGIES:
            if (one, other) in pairs:
                assert pairs[one, other] == pytest.approx(pairs[other, one])
                assert pairs[one, other] <= 1 + 1e-12
    assert len({frozenset(pair) for pair in pairs if pair[0] != pair[1]}) == 3


def test_groupings_that_know_nothing_are_not_listed():
    assert set(section_of("agreement")["pairs"]["strategy"]) == set(STRATEGIES)


def test_those_that_agree_most_are_named():
    pairs = section_of("agreement")["pairs"].filter(pl.col("strategy") != pl.col("other"))
    best = pairs.sort("agreement", descending=True).row(0, named=True)
    told = section_of("agreement").findings["pairs"].figures
    assert {told["strategy"].code, told["other"].code} == {best["strategy"], best["other"]}
    assert told["agreement"] == best["agreement"]


def test_crossing_what_knows_everything_adds_nothing():
    crossings = section_of("agreement")["crossings"]
    assert set(crossings["versus"]) == {"hiatus", "frequency_tiers"}
    assert crossings["n_groups"].to_list() == [3, 3]
    assert crossings["gain"].to_list() == pytest.approx([0, 0])
    assert crossings["gini"].to_list() == pytest.approx([section_of("foresight")["gini"]["value"][0]] * 2)


def test_the_sentences_by_hand():
    _, pairs, gain = sentences_of("agreement")
    agreement = section_of("agreement").findings["pairs"].figures["agreement"]
    assert pairs == f"“Frequency tiers” and “Last year's spend in fifths” agree most ({agreement:.2f})"
    assert gain.startswith(
        "Crossing “Last year's spend in fifths” with another grouping gains nothing that the data can distinguish "
        "from zero; the largest gain is 0.000 (0.000 to 0.000), with “"
    )
    assert is_chinese(sentences_of("agreement", lang="zh"))


@pytest.mark.parametrize(("low", "gains"), [(0.01, True), (0.0, False), (-0.02, False)])
def test_a_gain_is_one_where_its_interval_excludes_zero(low, gains):
    crossings = pl.DataFrame(
        {
            "strategy": ["last_year_spend"],
            "versus": ["hiatus"],
            "n_groups": [4],
            "gini": [0.55],
            "gain": [0.02],
            "low": [low],
            "high": [0.04],
        }
    )
    sentence = sentences_of("agreement", with_tables(crossings=crossings))[2]
    assert "0.020" in sentence
    assert f"({'−' if low < 0 else ''}{abs(low):.3f} to 0.040" in sentence
    assert (
        sentence.startswith("Crossing “Last year's spend in fifths” with “Recently active or not” gains most")
        == gains
    )
    assert ("gains nothing that the data can distinguish from zero" in sentence) != gains
    assert is_chinese(sentences_of("agreement", with_tables(crossings=crossings), "zh"))


def test_a_single_grouping_agrees_with_none():
    alone = ComparisonContext.of(params_of(strategies=["hiatus"]), log_of(), progress=False)
    section = section_of("agreement", alone)
    assert not {"pairs", "crossings"} & set(section)
    assert sentences_of("agreement", alone) == [
        "Adjusted mutual information: 1 if each of two groupings follows from the other, 0 if they agree no more "
        "than by chance."
    ]
    assert sentences_of("verdict", alone)[1] == "“Recently active or not” is the only grouping compared."


def test_every_pair_is_exported():
    section = section_of("agreement")
    assert section["every_pair"].height == context().board.agreement.height
    assert section["every_crossing"].height == 2


def test_the_table_reads_as_computed():
    table = page_of("agreement")[-1].splitlines()
    gini = section_of("foresight")["gini"]["value"][0]
    assert all(line.split()[-5:] == ["3", f"{gini:.3f}", "0.000", "0.000", "0.000"] for line in table[2:])
