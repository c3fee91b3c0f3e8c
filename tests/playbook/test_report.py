"""The effect in words: tables and sentences whose every figure is in the table, in both languages."""

import re
from datetime import date

import polars as pl
import pytest

from clvlab.playbook.effect import EFFECT
from clvlab.playbook.report import in_words
from clvlab.wording import Words

JUNE, JULY, AUGUST = date(2024, 6, 30), date(2024, 7, 31), date(2024, 8, 31)
FIGURES = ("contacted_mean", "held_back_mean", "effect", "low", "high", "smallest_found")


def found(revenue, bought, since=JUNE, until=JULY, is_overall=False):
    """Two rows with these figures: effect, low, high, smallest_found."""
    common = {"since": since, "until": until, "contacted": 900, "held_back": 100, "is_overall": is_overall}
    means = {"revenue": (31.5, 27.25), "bought": (0.171, 0.12)}
    rows = [
        {"outcome": outcome, **common, **dict(zip(FIGURES, (*means[outcome], *figures), strict=True))}
        for outcome, figures in (("revenue", revenue), ("bought", bought))
    ]
    return pl.DataFrame(rows, schema=EFFECT)


OPEN = found((4.25, -1.5, 10.0, 8.0), (0.051, -0.03, 0.11, 0.1))
MORE = found((4.25, 1.5, 7.0, 8.0), (0.051, 0.01, 0.09, 0.1))
LESS = found((-4.25, -7.0, -1.5, 8.0), (-0.051, -0.09, -0.01, 0.1))


def told(table, lang="en"):
    return in_words(table, Words(lang, "USD"))


def test_the_tables_by_hand():
    money, shares, _ = (part.splitlines() for part in told(MORE).split("\n\n"))
    assert money[0] == "Revenue of the period, a customer"
    assert re.split("  +", money[1]) == [
        "Period", "To contact", "Held back", "Mean, to contact", "Mean, held back", "Difference", "Low (95%)",
        "High (95%)", "Smallest to be found",
    ]  # fmt: skip
    assert re.split("  +", money[2])[1:] == ["900", "100", "$31.50", "$27.25", "$4.25", "$1.50", "$7.00", "$8.00"]
    assert money[2].startswith("30 Jun 2024 – 31 Jul 2024 ")
    assert shares[0] == "Share who bought in the period"
    assert re.split("  +", shares[2])[3:6] == ["17.1%", "12.0%", "+5.1 points"]


@pytest.mark.parametrize(
    ("table", "lang", "revenue", "bought"),
    [
        (
            MORE,
            "en",
            "Those to be contacted spent $4.25 a customer more than those held back; with a probability of 95% the "
            "difference lies between $1.50 and $7.00.",
            "The share who bought is higher by 5.1 points; with a probability of 95% the difference lies between 1.0 "
            "and 9.0 points.",
        ),
        (
            LESS,
            "en",
            "Those to be contacted spent $4.25 a customer less than those held back; with a probability of 95% the "
            "difference lies between $1.50 and $7.00.",
            "The share who bought is lower by 5.1 points; with a probability of 95% the difference lies between 1.0 "
            "and 9.0 points.",
        ),
        (
            OPEN,
            "en",
            "No difference in revenue is shown: with a probability of 95% it lies between −$1.50 and $10.00 a "
            "customer (found: $4.25). With so many customers, a difference of $8.00 would be found in four of five "
            "cases; a smaller one takes more of them.",
            "No difference in buying again is shown: with a probability of 95% it lies between −3.0 and 11.0 points "
            "(found: 5.1). A difference of 10.0 points would be found in four of five cases.",
        ),
        (
            MORE,
            "zh",
            "应联系客户的人均消费比对照客户高US$4.25；差异以95%的概率在US$1.50至US$7.00之间。",
            "有购买的客户占比高5.1个百分点；差异以95%的概率在1.0至9.0个百分点之间。",
        ),
    ],
)
def test_the_sentences_say_what_the_tables_show(table, lang, revenue, bought):
    assert told(table, lang).splitlines()[-3:-1] == [revenue, bought]


def test_of_several_periods_the_sentences_are_of_all():
    overall = found((4.25, 1.5, 7.0, 8.0), (0.051, 0.01, 0.09, 0.1), JUNE, AUGUST, is_overall=True)
    rows = pl.concat([OPEN, overall]).sort(pl.col("outcome") == "bought", maintain_order=True)
    lines = told(rows).splitlines()
    assert lines[3].startswith("All periods  ")
    assert lines[-3].startswith("Those to be contacted spent $4.25 a customer more")


def test_without_figures_that_is_said():
    nothing = OPEN.with_columns(pl.lit(None, pl.Float64).alias(name) for name in FIGURES)
    assert "fewer than 30 customers" in told(nothing)
    assert "少于30位" in told(nothing, "zh")


def test_where_nobody_bought_nothing_is_compared():
    nobody = found((0.0, None, None, 0.0), (0.0, -0.02, 0.04, 0.0))
    assert told(nobody).splitlines()[-2] == "Nobody on the lists bought anything, and so nothing can be compared."
