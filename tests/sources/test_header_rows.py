"""The header is found where it is, in whatever row and however it is written."""

from datetime import date

import pandas as pd
import polars as pl
import pytest
import xlsxwriter

import clvlab as cl
from clvlab.customers import read_attributes
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, ParamsError
from clvlab.sources import FileSettings, open_source
from clvlab.sources.headers import distinct, header_at, plain_header, suggest_attributes, suggest_columns

HEAD = "交易时间,类型,交易对方,收/支,金额(元)\n"
BODY = "2024-01-26 12:45:27,消费,早餐店,支出,¥28.16\n2024-02-24 10:10:11,红包,小李,收入,¥0.35\n"
ALIPAY = "支付宝交易记录明细查询\n账号:[a@b.com]\n起始日期:[2024-01-01] 终止日期:[2024-03-01]\n----明细列表----\n"
WECHAT = "微信支付账单明细,,,,\n微信昵称：[小王],,,,\n共2笔记录,,,,\n,,,,\n----微信支付账单明细列表----,,,,\n"
ERP = '"销售明细表 2024"\n\n店铺,旗舰店,制表人,王五,\n'
COLUMNS = {"customer_id": "交易对方", "date": "交易时间", "amount": "金额(元)"}
FOUND = [("早餐店", date(2024, 1, 26), 28.16), ("小李", date(2024, 2, 24), 0.35)]


def write(folder, text, name="log.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def sheet_of(path, rows):
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    book.close()
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize(("above", "row"), [(ALIPAY, 5), (WECHAT, 6), (ERP, 4), ("\n\n", 3), ("Sales report\n", 2)])
@pytest.mark.parametrize("columns", [None, COLUMNS])
def test_lines_above_the_header_are_passed_over(tmp_path, above, row, columns, encoding):
    path = write(tmp_path, above + HEAD + BODY, encoding=encoding)
    [table] = open_source(path, FileSettings(columns=tuple((columns or {}).values())))
    assert table.columns == HEAD.strip().split(",")
    assert table.facts["header_row"] == row
    assert cl.read_transactions(path, COLUMNS).data.rows() == FOUND


def test_lines_above_and_below_a_table_that_is_not_recognised(tmp_path):
    path = write(
        tmp_path, "Report of 2024\nby Ann\nwho,when,how much\nx,2024-01-31,5\ny,2024-02-01,6\nEnd of report\n"
    )
    log = cl.read_transactions(path, {"customer_id": "who", "date": "when", "amount": "how much"})
    assert log.data["amount"].to_list() == [5.0, 6.0]
    assert log.rejected.select("rule", "row").rows() == [("missing_date", 3)]
    [table] = open_source(path)
    assert table.columns == ["who", "when", "how much"]


@pytest.mark.parametrize("above", [[["Sales report"], []], [["销售明细", "", "2024"]], [[], []], []])
def test_rows_above_the_header_of_a_sheet_are_passed_over(tmp_path, above):
    rows = [*above, HEAD.strip().split(","), *(line.split(",") for line in BODY.splitlines())]
    log = cl.read_transactions(sheet_of(tmp_path / "log.xlsx", rows), COLUMNS)
    assert log.data.rows() == FOUND
    assert log.detected["files"][0].get("header_row", 1) == len(above) + 1


def test_numbers_below_a_title_stay_numbers(tmp_path):
    rows = [["Report"], ["customer_id", "date", "amount"], ["a", 45322, 1.5], ["b", 45323, 2]]
    log = cl.read_transactions(sheet_of(tmp_path / "log.xlsx", rows))
    assert log.data.rows() == [("a", date(2024, 1, 31), 1.5), ("b", date(2024, 2, 1), 2.0)]


LINES = "who,when,pay\nname,day,money\nx,2024-01-31,5\n"


@pytest.mark.parametrize(("row", "names"), [(1, ["who", "when", "pay"]), (2, ["name", "day", "money"])])
def test_a_given_header_row_is_taken_at_its_word(tmp_path, row, names):
    text, sheet = write(tmp_path, LINES), sheet_of(tmp_path / "log.xlsx", [line.split(",") for line in LINES.split()])
    for path in (text, sheet):
        [table] = open_source(path, FileSettings(header_row=row))
        assert table.columns == names
    log = cl.read_transactions(text, dict(zip(["customer_id", "date", "amount"], names, strict=True)), header_row=row)
    assert log.data["customer_id"].to_list()[-1] == "x"


def test_a_given_row_counts_lines_not_records(tmp_path):
    path = write(tmp_path, '"a title\nof two lines"\n\nid,date\nx,2024-01-31\n')
    [table] = open_source(path, FileSettings(header_row=4))
    assert table.columns == ["id", "date"]


@pytest.mark.parametrize("row", [3, 99])
def test_a_row_without_a_header_is_an_error(tmp_path, row):
    text = write(tmp_path, "id,date\n1,2\n\n")
    sheet = sheet_of(tmp_path / "log.xlsx", [["id", "date"], [1, 2]])
    for path in (text, sheet):
        with pytest.raises(DataError, match=rf"has no header in row {row}. Look at the .*set `header_row:`"):
            open_source(path, FileSettings(header_row=row))


def test_a_file_whose_columns_are_not_found_is_told_of_header_row(tmp_path):
    path = write(tmp_path, "a,b\n1,2\n")
    with pytest.raises(MissingColumnsError, match=r"in another row, set `header_row:`"):
        cl.read_transactions(path)


@pytest.mark.parametrize(
    ("records", "at"),
    [
        ([["customer", "date"], ["email", "web"]], 0),
        ([["channel", "kind"], ["order", "sales"], ["email", "total"]], 0),
        ([["店铺", "旗舰店", "导出时间"], ["客户编号", "下单日期", "金额"], ["1", "2024-01-31", "5"]], 1),
        ([["x"], ["a", "b", "c"], ["1", "2", "3"], ["4", "5", "6"]], 1),
        ([["", "id", "date"], ["0", "a", "2024-01-31"]], 0),
        ([["only"], ["one"], ["column"]], 0),
        ([["a", "b"]], 0),
        ([[], ["", ""]], 0),
    ],
)
def test_where_the_header_is(records, at):
    assert header_at(records) == at


def test_the_names_that_are_asked_for_find_the_header():
    records = [["date", "customer", "total"], ["who", "when", ""], ["x", "2024-01-31", "5"]]
    assert (header_at(records), header_at(records, ["When", "who"])) == (0, 1)


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        ("销售订单金额(元)", "amount"),
        ("销售订单金额（元）（必填）", "amount"),
        ("'销售订单编号", "order_id"),
        ("Account Name.id", "customer_id"),
        ("Amount (USD)", "amount"),
        ("Quantity [pcs]", "quantity"),
        ("ＯＲＤＥＲ　ＩＤ", "order_id"),
        ("* 下单日期", "date"),
        ("訂單日期", "date"),
        ("交易对方", "customer_id"),
    ],
)
def test_headers_with_units_and_in_other_widths_are_recognised(header, ours):
    assert suggest_columns([header]) == {ours: header}


@pytest.mark.parametrize(
    ("header", "ours"),
    [
        ("省份", "province"), ("省/自治区", "province"), ("行业", "industry"), ("1级行业", "industry"),
        ("性别", "gender"),
        ("年龄(岁)", "age"), ("生日", "birthday"), ("满意度", "satisfaction"), ("调查日期", "as_of"),
        ("城市", "city"), ("学历", "education"), ("职业", "occupation"),
        ("Billing State", "province"), ("Date of Birth", "birthday"),
        ("客户来源", "lead_source"), ("Lead Source", "lead_source"), ("净推荐值", "nps"),
    ],
)  # fmt: skip
def test_headers_of_attributes_are_recognised_in_both_languages(header, ours):
    assert suggest_attributes([header]) == {ours: header}


@pytest.mark.parametrize("header", ["created_at", "Created Time", "time", "注册时间", "创建时间", "last_modified"])
def test_the_day_of_registration_is_not_the_day_since_when_a_row_is_true(header):
    assert suggest_attributes([header]) == {}


def test_an_id_goes_before_a_name():
    assert suggest_columns(["Account Name", "Account Name.id", "Closing Date"])["customer_id"] == "Account Name.id"


def test_attributes_get_our_names(tmp_path):
    path = write(tmp_path, "客户资料\n客户编号,省份,性别,等级,注册时间\n007,浙江,女,金,2024-09-01\n")
    [table] = read_attributes(path)
    assert (table.columns, table.is_dated) == (["province", "gender", "等级", "注册时间"], False)
    assert table.data.rows() == [("007", "浙江", "女", "金", date(2024, 9, 1))]


def test_an_attribute_that_has_our_name_keeps_it_from_others():
    with pytest.raises(DataError, match="Rename"):
        read_attributes([write_attributes("province,省份"), write_attributes("province,x")])


def write_attributes(columns):
    return pl.DataFrame([("a", "x", "y")], schema=["customer_id", *columns.split(",")], orient="row")


@pytest.mark.parametrize("header", ["AMOUNT", " amount ", "Amount (USD)", "ａｍｏｕｎｔ"])
def test_a_file_of_a_glob_may_write_its_header_differently(tmp_path, header):
    write(tmp_path, "customer_id,date,amount\na,2024-01-01,5\n", "1.csv")
    write(tmp_path, f"Customer ID,Date,{header}\nb,2024-02-01,500\n", "2.csv")
    log = cl.read_transactions(str(tmp_path / "*.csv"))
    assert log.data["amount"].to_list() == [5.0, 500.0]


def test_a_file_of_a_glob_without_the_money_of_the_others_is_named(tmp_path):
    write(tmp_path, "customer_id,date,amount\na,2024-01-01,5\n", "1.csv")
    write(tmp_path, "customer_id,date,实付金额\nb,2024-02-01,500\n", "2.csv")
    with pytest.raises(MissingColumnsError, match=r"2\.csv has no column 'amount'.*amount: 实付金额"):
        cl.read_transactions(str(tmp_path / "*.csv"))


@pytest.mark.parametrize("order", [("1.csv", "2.csv"), ("2.csv", "1.csv")])
def test_the_file_that_lacks_a_column_is_named_in_any_order(tmp_path, order):
    write(tmp_path, "who,date,amount\na,2024-01-01,5\n", order[0])
    write(tmp_path, "whom,date,amount\nb,2024-02-01,500\n", order[1])
    with pytest.raises(MissingColumnsError, match=rf"{order[1]} has no column 'who'"):
        cl.read_transactions(str(tmp_path / "*.csv"), {"customer_id": "who"})


def test_money_may_be_made_of_other_columns_in_another_file(tmp_path):
    write(tmp_path, "customer_id,date,amount\na,2024-01-01,5\n", "1.csv")
    write(tmp_path, "customer_id,date,quantity,unit_price\nb,2024-02-01,3,2\n", "2.csv")
    log = cl.read_transactions(str(tmp_path / "*.csv"))
    assert log.data["amount"].to_list() == [5.0, 6.0]


def test_a_file_without_a_column_that_others_have_is_a_warning(tmp_path):
    write(tmp_path, "customer_id,date,amount,category\na,2024-01-01,5,x\n", "1.csv")
    write(tmp_path, "customer_id,date,amount,kind\nb,2024-02-01,500,x\n", "2.csv")
    with pytest.warns(ClvlabWarning, match=r"2\.csv has no category, which other files have") as caught:
        log = cl.read_transactions(str(tmp_path / "*.csv"))
    assert caught[0].message.code == "columns_missing"
    assert log.data["category"].to_list() == ["x", None]


def test_headers_in_our_words_need_no_mapping_however_they_are_written():
    frame = pd.DataFrame({"Customer ID": ["a"], "Date": ["2024-01-31"], "AMOUNT": [1], "Unit-Price": [1]})
    log = cl.read_transactions(frame)
    assert log.detected["columns"] == {
        "customer_id": "Customer ID",
        "date": "Date",
        "amount": "AMOUNT",
        "unit_price": "Unit-Price",
    }


def test_two_headers_that_are_alike_are_asked_about():
    frame = pd.DataFrame({"customer_id": ["a"], "date": ["2024-01-31"], "Amount (USD)": [1], "AMOUNT": [2]})
    with pytest.raises(DataError, match=r"more than one column 'amount': 'Amount \(USD\)', 'AMOUNT'. Say which one"):
        cl.read_transactions(frame)
    assert cl.read_transactions(frame, {"amount": "AMOUNT"}).data["amount"].item() == 2.0
    with pytest.raises(ParamsError, match="not a column of a log"):
        cl.read_transactions(frame, {"Amount": "AMOUNT"})


def test_names_are_told_apart_by_their_place():
    assert distinct(["a", "", "a", "a (3)"]) == (["a (1)", "column (2)", "a (3)", "a (3) (4)"], ["a"])
    assert plain_header("(元)") == "元"
