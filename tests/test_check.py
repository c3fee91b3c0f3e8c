import polars as pl
import pytest
import xlsxwriter
import yaml

import clvlab as cl
from clvlab.check import check_source
from clvlab.errors import DataError
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
    check = check_source(chinese)
    assert check.columns == {
        "customer_id": "客户编号",
        "date": "下单日期",
        "amount": "实付金额",
        "order_id": "订单编号",
    }
    assert "  not used: 客户名称, 付款日期, 单价" in check.text().splitlines()


def test_a_given_column_goes_before_a_recognised_one(chinese):
    check = check_source(chinese, columns={"date": "付款日期"})
    assert check.columns["date"] == "付款日期"
    assert "  not used: 客户名称, 下单日期, 单价" in check.text().splitlines()


def test_what_was_found_and_refused_is_told_with_examples(chinese):
    lines = check_source(chinese).text().splitlines()
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
    check = check_source(chinese)
    assert check.gate["passed"].to_list() == [False, False, False, False]
    assert "  NO  Customers with a purchase, at least 500: 1" in check.text().splitlines()


def test_the_params_file_is_ready_to_use(chinese, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(check_source(chinese).params_yaml(), encoding="utf-8")
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
    assert check.reading == reading
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
    assert check.reading == {"sheet": "Orders"}
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
    assert check.reading == {"date_format": "%d/%m/%Y"}
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
    assert check_source(str(tmp_path / "l*.csv")).params().name == "l"
    assert check_source(str(tmp_path / "*.csv")).params().name == "report"
