"""What `clvlab check` says of what it found, sentence by sentence, in both languages."""

import polars as pl
import pytest

from clvlab.check import telling
from clvlab.check.attributes import described
from clvlab.check.settling import Question
from clvlab.check.verdict import Doubt, Remark, Verdict
from clvlab.customers import AttributeTable
from clvlab.errors import ClvlabWarning, DataError
from clvlab.wording import Name, Words

EN, ZH = Words("en"), Words("zh")
OPEN = Question("decimal", (",", "."), "12,50")
ASKED = Doubt("guests", Remark("check.problem_other", {"message": "one id bought most"}))
WRONG = Remark("check.problem_other", {"message": "no purchase"})
SEEN = Remark("check.remark_gate", {"failed": 1, "checks": 4})


# Verdicts


@pytest.mark.parametrize(
    ("questions", "problems", "remarks", "en", "zh"),
    [
        ((), (), (), "ready", "可以生成报告"),
        ((), (), (SEEN,), "ready, with 1 thing to look at", "可以生成报告，有1处请留意"),
        ((), (), (SEEN, SEEN), "ready, with 2 things to look at", "可以生成报告，有2处请留意"),
        ((), (WRONG,), (SEEN,), "not ready: mend what stops a report", "暂不能生成报告，请先解决上述问题"),
        ((OPEN,), (), (), "not ready: settle `decimal`", "暂不能生成报告，请先确定`decimal`"),
        # What keeps the log from being read is settled first.
        ((OPEN, ASKED), (WRONG,), (SEEN,), "not ready: settle `decimal`", "暂不能生成报告，请先确定`decimal`"),
        ((ASKED,), (WRONG,), (), "not ready: mend what stops a report", "暂不能生成报告，请先解决上述问题"),
        (
            (ASKED, ASKED),
            (),
            (SEEN,),
            "a report can run, but its figures depend on what you know: settle `guests`",
            "可以生成报告，但其中的数字取决于您才了解的情况：请先确定`guests`",
        ),
    ],
)
def test_the_last_line_is_the_verdict(questions, problems, remarks, en, zh):
    final = Verdict(questions, problems, remarks)
    assert [*telling.verdict(EN, final)][-1] == f"Verdict: {en}"
    assert [*telling.verdict(ZH, final)][-1] == f"结论：{zh}"


def test_what_is_open_comes_before_what_is_wrong_and_what_to_look_at():
    assert [*telling.verdict(EN, Verdict((ASKED, OPEN), (WRONG,), (SEEN,)))] == [
        "To settle: only you can know",
        "  - one id bought most",
        "  - The amounts are written with another decimal mark, as in 12,50: ',' was taken. "
        "Set `decimal:` to one of ',', '.'.",
        "What stops a report",
        "  - no purchase",
        "To look at",
        "  - Checks of the data that predictions need and that fail: 1 of 4. Predictions are a rough guide only.",
        "Verdict: not ready: settle `decimal`",
    ]
    assert [*telling.verdict(ZH, Verdict((OPEN,), (WRONG,), (SEEN,)))] == [
        "须由您确定",
        "  - 金额使用了另一种小数点，例如12,50：暂按','读取。请将`decimal:`设为','、'.'。",
        "无法生成报告的原因",
        "  - no purchase",
        "请留意",
        "  - 预测所需的4项检查中有1项未达标，预测仅供粗略参考。",
        "结论：暂不能生成报告，请先确定`decimal`",
    ]


def test_a_sentence_is_one_line_that_a_terminal_does_not_obey():
    [_, said, _] = telling.verdict(EN, Verdict(problems=(Remark("check.problem_other", {"message": "a\nb\x1b[2J"}),)))
    assert said.startswith("  - a b")
    assert "\x1b" not in said


def test_a_name_among_the_figures_is_in_the_language():
    made = Remark("check.problem_other", {"message": Name("groups", "lost")})
    assert (telling.remark(EN, made), telling.remark(ZH, made)) == ("Lost", "已流失客户")


def test_a_doubt_asks_for_the_key_that_settles_it():
    doubt = Doubt.of_warning(ClvlabWarning("w", code="states_unused", column="status"))
    assert (doubt.key, doubt.remark.key) == ("where", "doubts.states_unused")
    assert doubt.remark.figures["column"] == "status"


def test_an_error_without_words_of_its_own_is_told_as_it_is():
    assert telling.remark(ZH, Remark.of_error(DataError("damaged"))) == "damaged"


# Values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 40 + "..."),
        ("two\nlines", "two lines"),
    ],
)
def test_a_value_is_shown_on_one_line_and_cut_behind_its_40th_letter(value, text):
    assert telling.shown(value) == text


# Sources


def test_columns_of_ours_are_in_one_width_and_unused_ones_listed():
    columns = {"customer_id": "who", "date": "when"}
    assert [*telling.source(EN, "log.csv", columns, ("who", "note", "when", "place"))] == [
        "Source: log.csv",
        "Columns",
        "  customer_id  <- who",
        "  date         <- when",
        "  not used: note, place",
    ]
    assert [*telling.source(ZH, "log.csv", columns, ("who", "note", "when", "place"))][-1] == "  未使用：note、place"
    assert [*telling.source(EN, "cdnow_sample", {}, ())] == ["Source: cdnow_sample"]


def test_a_check_that_passes_is_marked_apart_from_one_that_fails():
    checks = pl.DataFrame(
        {
            "check": ["customers", "customers"],
            "required": [500, 500],
            "found": [1_480, 12],
            "passed": [True, False],
        }
    )
    assert [*telling.gate(EN, checks)] == [
        "Enough to predict from?",
        "  yes Customers with a purchase, at least 500: 1,480",
        "  NO  Customers with a purchase, at least 500: 12",
    ]


# Tables of attributes

DATED = AttributeTable(
    "people.csv",
    pl.DataFrame(
        {
            "customer_id": ["a", "a", "b", "c"],
            "date": ["2024-01-01", "2024-02-01", "2024-01-01", "2024-01-01"],
            "city": ["Bern", None, "Bern", "Basel"],
            "nps": [None, None, None, None],
        }
    ).with_columns(pl.col("date").str.to_date()),
    {"customer_id": "who", "city": "town"},
    {"missing_customer": 2, "unreadable_date": 1},
)


def test_a_table_is_told_with_its_headers_rows_and_customers():
    met = {"met": 2, "others": 1, "customers": 9}
    assert [*telling.table(EN, DATED, described(DATED), met)] == [
        "Table of attributes: people.csv",
        "  customers are in the column who: 3",
        "  a row is true since the day in the column date",
        "  city         <- town  text, distinct: 2, missing: 25.0%, such as Bern, Basel",
        "  nps          <- nps  blank, distinct: 0, missing: 100.0%",
        "  rows: 7, used: 4",
        "    left out, no customer: 2",
        "    left out, a date that cannot be read, or is not in the format of its column: 1",
        "  customers of the log: 9; in the table as well: 2; in the table alone: 1",
    ]
    assert [*telling.table(ZH, DATED, described(DATED), met)][-1] == (
        "  交易数据中有9位客户，其中2位在表中；仅在表中的有1位"
    )


def test_a_table_without_rows_has_nothing_missing_and_no_examples():
    empty = AttributeTable("people.csv", DATED.data.clear().select("customer_id", "city"))
    assert described(empty).row(0) == ("city", "city", "blank", 0, 0.0, "")


def test_at_most_three_values_are_examples_in_the_order_of_the_rows():
    table = AttributeTable("t", pl.DataFrame({"customer_id": list("abcde"), "city": ["z", "y", "z", "x", "w"]}))
    assert described(table).row(0, named=True)["examples"] == "z, y, x"
