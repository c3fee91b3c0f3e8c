import csv
import json
import time as clock
import zipfile
from dataclasses import dataclass, field
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from clvlab import export
from clvlab.params import CompareParams, ReportParams
from clvlab.playbook import Playbook, shipped
from clvlab.wording import Words

CUSTOMERS = pl.DataFrame({"customer_id": ["007", "=cmd|' /C calc'!A0"], "group": ["loyal", None], "clv": [1.5, -2.0]})
PARAMS = ReportParams(name="demo", source="cdnow", as_of="1998-06-30", currency="USD", export_ids=True)
COSTS = pl.DataFrame({"section": ["value"], "seconds": [0.5], "peak_mb": [100.0]})


@dataclass
class StandIn(dict):
    """Results as `write` reads them."""

    params: ReportParams = PARAMS
    customers: pl.DataFrame = field(default_factory=lambda: CUSTOMERS)
    measurements: pl.DataFrame = field(default_factory=lambda: COSTS)
    own_groups: frozenset[str] = frozenset()
    rule: dict | None = None
    playbook: Playbook = field(default_factory=shipped)
    due: pl.DataFrame | None = None


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
        "customers.xlsx",
        "tables/value_deciles.csv",
        "tables/value_by_group.csv",
        "measurements.json",
    }
    assert json.loads((folder / "measurements.json").read_text()) == COSTS.to_dicts()


def test_parquet_holds_every_text_as_it_is(folder):
    assert_frame_equal(pl.read_parquet(folder / "customers.parquet"), CUSTOMERS)


def test_csv_opens_in_a_spreadsheet_as_what_it_is(folder):
    assert (folder / "customers.csv").read_bytes().startswith(b'\xef\xbb\xbf"customer_id",')
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
        assert row[1].replace("'", "") == text.replace("\0", "\ufffd").replace("'", "")


@given(st.lists(st.text(";\t|\n\r\"'=+-@ ,a７＝", max_size=12), min_size=1, max_size=9), st.sampled_from(",;\t|"))
def test_no_text_is_a_formula_whatever_separates_in_the_spreadsheet(tmp_path_factory, texts, separator):
    path = tmp_path_factory.mktemp("csv") / "t.csv"
    export.write_csv(pl.DataFrame({"text": texts, "more": texts[::-1], "n": 1}), path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter=separator) for cell in row]
    assert not [cell for cell in cells if cell.strip().startswith(tuple("=+-@＝"))]


def test_a_formula_behind_a_separator_is_made_plain_and_every_text_is_quoted(tmp_path):
    table = pl.DataFrame({"id": ["007;=1+1", "a; b"], "a|-b": [1, -2]})
    export.write_csv(table, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8-sig") == '"id","a|\'-b"\n"007;\'=1+1",1\n"a; b",-2\n'


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


# The workbook


def workbook_of(tmp_path, table, day=date(1998, 6, 30), name="a.xlsx"):
    export.write_workbook(table, tmp_path / name, day)
    return tmp_path / name


def test_ids_in_a_workbook_are_texts_and_no_text_is_a_formula(tmp_path):
    table = CUSTOMERS.with_columns(day=date(1998, 6, 30), alive=True, odd=pl.Series([float("inf"), float("nan")]))
    path = workbook_of(tmp_path, table)
    sheet = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert 'quotePrefix="1"' in zipfile.ZipFile(path).read("xl/styles.xml").decode()
    shown = pl.read_excel(path, engine="calamine")
    assert shown["customer_id"].to_list() == CUSTOMERS["customer_id"].to_list()
    assert shown["group"].to_list() == ["loyal", None]
    assert shown["clv"].to_list() == [1.5, -2.0]
    assert shown["day"].to_list() == [date(1998, 6, 30)] * 2
    assert shown["alive"].to_list() == [True, True]
    assert shown["odd"].null_count() == 2


def test_a_workbook_has_the_same_bytes_whenever_it_is_written(tmp_path):
    first = workbook_of(tmp_path, CUSTOMERS).read_bytes()
    clock.sleep(1.1)  # a workbook tells seconds
    assert workbook_of(tmp_path, CUSTOMERS, name="b.xlsx").read_bytes() == first
    created = zipfile.ZipFile(tmp_path / "a.xlsx").read("docProps/core.xml").decode()
    assert "1998-06-30T00:00:00Z" in created
    assert workbook_of(tmp_path, CUSTOMERS, date(1998, 9, 30), "c.xlsx").read_bytes() != first


@given(text=st.text(min_size=1, max_size=8))
@settings(deadline=None, max_examples=30)
def test_any_text_can_be_an_id_or_a_heading(text, tmp_path_factory):
    path = workbook_of(tmp_path_factory.mktemp("book"), pl.DataFrame({text: [text]}))
    assert zipfile.ZipFile(path).testzip() is None


def test_very_many_customers_have_no_workbook(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "_ROWS_OF_A_WORKBOOK", 1)
    export.write(StandIn(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"customers.parquet", "customers.csv", "measurements.json"}


# Names in place of codes

WIDE = pl.DataFrame(
    {
        "customer_id": ["007", "008"],
        "group": ["champions", "vip_of_ours"],
        "clv": [1.0, None],
        "gender": ["female", None],
        "city": ["Hangzhou", "Springfield"],
        "member": [True, False],
    }
)


def test_names_take_the_place_of_codes_where_they_are_asked_for(tmp_path):
    results = StandIn(params=ReportParams(**{**PARAMS.to_dict(), "lang": "zh", "export_labels": "names"}))
    results.customers = WIDE
    results["movement"] = {"direction": pl.DataFrame({"move": ["up"], "customers": [3]})}
    export.write(results, tmp_path)
    heads, first, second = rows_of(tmp_path / "customers.csv")
    assert heads == ["客户编号", "分组", "预期价值", "性别", "城市", "member"]
    assert first == ["007", "冠军客户", "1.0", "女", "杭州", "是"]
    assert second == ["008", "vip_of_ours", "", "", "Springfield", "否"]
    moves = rows_of(tmp_path / "tables" / "movement_direction.csv")
    assert moves == [["变动", "客户数"], ["上升（期间有购买）", "3"]]
    assert pl.read_excel(tmp_path / "customers.xlsx", engine="calamine").columns == heads
    assert_frame_equal(pl.read_parquet(tmp_path / "customers.parquet"), WIDE)


def test_codes_stay_unless_names_are_asked_for(tmp_path):
    results = StandIn(params=ReportParams(**{**PARAMS.to_dict(), "lang": "zh"}))
    results.customers = WIDE
    export.write(results, tmp_path)
    assert rows_of(tmp_path / "customers.csv")[:2] == [
        WIDE.columns,
        ["007", "champions", "1.0", "female", "Hangzhou", "true"],
    ]


DUE = pl.DataFrame(
    {
        "customer_id": ["007", "=1"],
        "pseudonym": ["0a", "0b"],
        "is_control": [False, True],
        "group": ["champions", "lost"],
        "why": ["late", "unknown"],
        "cadence": ["month", "year"],
        "contacted_on": pl.Series([None, None], dtype=pl.Date),
        "days_since_last": [40, 300],
        "gap_p80": [12.0, None],
        "total_spend": [90.0, 8.0],
    }
)


def test_a_due_list_has_what_to_do_in_words_and_its_codes_next_to_it(tmp_path):
    export.write(StandIn(due=DUE), tmp_path)
    assert_frame_equal(pl.read_parquet(tmp_path / "due.parquet"), DUE)
    heads, first, second = rows_of(tmp_path / "due.csv")
    assert heads == [
        *("customer_id", "pseudonym", "is_control", "group", "owner", "channel", "action", "why", "cadence"),
        *("contacted_on", "days_since_last", "gap_p80"),
    ]
    assert first[:6] == ["007", "0a", "false", "champions", "Account manager", "Phone call or visit"]
    assert first[7:9] == ["40 days since the last purchase, longer than is usual for them (12 days)", "month"]
    assert second[0] == "'=1"


def test_a_due_list_of_nobody_has_its_columns(tmp_path):
    export.write(StandIn(due=DUE.clear()), tmp_path)
    [heads] = rows_of(tmp_path / "due.csv")
    assert {"owner", "channel", "action", "why"} < set(heads)
    assert_frame_equal(pl.read_parquet(tmp_path / "due.parquet"), DUE.clear())


def test_a_due_list_has_names_in_place_of_codes_where_they_are_asked_for(tmp_path):
    params = ReportParams(**{**PARAMS.to_dict(), "lang": "zh", "export_labels": "names"})
    export.write(StandIn(params=params, due=DUE), tmp_path)
    heads, first, _ = rows_of(tmp_path / "due.csv")
    assert heads[:6] == ["客户编号", "客户（匿名编号）", "是否留作对照", "分组", "负责人", "渠道"]
    assert first[3:6] == ["冠军客户", "客户经理", "电话或上门回访"]
    assert first[8] == "每月"


# Pseudonyms in place of ids

BY_PSEUDONYM = ReportParams(**{**PARAMS.to_dict(), "export_ids": False})
KNOWN = pl.DataFrame(
    {
        "customer_id": ["007", "008"],
        "group": ["champions", "lost"],
        "city": ["Bern", "Basel"],
        "email": ["li@example.com", None],
        "pseudonym": ["0f", "0a"],
    }
)


def test_customers_have_their_pseudonyms_and_the_files_of_the_maker_both(tmp_path):
    export.write(StandIn(params=BY_PSEUDONYM, customers=KNOWN, due=DUE), tmp_path)
    # By pseudonym: the order of ids would tell them.
    expected = [["pseudonym", "group", "city"], ["0a", "lost", "Basel"], ["0f", "champions", "Bern"]]
    assert rows_of(tmp_path / "customers.csv") == expected
    assert pl.read_excel(tmp_path / "customers.xlsx", engine="calamine").columns == expected[0]
    assert [row[0] for row in rows_of(tmp_path / "due.csv")] == ["pseudonym", "0a", "0b"]
    assert_frame_equal(pl.read_parquet(tmp_path / "customers.parquet"), KNOWN)
    assert_frame_equal(pl.read_parquet(tmp_path / "due.parquet"), DUE)


def test_ids_are_there_where_they_are_asked_for(tmp_path):
    export.write(StandIn(params=PARAMS, customers=KNOWN), tmp_path)
    assert rows_of(tmp_path / "customers.csv")[0] == KNOWN.columns


def test_a_comparison_has_ids_since_nobody_has_a_pseudonym_there(tmp_path):
    params = CompareParams(name="demo", source="cdnow", as_of="1998-06-30")
    export.write(StandIn(params=params), tmp_path)
    assert rows_of(tmp_path / "customers.csv")[0] == CUSTOMERS.columns


# Editions


@pytest.mark.parametrize(("edition", "place"), [("both", "stakeholder/"), ("stakeholder", "")])
def test_a_stakeholder_has_the_named_tables_and_nobody_by_any_name(tmp_path, edition, place):
    params = ReportParams(**{**PARAMS.to_dict(), "edition": edition})
    results = StandIn(params=params, customers=KNOWN, due=DUE)
    results["value"] = {"deciles": pl.DataFrame({"decile": [1]}), "by_group": pl.DataFrame({"group": ["lost"]})}
    export.write(results, tmp_path, {"value": ["by_group"]})
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {name for name in names if name.startswith(f"{place}tables")} == {f"{place}tables/value_by_group.csv"}
    assert ("customers.parquet" in names) == ("tables/value_deciles.csv" in names) == (edition == "both")
    assert edition == "both" or names == {"tables/value_by_group.csv", "measurements.json"}


def test_names_are_english_where_the_pages_are_in_both_languages(tmp_path):
    params = ReportParams(**{**PARAMS.to_dict(), "lang": "both", "export_labels": "names"})
    export.write(StandIn(params=params, customers=KNOWN, due=DUE), tmp_path)
    assert rows_of(tmp_path / "customers.csv")[1][:2] == ["007", "Champions"]
    assert rows_of(tmp_path / "due.csv")[1][5] == "Phone call or visit"


def test_an_id_is_never_taken_for_a_value():
    named = export.customers_in_words(pl.DataFrame({"customer_id": ["female", "true"]}), Words("zh"))
    assert named["客户编号"].to_list() == ["female", "true"]


def test_columns_of_one_name_keep_their_codes():
    table = pl.DataFrame({"n": [1], "customers": [2], "low": [0.1]})
    assert export.table_in_words(table, Words("en")).columns == ["n", "customers", "Low (95%)"]


def test_a_comparisons_customers_have_their_groups_by_every_strategy_named():
    table = pl.DataFrame({"customer_id": ["1"], "rfm11": ["lost"], "spend_tiers": ["spend_mid"]})
    named = export.customers_in_words(table, Words("en"))
    assert named.row(0) == ("1", "Lost", "Medium spend")
    assert named.columns[1:] == ["RFM segments (recency × frequency)", "Spend tiers"]


@pytest.mark.parametrize(("period", "heading"), [("month", "距首购月数"), ("year", "距首购年数")])
def test_the_age_of_a_cohort_is_not_that_of_a_customer(period, heading):
    table = pl.DataFrame({"period": [period], "age": [3]})
    assert export.table_in_words(table, Words("zh")).columns[1] == heading
