"""The recommendation: a reader who follows the printed rule over the printed table comes to the printed choice."""

import re

import polars as pl
import pytest

from clvlab.analysis.comparison import ComparisonContext
from tests.analysis.comparison.logs import (
    KINDS,
    context,
    log_of,
    page_of,
    params_of,
    ranking,
    section_of,
    sentences_of,
    with_tables,
)
from tests.analysis.pages import is_chinese

# Of each kind: days since the last purchase and since the first, purchases, spend to date and of the last year.
KNOWN = {
    "A": {"days since first purchase": 60, "Days since last purchase": 29, "Purchases": 2, "Total spend": 200,
          "Spend of the last year": 200},
    "B": {"days since first purchase": 46, "Days since last purchase": 46, "Purchases": 1, "Total spend": 50,
          "Spend of the last year": 50},
    "C": {"days since first purchase": 395, "Days since last purchase": 395, "Purchases": 1, "Total spend": 20,
          "Spend of the last year": 0},
}  # fmt: skip
GROUPS = {"A": "Highest of five bands", "B": "Middle band", "C": "Lowest of five bands"}
HOLDS = {
    "≤": lambda a, b: a <= b,
    "<": lambda a, b: a < b,
    "≥": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
    "=": lambda a, b: a == b,
}


def fits(known: dict[str, float], condition: str) -> bool:
    """Whether a customer satisfies a printed condition."""
    for part in condition.split(", "):
        terms = re.split(r" ([≤<≥>=]) ", part)
        for left, sign, right in zip(terms[::2], terms[1::2], terms[2::2], strict=False):
            if not HOLDS[sign](*(known[term] if term in known else float(term) for term in (left, right))):
                return False
    return True


def table_of(caption: str, given=None) -> list[list[str]]:
    """The rows of a printed table."""
    tables = [piece.splitlines() for piece in page_of("recommendation", given) if "\n" in piece]
    (lines,) = (table for table in tables if table[0] == caption)
    return [re.split(r" {2,}", line.strip()) for line in lines[2:]]


@pytest.mark.parametrize("kind", KINDS)
def test_the_printed_rule_puts_every_kind_where_the_comparison_does(kind):
    card = table_of("The rule of the grouping, as applied")
    found = [row[0] for row in card if row[-1] != "–" and fits(KNOWN[kind], row[-1])]
    assert found == [GROUPS[kind]]
    names = {GROUPS["A"]: "fifth_1", GROUPS["B"]: "fifth_3", GROUPS["C"]: "fifth_5"}
    assigned = context().board.assignments.filter(customer_id=f"{kind}00")["last_year_spend"].item()
    assert names[found[0]] == assigned


def told_by_a_tree():
    """The same, had the rule more lines than the tree."""
    cards = context().board.cards
    many = pl.concat([cards, *[cards.filter(strategy="last_year_spend")] * 3])
    return with_tables(cards=many)


def test_a_rule_that_is_no_longer_than_its_tree_is_told_by_itself():
    section = section_of("recommendation")
    assert "tree" not in section
    assert "told" not in section.findings
    assert "tree" in section_of("recommendation", told_by_a_tree())


@pytest.mark.parametrize("kind", KINDS)
def test_the_three_questions_put_every_kind_where_the_rule_does(kind):
    tree = table_of("The grouping in simple terms", told_by_a_tree())
    (leaf,) = (row for row in tree if fits(KNOWN[kind], row[1]))
    assert leaf[2:] == [GROUPS[kind], str(KINDS[kind][0]), "100%"]


def test_money_of_any_size_is_told_with_every_digit_that_counts():
    rows = [
        (f"{kind}{i:02d}", day, amount)
        for kind, dear in (("x", 1_234_568.0), ("y", 1_234_567.0))
        for i in range(30)
        for day, amount in (("2024-05-01", dear), ("2024-10-01", 5.0 if kind == "x" else 1.0))
    ]
    log = log_of(rows, "customer_id date amount")
    given = ComparisonContext.of(params_of(strategies=["last_year_spend"]), log, progress=False)
    conditions = [row[-1] for row in table_of("The rule of the grouping, as applied", given)]
    assert not any(re.search(r"\d[eE][+-]?\d", condition) for condition in conditions)
    for spend in (1_234_567.0, 1_234_568.0):
        known = {"Total spend": spend, "Spend of the last year": spend, "Purchases": 1}
        assert sum(fits(known, each) for each in conditions if each != "–") == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_code_on_the_page(lang):
    shown = "\n".join(page_of("recommendation", lang=lang))
    assert not re.search(r"[<>!=]=|\w_\w|[{}\[\]]|\bnan\b|\bNone\b|(?<= )-\d", shown)


def test_the_ranking_by_hand():
    section = section_of("recommendation")
    assert section["ranking"]["strategy"].to_list() == ["last_year_spend", "frequency_tiers"]
    every = {row["strategy"]: row for row in section["every_strategy"].iter_rows(named=True)}
    assert every["hiatus"]["dominated_by"] == "frequency_tiers"  # as simple, and it predicts better
    assert every["last_year_spend"]["recommended"]


def test_the_sentences_by_hand():
    told = sentences_of("recommendation")
    assert told[0] == "Recommended: “Last year's spend in fifths”. The rule by which it was chosen:"
    assert [sentence[:2] for sentence in told[1:4]] == ["1.", "2.", "3."]
    assert told[4] == (
        "Groupings compared: 3. Left out of the table, since another predicts better beyond noise and is not notably "
        "worse in number of groups, small groups, coverage, stability or simplicity: 1. Shown of the others, the "
        "best first: 2."
    )
    assert len(told) == 6


def test_money_lost_by_hand():
    # 12 of 60 customers are contacted. The best knows the 20 who spend 60 each; of the 45 whom the other puts first,
    # 20 spend 60 and 25 spend 12, 33.33 on average. Deals hold somewhat more or fewer of either.
    lost = {
        row["strategy"]: row["loss"] for row in section_of("recommendation")["every_strategy"].iter_rows(named=True)
    }
    assert lost["last_year_spend"] == 0
    reached = context().board.reach.filter(share=0.2)
    spend = dict(reached.select("strategy", "spend").iter_rows())
    assert spend["last_year_spend"] == pytest.approx(12 * 60, rel=0.06)
    assert spend["hiatus"] == pytest.approx(12 * 100 / 3, rel=0.06)
    assert lost["hiatus"] == pytest.approx(spend["last_year_spend"] - spend["hiatus"])


def test_the_simplest_that_loses_no_more_than_is_acceptable_is_recommended():
    assert context().recommended == "last_year_spend"
    given = ComparisonContext.of(params_of(acceptable_loss=10), log_of(), progress=False)
    assert given.recommended == "frequency_tiers"  # 2 groups instead of 3, for less than 3 of 689
    (choice,) = (text for text in sentences_of("verdict", given) if "acceptable" in text)
    assert "its first 20% of customers spent 2.54 more. The loss that the parameters call acceptable is 10" in choice


def test_the_rule_says_which_loss_in_money_is_acceptable():
    given = with_tables(acceptable_loss=1_250.0)
    assert sentences_of("recommendation", given)[2] == (
        "2. The best of those has the highest Gini. Equal to it are those whose first 20% of customers spent less "
        "than those of the best by at most 1,250 in all, the loss that the parameters call acceptable."
    )
    assert is_chinese(sentences_of("recommendation", given, "zh"))


def test_the_sentences_are_there_in_chinese():
    assert is_chinese(sentences_of("recommendation", lang="zh"))


RANKED = (
    ("rfm8", 8, 0.50, None, 0.0, 0.0, False),
    ("frequency_tiers", 3, 0.49, None, -0.03, 0.01, True),
    ("abc", 4, 0.48, None, -0.04, 0.01, False),
    ("last_year_spend", 2, 0.30, None, -0.25, -0.15, False),
    ("industry", 3, 0.45, "rfm8", -0.07, -0.02, False),
)


def test_following_the_rule_over_the_printed_table_gives_the_printed_choice():
    rows = table_of(
        "The best groupings, with their difference from the first; its intervals hold for all at once",
        with_tables(ranking=ranking(*RANKED)),
    )
    best = max(rows, key=lambda row: float(row[5]))
    assert best[0] == "RFM cube of eight types"
    number = lambda text: float(text.replace("−", "-"))  # noqa: E731
    equal = [row for row in rows if number(row[6]) >= -0.02]
    assert [row[0] for row in equal] == [row[0] for row in rows if row[-1] == "yes"]
    simplest = min(equal, key=lambda row: (int(row[2]), -float(row[5])))
    assert simplest[1] == "yes"
    assert [row[1] for row in rows].count("yes") == 1


def test_where_none_is_recommended_none_is_named_as_such():
    board = context().board
    none = with_tables(ranking=board.ranking.with_columns(knows=pl.lit(False), recommended=pl.lit(False)))
    told = sentences_of("recommendation", none)
    assert told[0].startswith("No grouping is recommended; “Last year's spend in fifths” has the highest Gini")
    assert is_chinese(sentences_of("recommendation", none, "zh"))


def test_groups_in_which_nobody_can_be_are_no_part_of_the_printed_rule():
    assert section_of("recommendation")["card"]["group"].to_list() == ["fifth_1", "fifth_3", "fifth_5"]
    board = context().board
    unknown = pl.when(pl.col("customer_id") == "A00").then(pl.lit("unknown")).otherwise(pl.col("last_year_spend"))
    given = with_tables(assignments=board.assignments.with_columns(last_year_spend=unknown))
    assert section_of("recommendation", given)["card"]["group"].to_list() == [
        "fifth_1",
        "fifth_3",
        "fifth_5",
        "unknown",
    ]
    assert {"prospect", "unknown"} <= set(section_of("recommendation")["every_card"]["group"])


def test_what_is_dominated_is_counted():
    given = with_tables(ranking=ranking(*RANKED))
    assert sentences_of("recommendation", given)[4].startswith("Groupings compared: 5. Left out of the table")
    assert sentences_of("recommendation", given)[4].endswith("simplicity: 1. Shown of the others, the best first: 4.")
    assert section_of("recommendation", given)["ranking"].height == 4


def test_the_verdict_and_the_recommendation_give_the_same_reason():
    assert section_of("verdict").findings["choice"] == section_of("recommendation").findings["choice"]


def test_the_ten_best_are_shown_and_all_are_exported():
    names = ["frequency_tiers", *(f"other_{place:02}" for place in range(14))]
    rows = [(name, 3, 0.5 - place / 100, None, 0.0, 0.1, place == 0) for place, name in enumerate(names)]
    section = section_of("recommendation", with_tables(ranking=ranking(*rows)))
    assert section["ranking"]["strategy"].to_list() == names[:10]
    assert section["every_strategy"]["strategy"].to_list() == names
