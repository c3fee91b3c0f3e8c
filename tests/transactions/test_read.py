from datetime import UTC, date, datetime, timedelta, timezone

import pandas as pd
import polars as pl
import pytest

import clvlab as cl
from clvlab import memory_limit
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, ParamsError, UnsettledError
from clvlab.transactions.rules import RULES, meaning

MAPPING = {"customer_id": "客户编号", "date": "下单日期", "amount": "实付金额"}


def frame_of(*rows, columns="customer_id date amount"):
    return pl.DataFrame(rows, schema=dict.fromkeys(columns.split(), pl.String), orient="row")


def counts(log):
    return dict(log.quality.select("rule", "rows").iter_rows())


def money(log):
    return dict(log.quality.select("rule", "amount").iter_rows())


GOOD = ("a", "2024-01-31", "10.00")


def test_accepted_rows_have_our_columns_and_types():
    log = cl.read_transactions(
        frame_of(("00007", "2024-01-31 08:30", "¥1,234.50", "x"), columns="客户编号 下单日期 实付金额 note"), MAPPING
    )
    assert log.data.schema == {"customer_id": pl.String, "date": pl.Date, "amount": pl.Float64}
    assert log.data.rows() == [("00007", date(2024, 1, 31), 1234.5)]


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        ("missing_customer", (" ", "2024-01-31", "5")),
        ("missing_customer", ("nan", "2024-01-31", "5")),
        ("missing_customer", (None, "2024-01-31", "5")),
        ("missing_date", ("a", "", "5")),
        ("unreadable_date", ("a", "soon", "5")),
        ("unreadable_date", ("a", "2023-02-29", "5")),
        ("implausible_date", ("a", "0001-01-01", "5")),
        ("implausible_date", ("a", "9999-12-31", "5")),
        ("missing_amount", ("a", "2024-01-31", "NaN")),
        ("missing_amount", ("a", "2024-01-31", None)),
        ("unreadable_amount", ("a", "2024-01-31", "free")),
        ("infinite_amount", ("a", "2024-01-31", "inf")),
        ("infinite_amount", ("a", "2024-01-31", "-1e16")),
    ],
)
def test_each_rule_refuses_its_rows_and_keeps_them(rule, row):
    log = cl.read_transactions(frame_of(GOOD, row))
    assert counts(log) == {"read": 2, "accepted": 1, "merged": 0, rule: 1}
    assert log.rejected.rows() == [(rule, "The frame", 2, *row)]
    readable = 5.0 if row[2] == "5" else 0.0
    assert money(log) == {"read": 10.0 + readable, "accepted": 10.0, "merged": 0.0, rule: readable}


@pytest.mark.parametrize(
    ("rule", "row"),
    [
        ("missing_amount", float("nan")),
        ("missing_amount", None),
        ("infinite_amount", float("-inf")),
        ("infinite_amount", 1e16),
    ],
)
def test_numbers_in_frames_are_judged_alike(rule, row):
    frame = pl.DataFrame({"customer_id": ["a", "b"], "date": [date(2024, 1, 1)] * 2, "amount": [1.0, row]})
    assert counts(cl.read_transactions(frame))[rule] == 1


def test_the_first_rule_that_a_row_breaks_refuses_it():
    log = cl.read_transactions(frame_of(GOOD, ("", "soon", "free")))
    assert log.rejected["rule"].to_list() == ["missing_customer"]


def test_flawed_text_rows_are_refused_by_name(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("customer_id,date,amount\na,2024-01-31,1,234\nb,2024-01-31,5\n")
    log = cl.read_transactions(path)
    assert log.rejected.rows() == [("too_many_fields", str(path), 1, "a", "2024-01-31", "1")]


def test_every_rule_says_what_it_means():
    said = [meaning(rule) for rule in RULES]
    assert len(set(said)) == len(RULES)
    assert not any(text.endswith(".") for text in said)


def test_source_columns_named_like_ours_keep_apart():
    log = cl.read_transactions(
        frame_of((*GOOD, "x"), ("", "2024-01-31", "5", "y"), columns="customer_id date amount rule")
    )
    assert log.rejected.columns == ["rule", "file", "row", "customer_id", "date", "amount", "rule (source)"]
    assert log.rejected["rule (source)"].to_list() == ["y"]


@pytest.mark.parametrize(("policy", "merged", "accepted"), [("keep", 0, 3), ("drop", 1, 2)])
def test_exact_duplicates_by_policy(policy, merged, accepted):
    log = cl.read_transactions(frame_of(GOOD, GOOD, ("a", "2024-01-31", "10")), duplicates=policy)
    assert counts(log) == {"read": 3, "accepted": accepted, "merged": merged}
    assert money(log) == {"read": 30.0, "accepted": 10.0 * accepted, "merged": 10.0 * merged}
    assert log.detected["duplicate_rows"] == 1
    assert log.data.height == accepted


@pytest.mark.parametrize(("policy", "refused"), [("keep", 0), ("refuse", 1)])
def test_zero_amounts_by_policy(policy, refused):
    log = cl.read_transactions(frame_of(GOOD, ("b", "2024-01-31", "0.00")), zero_amounts=policy)
    assert counts(log).get("zero_amount", 0) == refused


def test_a_log_without_amounts_accounts_for_rows_alone():
    log = cl.read_transactions(frame_of(("a", "2024-01-31"), ("", "2024-01-31"), columns="customer_id date"))
    assert counts(log) == {"read": 2, "accepted": 1, "merged": 0, "missing_customer": 1}
    assert log.quality["amount"].to_list() == [None] * 4
    assert not log.has_amounts


def test_amount_is_quantity_times_unit_price_where_there_is_none():
    rows = (("a", "2024-01-31", "3", "2.55"), ("a", "2024-01-31", "", "1"), ("a", "2024-01-31", "x", "1"))
    log = cl.read_transactions(frame_of(*rows, columns="customer_id date quantity unit_price"))
    assert log.data["amount"].to_list() == [pytest.approx(7.65)]
    assert log.rejected["rule"].to_list() == ["missing_amount", "unreadable_amount"]


def test_an_amount_goes_before_quantity_and_unit_price():
    log = cl.read_transactions(frame_of((*GOOD, "3", "2"), columns="customer_id date amount quantity unit_price"))
    assert log.data["amount"].to_list() == [10.0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pl.Series([date(2024, 1, 31)]), date(2024, 1, 31)),
        (pl.Series([datetime(2024, 1, 31, 23, 59)]), date(2024, 1, 31)),
        (
            pl.Series([datetime(2024, 1, 31, 23, 59, tzinfo=UTC)]).dt.convert_time_zone("Asia/Shanghai"),
            date(2024, 2, 1),
        ),
        (pl.Series([20240131]), date(2024, 1, 31)),
        (pl.Series([45322.5]), date(2024, 1, 31)),
        (pl.Series(["2024-01-31"], dtype=pl.Categorical), date(2024, 1, 31)),
    ],
)
def test_dates_of_every_type(values, expected):
    frame = pl.DataFrame({"customer_id": ["a"], "date": values, "amount": [1]})
    assert cl.read_transactions(frame).data["date"].to_list() == [expected]


def test_pandas_objects_of_mixed_kinds():
    shanghai = timezone(timedelta(hours=8))
    dates = [datetime(2024, 1, 31, 23, tzinfo=shanghai), date(2024, 1, 31), "2024-01-31", pd.NaT, 45322]
    frame = pd.DataFrame({"customer_id": ["7", 7, 8.5, "x", "y"], "date": dates, "amount": [1, "2", 3.5, 4, 5]})
    log = cl.read_transactions(frame)
    assert log.data["date"].unique().to_list() == [date(2024, 1, 31)]
    assert log.data["customer_id"].to_list() == ["7", "7", "8.5", "y"]
    assert counts(log)["missing_date"] == 1


def test_text_dates_are_days_before_anything_looks_at_them():
    log = cl.read_transactions(frame_of(("a", "9/1/2024", "1"), ("a", "10/1/2024", "1"), ("a", "1/13/2024", "1")))
    assert log.data["date"].max() == date(2024, 10, 1)


def test_the_data_must_settle_day_and_month_or_the_user():
    frame = frame_of(("a", "01/02/2024", "1"))
    with pytest.raises(
        UnsettledError, match=r"Column 'date': .*'01/02/2024'.*`date_format: '%d/%m/%Y'` \(day first\)"
    ):
        cl.read_transactions(frame)
    assert cl.read_transactions(frame, date_format="%d/%m/%Y").data["date"].item() == date(2024, 2, 1)


def test_one_file_can_settle_the_order_for_all(tmp_path):
    (tmp_path / "1.csv").write_text("customer_id,date,amount\na,01/02/2024,1\n")
    (tmp_path / "2.csv").write_text("customer_id,date,amount\na,13/02/2024,1\n")
    log = cl.read_transactions(str(tmp_path / "*.csv"))
    assert log.data["date"].to_list() == [date(2024, 2, 1), date(2024, 2, 13)]
    assert log.detected["date_formats"] == ["%d/%m/%Y"]


def test_files_of_different_types_make_one_log(tmp_path):
    frame_of(("7", "2024-01-31", "1.5"), ("", "2024-01-31", "9")).write_csv(tmp_path / "a.csv")
    pl.DataFrame({"customer_id": [8.0], "date": [date(2024, 2, 1)], "amount": [2]}).write_parquet(
        tmp_path / "b.parquet"
    )
    pl.DataFrame({"customer_id": [9], "date": [date(2024, 2, 2)], "amount": [3.5]}).write_excel(tmp_path / "c.xlsx")
    log = cl.read_transactions(str(tmp_path / "*"))
    assert log.data.rows() == [
        ("7", date(2024, 1, 31), 1.5),
        ("8", date(2024, 2, 1), 2.0),
        ("9", date(2024, 2, 2), 3.5),
    ]
    assert log.rejected["file"].to_list() == [str(tmp_path / "a.csv")]
    assert [file["format"] for file in log.detected["files"]] == ["text", "parquet", "workbook"]


def test_ids_in_different_spellings_are_a_warning_with_examples():
    frame = frame_of(*((name, "2024-01-31", "1") for name in ("7", "007", "7.0", "8")))
    with pytest.warns(ClvlabWarning, match=r"'007' / '7' / '7\.0'. They count as different customers"):
        log = cl.read_transactions(frame)
    assert log.data["customer_id"].n_unique() == 4


def test_a_cost_that_is_no_number_is_a_warning():
    with pytest.warns(ClvlabWarning, match="1 value of cost is not a number, the first 'cheap'"):
        log = cl.read_transactions(frame_of((*GOOD, "cheap"), columns="customer_id date amount cost"))
    assert log.data["cost"].to_list() == [None]


@pytest.mark.parametrize(("decimal", "other"), [(".", ","), (",", ".")])
def test_the_wrong_decimal_mark_is_told_and_not_guessed(decimal, other):
    frame = frame_of(("a", "2024-01-31", f"12{other}50"), ("a", "2024-01-31", "7"))
    with pytest.raises(
        UnsettledError, match=rf"decimal mark '\{other}', as in '12\{other}50' \(1 row\), but '\{decimal}' is set"
    ):
        cl.read_transactions(frame, decimal=decimal)
    assert cl.read_transactions(frame, decimal=other).data["amount"].to_list() == [12.5, 7.0]


def test_few_odd_amounts_are_refused_rows_and_no_decimal_mark():
    rows = [("a", "2024-01-31", "12.50")] * 99 + [("a", "2024-01-31", "12,50")]
    assert counts(cl.read_transactions(frame_of(*rows)))["unreadable_amount"] == 1


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"columns": {"customer": "a"}}, ParamsError, "'customer', which is not .* mean 'customer_id'"),
        ({"columns": {"order_id": "x", "category": "x"}}, ParamsError, "both 'order_id' and 'category' to .* 'x'"),
        ({"columns": {"amount": "Betrag"}}, MissingColumnsError, "has no column 'Betrag'. Columns found: 'cu"),
        ({"date_format": "DD.MM.YYYY"}, ParamsError, "names no day"),
        ({"decimal": ";"}, ParamsError, "decimal is ';'. Choose one of '.', ','"),
        ({"duplicates": "remove"}, ParamsError, "duplicates is 'remove'. Choose one of 'keep', 'drop'"),
        ({"zero_amounts": "drop"}, ParamsError, "zero_amounts is 'drop'. Choose one of 'keep', 'refuse'"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_before_work_starts(options, error, message):
    with pytest.raises(error, match=message):
        cl.read_transactions(frame_of(GOOD), **options)


def test_missing_columns_come_with_a_suggestion():
    with pytest.raises(MissingColumnsError, match=r"perhaps: `columns: \{customer_id: 客户编号, date: 付款日期\}`"):
        cl.read_transactions(frame_of(("a", "b"), columns="客户编号 付款日期"))
    with pytest.raises(MissingColumnsError, match=r"date: <your column>"):
        cl.read_transactions(frame_of(("a", "b"), columns="客户编号 x"))


def test_a_mapped_header_that_is_there_twice(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("customer_id,date,amount,amount\na,2024-01-31,1,2\n")
    with pytest.raises(
        DataError, match=r"'amount': 'amount \(3\)', 'amount \(4\)'. Say which .* `columns: \{amount: a"
    ):
        cl.read_transactions(path)
    assert cl.read_transactions(path, {"amount": "amount (3)"}).data["amount"].to_list() == [1.0]
    assert cl.read_transactions(path, {"amount": "amount (4)"}).data["amount"].to_list() == [2.0]


def test_rows_below_the_header_are_needed(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("customer_id,date,amount\n")
    with pytest.raises(DataError, match="no rows below its header"):
        cl.read_transactions(path)


def test_a_source_that_is_refused_as_a_whole_says_why_with_an_example():
    with pytest.raises(
        DataError, match=r"All 2 rows are refused: no customer \(1 row\), no date \(1 row\).*'2024-01-31'"
    ) as caught:
        cl.read_transactions(frame_of(("", "2024-01-31", "1"), ("a", "", "1")))
    assert "Check `columns`" in str(caught.value)


@pytest.mark.parametrize("dtype", [pl.List(pl.Int64), pl.Duration(), pl.Binary()])
def test_a_mapped_column_of_a_strange_type(dtype):
    frame = pl.DataFrame({"customer_id": ["a"], "date": [None], "amount": [1]}, schema_overrides={"date": dtype})
    with pytest.raises(DataError, match="Column 'date' of the frame holds"):
        cl.read_transactions(frame)


HOSTILE = [
    "=cmd|'/C calc'!A0",
    "+1",
    "-1",
    "@x",
    "\tx",
    "<script>alert(1)</script>",
    "{{ x }}",
    "${x}",
    "\u202eabc",
    "🙂",
    "a\0b",
    "x" * 10_000,
]


def test_hostile_ids_are_texts_like_any_other(tmp_path):
    frame = frame_of(*((name, "2024-01-31", "1") for name in HOSTILE))
    path = tmp_path / "log.csv"
    frame.write_csv(path)
    for source in (frame, path):
        expected = [name.strip().removeprefix("\u202e") for name in HOSTILE]
        assert cl.read_transactions(source).data["customer_id"].to_list() == expected


def test_a_lazy_frame_that_fails_is_an_error_of_ours():
    def fail(_: pl.DataFrame) -> pl.DataFrame:
        raise pl.exceptions.ComputeError("out of range in row group 7")

    frame = frame_of(GOOD).lazy().map_batches(fail)
    with pytest.raises(DataError, match=r"The frame cannot be read: .*out of range in row group 7"):
        cl.read_transactions(frame)


@pytest.mark.parametrize("duplicates", ["keep", "drop"])
def test_a_large_file_gives_the_same_log_lazily(tmp_path, monkeypatch, duplicates):
    path = tmp_path / "log.csv"
    rows = [(f"c{row % 7}", f"2024-01-{row % 28 + 1:02}", f"{row % 50}.25") for row in range(3000)]
    frame_of(*rows, ("", "2024-01-31", "1"), ("x", "soon", "1"), ("x", "2024-01-31", "free")).write_csv(path)
    small = cl.read_transactions(path, duplicates=duplicates)
    monkeypatch.setattr(memory_limit, "DEFAULT", 1)
    large = cl.read_transactions(path, duplicates=duplicates)
    assert "SCAN" in large.accepted.explain()
    assert large.quality.equals(small.quality)
    assert large.data.equals(small.data)
    assert large.rejected.equals(small.rejected)
    summaries = [cl.summarise_customers(log, "2024-01-20").data for log in (small, large)]
    assert summaries[0].equals(summaries[1])


@pytest.mark.parametrize("limit", [True, 1000, 2e9 + 0.5, float("nan"), float("inf"), "2 GB"])
def test_a_memory_limit_is_a_number_of_bytes_that_can_serve(limit):
    with pytest.raises(ParamsError, match=r"memory_limit is .* whole number of bytes, 536,870,912 or more"):
        cl.read_transactions(frame_of(("a", "2024-01-31", "1")), memory_limit=limit)


def test_a_log_with_returns_is_brought_together_within_the_limit_as_well(monkeypatch):
    monkeypatch.setattr(memory_limit, "_BYTES_OF_A_ROW", memory_limit.LEAST / 1000)
    rows = [(f"c{row % 70}", "2024-01-31", "2") for row in range(2500)]
    returns = pl.DataFrame({"customer_id": ["c1"], "date": ["2024-02-01"], "amount": [1.0]})
    log = cl.read_transactions(frame_of(*rows), returns=returns, memory_limit=float(memory_limit.LEAST))
    assert len(log.days) == 3
    whole = cl.read_transactions(frame_of(*rows), returns=returns)
    assert len(whole.days) == 1
    tables = [cl.summarise_customers(each, "2024-02-29").data for each in (log, whole)]
    assert tables[0].equals(tables[1])
