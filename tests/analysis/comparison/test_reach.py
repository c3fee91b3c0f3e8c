"""Money: whom contacts reach and where a budget goes, by hand."""

import polars as pl
import pytest

from tests.analysis.comparison.logs import context, page_of, section_of, sentences_of, with_tables
from tests.analysis.comparison.test_foresight import SPEND, judged
from tests.analysis.pages import is_chinese

TOTAL = 20 * 60 + 25 * 12


def reached(share: float) -> float:
    """The mean over the first twenty deals."""
    return sum(reached_in(share, deal) for deal in range(20)) / 20


def reached_in(share: float, deal: int) -> float:
    """What the best share of each part brings of the judged customers' spend: A is taken first, then B, then C."""
    taken = total = 0.0
    for part in (1, 2, 3):
        members = sorted((SPEND[kind] for kind, own in judged(deal) if own == part), reverse=True)
        left = share * len(members)
        for spend in members:
            taken += spend * max(0.0, min(1.0, left))
            left -= 1
        total += sum(members)
    return taken / total


def test_what_contacts_reach_by_hand():
    contacts = section_of("reach")["contacts"]
    assert contacts["share"].to_list() == [0.05, 0.10, 0.20, 0.30, 0.50]
    assert contacts["contacts"].to_list() == [3, 6, 12, 18, 30]  # of sixty
    assert contacts["reached"].to_list() == pytest.approx([reached(share) for share in contacts["share"]])
    assert contacts["reached_spend"].to_list() == pytest.approx([TOTAL * reached(s) for s in contacts["share"]])


def test_nobody_reaches_more_than_an_oracle_and_chance_reaches_its_share():
    curve = section_of("reach")["curve"]
    oracle = dict(curve.filter(strategy="oracle").select("share", "reached").iter_rows())
    for row in curve.iter_rows(named=True):
        assert row["reached"] <= oracle[row["share"]] + 1e-12
    random = curve.filter(strategy="random")
    assert random["reached"].to_list() == random["share"].to_list()


def test_the_curve_has_each_line_once():
    curve = section_of("reach")["curve"]
    lines = curve["strategy"].unique(maintain_order=True).to_list()
    assert lines == ["last_year_spend", "ranked_last_year", "random", "oracle"]
    assert not curve.select(pl.struct("strategy", "share").is_duplicated().any()).item()


def test_the_budget_by_hand():
    budget = section_of("reach")["budget"]
    assert budget["group"].to_list() == ["fifth_1", "fifth_3", "fifth_5"]
    assert budget["customers"].to_list() == [20, 25, 15]
    assert budget["share_customers"].to_list() == pytest.approx([20 / 60, 25 / 60, 15 / 60])
    assert budget["expected_spend"].to_list() == pytest.approx([60, 12, 0])
    assert budget["share_budget"].to_list() == pytest.approx([0.8, 0.2, 0])  # 1,200 and 300 of 1,500


def test_the_sentences_by_hand():
    _, curve, budget = sentences_of("reach")
    percent = f"{reached(0.20):.0%}"
    assert curve == (
        f"12 contacts chosen by “Last year's spend in fifths” reach {percent} of spend; at random 20%, at best "
        f"{percent}"
    )
    assert budget == (
        "Spread by what is expected of the groups, a budget gives most to the group “Highest of five bands”: 80.0% "
        "of the money, with 33.3% of customers."
    )


def test_the_sentences_are_there_in_chinese():
    told = sentences_of("reach", lang="zh")
    assert is_chinese(told)
    assert told[2] == "若按各分组的预期分配预算，“五档之最高档”组应得最多：占预算的80.0%（占客户总数的33.3%）。"


def test_of_a_group_too_small_to_be_shown_nothing_is_expected_in_public():
    allocation = context().board.allocation
    first = (pl.col("strategy") == "last_year_spend") & (pl.col("group") == "fifth_1")
    few = allocation.with_columns(customers=pl.when(first).then(14).otherwise(pl.col("customers")))
    expected = section_of("reach", with_tables(allocation=few))["budget"]["expected_spend"].to_list()
    assert expected == [None, pytest.approx(12), pytest.approx(0)]


def test_the_verdict_says_the_same():
    at = section_of("reach")["contacts"].filter(share=0.2).row(0, named=True)
    lead = section_of("verdict").findings["lead"].figures
    assert [lead[name] for name in ("reached", "low", "high")] == [at[name] for name in ("reached", "low", "high")]


def test_the_budget_and_what_groups_did_agree():
    expected = dict(section_of("reach")["budget"].select("group", "expected_spend").iter_rows())
    did = section_of("by_group")["spend"]
    assert dict(did.select("group", "expected_spend").iter_rows()) == expected


def test_a_group_of_whom_nothing_was_judged_is_expected_to_bring_nothing_that_is_known():
    unknown = (pl.col("strategy") == "last_year_spend") & (pl.col("group") == "fifth_5")
    allocation = context().board.allocation.with_columns(
        expected_spend=pl.when(~unknown).then(pl.col("expected_spend"))
    )
    table = page_of("reach", with_tables(allocation=allocation))[-1].splitlines()
    assert table[4].split() == ["3", "Lowest", "of", "five", "bands", "15", "25.0%", "–", "0.0%"]


def test_the_tables_read_as_computed():
    contacts, budget = (piece.splitlines() for piece in page_of("reach") if "\n" in piece)
    assert contacts[2].split()[:3] == ["5%", "3", f"{reached(0.05):.0%}"]
    assert contacts[2].split()[-1] == f"{TOTAL * reached(0.05):.0f}"
    assert budget[2].split() == ["1", "Highest", "of", "five", "bands", "20", "33.3%", "60.00", "80.0%"]
