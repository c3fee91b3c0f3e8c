from datetime import date

import polars as pl
import pytest
import xlsxwriter
import yaml

import clvlab as cl
from clvlab.check import check_source
from clvlab.errors import ClvlabWarning, DataError
from clvlab.params import ReportParams

CHINESE = """订单编号,客户编号,客户名称,下单日期,付款日期,实付金额,单价
1,00007,张三,2024/1/5,2024/1/6,￥120.50,10
2,00007,张三,2024/3/9,2024/3/9,￥80,10
3,00008,李四,2024/5/31,2024/5/31,￥-20,10
4,,王五,2024/5/31,2024/5/31,￥10,10
"""


@pytest.fixture
def chinese(tmp_path):
    path = tmp_path / "订单.csv"
    path.write_bytes(CHINESE.encode("gb18030"))
    return str(path)


def write(tmp_path, text):
    path = tmp_path / "log.csv"
    path.write_text(text)
    return str(path)


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
    check = check_source(chinese, "en", columns={"date": "付款日期"})
    assert check.params.columns["date"] == "付款日期"
    assert "  not used: 客户名称, 下单日期, 单价" in check.text().splitlines()


def test_what_was_found_and_refused_is_told_with_examples(chinese):
    lines = check_source(chinese, "en").text().splitlines()
    assert f"Read: {chinese} (format 'text', encoding 'gb18030', separator ',')" in lines
    assert "Dates: 2024-01-05 to 2024-05-31, written as %Y-%m-%d" in lines
    assert "Currency: CNY" in lines
    assert "  1 returns (negative amounts)" in lines
    assert "  accepted                     3  75.0%              180.50" in lines
    assert "  missing_customer             1  25.0%               10.00" in lines
    at = lines.index("Refused by missing_customer: no customer")
    assert lines[at + 1] == (
        "  row 4: 订单编号=4, 客户编号=, 客户名称=王五, 下单日期=2024/5/31, 付款日期=2024/5/31, "
        "实付金额=￥10, 单价=10"
    )


def test_the_gate_is_told(chinese):
    check = check_source(chinese, "en")
    assert check.gate["passed"].to_list() == [False, False, False, False]
    assert "  NO  Customers with a purchase, at least 500: 1" in check.text().splitlines()


def test_the_params_file_is_ready_to_use(chinese, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(check_source(chinese, "en").params_yaml(), encoding="utf-8")
    params = ReportParams.load(path)
    assert (params.name, params.source, params.currency, params.lang) == ("订单", chinese, "CNY", "zh")
    assert (str(params.as_of), params.holdout) == ("2024-05-31", "10 weeks")
    log = cl.read_transactions(params.source, params.columns, **params.reading)
    assert log.data.height == 3


@pytest.mark.parametrize(
    ("text", "reading", "question"),
    [
        ("customer_id,date,amount\na,01/02/2024,1\n", {"date_format": "%d/%m/%Y"}, "order of day and month"),
        ("customer_id;date;amount\na;2024-02-01;12,50\n", {"decimal": ","}, "decimal mark ','"),
    ],
)
def test_what_the_data_leaves_open_is_asked_and_the_likeliest_taken(tmp_path, text, reading, question):
    check = check_source(write(tmp_path, text))
    assert check.params.reading == reading
    assert len(check.questions) == 1
    assert question in check.questions[0]
    assert f"{next(iter(reading.values()))!r} was taken." in check.questions[0]
    first, *_ = check.params_yaml().splitlines()
    assert first == f"# TO SETTLE: {check.questions[0]}"
    assert yaml.safe_load(check.params_yaml())["reading"] == reading


def test_the_first_of_several_sheets_is_taken_and_asked_about(tmp_path):
    frame = pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-31"], "amount": [1.0]})
    workbook = xlsxwriter.Workbook(tmp_path / "book.xlsx")
    for name in ("Orders", "Archive"):
        frame.write_excel(workbook, name)
    workbook.close()
    check = check_source(str(tmp_path / "book.xlsx"))
    assert check.params.reading == {"sheet": "Orders"}
    assert "2 sheets with rows: 'Orders', 'Archive'" in check.questions[0]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name,when\na,2024-01-31\n", "has no column 'customer_id', 'date'"),
        (
            "customer_id,date,amount,currency\na,2024-01-31,1,CNY\nb,2024-01-31,1,USD\n",
            "CNY in 1 rows, USD in 1 rows",
        ),
        ("customer_id,date,amount\n,2024-01-31,1\n", "All 1 rows are refused"),
    ],
)
def test_a_source_that_cannot_be_read_says_why(tmp_path, text, problem):
    check = check_source(write(tmp_path, text))
    assert problem in check.problem
    assert check.text().splitlines()[-1] == f"Cannot be read: {check.problem}"
    with pytest.raises(DataError, match=r"All|has no|not in one"):
        check.params_yaml()


def test_mixed_orders_are_read_in_the_first_and_the_rest_refused(tmp_path):
    check = check_source(write(tmp_path, "customer_id,date,amount\na,01/31/2024,1\na,31/01/2024,1\n"))
    assert check.params.reading == {"date_format": "%d/%m/%Y"}
    assert "Refused by unreadable_date" in check.text()


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        check_source(str(tmp_path / "none.csv"))


def test_hostile_values_do_not_reach_the_terminal(tmp_path):
    text = check_source(
        write(tmp_path, "customer_id,date,amount\na,2024-01-31,1\n\x1b[31m\u202e,soon," + "9" * 500 + "\n")
    ).text()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "9" * 40 + "..." in text


def test_a_name_for_the_series_comes_from_the_file(tmp_path):
    write(tmp_path, "customer_id,date,amount\na,2024-01-31,1\n")
    assert check_source(str(tmp_path / "l*.csv")).params.name == "l"
    assert check_source(str(tmp_path / "*.csv")).params.name == "report"


PLAIN = "customer_id,date,amount\na,2024-01-01,10\nb,2024-02-15,20\n"


def test_a_plain_log_leaves_no_question(tmp_path):
    check = check_source(write(tmp_path, PLAIN))
    assert check.questions == ()
    assert check.params.reading == {}
    assert check.problem == ""
    assert "To settle" not in check.text()
    assert not check.params_yaml().startswith("#")


def test_what_is_kept_though_it_may_be_a_mistake_is_counted(tmp_path):
    rows = "a,2024-01-01,10\na,2024-01-01,10\nb,2024-01-02,0\nb,2024-01-03,-5\n"
    lines = check_source(write(tmp_path, "customer_id,date,amount\n" + rows)).text().splitlines()
    assert "  1 returns (negative amounts)" in lines
    assert "  1 amounts of zero (kept; `zero_amounts: refuse` keeps them out)" in lines
    assert "  1 exact duplicates (kept; `duplicates: drop` merges them)" in lines


def test_nothing_is_said_of_what_is_not_there(tmp_path):
    text = check_source(write(tmp_path, PLAIN)).text()
    assert not any(word in text for word in ("returns", "zero_amounts", "duplicates", "not used", "Refused"))


def test_a_log_without_money_is_told_without_it(tmp_path):
    lines = check_source(write(tmp_path, "customer_id,date\na,2024-01-01\n")).text().splitlines()
    at = lines.index("Rows")
    assert lines[at + 1 : at + 3] == [
        "  read                         1 100.0%",
        "  accepted                     1 100.0%",
    ]


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


def test_at_most_three_rows_show_why_rows_are_refused(tmp_path):
    rows = "".join(f",2024-01-0{day},{day}\n" for day in range(1, 8))
    lines = check_source(write(tmp_path, PLAIN + rows)).text().splitlines()
    at = next(place for place, line in enumerate(lines) if line.startswith("Refused by missing_customer: "))
    assert [line.split(":")[0] for line in lines[at + 1 : at + 4]] == ["  row 3", "  row 4", "  row 5"]
    assert not lines[at + 4].startswith("  row")


def test_a_setting_that_is_given_is_not_asked_about(tmp_path):
    path = write(tmp_path, "customer_id,date,amount\na,01/02/2024,1\n")
    check = check_source(path, date_format="%m/%d/%Y")
    assert (check.questions, check.params.reading) == ((), {"date_format": "%m/%d/%Y"})
    assert str(check.params.as_of) == "2024-01-02"


def test_several_open_questions_are_all_asked(tmp_path):
    check = check_source(write(tmp_path, 'customer_id;date;amount\na;01/02/2024;"12,50"\n'))
    assert set(check.params.reading) == {"date_format", "decimal"}
    assert len(check.questions) == 2
    assert check.params_yaml().count("# TO SETTLE: ") == 2


def test_a_slip_of_a_date_is_not_the_day_of_the_report(tmp_path):
    days = "".join(f"a,2024-01-{day:02d},1\n" for day in range(1, 32))
    path = write(tmp_path, f"customer_id,date,amount\n{days}b,2042-03-05,1\n")
    with pytest.warns(ClvlabWarning, match="the last one 5 March 2042"):
        check = check_source(path)
    assert check.params.as_of == date(2024, 1, 31)
    assert "Dates: 2024-01-01 to 2042-03-05" in check.text()


def test_a_column_named_twice_is_asked_for_by_name(tmp_path):
    check = check_source(write(tmp_path, "customer_id,date,date\na,2024-01-01,2024-01-02\n"))
    assert "more than one column 'date'" in check.problem
    check = check_source(write(tmp_path, "会员,下单时间,金额,金额\na,2024-01-01,1,2\n"))
    assert "Say which one: `columns: {amount: 金额 (4)}`" in check.problem
    given = {"amount": "金额 (3)"}
    assert check_source(str(tmp_path / "log.csv"), columns=given).log.data["amount"].to_list() == [1.0]


def test_the_language_is_that_of_the_headers(tmp_path, chinese):
    assert check_source(chinese, "en").params.lang == "zh"
    assert check_source(write(tmp_path, PLAIN)).params.lang == "en"
