import codecs
import gzip
import zipfile

import polars as pl
import pytest
import xlsxwriter

from clvlab import memory_limit
from clvlab.errors import DataError, ParamsError, UnsettledError
from clvlab.scratch import scratch_file
from clvlab.sources import FileSettings, open_source
from clvlab.sources.table import FLAW, ROW

CHINESE = "客户编号,下单日期,实付金额\n曾惠,2024-01-31,12.50\n许安,2024-02-01,7\n"
WESTERN = "Käufer,Datum,Betrag\nMüller,2024-01-31,12\nJosé,2024-02-01,7\n"


def read(path, **reading):
    """The one table of a path."""
    [table] = open_source(path, FileSettings(**reading))
    return table


def own(table):
    return table.rows.select(table.columns).collect()


def write(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("text", "codec", "detected"),
    [
        (CHINESE, "utf-8", "utf-8"),
        (CHINESE, "utf-8-sig", "utf-8-sig"),
        (CHINESE, "gb18030", "gb18030"),
        (CHINESE, "utf-16", "utf-16"),
        (WESTERN, "utf-16-le", "utf-16-le"),
        (WESTERN, "utf-16-be", "utf-16-be"),
        (WESTERN, "utf-8", "utf-8"),
        (WESTERN, "latin-1", "cp1252"),
        (WESTERN + "€,2024-02-02,1\n", "cp1252", "cp1252"),
    ],
)
def test_encodings_are_detected_and_told(tmp_path, text, codec, detected):
    table = read(write(tmp_path / "log.csv", text.encode(codec)))
    assert table.facts["encoding"] == detected
    expected = [line.split(",") for line in text.splitlines()]
    assert table.columns == expected[0]
    assert [list(row) for row in own(table).iter_rows()] == expected[1:]


def test_one_foreign_letter_late_in_the_file_counts(tmp_path):
    path = write(tmp_path / "log.csv", b"id,d\n" + b"x,y\n" * 100_000 + "Müller,z\n".encode("latin-1"))
    assert own(read(path))["id"][-1] == "Müller"


def test_a_given_encoding_is_taken_at_its_word(tmp_path):
    path = write(tmp_path / "log.csv", "客户,日期\n王,今\n".encode("big5", "replace"))
    assert read(path, encoding="big5").facts["encoding"] == "big5"
    with pytest.raises(DataError, match=r"log\.csv is not text in utf-8: .*Say what it is: `encoding: \.\.\.`"):
        read(path, encoding="utf-8")
    with pytest.raises(ParamsError, match="encoding is 'utf-9', which is unknown"):
        read(path, encoding="utf-9")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_detected(tmp_path, separator):
    lines = [["id", "date", "note"], ["a", "2024-01-31", "1,5"], ["b", "2024-02-01", "2,5"]]
    text = "\n".join(separator.join(f'"{f}"' if separator in f else f for f in fields) for fields in lines)
    table = read(write(tmp_path / "log.csv", text))
    assert table.facts["separator"] == separator
    assert own(table)["note"].to_list() == ["1,5", "2,5"]


def test_a_given_separator_is_taken_at_its_word(tmp_path):
    path = write(tmp_path / "log.csv", "a:b\n1:2\n")
    assert own(read(path, separator=":")).rows() == [("1", "2")]
    with pytest.raises(ParamsError, match=r"separator is '::'. It must be a single character"):
        read(path, separator="::")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_quoted_newlines_and_every_line_ending(tmp_path, newline):
    text = newline.join(["id,note", '1,"two', 'lines, one ""field"""', "2,x", ""])
    table = read(write(tmp_path / "log.csv", text))
    assert own(table).rows() == [("1", f'two{newline}lines, one "field"'), ("2", "x")]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('a,b\n1,12" pipe\n2,6" pipe\n3,4\n', [("1", '12" pipe'), ("2", '6" pipe'), ("3", "4")]),
        ('a,b\n1,"ab"c\n2,3\n', [("1", "abc"), ("2", "3")]),
        ("\n\na,b\n1,2\n", [("1", "2")]),
        ("a,b\n1\n2,3\n", [("1", None), ("2", "3")]),
        ("a,b\n1,\x00\n", [("1", "\x00")]),
        ("a,b\n1,2", [("1", "2")]),
        ("\ufeffa,b\n1,2\n", [("1", "2")]),
        ("sep=;\na;b\n1;2\n", [("1", "2")]),
        ("\ufeffsep=,\r\na,b\r\n1,2\r\n", [("1", "2")]),
    ],
)
def test_unusual_text_is_read_as_it_is_meant(tmp_path, text, rows):
    table = read(write(tmp_path / "log.csv", text))
    assert table.columns == ["a", "b"]
    assert own(table).rows() == rows


@pytest.mark.parametrize(
    ("text", "flaws"),
    [
        ("a,b\n1,2,3,4\n5,6\n", ["too_many_fields", None]),
        ("a,b\n1,2,\n5,6,  \n", [None, None]),
        ('a,b\n1,"open\n2,3\n4,5\n', ["unclosed_quote"]),
        ('a,b,c\n1,2,"x"y\n3,4,"open\n5,6,7\n8,9,10', [None, "unclosed_quote"]),
        ('a,b,c\n1,2,"two\nlines"\n3,4,"open"x\n', [None, None]),
    ],
)
def test_rows_that_do_not_fit_their_header_are_flawed(tmp_path, text, flaws):
    rows = read(write(tmp_path / "log.csv", text)).rows.collect()
    assert rows[FLAW].to_list() == flaws
    assert rows[ROW].to_list() == list(range(1, len(flaws) + 1))


def test_blank_and_repeated_headers_are_told_apart(tmp_path):
    table = read(write(tmp_path / "log.csv", "a, ,a\n1,2,3\n"))
    assert table.columns == ["a (1)", "column (2)", "a (3)"]
    assert table.facts["repeated"] == ["a"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", b"", r"empty\.csv is empty"),
        ("binary.csv", bytes(range(256)) * 40, r"binary\.csv is a binary file of an unknown kind"),
        ("broken.parquet", b"PAR1" + b"x" * 100, r"broken\.parquet cannot be read"),
        ("broken.gz", b"\x1f\x8b" + b"x" * 100, r"broken\.gz"),
        ("broken.zip", b"PK\x03\x04" + b"x" * 100, r"broken\.zip"),
        ("broken.xls", b"\xd0\xcf\x11\xe0" + b"x" * 100, r"broken\.xls cannot be read as a workbook"),
        ("cut.gz", gzip.compress(b"a,b\n1,2\n" * 1000, mtime=0)[:-20], r"cut\.gz"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, content, message):
    path = write(tmp_path / name, content)
    with pytest.raises(DataError, match=message):
        read(path)


def test_a_folder_a_missing_file_and_an_empty_glob(tmp_path):
    with pytest.raises(DataError, match=r"is a folder. Name its files by a glob, such as '.*/\*\.csv'"):
        read(tmp_path)
    for missing in ("none.csv", "*.csv", "a" * 5000):
        with pytest.raises(DataError, match=r"There is no file|cannot be read"):
            read(str(tmp_path / missing))
    with pytest.raises(DataError, match="is not a path"):
        read("a\0b")


def test_a_glob_reads_every_file_in_order(tmp_path):
    for month in ("02", "01"):
        write(tmp_path / f"log-{month}.csv", f"id,d\n{month},x\n")
    tables = open_source(str(tmp_path / "log-*.csv"))
    assert [own(table)["id"][0] for table in tables] == ["01", "02"]


def test_a_name_with_brackets_is_a_name(tmp_path):
    assert own(read(write(tmp_path / "log[1].csv", "id,d\n1,x\n"))).height == 1


def test_what_a_file_is_its_content_says(tmp_path):
    frame = pl.DataFrame({"id": ["1"], "d": ["x"]})
    frame.write_parquet(tmp_path / "log.csv")
    frame.write_excel(tmp_path / "log.txt")
    (tmp_path / "log.dat").write_bytes(gzip.compress(b"id,d\n1,x\n"))
    for name in ("log.csv", "log.txt", "log.dat"):
        assert own(read(tmp_path / name)).equals(frame), name


def test_zip_holds_many_files_and_no_folder(tmp_path):
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("2024/", "")
        archive.writestr("2024/b.csv", CHINESE.encode("gb18030"))
        archive.writestr("2024/a.csv", "id;d\n1;x\n")
        archive.writestr("__MACOSX/2024/._a.csv", b"\0\0")
    tables = open_source(path)
    assert [(table.name, table.facts["encoding"]) for table in tables] == [
        (f"{path}/2024/b.csv", "gb18030"),
        (f"{path}/2024/a.csv", "utf-8"),
    ]


def test_archives_do_not_nest_and_are_not_empty(tmp_path):
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("inner.gz", gzip.compress(b"a,b\n"))
    with pytest.raises(DataError, match=r"an archive inside an archive. Unpack it first"):
        read(tmp_path / "outer.zip")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("folder/", "")
    with pytest.raises(DataError, match="an archive without a file"):
        read(tmp_path / "empty.zip")


@pytest.fixture
def everything_is_large(monkeypatch):
    monkeypatch.setattr(memory_limit, "DEFAULT", 1)


@pytest.mark.usefixtures("everything_is_large")
@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_large_file_is_scanned_anew_and_gives_the_same_rows(tmp_path, codec):
    table = read(write(tmp_path / "log.csv", CHINESE.encode(codec)))
    assert table.is_large
    assert "SCAN" in table.rows.explain()
    assert own(table)["客户编号"].to_list() == ["曾惠", "许安"]


@pytest.mark.usefixtures("everything_is_large")
def test_a_large_archive_is_unpacked_and_scanned(tmp_path):
    table = read(write(tmp_path / "log.csv.gz", gzip.compress(CHINESE.encode())))
    assert "SCAN" in table.rows.explain()
    assert own(table).height == 2


def test_files_that_are_large_together_are_scanned(tmp_path, monkeypatch):
    for name in ("a.csv", "b.csv"):
        write(tmp_path / name, CHINESE)
    monkeypatch.setattr(memory_limit, "DEFAULT", 4 * (len(CHINESE.encode()) + 1))
    assert [table.is_large for table in open_source(str(tmp_path / "*.csv"))] == [True, True]
    assert not read(tmp_path / "a.csv").is_large


def test_a_file_compressed_by_columns_weighs_what_its_rows_do(tmp_path, monkeypatch):
    pl.DataFrame({"customer_id": ["C1"] * 10_000}).write_parquet(tmp_path / "log.parquet")
    monkeypatch.setattr(memory_limit, "DEFAULT", 400_000)
    assert (tmp_path / "log.parquet").stat().st_size < 10_000
    assert read(tmp_path / "log.parquet").is_large


def test_small_files_leave_nothing_behind(tmp_path):
    before = set(scratch_file().parent.iterdir())
    read(write(tmp_path / "log.gz", gzip.compress(CHINESE.encode("gb18030"))))
    assert set(scratch_file().parent.iterdir()) == before


@pytest.mark.usefixtures("everything_is_large")
def test_a_large_file_with_unsound_quotes_is_rewritten(tmp_path):
    table = read(write(tmp_path / "log.csv", 'a,b\n1,"ab"c\n2,3\n'))
    assert own(table).rows() == [("1", "abc"), ("2", "3")]


def test_byte_order_marks_are_no_part_of_a_name(tmp_path):
    path = write(tmp_path / "log.csv", codecs.BOM_UTF8 + b'"id",d\n1,x\n')
    assert read(path).columns == read(path, encoding="utf-8").columns == ["id", "d"]


def test_sheets_must_be_named_when_several_have_rows(tmp_path):
    path, frame = tmp_path / "book.xlsx", pl.DataFrame({"id": ["1"], "d": ["x"]})
    workbook = xlsxwriter.Workbook(path)
    frame.write_excel(workbook, "订单")
    frame.clear().write_excel(workbook, "Notes")
    frame.vstack(frame).write_excel(workbook, "Returns")
    workbook.close()
    with pytest.raises(
        UnsettledError, match=r"2 sheets with rows: '订单', 'Returns'. Say which one: `sheet: 订单`"
    ) as caught:
        read(path)
    assert (caught.value.key, caught.value.choices) == ("sheet", ("订单", "Returns"))
    assert own(read(path, sheet="Returns")).height == 2
    with pytest.raises(DataError, match=r"has no sheet 'Orders'. Sheets: '订单', 'Notes', 'Returns'"):
        read(path, sheet="Orders")


def test_the_only_sheet_with_rows_is_taken(tmp_path):
    path, frame = tmp_path / "book.xlsx", pl.DataFrame({"id": ["1"], "d": ["x"]})
    workbook = xlsxwriter.Workbook(path)
    frame.clear().write_excel(workbook, "Notes")
    frame.write_excel(workbook, "Orders")
    workbook.close()
    assert read(path).facts["sheet"] == "Orders"


def test_a_text_late_in_a_column_of_numbers_is_kept(tmp_path):
    path = tmp_path / "book.xlsx"
    workbook = xlsxwriter.Workbook(path)
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, ["id", "amount"])
    for row in range(1, 3000):
        sheet.write_row(row, 0, [row, 1.5])
    sheet.write_row(3000, 0, ["A-77", "none of it"])
    workbook.close()
    assert own(read(path)).row(-1) == ("A-77", "none of it")
