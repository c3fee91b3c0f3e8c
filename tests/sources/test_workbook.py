from datetime import date, datetime

import polars as pl
import pytest
import xlsxwriter

from clvlab.errors import DataError
from clvlab.sources import FileSettings
from clvlab.sources.workbook import open_sheet

DETECTED = FileSettings()


def book(path, **sheets):
    """A workbook whose sheets hold these rows, the first of which is the header."""
    workbook = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = workbook.add_worksheet(name)
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    workbook.close()
    return path


def rows_of(table):
    return table.rows.select(table.columns).collect()


def test_cells_keep_their_types(tmp_path):
    rows = [("id", "day", "amount"), ("a", date(2024, 1, 31), 1.5), ("b", date(2024, 2, 1), 2.0)]
    found = rows_of(open_sheet(book(tmp_path / "b.xlsx", Orders=rows), "b.xlsx", DETECTED))
    assert found["id"].to_list() == ["a", "b"]
    assert found["amount"].to_list() == [1.5, 2.0]
    assert [day.date() if isinstance(day, datetime) else day for day in found["day"]] == [
        date(2024, 1, 31),
        date(2024, 2, 1),
    ]


def test_blank_cells_are_null(tmp_path):
    found = rows_of(
        open_sheet(book(tmp_path / "b.xlsx", Orders=[("id", "n"), ("a", None), (None, 2)]), "b", DETECTED)
    )
    assert found.rows() == [("a", None), (None, 2.0)]


def test_a_blank_column_is_nothing_to_speak_of(tmp_path, caplog):
    path = book(tmp_path / "b.xlsx", Orders=[("id", "note"), ("a", None), ("b", None)])
    assert rows_of(open_sheet(path, "b.xlsx", DETECTED)).rows() == [("a", None), ("b", None)]
    assert not caplog.records


def test_numbers_and_texts_in_one_column_are_text(tmp_path):
    found = rows_of(open_sheet(book(tmp_path / "b.xlsx", Orders=[("id",), (7,), ("A-7",)]), "b", DETECTED))
    assert found.schema == {"id": pl.String}
    assert found["id"].to_list() == ["7", "A-7"]


def test_facts_say_which_sheet_was_read(tmp_path):
    path = book(tmp_path / "b.xlsx", Empty=[("id",)], 订单=[("id",), ("a",)])
    table = open_sheet(path, "b.xlsx", DETECTED)
    assert {name: table.facts[name] for name in ("format", "sheet")} == {"format": "workbook", "sheet": "订单"}
    assert not table.is_large
    assert open_sheet(path, "b.xlsx", FileSettings(sheet="Empty")).columns == ["id"]


@pytest.mark.parametrize("sheets", [{"Empty": []}, {"A": [("id",)], "B": [("id",)]}])
def test_a_workbook_without_rows_is_refused(tmp_path, sheets):
    with pytest.raises(DataError, match=r"b\.xlsx has no sheet with rows"):
        open_sheet(book(tmp_path / "b.xlsx", **sheets), "b.xlsx", DETECTED)


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path):
    path = book(tmp_path / "b.xlsx", Orders=[("id",), ("a",)])
    with pytest.raises(DataError, match=r"b\.xlsx has no sheet 'orders'\. Sheets: 'Orders'"):
        open_sheet(path, "b.xlsx", FileSettings(sheet="orders"))


def test_what_is_not_a_workbook_is_refused_in_one_line(tmp_path):
    path = tmp_path / "b.xlsx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DataError, match=r"b\.xlsx cannot be read as a workbook") as caught:
        open_sheet(path, "b.xlsx", DETECTED)
    assert "\n" not in str(caught.value)
