"""What `clvlab check` finds in tables of attributes."""

import pytest

from clvlab.check import check_attributes, check_source
from clvlab.errors import DataError, ParamsError
from clvlab.wording import Words

PEOPLE = """客户编号,省份,邮编,年龄,生日,会员卡
A1,广东,01234,31,1990-03-01,
A2,,04321,42,1980-05-17,
A3,浙江,09999,31,1970-01-02,
"""
LOG = "customer_id,date,amount\n" + "".join(
    f"A{n % 5},2024-{month:02}-{1 + n:02},{n + 1}\n" for n in range(20) for month in range(1, 13)
)


def write(tmp_path, text, name="people.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def problems(check):
    return [Words(check.lang)(it.key, **it.figures) for it in check.verdict.problems]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "en",
            [
                "  customers are in the column 客户编号: 3",
                "  province     <- 省份  text, distinct: 2, missing: 33.3%, such as 广东, 浙江",
                "  邮编           <- 邮编  code, distinct: 3, missing: 0.0%, such as 01234, 04321, 09999",
                "  age          <- 年龄  number, distinct: 2, missing: 0.0%, such as 31, 42",
                "  birthday     <- 生日  day, distinct: 3, missing: 0.0%, such as 1990-03-01, 1980-05-17, 1970-01-02",
                "  会员卡          <- 会员卡  blank, distinct: 0, missing: 100.0%",
                "  rows: 3, used: 3",
                "Verdict: ready",
            ],
        ),
        (
            "zh",
            [
                "  客户所在的列为客户编号，共3位客户",
                "  province     <- 省份  文本，不同值2个，缺失33.3%，例如广东, 浙江",
                "  邮编           <- 邮编  编码，不同值3个，缺失0.0%，例如01234, 04321, 09999",
                "  age          <- 年龄  数值，不同值2个，缺失0.0%，例如31, 42",
                "  birthday     <- 生日  日期，不同值3个，缺失0.0%，例如1990-03-01, 1980-05-17, 1970-01-02",
                "  会员卡          <- 会员卡  空白，不同值0个，缺失100.0%",
                "  共3行，采用3行",
                "结论：可以生成报告",
            ],
        ),
    ],
)
def test_it_is_told_what_each_column_is(tmp_path, lang, expected):
    lines = check_attributes(write(tmp_path, PEOPLE), lang).text().splitlines()
    assert [line for line in lines if line in expected] == expected


def test_the_language_is_that_of_the_headers(tmp_path):
    assert check_attributes(write(tmp_path, PEOPLE)).lang == "zh"
    assert check_attributes(write(tmp_path, "customer_id,city\na,Bern\n")).lang == "en"


def test_it_is_told_since_when_a_row_is_true(tmp_path):
    path = write(tmp_path, "会员编号,调查日期,满意度\na,2024-01-05,4\na,2024-06-05,5\n,2024-06-05,5\na,,5\n")
    check = check_attributes(path, "en")
    lines = check.text().splitlines()
    assert "  a row is true since the day in the column 调查日期" in lines
    assert "  rows: 4, used: 2" in lines
    assert "    left out, no customer: 1" in lines
    assert "    left out, no date: 1" in lines
    assert [it.key for it in check.verdict.remarks] == ["doubts.rows_left_out"]
    assert check.leaking == []


def test_a_table_without_a_day_says_so_and_a_day_can_be_declared(tmp_path):
    path = write(tmp_path, "customer_id,seen,nps\na,2024-01-05,4\n")
    check = check_attributes(path)
    assert "no column says since when a row is true" in check.text()
    assert [it.key for it in check.verdict.remarks] == ["check.remark_leaking"]
    assert "a comparison of strategies refuses 'nps'" in check.text()
    dated = check_attributes(path, dated=["seen"])
    assert "  a row is true since the day in the column seen" in dated.text().splitlines()
    assert dated.text().splitlines()[-1] == "Verdict: ready"


def test_an_id_twice_and_a_name_of_ours_are_told_together(tmp_path):
    path = write(tmp_path, "customer_id,group,clv\na,x,3\na,y,4\nb,x,4\n")
    check = check_attributes(path)
    repeated, group, clv = problems(check)
    assert f"{path} has customer 'a' in more than one row (such customers: 1)." in repeated
    assert "an attribute 'group', which is the name of a figure of ours" in group
    assert "`attribute_columns: {crm_clv: clv}`" in clv
    assert not check.verdict.is_ready
    assert "客户'a'不止一行（此类客户1位）" in check_attributes(path, "zh").text()
    mended = "customer_id,group,clv\na,x,3\nb,x,4\n"
    columns = {"crm_clv": "clv", "crm_group": "group"}
    assert check_attributes(write(tmp_path, mended), attribute_columns=columns).verdict.is_ready


def test_an_attribute_of_two_tables_is_told(tmp_path):
    write(tmp_path, "customer_id,city\na,x\n", "p1.csv")
    write(tmp_path, "customer_id,city\na,y\n", "p2.csv")
    [said] = problems(check_attributes(str(tmp_path / "p*.csv")))
    assert f"{tmp_path / 'p2.csv'} has an attribute 'city', which {tmp_path / 'p1.csv'} has too" in said


def test_a_day_that_is_left_open_is_asked_about(tmp_path):
    path = write(tmp_path, "customer_id,date,nps\na,01/02/2024,4\n")
    check = check_attributes(path)
    assert check.text().splitlines()[-1] == "Verdict: not ready: settle `date_format`"
    assert check.reading == {"date_format": "%d/%m/%Y"}
    assert check_attributes(path, date_format="%m/%d/%Y").verdict.is_ready
    assert check_attributes(path, attribute_reading={"date_format": "%m/%d/%Y"}).verdict.is_ready


@pytest.mark.parametrize(
    ("text", "lang", "said"),
    [
        ("who,city\na,x\n", "en", "Map yours, such as `attribute_columns: {customer_id: <your column>}`."),
        ("谁,city\na,x\n", "zh", "请指定对应的列，例如`attribute_columns: {customer_id: <列名>}`。"),
        ("customer_id,city\n,x\n", "en", "The only row of"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path, text, lang, said):
    check = check_attributes(write(tmp_path, text), lang)
    assert said in problems(check)[0]
    assert check.tables == ()


def test_a_missing_file_is_not_ready_and_an_unknown_key_an_error(tmp_path):
    assert "There is no file" in problems(check_attributes(str(tmp_path / "none.csv")))[0]
    with pytest.raises(ParamsError, match="Did you mean 'dated'"):
        check_attributes(write(tmp_path, PEOPLE), datd=["x"])


def test_with_a_log_it_is_told_how_many_customers_a_table_meets(tmp_path):
    log = write(tmp_path, LOG, "log.csv")
    check = check_source(log, attributes=[write(tmp_path, PEOPLE + "B9,广东,01230,20,1990-03-01,\n")])
    assert "  customers of the log: 5; in the table as well: 3; in the table alone: 1" in check.text().splitlines()
    assert check.verdict.is_ready


def test_what_stops_a_table_stops_the_report(tmp_path):
    log = write(tmp_path, LOG, "log.csv")
    people = write(tmp_path, "customer_id,city\nA1,x\nA1,y\n")
    check = check_source(log, attributes=[people])
    assert [it.key for it in check.verdict.problems] == ["check.problem_repeated"]
    with pytest.raises(DataError):
        check_source(str(tmp_path / "none.csv"), attributes=[people])
