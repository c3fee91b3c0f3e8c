"""Files that would be read twice, never end, abort the process or fill the disk."""

import gzip
import os
import time
import zipfile

import polars as pl
import pytest
import xlsxwriter

import clvlab as cl
from clvlab.errors import ClvlabWarning, DataError
from clvlab.sources import files_of, open_source
from clvlab.sources.headers import distinct
from clvlab.sources.trial import check_parquet

ROWS = "customer_id,date,amount\na,2024-01-31,10\nb,2024-02-01,20\n"


def write(path, text=ROWS):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def n_rows(source):
    return len(cl.read_transactions(source).data)


# One file once


def test_links_that_lead_round_in_circles_add_nothing(tmp_path):
    write(tmp_path / "2024" / "orders.csv")
    for name in ("again", "back"):
        (tmp_path / "2024" / name).symlink_to(tmp_path)
    assert files_of(f"{tmp_path}/**/*.csv") == [tmp_path / "2024" / "orders.csv"]
    assert n_rows(f"{tmp_path}/**/*.csv") == 2


def test_a_deep_glob_finds_what_lies_at_any_depth_and_behind_links(tmp_path, monkeypatch):
    elsewhere = write(tmp_path / "disk" / "c.csv").parent
    for name in ("a.csv", "x/b.csv", "x/y/b.csv", ".hidden/d.csv", "x/b.txt"):
        write(tmp_path / "log" / name)
    (tmp_path / "log" / "x" / "more").symlink_to(elsewhere)
    monkeypatch.chdir(tmp_path / "log")
    found = ["a.csv", "x/b.csv", "x/more/c.csv", "x/y/b.csv"]
    assert [str(path) for path in files_of("**/*.csv")] == found
    assert files_of(f"{tmp_path}/log/**/*.csv") == [tmp_path / "log" / name for name in found]
    assert [str(path) for path in files_of("x/**/b.*")] == ["x/b.csv", "x/b.txt", "x/y/b.csv"]
    assert [str(path) for path in files_of("**")] == sorted([*found, "x/b.txt"])


def test_a_link_to_a_file_of_the_same_glob_is_that_file_and_that_is_said(tmp_path):
    orders = write(tmp_path / "orders_2024.csv")
    (tmp_path / "latest.csv").symlink_to(orders)
    os.link(orders, tmp_path / "backup.csv")
    with pytest.warns(ClvlabWarning, match=r"names left out: 2\), such as '.*latest.csv', which is '.*backup.csv'"):
        assert n_rows(f"{tmp_path}/*.csv") == 2
    assert files_of(f"{tmp_path}/*.csv") == [tmp_path / "backup.csv"]


def test_a_file_that_two_sources_name_is_read_once(tmp_path):
    orders = write(tmp_path / "orders.csv")
    write(tmp_path / "more.csv", "customer_id,date,amount\nc,2024-03-01,5\n")
    assert [table.name for table in open_source([str(orders), f"{tmp_path}/*.csv"])] == [
        str(orders),
        str(tmp_path / "more.csv"),
    ]


# What is no file


def test_a_pipe_is_refused_before_it_is_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for source in (str(tmp_path / "pipe"), "/dev/zero"):
        with pytest.raises(DataError, match="is not a plain file, but a pipe or a device"):
            open_source(source)


# What ends the process


def test_a_stray_cell_in_the_last_corner_is_a_sentence(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "stray.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["customer_id", "date", "amount"])
        sheet.write_row(1, 0, ["a", "2024-01-31", 10])
        sheet.write(1_048_575, 16_383, "x")
        book.add_worksheet("good").write_column(0, 0, ["customer_id", "a"])
    with pytest.raises(DataError, match=r"stray.xlsx cannot be read as a workbook: it takes far more memory"):
        open_source(str(tmp_path / "stray.xlsx"))


def test_a_parquet_file_whose_reader_dies_is_a_sentence(tmp_path, monkeypatch):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    check_parquet(tmp_path / "a.parquet", "a.parquet")
    monkeypatch.setattr("clvlab.sources.trial._PARQUET", "import os\nos.abort()")
    with pytest.raises(DataError, match=r"a.parquet cannot be read as Parquet: it is damaged"):
        open_source(str(tmp_path / "a.parquet"))


def test_what_lies_in_the_working_folder_has_no_part_in_a_trial(tmp_path, monkeypatch):
    for name in ("polars.py", "fastexcel.py", "json.py"):
        write(tmp_path / name, "raise SystemExit(3)")
    pl.DataFrame({"customer_id": ["a"]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"customer_id": ["a"]}).write_excel(tmp_path / "a.xlsx")
    monkeypatch.chdir(tmp_path)
    assert [table.rows.collect()["customer_id"].to_list() for table in open_source(["a.parquet", "a.xlsx"])] == [
        ["a"],
        ["a"],
    ]


# What is too large


def test_twenty_thousand_columns_take_a_moment(tmp_path):
    extra = [f"c{n}" for n in range(20_000)]
    rows = "".join(f"a{n},2024-01-0{1 + n},5,{','.join(extra)}\n" for n in range(9))
    path = write(tmp_path / "wide.csv", f"customer_id,date,amount,{','.join(extra)}\n{rows}")
    begin = time.process_time()
    (table,) = open_source(str(path))
    assert len(table.columns) == 20_003
    assert time.process_time() - begin < 10
    assert distinct(["a", "b", "a", "b", "c"]) == (["a (1)", "b (2)", "a (3)", "b (4)", "c"], ["a", "b"])


def test_a_long_field_is_a_field(tmp_path):
    path = write(tmp_path / "long.csv", f'note;customer_id;date\n"{"x" * 200_000}\n";a;2024-01-31\n')
    (table,) = open_source(str(path))
    assert table.rows.collect()["note"].str.len_chars().to_list() == [200_001]
    path = write(tmp_path / "longer.csv", f'note;customer_id;date\n"{"x" * 17_000_000}";a;2024-01-31\n')
    with pytest.raises(DataError, match=r"longer.csv cannot be read as text with separators: field larger"):
        open_source(str(path))


@pytest.mark.parametrize("kind", ["gz", "zip", "xlsx"])
def test_an_archive_that_unpacks_to_much_more_than_its_size_is_refused(tmp_path, kind, monkeypatch):
    monkeypatch.setattr("clvlab.sources.files._ROOM", 1024**2)
    path, bomb = tmp_path / f"bomb.{kind}", bytes(8 * 1024**2)
    if kind == "gz":
        path.write_bytes(gzip.compress(bomb))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/sheet1.xml" if kind == "xlsx" else "orders.csv", bomb)
    with pytest.raises(DataError, match=rf"bomb.{kind} unpacks to more than a hundred times its size"):
        open_source(str(path))


def test_a_log_that_packs_well_is_no_bomb(tmp_path):
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress((ROWS + "a,2024-01-31,10\n" * 200_000).encode()))
    assert n_rows(str(tmp_path / "log.csv.gz")) == 200_002


# Names inside archives


def test_of_an_archive_what_is_data_is_read_and_named_without_escapes(tmp_path):
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("./orders.csv", ROWS)
        archive.writestr("sub/\x1b[2Jred.csv", ROWS)
        for name in (".DS_Store", "sub/.DS_Store", "__MACOSX/._orders.csv", "Thumbs.db", "sub/.hidden/a.csv"):
            archive.writestr(name, b"\0\1\2")
    assert [table.name.removeprefix(f"{tmp_path}/log.zip/") for table in open_source(str(tmp_path / "log.zip"))] == [
        "orders.csv",
        "sub/?[2Jred.csv",
    ]


def test_a_name_on_the_disk_is_told_without_escapes_as_well(tmp_path):
    path = write(tmp_path / "\x1b[31mred.csv", "\0" * 100)
    with pytest.raises(DataError, match=r"/\?\[31mred.csv is a binary file"):
        open_source(str(path))
