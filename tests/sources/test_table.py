import zlib

import polars as pl
import pytest

from clvlab.errors import DataError, UnsettledError
from clvlab.sources.table import FLAW, ROW, SourceTable, readable


def test_rows_are_numbered_from_one_and_have_no_flaw():
    table = SourceTable.of(pl.LazyFrame({"id": ["a", "b"]}), "The frame")
    assert table.rows.collect().rows(named=True) == [
        {ROW: 1, "id": "a", FLAW: None},
        {ROW: 2, "id": "b", FLAW: None},
    ]


def test_flaws_that_are_known_stay():
    rows = pl.LazyFrame({"id": ["a", "b"], FLAW: [None, "too_many_fields"]})
    assert SourceTable.of(rows, "log.csv").rows.collect()[FLAW].to_list() == [None, "too_many_fields"]


def test_columns_are_the_sources_own():
    table = SourceTable.of(pl.LazyFrame({"b": [1], "a": [2]}), "The frame", {"format": "frame"}, is_large=True)
    assert table.columns == ["b", "a"]
    assert (table.name, table.facts, table.is_large) == ("The frame", {"format": "frame"}, True)


def test_a_table_without_columns_is_empty():
    with pytest.raises(DataError, match=r"log\.csv is empty: it has no columns"):
        SourceTable.of(pl.LazyFrame(), "log.csv")


@pytest.mark.parametrize("column", ["clvlab.row", "clvlab.day", "clvlab."])
def test_a_column_under_our_prefix_is_refused(column):
    with pytest.raises(DataError, match=r"log\.csv has a column 'clvlab\..*\. Rename it: the prefix 'clvlab\.' is"):
        SourceTable.of(pl.LazyFrame({column: [1]}), "log.csv")


@pytest.mark.parametrize(
    "error",
    [
        pl.exceptions.ComputeError("bad\n  block"),
        OSError("no space"),
        EOFError("cut short"),
        zlib.error("Error -3"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_goes_wrong_while_reading_names_the_source_in_one_line(error):
    with (
        pytest.raises(DataError, match=r"^log\.csv cannot be read: .*\. Check that it is complete") as caught,
        readable("log.csv"),
    ):
        raise error
    assert "\n" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_a_long_reason_is_cut():
    with pytest.raises(DataError) as caught, readable("log.csv"):
        raise OSError("x" * 5_000)
    assert len(str(caught.value)) < 400


def test_an_error_that_says_it_already_stays_as_it_is():
    question = UnsettledError("Which sheet?", "sheet", ["a"])
    with pytest.raises(UnsettledError) as caught, readable("log.csv"):
        raise question
    assert caught.value is question


def test_a_defect_of_ours_is_not_taken_for_one_of_the_file():
    with pytest.raises(ZeroDivisionError), readable("log.csv"):
        raise ZeroDivisionError


def test_two_tables_of_the_same_rows_are_two_tables():
    rows = pl.LazyFrame({"id": ["a"]})
    one, other = SourceTable.of(rows, "log.csv"), SourceTable.of(rows, "log.csv")
    assert one != other
    assert len({one, other, one}) == 2
