"""The rules used: a reader who applies the printed thresholds by hand puts every customer where the report does."""

import re
from datetime import date, timedelta

import polars as pl
import pytest

from clvlab.analysis.segmentation import rules
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued
from tests.published import RANKING, publish

AS_OF = date(2024, 12, 31)


def ago(days: int) -> str:
    return str(AS_OF - timedelta(days))


def context(*rows, **given):
    return valued(context_of(*rows, as_of=str(AS_OF), **given), nbd(1.0, 100.0), 20.0)


# Customers 1 to 10: the n-th bought n times, n days apart, for 10 n in all, and for the last time 11 n days ago.
STEPS = [(f"c{n:02d}", ago(11 * n + n * k), 10.0) for n in range(1, 11) for k in range(n)]


def test_a_rule_in_fixed_days_by_hand():
    section = rules.compute(context(("a", ago(10), 5.0), ("b", ago(300), 5.0)))
    assert section["strategy"].rows() == [
        ("active", 1, "days_since_last <= 180"),
        ("inactive", 2, "days_since_last > 180"),
    ]


def test_scores_by_hand():
    scores = rules.compute(context(*STEPS))["scores"]
    assert scores["score"].to_list() == [5, 4, 3, 2, 1]
    assert scores["days_since_last"].to_list() == [22, 44, 66, 88, None]  # two customers each
    assert scores["n_purchases"].to_list() == [9, 7, 5, 3, None]
    assert scores["total_spend"].to_list() == [90, 70, 50, 30, None]


def test_the_sentence_by_hand():
    plain = context(*STEPS)
    section = rules.compute(plain)
    assert sentences_of("rules", section, plain.params) == [
        "These are the thresholds of “Recently active or not” as applied on 31 December 2024; the same rule can be "
        "used again next period.",
        "No comparison published in “reports” has judged this grouping on the data and terms of this report: "
        "“clvlab compare” does.",
    ]
    assert sentences_of("rules", section, plain.params, "zh") == [
        "以下是“近期是否活跃”在2024年12月31日所用的阈值；同一规则可用于下一期。",
        "“reports”中尚无已发布的对比按本报告的数据与口径评判过该分组方式，可运行“clvlab compare”进行评判。",
    ]


def judged(output, lang="en", **given):
    """What the page says of how its grouping was judged."""
    plain = context(*STEPS, output=str(output), **given)
    return sentences_of("rules", rules.compute(plain), plain.params, lang)[1]


def test_the_last_judgement_by_hand(tmp_path):
    publish(tmp_path, "compare_shop", "2024-09-30", holdout="39 weeks")
    assert judged(tmp_path) == (
        "This grouping was last judged by the comparison “compare_shop” as of 30 September 2024, on what customers "
        "did from 1 January 2024 to 30 September 2024: its Gini is 0.42 (0.39 to 0.45, a 95% interval that holds for "
        "all groupings at once), place 2 of 4. Recommended there: “Grades from diamond to bronze”."
    )
    assert judged(tmp_path, "zh") == (
        "该分组方式最近一次由截至2024年9月30日的对比“compare_shop”评判，依据是客户在2024年1月1日至2024年9月30日期间的"
        "实际行为：基尼系数为0.42（0.39至0.45，该95%区间对全部分组方式同时成立），在4种分组方式中排名第2。"
        "该对比推荐的是“客户等级（钻石至青铜）”。"
    )


@pytest.mark.parametrize(
    ("recommended", "en", "zh"),
    [
        ("hiatus", "It is the grouping recommended there.", "它正是该对比所推荐的分组方式。"),
        ("nobody", "No grouping was recommended there.", "该对比未推荐任何分组方式。"),
    ],
)
def test_the_grouping_itself_may_be_recommended_or_none(tmp_path, recommended, en, zh):
    publish(tmp_path, ranking=RANKING.with_columns(recommended=pl.col("strategy") == recommended))
    assert judged(tmp_path).endswith(f"place 2 of 4. {en}")
    assert judged(tmp_path, "zh").endswith(f"排名第2。{zh}")


@pytest.mark.parametrize("other", [{"source": "others"}, {"as_of": "2025-01-01"}])
def test_where_no_comparison_judged_the_grouping_the_page_names_the_folder_alone(tmp_path, other):
    publish(tmp_path / "shop", **other)
    assert judged(tmp_path / "shop").startswith("No comparison published in “shop” has judged this grouping")
    assert is_chinese([judged(tmp_path / "shop", "zh")])


def tables_of(plain, lang="en"):
    pieces = page_of("rules", rules.compute(plain), plain.params, lang)
    return [
        [re.split(r" {2,}", line.strip()) for line in piece.splitlines()[2:]] for piece in pieces if "\n" in piece
    ]


# Amounts to the cent in every size, so that no rounding of a threshold goes unseen.
MONEY = [
    (f"c{n:02d}", ago(3 * n + 40 * k), amount + n / 100)
    for n in range(1, 31)
    for k in range(1 + n % 4)
    for amount in [(0.07, 31.41, 2718.28, 1_234_567.89)[n % 4] * (1 + n % 7)]
]


@pytest.mark.parametrize("currency", [None, "USD"])
def test_the_printed_scores_are_those_of_the_customers(currency):
    plain = context(*MONEY, strategy="rfm11", currency=currency)
    printed = tables_of(plain)[1]
    number = {"–": None}
    bounds = [[number.get(c, c) and float(c.replace(",", "").replace("$", "")) for c in row] for row in printed]
    for row in plain.table.iter_rows(named=True):
        for score, column, reaches in (
            ("r_score", 1, lambda value, bound: value <= bound),
            ("f_score", 2, lambda value, bound: value >= bound),
            ("m_score", 3, lambda value, bound: value >= bound),
        ):
            value = row[("days_since_last", "n_purchases", "total_spend")[column - 1]]
            reached = [1] + [b[0] for b in bounds if b[column] is not None and reaches(value, b[column])]
            assert max(reached) == row[score], (row["customer_id"], score)


@pytest.mark.parametrize("strategy", ["value_tiers", "spend_tiers", "abc", "frequency_tiers", "last_year_spend"])
def test_the_printed_conditions_are_those_of_the_customers(strategy):
    plain = context(*MONEY, strategy=strategy)
    columns = {
        "Total spend": "total_spend",
        "Purchases": "n_purchases",
        "Spend of the last year": "spend_last_year",
        "purchases of the last year": "purchases_last_year",
    }
    holds = {
        "≤": lambda a, b: a <= b,
        "<": lambda a, b: a < b,
        "≥": lambda a, b: a >= b,
        ">": lambda a, b: a > b,
        "=": lambda a, b: a == b,
    }

    def fits(row, condition):
        """Whether a customer satisfies a condition, as a reader would see it."""
        for part in condition.split(", "):
            terms = re.split(r" (≤|<|≥|>|=) ", part)
            for left, sign, right in zip(terms[::2], terms[1::2], terms[2::2], strict=False):
                a, b = (row[columns[t]] if t in columns else float(t) for t in (left, right))
                if not holds[sign](a, b):
                    return False
        return True

    printed = [(row[0], row[-1]) for row in tables_of(plain)[0] if row[-1] != "–"]
    names = dict(zip(plain.groups, [row[0] for row in tables_of(plain)[0]], strict=True))
    for row in plain.table.iter_rows(named=True):
        found = [name for name, condition in printed if fits(row, condition)]
        assert found[:1] == [names[row["group"]]], row["customer_id"]


@pytest.mark.parametrize("strategy", ["hiatus", "rfm11", "rfm8", "value_tiers", "lifecycle5", "abc", "loyalty"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_code_on_the_page(strategy, lang):
    rows = (*MONEY, ("p", ago(30), -5.0))  # who returned all, for whom the rules have a condition of their own
    plain = context(*rows, strategy=strategy, n_clusters=3)
    shown = "\n".join(page_of("rules", rules.compute(plain), plain.params, lang))
    assert not re.search(r"[<>!=]=|\w_\w|\d[eE][+-]?\d|[{}]|\bnan\b|\bNone\b|\d-\d", shown)
    assert is_chinese(sentences_of("rules", rules.compute(plain), plain.params, "zh"))


def test_a_cluster_is_described_in_full_digits():
    dear = [(f"d{i}", ago(10 + i), 1_234_567.89) for i in range(6)]
    cheap = [(f"c{i}", ago(300), 0.5) for i in range(6)]
    table = rules.compute(context(*dear, *cheap, n_clusters=2))["clusters"]
    assert table["condition"].to_list() == [
        "days_since_last 12.5 [11.25, 13.75], n_purchases 1 [1, 1], total_spend 1234567.89 [1234567.89, 1234567.89]",
        "days_since_last 300 [300, 300], n_purchases 1 [1, 1], total_spend 0.5 [0.5, 0.5]",
    ]


def test_a_group_of_those_who_returned_all_is_listed_where_there_are_some():
    groups = rules.compute(context(*STEPS, ("p", ago(30), -5.0)))["strategy"]["group"]
    assert groups.to_list() == ["active", "inactive", "returned_all"]
    assert "returned_all" not in rules.compute(context(*STEPS))["strategy"]["group"]


def test_without_amounts_or_customers_there_are_no_scores():
    without = context_of(*(row[:2] for row in STEPS), as_of=str(AS_OF), columns="customer_id date")
    assert "scores" not in rules.compute(without)
    assert "scores" not in rules.compute(context(("a", ago(3), 1.0)))


def test_scores_run_to_as_many_as_the_parameters_ask_for():
    assert rules.compute(context(*STEPS, rfm={"n_bins": 3}))["scores"]["score"].to_list() == [3, 2, 1]


def test_the_groups_of_the_rules_are_those_of_the_segments():
    plain = context(*MONEY, strategy="rfm11")
    assert tuple(rules.compute(plain)["strategy"]["group"]) == plain.groups
    assert set(plain.table["group"]) <= set(plain.groups)


def test_every_rule_is_stated_once():
    table = rules.compute(context(*MONEY, strategy="rfm11"))["strategy"]
    assert table.select(pl.col("condition").is_duplicated().any()).item() is False
