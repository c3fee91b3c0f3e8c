"""Which columns of a table of attributes are what, and which of its rows say something."""

from datetime import date, datetime

import polars as pl
import pytest
import xlsxwriter

import clvlab as cl
from clvlab.columns import CUSTOMERS, HOLDOUT, RESULTS, names
from clvlab.customers import AttributeSettings, read_attributes
from clvlab.customers.attributes import OURS
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, ParamsError, UnsettledError
from clvlab.sources import FileSettings
from tests.customers.logs import log_of

PEOPLE = pl.DataFrame({"customer_id": ["a", "b"], "industry": ["x", "y"], "created_at": ["2023-03-25", "2024-09-01"]})
LOG = log_of(("a", "2024-01-01", 10.0), ("b", "2024-01-05", 20.0))


def read(table, **settings):
    (found,) = read_attributes(table, AttributeSettings(**settings))
    return found


@pytest.mark.parametrize("stamp", ["created_at", "Created Time", "time", "更新时间"])
def test_a_stamp_of_a_record_is_an_attribute_and_hides_nobody(stamp):
    table = read(PEOPLE.rename({"created_at": stamp}))
    assert not table.is_dated
    assert table.columns == ["industry", stamp]
    known = cl.summarise_customers(LOG, "2024-02-01", attributes=[table]).data
    assert known["industry"].to_list() == ["x", "y"]


@pytest.mark.parametrize("header", ["date", "日期", "as_of", "调查日期", "Survey Date"])
def test_a_day_since_when_a_row_is_true_dates_the_table(header):
    table = read(PEOPLE.rename({"created_at": header}))
    assert table.is_dated
    assert table.as_of(date(2024, 2, 1)).rows() == [("a", "x")]


def test_declarations_decide_over_names():
    assert read(PEOPLE, dated=("created_at",)).is_dated
    by_survey = PEOPLE.rename({"created_at": "调查日期"})
    table = read(by_survey, static=("调查日期",))
    assert not table.is_dated
    assert table.columns == ["industry", "调查日期"]


def test_one_column_dates_a_table():
    with pytest.raises(DataError, match="'created_at' and 'seen', and `dated` names both"):
        read(PEOPLE.with_columns(seen=pl.lit("2024-01-01")), dated=("created_at", "seen"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"static": ("industri",)}, "`static` names a column: .* no column 'industri'.*Did you mean 'industry'"),
        ({"dated": ("created",)}, "`dated` names a column: .* no column 'created'"),
        ({"columns": {"province": "省"}}, "`attribute_columns` names a column: .* no column '省'"),
    ],
)
def test_a_declaration_of_a_column_that_is_nowhere_is_an_error(settings, message):
    with pytest.raises(MissingColumnsError, match=message):
        read(PEOPLE, **settings)


def test_headers_in_chinese_have_our_names():
    table = read(pl.DataFrame({"会员号": ["a"], "省份": ["广东"], "性别": ["女"], "年龄": ["35"], "喜好": ["茶"]}))
    assert table.data.row(0, named=True) == {
        "customer_id": "a", "province": "广东", "gender": "女", "age": 35, "喜好": "茶",
    }  # fmt: skip


def test_columns_can_be_mapped():
    table = read(
        pl.DataFrame({"who": ["a"], "area": ["north"], "seen": ["2024-01-01"]}),
        columns={"customer_id": "who", "province": "area", "date": "seen"},
    )
    assert table.data.rows() == [("a", "north", date(2024, 1, 1))]
    assert table.columns == ["province"]


def test_a_mapping_to_a_name_that_is_there_is_an_error():
    with pytest.raises(DataError, match="an attribute 'city', which another column of it has too"):
        read(pl.DataFrame({"customer_id": ["a"], "city": ["x"], "town": ["y"]}), columns={"city": "town"})


def test_a_table_without_customers_says_how_to_name_them():
    with pytest.raises(MissingColumnsError, match=r"`attribute_columns: \{customer_id: <your column>\}`"):
        read(pl.DataFrame({"who": ["a"]}))


@pytest.mark.parametrize("name", sorted(OURS - {"customer_id"}))
def test_no_attribute_takes_the_place_of_a_figure_of_ours(name):
    with pytest.raises(DataError, match=rf"an attribute '{name}', .* Rename it.*{{crm_{name}: {name}}}"):
        read(pl.DataFrame({"customer_id": ["a"], name: ["x"]}))
    assert read(pl.DataFrame({"customer_id": ["a"], name: ["x"]}), columns={f"crm_{name}": name}).columns == [
        f"crm_{name}"
    ]


def test_names_of_ours_are_all_columns_that_a_report_and_a_holdout_have():
    calibration, holdout = cl.split_holdout(LOG, "2024-01-02", "2024-01-31")
    assert set(calibration.data.columns) <= set(names(CUSTOMERS))
    assert set(holdout.data.columns) | set(holdout.previous.columns) == {"customer_id", *names(HOLDOUT)}
    assert {*names(CUSTOMERS), *names(HOLDOUT), *names(RESULTS)} == OURS


@pytest.mark.parametrize("name", ["spend_last_year", "gap_p80"])
def test_no_attribute_takes_the_place_of_what_the_log_yields(name):
    with pytest.raises(DataError, match=f"'{name}', which is the name of a figure of ours"):
        cl.summarise_customers(LOG, "2024-02-01", attributes=pl.DataFrame({"customer_id": ["a"], name: [1.0]}))


def test_rows_that_say_nothing_are_counted():
    table = pl.DataFrame(
        {
            "customer_id": ["a", "", "b", "c", *"defghijklmnopqrstuvwxyzABCDEF"],
            "date": ["2024-01-01", "2024-01-01", "", "soon", *["2024-01-01"] * 29],
            "nps": [str(n) for n in range(33)],
        }
    )
    found = read(table)
    assert found.data.height == 30
    assert found.refused == {"missing_customer": 1, "missing_date": 1, "unreadable_date": 1}


def test_many_rows_without_a_day_are_a_warning_and_none_with_one_an_error():
    days = [None, "2024-01-01"]
    with pytest.warns(ClvlabWarning, match="1 of 2 rows of the frame is left out, most of them for no date"):
        read(PEOPLE.with_columns(date=pl.Series(days)))
    with pytest.raises(DataError, match="All 2 rows of the frame are refused"):
        read(PEOPLE.with_columns(date=pl.Series(["soon", "later"])))


def test_settings_of_files_reach_the_tables(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "people.xlsx")
    for name in ("people", "notes"):
        sheet = book.add_worksheet(name)
        for row, cells in enumerate([("customer_id", "city"), ("a", name)]):
            sheet.write_row(row, 0, cells)
    book.close()
    path = str(tmp_path / "people.xlsx")
    assert read(path, files=FileSettings(sheet="people")).data.rows() == [("a", "people")]
    with pytest.raises(UnsettledError, match="2 sheets with rows"):
        read(path)


def test_settings_of_the_log_that_do_not_fit_a_table_are_left_aside(tmp_path):
    (tmp_path / "people.csv").write_text("customer_id,city\na,台北\n", encoding="utf-8")
    path, of_the_log = str(tmp_path / "people.csv"), FileSettings(encoding="ascii")
    assert read(path, files=of_the_log, strict=False).data.rows() == [("a", "台北")]
    with pytest.raises(DataError):
        read(path, files=of_the_log)


def test_days_that_are_left_open_are_settled_by_a_format():
    surveys = pl.DataFrame({"customer_id": ["a", "b"], "date": ["01/02/2024", "03/04/2024"], "nps": [9, 3]})
    with pytest.raises(UnsettledError, match=r"Column 'date' of the frame: .* Set `date_format: '%d/%m/%Y'`"):
        read(surveys)
    assert read(surveys, date_format="%d/%m/%Y").data["date"].to_list() == [date(2024, 2, 1), date(2024, 4, 3)]


def test_moments_count_on_the_days_of_the_zone():
    late = ["2024-01-31T20:00Z", "2024-02-10T01:00Z"]
    table = pl.DataFrame(
        {"customer_id": ["a", "b"], "date": late, "signup": late, "birthday": late, "city": ["x", "y"]}
    )
    typed = table.with_columns(pl.col("date").str.to_datetime("%Y-%m-%dT%H:%MZ", time_zone="UTC"))
    for each in (table, typed):
        assert read(each).data["date", "signup"].row(0) == (date(2024, 1, 31), date(2024, 1, 31))
        there = read(each, time_zone="Asia/Shanghai").data
        assert there["date", "signup", "birthday"].row(0) == (date(2024, 2, 1),) * 3
    with pytest.raises(ParamsError, match="time_zone is 'Mars'"):
        AttributeSettings(time_zone="Mars")


def test_days_without_a_time_are_those_of_every_zone():
    table = pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-31"], "birthday": [datetime(1990, 1, 31)]})
    assert read(table, time_zone="Asia/Shanghai").data.row(0) == ("a", date(2024, 1, 31), date(1990, 1, 31))


def test_weeks_and_digits_of_an_attribute_stay_as_they_are():
    table = pl.DataFrame({"customer_id": ["a", "b"], "week": ["2024-W05", "2024-W06"], "code": ["٠٠٧", "٠٠٨"]})
    assert read(table).data.rows() == [("a", "2024-W05", "٠٠٧"), ("b", "2024-W06", "٠٠٨")]
