"""The verdict: its figures are those of the other sections, and it says of no other grouping what is not so."""

import polars as pl
import pytest

from clvlab.analysis.comparison.verdict import choice
from clvlab.wording import Words
from tests.analysis.comparison.logs import context, page_of, ranking, section_of, sentences_of, with_tables
from tests.analysis.pages import is_chinese


def test_the_contenders_by_hand():
    (only,) = section_of("verdict")["contenders"].iter_rows(named=True)
    assert (only["strategy"], only["n_groups"], only["stability_resamples"]) == ("last_year_spend", 3, 1)
    board = context().board
    gini = board.metric("gini").filter(strategy="last_year_spend").row(0, named=True)
    assert (only["gini"], only["low"], only["high"]) == (gini["value"], gini["low"], gini["high"])
    reach = board.reach.filter(strategy="oracle", share=0.2)["reached"].item()
    assert only["reached"] == pytest.approx(reach)  # it knows what everybody will spend


def test_the_sentences_by_hand():
    lead, alone, data = sentences_of("verdict")
    reached = context().board.reach.filter(strategy="last_year_spend", share=0.2).row(0, named=True)
    low, middle, high = (f"{reached[name]:.0%}" for name in ("low", "reached", "high"))
    assert lead == (
        "Use “Last year's spend” (number of groups: 3). Contacting the 20% of customers that it places first would "
        f"have reached {middle} ({low}–{high}) of what customers spent from 30 June 2024 to 31 December 2024; as "
        "many picked at random would have reached 20%."
    )
    assert alone == "No other grouping comes close: every paired difference from “Last year's spend” excludes zero."
    assert data == (
        "60 customers had bought by 30 June 2024. 3 ways of grouping them were formed on what was known that day, "
        "and judged by what the customers did until 31 December 2024."
    )


def test_the_sentences_are_there_in_chinese():
    lead, alone, data = sentences_of("verdict", lang="zh")
    assert is_chinese([lead, alone, data])
    assert alone == "没有其他分组方式与之接近：与“近一年消费额”的成对差异区间均不含零。"


def test_every_difference_that_is_said_to_exclude_zero_does():
    found = choice(context())
    assert found.key == "verdict.alone"
    rest = context().board.ranking.filter(~pl.col("recommended"))
    assert ((rest["low"] > 0) | (rest["high"] < 0)).all()


BEST = ("rfm8", 8, 0.50, None, 0.0, 0.0, True)
BEATEN_BUT_ALIKE = ("abc", 3, 0.49, "rfm8", -0.03, 0.01, False)
BEATEN_AND_WORSE = ("industry", 3, 0.30, "rfm8", -0.25, -0.15, False)
WORSE = ("region", 4, 0.30, None, -0.25, -0.15, False)
ALIKE = ("abc", 3, 0.49, None, -0.03, 0.01, False)


def told(*rows, lang="en"):
    found = choice(with_tables(ranking=ranking(*rows)))
    names = {
        name: "、".join(Words(lang).name(each.kind, each.code) for each in figure)
        if isinstance(figure, list)
        else figure
        for name, figure in found.figures.items()
    }
    return found.key, Words(lang)(found.key, **names)


@pytest.mark.parametrize(
    ("rows", "key"),
    [
        ((BEST,), "verdict.only"),
        ((BEST, WORSE), "verdict.alone"),
        ((BEST, BEATEN_AND_WORSE), "verdict.alone"),
        ((BEST, BEATEN_BUT_ALIKE), "verdict.unbeaten"),
        ((BEST, BEATEN_BUT_ALIKE, WORSE), "verdict.unbeaten"),
        ((BEST, ALIKE, WORSE), "verdict.best_and_simplest"),
    ],
)
def test_that_no_other_comes_close_is_only_said_where_none_does(rows, key):
    found, sentence = told(*rows)
    assert found == key
    assert ("excludes zero" in sentence) == (key == "verdict.alone")
    assert is_chinese([told(*rows, lang="zh")[1]])


def test_what_is_left_out_although_it_predicts_no_worse_is_named():
    assert told(BEST, BEATEN_BUT_ALIKE, BEATEN_AND_WORSE, WORSE)[1] == (
        "The data cannot distinguish the predictive power of “RFM cube of eight types” from that of ABC classes; but "
        "each of these is left out, because another grouping is at least as good in predictive power, stability and "
        "simplicity, and better in one of them."
    )


def test_a_single_grouping_has_none_to_compare_with():
    assert told(BEST)[1] == "“RFM cube of eight types” is the only grouping compared."


def test_the_simpler_of_two_is_worth_the_difference_that_is_stated():
    best = (*BEST[:6], False)
    key, sentence = told(best, (*ALIKE[:6], True))
    assert key == "verdict.simpler_of_two"
    assert sentence == (
        "“RFM cube of eight types” predicts spend slightly better, by a Gini of 0.010 (−0.010 to 0.030), which the "
        "data cannot distinguish from zero; “ABC classes” is simpler."
    )


def test_one_group_is_no_plural():
    one = (("hiatus", 1, 0.5, None, 0.0, 0.0, True),)
    lead = sentences_of("verdict", with_tables(ranking=ranking(*one)))[0]
    assert "(number of groups: 1)" in lead


def test_the_table_reads_as_computed():
    table = page_of("verdict")[-1].splitlines()
    gini = context().board.metric("gini").row(0, named=True)
    assert table[0] == "Groupings that no other beats in predictive power, stability and simplicity at once"
    assert table[2].split()[3:5] == ["3", f"{gini['value']:.2f}"]
    assert len(table) == 3
