"""What a cell is decides how it is read, not the type that its column ends up in."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pandas as pd
import polars as pl
import pytest
import xlsxwriter

import clvlab as cl
from clvlab.customers import read_attributes
from clvlab.errors import ClvlabWarning, DataError
from clvlab.sources import open_source
from clvlab.sources.numbers import numbers_or_codes
from clvlab.sources.texts import as_id, cut_short, fold_ids, spelled_apart

DAY = datetime(2024, 1, 31, 10, 30)


def sheet_of(path, rows, **options):
    """A workbook of one sheet; dates are cells that are dates."""
    book = xlsxwriter.Workbook(path, options)
    sheet, as_date = book.add_worksheet(), book.add_format({"num_format": "dd.mm.yyyy"})
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write_datetime(row, column, cell, as_date)
            elif isinstance(cell, str):
                sheet.write_string(row, column, cell)
            elif cell is not None:
                sheet.write(row, column, cell)
    book.close()
    return path


def columns_of(source):
    [table] = open_source(source)
    return {name: column.to_list() for name, column in table.rows.collect().to_dict().items()}


AMOUNTS = ["1.234,50", 12.125, 3.25, 1000, "7,5", -0.5]


def amounts_in_a_sheet(folder):
    rows = [["customer_id", "date", "amount"], *([f"K{i}", DAY, amount] for i, amount in enumerate(AMOUNTS))]
    return sheet_of(folder / "log.xlsx", rows)


def amounts_in_pandas(_):
    return pd.DataFrame({"customer_id": list("abcdef"), "date": "2024-01-31", "amount": AMOUNTS})


def amounts_in_polars(_):
    amounts = pl.Series("amount", AMOUNTS, dtype=pl.Object)
    return pl.DataFrame({"customer_id": list("abcdef"), "date": ["2024-01-31"] * 6}).with_columns(amounts)


@pytest.mark.parametrize("source", [amounts_in_a_sheet, amounts_in_pandas, amounts_in_polars])
def test_a_number_among_texts_keeps_its_point_whatever_the_decimal_mark(source, tmp_path):
    log = cl.read_transactions(source(tmp_path), decimal=",")
    assert log.data["amount"].to_list() == [1234.5, 12.125, 3.25, 1000.0, 7.5, -0.5]


def test_numbers_among_texts_do_not_vote_on_the_decimal_mark():
    frame = pd.DataFrame({"customer_id": "a", "date": "2024-01-31", "amount": [1.5, 2.25, 3.125, "4,5"]})
    assert cl.read_transactions(frame, decimal=",").data["amount"].to_list() == [1.5, 2.25, 3.125, 4.5]


def test_texts_in_a_sheet_that_look_like_numbers_or_dates_stay_texts(tmp_path):
    rows = [["x"], ["12.5"], [12.5], [True], ["true"], ["2024-01-31 10:30:00"], [DAY], [1e22], ["note"]]
    found = columns_of(sheet_of(tmp_path / "log.xlsx", rows))
    assert found["clvlab.number_cell.x"] == [None, 12.5, None, None, None, None, 1e22, None]
    assert found["clvlab.day_cell.x"] == [None] * 5 + [DAY, None, None]


def test_a_sheet_with_a_column_of_every_type_of_cell_is_read(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "log.xlsx")
    sheet = book.add_worksheet()
    sheet.write_column(0, 0, ["customer_id", "a", "b", "c", "d"])
    sheet.write_column(0, 1, ["date", "2024-01-31", "2024-02-01", "2024-02-02", "2024-02-03"])
    sheet.write_column(0, 2, ["note", "text", True, 1.5])
    sheet.write_number(4, 2, 1.5, book.add_format({"num_format": "[h]:mm"}))
    book.close()
    assert cl.read_transactions(tmp_path / "log.xlsx").data["customer_id"].to_list() == ["a", "b", "c", "d"]


def test_dates_numbers_and_texts_in_one_column_of_a_sheet(tmp_path):
    dates = ["2024-01-31", DAY, 45322, "31/01/2024", 20240131]
    rows = [["customer_id", "date", "amount"], *(["a", day, 1] for day in dates)]
    log = cl.read_transactions(sheet_of(tmp_path / "log.xlsx", rows))
    assert log.data["date"].to_list() == [date(2024, 1, 31)] * 5


@pytest.mark.parametrize("date_1904", [False, True])
def test_numbers_are_counted_from_where_the_workbook_counts(tmp_path, date_1904):
    number = 45322 - (1462 if date_1904 else 0)
    for dates in ([number], [number, DAY, "2024-01-31"], [DAY]):
        rows = [["customer_id", "date", "amount"], *(["a", day, 1] for day in dates)]
        log = cl.read_transactions(sheet_of(tmp_path / "log.xlsx", rows, date_1904=date_1904))
        assert log.data["date"].to_list() == [date(2024, 1, 31)] * len(dates)


def test_blank_rows_of_a_sheet_are_not_rows(tmp_path):
    rows = [["customer_id", "date", "amount"], ["a", DAY, 1], [], [None, None, None], ["b", DAY, 2]]
    log = cl.read_transactions(sheet_of(tmp_path / "log.xlsx", rows))
    assert log.quality["rows"][0] == 2


def test_a_column_that_is_in_a_sheet_twice_is_asked_for(tmp_path):
    rows = [["customer_id", "date", "amount", "amount"], ["a", DAY, 1, 2]]
    path = sheet_of(tmp_path / "log.xlsx", rows)
    with pytest.raises(DataError, match=r"more than one column 'amount'"):
        cl.read_transactions(path)
    assert cl.read_transactions(path, {"amount": "amount (4)"}).data["amount"].item() == 2.0


@pytest.mark.parametrize(
    ("freq", "day", "text"),
    [("D", date(2024, 1, 31), "2024-01-31"), ("M", date(2024, 1, 1), "2024-01"), ("Y", date(2024, 1, 1), "2024")],
)
def test_a_period_is_the_day_on_which_it_begins_or_its_name(freq, day, text):
    periods = pd.PeriodIndex(["2024-01-31"], freq=freq)
    log = cl.read_transactions(pd.DataFrame({"customer_id": ["a"], "date": periods, "amount": [1.0]}))
    assert log.data["date"].item() == day
    [table] = read_attributes(pd.DataFrame({"customer_id": ["a"], "cohort": periods}))
    assert str(table.data["cohort"].item()) == text


def test_bands_of_pandas_are_texts():
    bands = pd.cut(pd.Series([17, 40]), [0, 18, 65])
    [table] = read_attributes(pd.DataFrame({"customer_id": ["a", "b"], "age": bands}))
    assert table.data["age"].to_list() == ["(0, 18]", "(18, 65]"]


def test_moments_among_texts_are_taken_as_they_are_written():
    late = datetime(2024, 1, 31, 23, tzinfo=timezone(timedelta(hours=-8)))
    moments = [late, pd.Timestamp(DAY), DAY.date(), pd.NaT, pd.Period("2024-01", "M"), "31.01.2024"]
    frame = pd.DataFrame({"customer_id": "a", "date": pd.Series(moments, dtype=object), "amount": 1.0})
    log = cl.read_transactions(frame)
    assert log.data["date"].to_list() == [date(2024, 1, 31)] * 3 + [date(2024, 1, 1), date(2024, 1, 31)]


def test_ids_in_any_type_of_number_are_written_alike():
    for ids in ([7, 12], [7.0, 12.0], [Decimal("7.00"), Decimal("12")], ["7", "12"], ["7", 12.0], [Decimal(7), "12"]):
        frame = pd.DataFrame({"customer_id": pd.Series(ids, dtype=object), "date": "2024-01-31", "amount": 1.0})
        assert cl.read_transactions(frame).data["customer_id"].to_list() == ["7", "12"], ids


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("ＶＩＰ００７", "VIP007"),
        ("００７", "007"),
        ("VIP\u200b007", "VIP007"),
        ("\ufeffVIP007", "VIP007"),
        ("VIP007\u200e", "VIP007"),
        ("VIP\u00ad007", "VIP007"),
        ("张\u3000三", "张 三"),
        ("A\u00a0  B", "A B"),
        ("’007", "’007"),
        ("'007", "007"),
        ("'t Hart", "'t Hart"),
        ('="007"', "007"),
        ("zcrm_4768000000012", "4768000000012"),
        ("zcrm_x", "zcrm_x"),
        ("e\u0301", "é"),
    ],
)
def test_ids_are_folded(written, folded):
    assert fold_ids(pl.Series([written, "other", None])).to_list() == [folded, "other", None]


NOTHING = [
    "\\N", "(null)", "[NULL]", "<null>", "N.A.", "n/a", "-", "--", "－", "?", "？", "undefined", "未知", "无", "暂无",
    "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "NULL", "None", "", "  ", "\u3000", "\u200b", "ＮＵＬＬ",
]  # fmt: skip


@pytest.mark.parametrize("word", NOTHING)
def test_words_for_nothing_are_not_customers(word):
    frame = pd.DataFrame({"customer_id": [word, "a"], "date": "2024-01-31", "amount": [3.0, 5.0]})
    log = cl.read_transactions(frame)
    assert log.data["customer_id"].to_list() == ["a"]
    assert log.rejected["rule"].to_list() == ["missing_customer"]
    assert log.quality.select("rule", "amount").rows()[-1] == ("missing_customer", 3.0)


def test_one_customer_in_many_writings_is_one():
    ids = ["客户０１", "客户01", "客户01\u200b", " 客户01 ", "\ufeff客户01"]
    log = cl.read_transactions(pd.DataFrame({"customer_id": ids, "date": "2024-01-31", "amount": 1.0}))
    assert log.data["customer_id"].unique().to_list() == ["客户01"]


def test_attributes_meet_the_log_by_folded_ids():
    log = cl.read_transactions(pd.DataFrame({"customer_id": ["Ａ１", "zcrm_7"], "date": "2024-01-31", "amount": 1.0}))
    people = pd.DataFrame({"customer_id": ["A1\u200b", "7"], "region": ["north", "south"]})
    data = cl.summarise_customers(log, "2024-01-31", attributes=people).data
    assert data.select("customer_id", "region").rows() == [("7", "south"), ("A1", "north")]


@pytest.mark.parametrize(
    "ids",
    [
        ("anna@x.com", "Anna@X.com"),
        ("José", "Jose"),
        ("VIP-1", "VIP 1", "vip1"),
        ("007", "7"),
        ("7", "7.0"),
    ],
)
def test_ids_that_differ_in_their_writing_alone_are_a_warning(ids):
    assert spelled_apart(pl.Series([*ids, "8"])) == [tuple(sorted(ids))]
    frame = pd.DataFrame({"customer_id": list(ids), "date": "2024-01-31", "amount": 1.0})
    with pytest.warns(ClvlabWarning, match="They count as different customers") as caught:
        log = cl.read_transactions(frame)
    assert caught[0].message.code == "ids_alike"
    assert log.data["customer_id"].n_unique() == len(ids)


def test_separators_between_digits_count():
    assert spelled_apart(pl.Series(["1-23", "12-3", "123"])) == []


def test_letters_of_other_scripts_keep_their_marks():
    assert spelled_apart(pl.Series(["かき", "かぎ"])) == []


@pytest.mark.parametrize(
    ("ids", "cut"),
    [
        (["3.91E+16", "3.91e16", "7"], ["3.91E+16", "3.91e16"]),
        (["3,91E+16"], ["3,91E+16"]),
        (["391000000000001000", "391000000000002000", "391000000000003000"], None),
        (["391000000000001000", "391000000000002000", "391000000000003123"], []),
        (["1E10", "5E3", "E12"], []),
    ],
)
def test_ids_that_a_spreadsheet_has_cut(ids, cut):
    assert cut_short(pl.Series(ids)).to_list() == (ids if cut is None else cut)


@pytest.mark.parametrize("ids", [["3.91E+16", "b"], [39123456789012345.0, 8.0]])
def test_cut_ids_are_told(ids):
    frame = pd.DataFrame({"customer_id": ids, "date": "2024-01-31", "amount": 1.0})
    with pytest.warns(ClvlabWarning, match="many customers may have become one. Export the ids as text") as caught:
        log = cl.read_transactions(frame)
    assert (caught[0].message.code, caught[0].message.figures["ids"]) == ("ids_cut", 1)
    assert log.data.height == 2


def test_long_ids_that_are_whole_numbers_are_exact():
    frame = pd.DataFrame(
        {"customer_id": [391234567890123451, 391234567890123452], "date": "2024-01-31", "amount": 1.0}
    )
    assert cl.read_transactions(frame).data["customer_id"].to_list() == ["391234567890123451", "391234567890123452"]


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["01234", "1234"], ["01234", "1234"]),
        (["0", "10", None], [0, 10, None]),
        (["0.5", "1"], [0.5, 1.0]),
        (["-3", "1,200"], [-3, 1200]),
        (["+8613800000000", "1"], ["+8613800000000", "1"]),
        (["391234567890123451", "1"], ["391234567890123451", "1"]),
        (["1", "N/A", " "], [1, None, None]),
        (["1", "inf"], ["1", "inf"]),
        (["R1", "R2"], ["R1", "R2"]),
        (["5-", "(7)"], ["5-", "(7)"]),
        (["a", "-"], ["a", None]),
        (["-", None], [None, None]),
    ],
)
def test_codes_stay_texts_and_numbers_become_numbers(texts, values):
    assert numbers_or_codes(pl.Series("v", texts)).to_list() == values


@pytest.mark.parametrize("dtype", ["object", "category"])
def test_blank_attributes_say_nothing_whatever_type_they_have(dtype):
    tiers = pd.Series(["gold", " ", "NULL"], dtype=dtype)
    [table] = read_attributes(pd.DataFrame({"customer_id": ["a", "b", "c"], "tier": tiers}))
    assert table.data["tier"].to_list() == ["gold", None, None]


def test_a_mixed_column_that_a_model_does_not_read_is_no_hindrance():
    customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30").to_pandas()
    mixed = customers.assign(note=["seven", *range(len(customers) - 1)])
    mixed.insert(0, "note", "x", allow_duplicates=True)
    assert cl.BgNbd.fit(mixed, time_unit="week") == cl.BgNbd.fit(customers, time_unit="week")


def test_ids_of_a_strange_type_are_refused():
    frame = pl.DataFrame({"v": [[1]]})
    with pytest.raises(DataError, match="Text, numbers or dates are expected"):
        as_id("v", frame.schema["v"], "The frame")
