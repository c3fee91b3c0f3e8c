"""How it was done: the numbers of the method are those of the comparison, and what was left out is named."""

from dataclasses import replace

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


def test_the_customers_and_deals_by_hand():
    findings = section_of("method").findings
    assert findings["lead"].figures["customers"] == 60
    assert findings["parts"].figures["deals"] == context().board.n_deals >= 20


def test_the_sentences_by_hand():
    lead, parts, intervals, estimand = sentences_of("method")
    assert lead == (
        "The 60 customers who had bought by 30 June 2024 are compared. Prospects only take part in forming the "
        "groups."
    )
    assert parts.startswith(
        "Customers were assigned at random to fifths: two are only learnt from, and the other three"
    )
    assert intervals.startswith("Intervals are at 95%: the customers were drawn anew 20 times")
    assert estimand.endswith("Differences between groups are not the effects of treating them differently.")


def test_the_sentences_are_there_in_chinese():
    told = sentences_of("method", lang="zh")
    assert is_chinese(told)
    assert told[0] == ("参与对比的是截至2024年6月30日购买过的60位客户。潜在客户只参与分组的形成。")


def test_who_first_buys_after_the_cutoff_is_not_compared():
    rows = [*ROWS, ("new", "2024-08-01", 999.0, 1.0), ("prospect", "2024-05-01", -5.0, 0.0)]
    lead = section_of("method", ComparisonContext.of(params_of(), log_of(rows), progress=False)).findings["lead"]
    assert lead.figures["customers"] == 60


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_the_data_cannot_serve_is_named_with_what_it_lacks(lang):
    left_out = pl.DataFrame({"strategy": ["industry"], "missing": ["industry"], "reason": [""]})
    given = with_tables(left_out=left_out)
    assert section_of("method", given)["left_out"].rows() == [("industry", "industry", "", "column")]
    table = next(piece for piece in page_of("method", given, lang) if "\n" in piece).splitlines()
    assert (
        table[0]
        == {
            "en": "Groupings that the data cannot serve, and what is missing",
            "zh": "因数据不足未参与对比的分组方式及所缺数据",
        }[lang]
    )
    why = {"en": "Neither the log nor a table of attributes has it", "zh": "交易数据与属性表中均无此项"}[lang]
    assert table[2].split() == [*{"en": ["Industry", "Industry"], "zh": ["行业", "行业"]}[lang], *why.split()]


@pytest.mark.parametrize(
    ("missing", "reason", "columns", "why"),
    [
        ("clv", "too few", "customer_id date amount", "model"),
        ("total_spend", "", "customer_id date", "money"),
        ("industry", "", "customer_id date", "column"),
        ("age", "Column 'age' holds String", "customer_id date amount", "values"),
    ],
)
def test_why_a_grouping_was_left_out(missing, reason, columns, why):
    left_out = pl.DataFrame({"strategy": ["rfm11"], "missing": [missing], "reason": [reason]})
    log = log_of([row[: len(columns.split())] for row in ROWS], columns)
    given = replace(with_tables(left_out=left_out), log=log)
    assert section_of("method", given)["left_out"]["why"].to_list() == [why]


def test_where_nothing_was_left_out_nothing_is_said_of_it():
    assert "left_out" not in section_of("method")


@pytest.mark.parametrize(("strategy", "sensitive"), [("gender", True), ("demographics", True), ("region", False)])
def test_groupings_that_the_law_protects_are_named(strategy, sensitive):
    ranking = context().board.ranking.with_columns(
        strategy=pl.when(pl.col("strategy") == "hiatus").then(pl.lit(strategy)).otherwise(pl.col("strategy"))
    )
    given = with_tables(ranking=ranking)
    assert ("sensitive" in section_of("method", given).findings) == sensitive
    if sensitive:
        assert [name.code for name in section_of("method", given).findings["sensitive"].figures["strategies"]] == [
            strategy
        ]
        assert is_chinese(sentences_of("method", given, "zh"))


def test_the_data_by_hand():
    data = dict(section_of("method")["data"].iter_rows())
    assert (data["rows"], data["first_day"], data["last_day"]) == ("125", "2023-06-01", "2024-10-01")


def test_the_parameters_are_those_of_the_run():
    shown = dict(section_of("method")["parameters"].iter_rows())
    assert list(shown) == [name for name in params_of().to_dict() if name != "lang"]
    assert (shown["rounds"], shown["holdout"]) == ("20", "184 days")
    assert shown["strategies"] == "hiatus, last_year_spend, frequency_tiers"
    assert not any(code in value for value in shown.values() for code in "[]{}'")
