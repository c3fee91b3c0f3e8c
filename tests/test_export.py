import csv
import json
from dataclasses import dataclass, field

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from clvlab import export
from clvlab.params import ReportParams

CUSTOMERS = pl.DataFrame({"customer_id": ["007", "=cmd|' /C calc'!A0"], "group": ["loyal", None], "clv": [1.5, -2.0]})
COSTS = pl.DataFrame({"section": ["value"], "seconds": [0.5], "peak_mb": [100.0]})


@dataclass
class StandIn(dict):
    """Results as `write` reads them."""

    customers: pl.DataFrame = field(default_factory=lambda: CUSTOMERS)
    measurements: pl.DataFrame = field(default_factory=lambda: COSTS)


@pytest.fixture
def folder(tmp_path):
    results = StandIn()
    results["value"] = {"deciles": pl.DataFrame({"decile": [1]}), "by_group": pl.DataFrame({"group": ["lost"]})}
    export.write(results, tmp_path / "run")
    return tmp_path / "run"


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_customers_and_every_table_are_written(folder):
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "customers.parquet",
        "customers.csv",
        "tables/value_deciles.csv",
        "tables/value_by_group.csv",
        "measurements.json",
    }
    assert json.loads((folder / "measurements.json").read_text()) == COSTS.to_dicts()


def test_parquet_holds_every_text_as_it_is(folder):
    assert_frame_equal(pl.read_parquet(folder / "customers.parquet"), CUSTOMERS)


def test_csv_opens_in_a_spreadsheet_as_what_it_is(folder):
    assert (folder / "customers.csv").read_bytes().startswith(b"\xef\xbb\xbfcustomer_id,")
    assert rows_of(folder / "customers.csv") == [
        ["customer_id", "group", "clv"],
        ["007", "loyal", "1.5"],
        ["'=cmd|' /C calc'!A0", "", "-2.0"],
    ]


def test_same_tables_give_the_same_bytes(folder, tmp_path):
    results = StandIn()
    export.write(results, tmp_path / "again")
    for name in ("customers.parquet", "customers.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", " =", "\n@", "\x00=", "\x1f@", "\x7f=", "＝", "＋", "－", "＠"]
)
def test_text_that_a_spreadsheet_would_calculate_is_made_plain(start):
    table = export.inert(pl.DataFrame({f"{start}name": [f"{start}HYPERLINK(1)"]}))
    assert table.columns[0].startswith("'")
    assert table.item().startswith("'")


@given(st.lists(st.text(max_size=20), min_size=1, max_size=20))
def test_no_text_of_any_kind_starts_a_formula_or_breaks_the_rows(tmp_path_factory, texts):
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    export.write_csv(pl.DataFrame({"n": range(len(texts)), "text": texts}), path)
    rows = rows_of(path)[1:]
    assert [row[0] for row in rows] == [str(place) for place in range(len(texts))]
    for row, text in zip(rows, texts, strict=True):
        assert not row[1].lstrip().startswith(tuple("=+-@"))
        assert "\0" not in row[1]
        assert row[1].removeprefix("'") == text.replace("\0", "\ufffd").removeprefix("'")


def test_ten_thousand_characters_stay_one_cell(tmp_path):
    text = "<b>" + "𠮷\u202e" * 5_000
    export.write_csv(pl.DataFrame({"text": [text]}), tmp_path / "t.csv")
    assert rows_of(tmp_path / "t.csv") == [["text"], [text]]


def test_notebook_leaves_files_in_the_folder_of_its_run_or_in_the_draft(monkeypatch, tmp_path):
    params = ReportParams(name="a/b", source="cdnow", as_of="1998-06-30", output="out")
    monkeypatch.delenv("CLVLAB_RUN_FOLDER", raising=False)
    assert export.run_folder(params) == params.folder / "draft"
    monkeypatch.setenv("CLVLAB_RUN_FOLDER", str(tmp_path))
    assert export.run_folder(params) == tmp_path
