"""What the recommended groups did, by hand: 20 spent 60 each, 25 spent 12, 15 nothing; half of it is profit."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from clvlab.analysis.comparison import ComparisonContext
from tests.analysis.comparison.logs import (
    ROWS,
    context,
    log_of,
    page_of,
    params_of,
    section_of,
    sentences_of,
    with_tables,
)
from tests.analysis.pages import is_chinese

GROUPS = ["fifth_1", "fifth_3", "fifth_5"]


def test_spend_by_hand():
    spend = section_of("by_group")["spend"]
    assert spend["group"].to_list() == GROUPS
    assert spend["place"].to_list() == [1, 2, 3]
    assert spend["n"].to_list() == [20, 25, 15]
    assert spend["value"].to_list() == [60, 12, 0]
    assert spend["expected_spend"].to_list() == pytest.approx([60, 12, 0])
    assert (spend["low"] <= spend["value"]).all()
    assert (spend["value"] < spend["high"]).all()  # that all of a few spent alike does not prove that all others do


def test_profit_by_hand():
    money = section_of("by_group")["money"]
    profit = money.filter(measure="profit")
    assert profit.select("group", "n", "value").rows() == [
        ("fifth_1", 20, 30),
        ("fifth_3", 25, 6),
        ("fifth_5", 15, 0),
    ]
    assert set(money["measure"]) == {"spend", "profit"}


def test_without_costs_there_is_no_profit():
    context = ComparisonContext.of(
        params_of(strategies=["hiatus"]), log_of([row[:3] for row in ROWS], "customer_id date amount"), progress=False
    )
    assert set(section_of("by_group", context)["money"]["measure"]) == {"spend"}


def test_who_bought_again_by_hand():
    rates = section_of("by_group")["rates"]
    assert rates["value"].to_list() == [1, 1, 0]
    z2 = 1.959964**2
    # Wilson's interval of all of n is n / (n + z2) to 1, of none 0 to z2 / (n + z2).
    assert rates["low"].to_list() == pytest.approx([20 / (20 + z2), 25 / (25 + z2), 0], abs=1e-6)
    assert rates["high"].to_list() == pytest.approx([1, 1, z2 / (15 + z2)], abs=1e-6)


def test_the_sentences_by_hand():
    assert sentences_of("by_group") == [
        "The groups of “Last year's spend in fifths”, in the order of what was expected of them. What groups of "
        "fewer than 15 customers did is not shown.",
        "Customers in the group “Highest of five bands” spent 60.00 each, against 25.00 over all customers",
    ]


def test_the_sentences_are_there_in_chinese():
    assert is_chinese(sentences_of("by_group", lang="zh"))
    assert sentences_of("by_group", lang="zh")[1] == "“五档之最高档”组人均消费60.00，全体客户人均25.00"


def hidden() -> ComparisonContext:
    """The same, had the middle group fewer customers than are shown."""
    few = (pl.col("strategy") == "last_year_spend") & (pl.col("group") == "fifth_3")
    outcomes = context().board.outcomes
    return with_tables(
        outcomes=outcomes.with_columns(
            pl.when(~few).then(pl.col(name)).alias(name) for name in ("value", "low", "high")
        ).with_columns(n=pl.when(few).then(9).otherwise(pl.col("n")))
    )


def test_groups_that_are_not_shown_are_counted():
    section = section_of("by_group", hidden())
    assert section["spend"]["group"].to_list() == ["fifth_1", "fifth_5"]
    assert section.findings["hidden"].figures["groups"] == 1
    assert sentences_of("by_group", hidden())[2] == "Not shown, so that no figure is one of a few customers: 1 group."
    assert is_chinese(sentences_of("by_group", hidden(), "zh"))


def test_of_an_attribute_no_small_group_is_told_nor_what_gives_it_away():
    names = dict(zip(GROUPS, ("Bern", "Basel", "Chur"), strict=True))
    ours = pl.col("strategy") == "last_year_spend"
    called = {
        column: pl.when(ours).then(pl.col(column).replace(new)).otherwise(pl.col(column))
        for column, new in {"group": names, "strategy": {"last_year_spend": "city"}}.items()
    }
    outcomes = context().board.outcomes.with_columns(
        n=pl.when(ours & (pl.col("group") == "fifth_3")).then(9).otherwise(pl.col("n"))
    )
    given = with_tables(
        outcomes=outcomes.with_columns(**called), allocation=context().board.allocation.with_columns(**called)
    )
    for table in (given.board.outcomes, given.board.allocation):
        seen = given.seen(table).filter(strategy="city")
        assert set(seen["group"]) == {"Bern"}  # Chur, the next larger with 15, would give Basel's 9 away
        assert given.seen(table).filter(strategy="frequency_tiers").height > 0


def test_small_groups_of_a_map_of_ones_own_are_told_of_for_it_reads_no_attribute(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("n_bins: 2\nscores: [r_score]\ngroups: {good: '2', bad: '1'}\n", encoding="utf-8")
    given = replace(context(), params=params_of(strategies=[str(path)]))
    few = pl.DataFrame({"strategy": ["own"], "group": ["good"], "measure": ["spend"], "n": [3]})
    named = replace(given, board=replace(given.board, outcomes=few))
    assert named.seen(few).height == 1


def test_all_customers_are_all_customers_those_not_shown_included():
    assert section_of("by_group", hidden()).findings["spend"].figures["average"] == 25


def test_where_no_group_is_large_enough_nothing_is_said_of_any():
    outcomes = context().board.outcomes.with_columns(
        pl.lit(None, pl.Float64).alias(name) for name in ("value", "low", "high")
    )
    section = section_of("by_group", with_tables(outcomes=outcomes))
    assert section["spend"].is_empty()
    assert "spend" not in section.findings
    assert section.findings["hidden"].figures["groups"] == 3


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_answers_of_the_holdout_by_hand(lang):
    ids = [f"A{i:02d}" for i in range(20)]
    surveys = pl.DataFrame({"customer_id": ids, "date": [date(2024, 9, 1)] * 20, "satisfaction": [4, 5] * 10})
    log = replace(log_of(), attributes=(surveys,))
    asked = ComparisonContext.of(params_of(strategies=["last_year_spend"]), log, progress=False)
    answers = section_of("by_group", asked)["answers"]
    assert answers.filter(group="fifth_1").select("n", "value").rows() == [(20, 4.5)]
    assert answers.filter(pl.col("group") != "fifth_1")["value"].null_count() == 2  # nobody answered
    table = page_of("by_group", asked, lang)[-1].splitlines()
    assert table[2].split()[-4:-2] == ["20", "4.50"]


def test_the_order_is_that_of_what_was_expected():
    section = section_of("by_group")
    assert section["spend"]["expected_spend"].is_sorted(descending=True)
    for table in ("money", "rates"):
        for measure in section[table]["measure"].unique():
            assert section[table].filter(measure=measure)["group"].to_list() == GROUPS


def test_the_tables_read_as_computed():
    money, rates = (piece.splitlines() for piece in page_of("by_group") if "\n" in piece)
    assert money[2].split()[-5:-2] == ["Spend", "20", "60.00"]
    assert rates[4].split() == ["Lowest", "of", "five", "bands", "15", "0%", "0%", "20%"]


def test_without_amounts_purchases_are_counted():
    moneyless = log_of([row[:2] for row in ROWS], "customer_id date")
    given = ComparisonContext.of(params_of(strategies=["hiatus"]), moneyless, progress=False)
    section = section_of("by_group", given)
    assert "money" not in section
    assert section["counts"]["value"].to_list() == [1, 0]  # A and B bought once more each
    assert sentences_of("by_group", given)[1] == (
        "Customers in the group “Active” bought 1.00 times each, against 0.75 over all customers"
    )
    assert is_chinese(sentences_of("by_group", given, "zh"))
    assert "purchases" in sentences_of("verdict", given)[0]
