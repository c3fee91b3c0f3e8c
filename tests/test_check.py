"""What `clvlab check` finds in a log, and its verdict."""

from datetime import date

import polars as pl
import pytest
import xlsxwriter

from clvlab.check import check_source
from clvlab.check.telling import question
from clvlab.errors import DataError, ParamsError
from clvlab.wording import LANGUAGES, Words

CHINESE = """订单编号,客户编号,客户名称,下单日期,付款日期,实付金额,单价
1,00007,张三,2024/1/5,2024/1/6,￥120.50,10
2,00007,张三,2024/3/9,2024/3/9,￥80,10
3,00008,李四,2024/5/31,2024/5/31,￥-20,10
4,,王五,2024/5/31,2024/5/31,￥10,10
"""
PLAIN = "customer_id,date,amount\na,2024-01-01,10\nb,2024-02-15,20\n"


@pytest.fixture
def chinese(tmp_path):
    path = tmp_path / "订单.csv"
    path.write_bytes(CHINESE.encode("gb18030"))
    return str(path)


def write(tmp_path, text, name="log.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def busy(extra="", customers=600):
    """A log that passes every check of the data: 600 customers over ten months."""
    rows = "".join(
        f"c{n},2024-{month:02}-{1 + n % 28:02},{10 + n % 7}\n" for n in range(customers) for month in (1, 5, 10)
    )
    return f"customer_id,date,amount\n{rows}{extra}"


def problem(check):
    [found] = check.verdict.problems
    return Words(check.lang)(found.key, **found.figures)


def remarks(check):
    return [remark.key for remark in check.verdict.remarks]


# Columns


def test_headers_are_recognised_and_the_rest_is_named(chinese):
    check = check_source(chinese, "en")
    assert check.params.columns == {
        "customer_id": "客户编号",
        "date": "下单日期",
        "amount": "实付金额",
        "order_id": "订单编号",
    }
    assert "  not used: 客户名称, 付款日期, 单价" in check.text().splitlines()


def test_a_given_column_goes_before_a_recognised_one(chinese):
    check = check_source(chinese, columns={"date": "付款日期"})
    assert check.params.columns["date"] == "付款日期"
    assert "  未使用：客户名称、下单日期、单价" in check.text().splitlines()


def test_money_is_the_items(tmp_path):
    orders = write(tmp_path, "订单编号,客户编号,下单日期,订单金额\n1,a,2024-01-05,99\n2,b,2024-03-05,99\n")
    items = write(tmp_path, "订单号,数量,单价\n1,2,10\n1,1,10\n2,2,10\n", "items.csv")
    check = check_source(orders, items=items)
    assert check.params.columns == {
        "customer_id": "客户编号",
        "date": "下单日期",
        "order_id": "订单编号",
        "quantity": "数量",
        "unit_price": "单价",
    }
    assert check.log.data["amount"].sum() == 50


def test_a_column_named_twice_is_asked_for_by_name(tmp_path):
    check = check_source(write(tmp_path, "customer_id,date,date\na,2024-01-01,2024-01-02\n"))
    assert "more than one column 'date'" in problem(check)
    path = write(tmp_path, "会员,下单时间,金额,金额\na,2024-01-01,1,2\n")
    assert "请指明使用哪一列：`columns: {amount: 金额 (4)}`" in problem(check_source(path))
    assert check_source(path, columns={"amount": "金额 (3)"}).log.data["amount"].to_list() == [1.0]


# What was found


def test_what_was_found_and_refused_is_told_with_examples(chinese):
    lines = check_source(chinese, "en").text().splitlines()
    assert f"Read: {chinese} (text, encoding 'gb18030', separator ',')" in lines
    assert "Days: 5 January 2024 to 31 May 2024" in lines
    assert "Dates are written as: %Y-%m-%d" in lines
    assert "Currency: CNY" in lines
    assert "  returns (negative amounts): 1" in lines
    at = lines.index("Refused by missing_customer: no customer")
    assert lines[at + 1] == (
        "  row 4: 订单编号=4, 客户编号=, 客户名称=王五, 下单日期=2024/5/31, 付款日期=2024/5/31, "
        "实付金额=￥10, 单价=10"
    )


def test_the_account_says_where_rows_and_money_went(chinese):
    lines = check_source(chinese, "en").text().splitlines()
    at = lines.index("In short")
    assert [" ".join(line.split()) for line in lines[at + 1 : at + 6]] == [
        "Customers accepted: 2",
        "4 100.0% 190.50 100.0% Read",
        "3 75.0% 180.50 94.8% Accepted and used",
        "0 0.0% 0.00 0.0% Exact duplicates, merged",
        "1 25.0% 10.00 5.2% Refused: no customer (missing_customer)",
    ]


def test_a_log_without_money_is_told_without_it(tmp_path):
    lines = check_source(write(tmp_path, "customer_id,date\na,2024-01-01\n")).text().splitlines()
    assert "There are no amounts: purchases can be predicted, but not money." in lines
    at = lines.index("In short")
    assert lines[at + 2].split() == ["1", "100.0%", "Read"]


def test_money_that_adds_up_to_nothing_has_no_shares(tmp_path):
    rows = "a,2024-01-01,10\na,2024-01-02,-10\n,2024-01-03,0\n"
    lines = check_source(write(tmp_path, "customer_id,date,amount\n" + rows)).text().splitlines()
    assert lines[lines.index("In short") + 2].split() == ["3", "100.0%", "0.00", "Read"]


def test_every_way_in_which_dates_are_written_is_named_once(tmp_path):
    days = ("2024-01-05", "2024/1/6", "2024年1月7日", "20240108", "13/02/2024", "5 Feb 2024", "45292")
    text = "customer_id,date,amount\n" + "".join(f"{n},{day},1\n" for n, day in enumerate(days))
    lines = check_source(write(tmp_path, text)).text().splitlines()
    assert (
        "Dates are written as: %Y-%m-%d, %Y%m%d, %d/%m/%Y, %d %B %Y, numbers of days, as spreadsheets count" in lines
    )


def test_cells_that_are_dates_are_named(tmp_path):
    pl.DataFrame({"customer_id": ["a"], "date": [date(2024, 1, 5)]}).write_excel(tmp_path / "book.xlsx")
    lines = check_source(str(tmp_path / "book.xlsx")).text().splitlines()
    assert "Dates are written as: cells that are dates or numbers" in lines


def test_what_is_kept_though_it_may_be_a_mistake_is_counted(tmp_path):
    rows = "a,2024-01-01,10\na,2024-01-01,10\nb,2024-01-02,0\nb,2024-01-03,-5\n"
    lines = check_source(write(tmp_path, "customer_id,date,amount\n" + rows)).text().splitlines()
    assert "  returns (negative amounts): 1" in lines
    assert "  amounts of zero (kept; `zero_amounts: refuse` keeps them out): 1" in lines
    assert "  exact duplicates (kept; `duplicates: drop` merges them): 1" in lines


def test_nothing_is_said_of_what_is_not_there(tmp_path):
    text = check_source(write(tmp_path, PLAIN)).text()
    assert not any(word in text for word in ("returns", "zero_amounts", "(kept", "not used", "Refused", "To settle"))


def test_at_most_three_rows_show_why_rows_are_refused(tmp_path):
    rows = "".join(f",2024-01-0{day},{day}\n" for day in range(1, 8))
    lines = check_source(write(tmp_path, PLAIN + rows)).text().splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("Refused by missing_customer: "))
    assert [line.split(":")[0] for line in lines[at + 1 : at + 4]] == ["  row 3", "  row 4", "  row 5"]
    assert not lines[at + 4].startswith("  row")


def test_hostile_values_do_not_reach_the_terminal(tmp_path):
    text = check_source(
        write(tmp_path, "customer_id,date,amount\na,2024-01-31,1\n\x1b[31m\u202e,soon," + "9" * 500 + "\n")
    ).text()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "9" * 40 + "..." in text


def test_the_gate_is_told(chinese):
    check = check_source(chinese, "en")
    assert check.gate["passed"].to_list() == [False, False, False, False]
    assert "  NO  Customers with a purchase, at least 500: 1" in check.text().splitlines()
    assert "  否   有购买的客户数，不少于500：1" in check_source(chinese).text().splitlines()


def test_an_embedded_log_is_checked_by_its_name():
    check = check_source("cdnow_sample")
    assert (check.params.source, check.params.as_of) == ("cdnow_sample", date(1998, 6, 30))
    lines = check.text().splitlines()
    assert lines[:2] == ["Source: cdnow_sample", "Days: 1 January 1997 to 30 June 1998"]
    assert lines[-1] == "Verdict: ready"


# The verdict


@pytest.mark.parametrize(("lang", "last"), [("en", "Verdict: ready"), ("zh", "结论：可以生成报告")], ids=["en", "zh"])
def test_a_log_with_nothing_against_it_is_ready(tmp_path, lang, last):
    check = check_source(write(tmp_path, busy()), lang)
    assert check.verdict.is_ready
    assert check.text().splitlines()[-1] == last


def test_questions_are_part_of_the_text_in_its_language(tmp_path, recwarn):
    path = write(tmp_path, busy("c1,2099-01-01,5\nc2,2024-10-01,9000000\n"))
    check = check_source(path, "en")
    assert [(it.key, it.remark.key) for it in check.verdict.questions] == [
        ("as_of", "doubts.dates_after_today"),
        ("largest_amount", "doubts.amount_out_of_proportion"),
    ]
    assert not check.verdict.is_ready
    lines = check.text().splitlines()
    at = lines.index("To settle: only you can know")
    assert lines[at + 1].startswith("  - There are dates after today (rows: 1), the last one 1 January 2099.")
    assert lines[-1] == (
        "Verdict: a report can run, but its figures depend on what you know: settle `as_of`, `largest_amount`"
    )
    lines = check_source(path, "zh").text().splitlines()
    assert "  - 1行的日期晚于今天，最晚为2099年1月1日。" in "\n".join(lines)
    assert lines[-1].endswith("请先确定`as_of`、`largest_amount`")
    assert list(recwarn) == []


@pytest.mark.parametrize(
    ("extra", "key", "answers"),
    [
        ("c1,2099-01-01,5\n", "as_of", ["2024-10-28", "2099-01-01"]),
        ("c1,2026-11-01,5\n", "as_of", ["2024-10-28"]),
        ("c2,2024-10-01,9000000\n", "largest_amount", [9_000_000, 100]),
        ("z,2024-10-01,1\n" * 2500, "guests", [["z"], []]),
    ],
)
def test_a_question_is_settled_by_its_key_whatever_the_answer(tmp_path, extra, key, answers):
    path = write(tmp_path, busy(extra))
    check = check_source(path)
    assert [it.key for it in check.verdict.questions] == [key]
    assert f"TO SETTLE: {question(Words('en'), check.verdict.questions[0])}" in check.params_yaml()
    for answer in answers:
        assert check_source(path, **{key: answer}).verdict.questions == ()
        assert remarks(check_source(path, **{key: answer})) == []


@pytest.mark.parametrize(
    ("extra", "doubt", "en", "zh"),
    [
        (",2024-10-01,1\n" * 900, "month_refused", "most of them for no customer", "主要原因：缺少客户编号"),
        ("C1,2024-10-01,1\n", "ids_alike", "'C1' / 'c1'", "'C1' / 'c1'"),
        ("z,1990-01-01,1\n", "lone_first_day", "days before all others", "比其余各行早"),
    ],
)
def test_each_doubt_is_a_thing_to_look_at_in_both_languages(tmp_path, extra, doubt, en, zh):
    path = write(tmp_path, busy(extra))
    check = check_source(path, "en")
    assert remarks(check) == [f"doubts.{doubt}"]
    assert en in check.text()
    assert zh in check_source(path, "zh").text()
    assert check.text().splitlines()[-1] == "Verdict: ready, with 1 thing to look at"


def test_a_column_of_states_that_is_not_used_is_told(tmp_path):
    header, *rows = busy().replace("amount\n", "amount,status\n", 1).splitlines()
    path = write(
        tmp_path, "\n".join([header, *(f"{row},{'cancelled' if n % 9 else 'paid'}" for n, row in enumerate(rows))])
    )
    assert [it.key for it in check_source(path).verdict.questions] == ["where"]
    assert check_source(path, where={}).verdict.is_ready
    assert check_source(path, where={"status": "paid"}).verdict.questions == ()


def test_too_much_that_is_refused_is_not_ready(tmp_path):
    path = write(tmp_path, PLAIN + ",2024-01-03,1\n" * 8)
    check = check_source(path)
    assert not check.verdict.is_ready
    assert "8 of 10 rows are refused (80.0%), most of them for no customer. If an id is" in problem(check)
    assert check.text().splitlines()[-1] == "Verdict: not ready: mend what stops a report"
    assert "共10行，剔除8行（80.0%），主要原因：缺少客户编号。" in check_source(path, "zh").text()
    assert check_source(path, max_refused=0.9).verdict.is_ready


def test_what_a_run_would_refuse_is_not_ready(tmp_path):
    check = check_source(
        write(tmp_path, "customer_id,date,amount\na,2024-01-01,-10\nb,2024-02-15,-2\n"), signs="keep"
    )
    assert "There is no purchase" in problem(check)


def test_a_history_too_short_for_a_holdout_is_to_be_looked_at(tmp_path):
    check = check_source(write(tmp_path, "customer_id,date,amount\na,2024-01-01,10\nb,2024-01-02,20\n"))
    assert "check.remark_short" in remarks(check)
    assert check.params.holdout is None
    assert check.verdict.is_ready


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("text", "reading", "example"),
    [
        ("customer_id,date,amount\na,01/02/2024,1\n", {"date_format": "%d/%m/%Y"}, "'01/02/2024'"),
        ("customer_id;date;amount\na;2024-02-01;12,50\n", {"decimal": ","}, "'12,50'"),
        ("customer_id,date,amount\n" + "a,2024-02-01,-1\n" * 10, {"signs": "turn"}, "'turn'"),
        ("customer_id,date,amount\na,01/31/2024,1\na,31/01/2024,1\n", {"date_format": "%d/%m/%Y"}, "'31/01/2024'"),
    ],
)
def test_what_the_data_leave_open_is_asked_and_the_likeliest_taken(tmp_path, text, reading, example, lang):
    check = check_source(write(tmp_path, text), lang)
    [(key, taken)] = reading.items()
    assert check.params.reading == reading
    assert [(it.key, it.taken) for it in check.verdict.questions] == [(key, taken)]
    lines = check.text().splitlines()
    asked = lines[lines.index(Words(lang)("check.settle")) + 1]
    assert example in asked
    assert f"`{key}:`" in asked
    assert repr(taken) in asked
    assert lines[-1] == Words(lang)("check.not_settled", keys=f"`{key}`")


def test_the_first_of_several_sheets_is_taken_and_asked_about(tmp_path):
    frame = pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-31"], "amount": [1.0]})
    workbook = xlsxwriter.Workbook(tmp_path / "book.xlsx")
    for name in ("Orders", "Archive"):
        frame.write_excel(workbook, name)
    workbook.close()
    check = check_source(str(tmp_path / "book.xlsx"))
    assert check.params.reading == {"sheet": "Orders"}
    assert "'Orders' was taken. Set `sheet:` to one of 'Orders', 'Archive'." in check.text()


def test_several_open_questions_are_all_asked(tmp_path):
    check = check_source(write(tmp_path, 'customer_id;date;amount\na;01/02/2024;"12,50"\n'))
    assert set(check.params.reading) == {"date_format", "decimal"}
    assert check.text().splitlines()[-1] == "Verdict: not ready: settle `decimal`, `date_format`"


def test_a_setting_that_is_given_is_not_asked_about(tmp_path):
    path = write(tmp_path, "customer_id,date,amount\na,01/02/2024,1\n")
    check = check_source(path, date_format="%m/%d/%Y")
    assert (check.verdict.questions, check.params.reading) == ((), {"date_format": "%m/%d/%Y"})
    assert check.params.as_of == date(2024, 1, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,when\na,2024-01-31\n", "has no column 'customer_id', 'date'"),
        ("customer_id,date,amount,currency\na,2024-01-31,1,CNY\nb,2024-01-31,1,USD\n", "CNY in 1 row, USD in 1 row"),
        ("customer_id,date,amount\n,2024-01-31,1\n", "Every row is refused (rows: 1), most of them for no customer"),
    ],
)
def test_a_source_that_cannot_be_read_says_why(tmp_path, text, said):
    check = check_source(write(tmp_path, text), "en")
    assert said in problem(check)
    assert check.log is None
    assert check.text().splitlines()[-1] == "Verdict: not ready: mend what stops a report"
    with pytest.raises(DataError):
        check.params_yaml()


def test_a_missing_column_is_said_in_the_language(tmp_path):
    path = write(tmp_path, "客户编号,省份\na,广东\n")
    assert f"  - {path}缺少列'date'。现有列：'客户编号', '省份'。" in check_source(path).text()


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        check_source(str(tmp_path / "none.csv"))


def test_an_unknown_key_is_an_error(tmp_path):
    with pytest.raises(ParamsError, match="Did you mean 'decimal'"):
        check_source(write(tmp_path, PLAIN), decimals=".")


# What it suggests


def test_a_name_for_the_series_comes_from_the_file(tmp_path):
    write(tmp_path, "customer_id,date,amount\na,2024-01-31,1\n")
    assert check_source(str(tmp_path / "l*.csv")).params.name == "l"
    assert check_source(str(tmp_path / "*.csv")).params.name == "report"


@pytest.mark.parametrize(
    ("last", "holdout"),
    [("2024-01-10", None), ("2024-01-15", "1 week"), ("2024-12-31", "26 weeks"), ("2026-01-01", "39 weeks")],
)
def test_the_holdout_is_half_the_history_and_at_most_39_weeks(tmp_path, last, holdout):
    text = f"customer_id,date,amount\na,2024-01-01,1\na,{last},1\n"
    assert check_source(write(tmp_path, text)).params.holdout == holdout


@pytest.mark.parametrize(
    ("amounts", "currency"), [(("¥1", "¥2"), "CNY"), (("1 USD", "2"), "USD"), (("1", "2"), None)]
)
def test_the_currency_is_that_of_the_amounts(tmp_path, amounts, currency):
    text = "customer_id,date,amount\n" + "".join(f"a,2024-01-01,{amount}\n" for amount in amounts)
    assert check_source(write(tmp_path, text)).params.currency == currency


def test_a_slip_of_a_date_is_not_the_day_of_the_report(tmp_path):
    days = "".join(f"a,2024-01-{day:02d},1\n" for day in range(1, 32))
    check = check_source(write(tmp_path, f"customer_id,date,amount\n{days}b,2042-03-05,1\n"))
    assert check.params.as_of == date(2024, 1, 31)
    assert "Days: 1 January 2024 to 5 March 2042" in check.text()


def test_what_is_given_goes_before_what_is_suggested(tmp_path):
    check = check_source(write(tmp_path, PLAIN), as_of="2024-02-20", name="mine", strategy="abc", currency="EUR")
    found = check.params
    assert (found.as_of, found.name, found.strategy, found.currency) == (date(2024, 2, 20), "mine", "abc", "EUR")


def test_the_language_is_the_given_one_else_that_of_the_headers(tmp_path, chinese):
    assert check_source(chinese).params.lang == "zh"
    assert check_source(chinese, "en").params.lang == "en"
    assert check_source(write(tmp_path, PLAIN)).params.lang == "en"
    assert check_source(write(tmp_path, PLAIN), lang="zh").text().startswith("数据来源：")


# Errors in the language of the check


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("customer_id,date,amount\n", "The source has no rows below its header.", "数据来源的表头之下没有任何行。"),
        ("customer_id,date,date\na,2024-01-01,x\n", "has more than one column 'date'", "有多个列'date'"),
        (
            "customer_id,date,amount\na,soon,1\n",
            "Every row is refused (rows: 1)",
            "全部1行均被剔除，主要原因：日期无法识别",
        ),
        (PLAIN + "c,2026-01-01,-5\n", "The last purchase up to", "最后一次购买在2024年2月15日"),
    ],
)
def test_what_stops_a_report_is_said_in_the_language_of_the_check(tmp_path, text, en, zh):
    path = write(tmp_path, text)
    assert en in check_source(path, "en").text()
    assert zh in check_source(path, "zh").text()


def test_the_conclusion_is_the_end_of_what_is_said():
    check = check_source("cdnow_sample", "zh")
    assert check.text().endswith("\n" + check.conclusion())
    assert check.conclusion().splitlines()[-1].startswith("结论：")
