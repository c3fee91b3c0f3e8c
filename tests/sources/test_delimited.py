import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clvlab.errors import DataError, ParamsError
from clvlab.sources import FileSettings
from clvlab.sources.delimited import Layout, open_text
from clvlab.sources.table import FLAW, ROW


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("delimited")


def opened(folder, text, encoding=None, separator=None, *, lazily=False):
    path = folder / "log.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_text(path, "log.csv", FileSettings(encoding, separator), lazily=lazily)


def rows_of(table):
    return table.rows.select(table.columns).collect().rows()


@pytest.mark.parametrize(
    ("header", "columns", "repeated"),
    [
        (("id", "date"), ["id", "date"], []),
        ((" id\t", "\ufeffdate\n"), ["id", "date"], []),
        (("id", "", "id"), ["id (1)", "column (2)", "id (3)"], ["id"]),
        (("", "", ""), ["column (1)", "column (2)", "column (3)"], []),
        (("a", "b", "a", "b", "a"), ["a (1)", "b (2)", "a (3)", "b (4)", "a (5)"], ["a", "b"]),
        (("客户", "客户 "), ["客户 (1)", "客户 (2)"], ["客户"]),
    ],
)
def test_names_are_trimmed_and_told_apart_by_their_place(header, columns, repeated):
    layout = Layout("utf-8", False, ",", header, 0, 1)
    assert layout.columns == columns
    assert layout.repeated == repeated


@pytest.mark.parametrize(
    ("text", "separator", "columns"),
    [
        ("a;b;c\n1;2;3\n", ";", ["a", "b", "c"]),
        ("a;b\n1,5;2,5\n3,5;4,5\n", ";", ["a", "b"]),
        ("a|b\n1|2\n", "|", ["a", "b"]),
        ("only\n1\n2\n", ",", ["only"]),
        ("a,b,c\n1;2\n3;4\n", ",", ["a", "b", "c"]),
    ],
)
def test_the_separator_is_the_one_that_fits_header_and_rows(folder, text, separator, columns):
    table = opened(folder, text)
    assert table.facts["separator"] == separator
    assert table.columns == columns


@pytest.mark.parametrize("separator", ["", ";;", '"', "\n", "\r", "\0"])
def test_a_separator_that_cannot_be_one_is_refused(folder, separator):
    with pytest.raises(ParamsError, match="It must be a single character, such as ';'"):
        opened(folder, "a,b\n", separator=separator)


@pytest.mark.parametrize("text", ["\n\n\n", "sep=;\n", "\ufeff\n", "\r\n\r\n"])
def test_a_file_of_blank_lines_is_empty(folder, text):
    with pytest.raises(DataError, match=r"log\.csv is empty"):
        opened(folder, text)


def test_a_header_alone_is_a_table_without_rows(folder):
    table = opened(folder, "id,date\n")
    assert table.columns == ["id", "date"]
    assert rows_of(table) == []


def test_every_field_stays_text(folder):
    assert rows_of(opened(folder, "id,n\n007,1e3\ntrue,NULL\n")) == [("007", "1e3"), ("true", "NULL")]


def test_blank_lines_between_rows_are_not_rows_where_text_is_decoded_anew(folder):
    table = opened(folder, "编号,数\n1,2\n\n3,4\n".encode("gb18030"))
    assert rows_of(table) == [("1", "2"), ("3", "4")]
    assert table.rows.collect()[ROW].to_list() == [1, 2]


def test_facts_say_what_was_found(folder):
    assert opened(folder, "a;a\n1;2\n").facts == {
        "format": "text",
        "encoding": "utf-8",
        "separator": ";",
        "repeated": ["a"],
    }


@pytest.mark.parametrize("lazily", [False, True])
@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("a,b\n1,2\n1,2,3\n", [None, "too_many_fields"]),
        ("a,b\n1\n", [None]),
        ("a\n1\n2,3\n", [None, "too_many_fields"]),
        ('a,b\n1,"x\n2,y\n', ["unclosed_quote"]),
        ('a,b\n"1,x\n2,y\n3,z', ["unclosed_quote"]),
    ],
)
def test_a_row_that_does_not_fit_its_header_keeps_its_place_and_gets_a_flaw(folder, text, flaws, lazily):
    assert opened(folder, text, lazily=lazily).rows.collect()[FLAW].to_list() == flaws


FIELDS = st.text('ab1 ,;"\n\t客', max_size=6)


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS, FIELDS), min_size=1, max_size=8),
    separator=st.sampled_from(",;\t|"),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
def test_what_python_writes_is_read_back(folder, rows, separator, codec):
    path = folder / "written.csv"
    with path.open("w", encoding=codec, newline="") as file:
        csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([("x", "y", "z"), *rows])
    given_codec = codec if codec == "gb18030" else None
    table = open_text(path, "written.csv", FileSettings(given_codec, separator), lazily=False)
    assert table.columns == ["x", "y", "z"]
    assert [tuple(field or "" for field in row) for row in rows_of(table)] == rows
    assert table.rows.collect()[FLAW].null_count() == len(rows)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "1", '"', '"b"', "c\n", ",", ""]), max_size=6), max_size=6))
def test_whatever_stands_below_the_header_the_file_can_be_read(folder, lines):
    text = "x,y\n" + "\n".join("".join(line) for line in lines) + "\n"
    table = opened(folder, text)
    collected = table.rows.collect()
    assert collected[ROW].to_list() == list(range(1, collected.height + 1))
    assert set(collected[FLAW]) <= {None, "too_many_fields", "unclosed_quote"}
