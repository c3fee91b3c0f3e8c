"""Which rows count: filters, merged cells, guests, repetitions by a key, several sources; and what is told."""

import warnings
from datetime import date, timedelta

import pandas as pd
import polars as pl
import pytest
import xlsxwriter

import clvlab as cl
from clvlab import memory_limit
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, ParamsError
from clvlab.inputs import read_log
from clvlab.params import ReportParams
from tests.run_files import files_read

DEALS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c", "d", "e"],
        "date": "2024-01-31",
        "amount": [1.0, 2.0, 4.0, 8.0, 16.0],
        "Stage": ["Closed Won", "Closed Lost", "closed won ", None, "Ｃｌｏｓｅｄ　Ｗｏｎ"],
        "paid": [True, True, False, False, True],
        "kind": [1, 2, 2.0, 3, None],
    }
)


def read(source, **settings):
    """A log, and the codes of the warnings that came with it."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        log = cl.read_transactions(source, **settings)
    return log, [each.message.code for each in said]


def account(log):
    return {rule: (rows, amount) for rule, rows, amount in log.quality.select("rule", "rows", "amount").iter_rows()}


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ({"Stage": ["Closed Won"]}, "ace"),
        ({"Stage": "Closed Won"}, "ace"),
        ({"stage": ("closed won", "CLOSED LOST")}, "abce"),
        ({"Stage": [None]}, "d"),
        ({"Stage": [None, "Closed Lost"]}, "bd"),
        ({"paid": [True]}, "abe"),
        ({"paid": "false"}, "cd"),
        ({"kind": [2]}, "bc"),
        ({"kind": ["1", 3.0]}, "ad"),
        ({"Stage": ["Closed Won"], "paid": True}, "ae"),
        ({"customer_id": ["A", "b"]}, "ab"),
    ],
)
def test_rows_are_kept_by_the_values_of_a_column(where, kept):
    log, _ = read(DEALS, where=where)
    assert "".join(log.data["customer_id"]) == kept
    figures = account(log)
    assert figures["read"] == (5, 31.0)
    assert figures["filtered"] == (5 - len(kept), 31.0 - log.data["amount"].sum())
    assert log.rejected.is_empty()


def test_our_name_stands_for_the_column_that_it_is_mapped_to():
    log, _ = read(DEALS, columns={"channel": "Stage"}, where={"channel": "Closed Lost"})
    assert log.data["customer_id"].to_list() == ["b"]


def test_what_is_filtered_is_in_the_account_next_to_what_is_refused():
    frame = DEALS.assign(date=["2024-01-31", "2024-01-31", "soon", "2024-01-31", "2024-01-31"])
    log, _ = read(frame, where={"Stage": "Closed Won"})
    assert account(log) == {
        "read": (5, 31.0),
        "accepted": (2, 17.0),
        "merged": (0, 0.0),
        "filtered": (2, 10.0),
        "unreadable_date": (1, 4.0),
    }


def test_a_filtered_row_is_never_looked_at():
    frame = pd.DataFrame(
        {"customer_id": "a", "date": ["2024-01-31", "31.1."], "amount": ["1", "$2"], "ok": ["y", "n"]}
    )
    log, said = read(frame, where={"ok": "y"}, currency="CNY")
    assert (log.data.height, said) == (1, [])


def test_a_filter_by_currency_needs_no_rates():
    frame = DEALS.assign(currency=["USD", "EUR", "USD", "EUR", "USD"])
    assert read(frame, where={"currency": ["USD"]})[0].detected["currencies"] == ["USD"]


def test_a_filter_that_keeps_nothing_says_what_there_is():
    with pytest.raises(
        DataError, match=r"whose 'Stage' is 'Open', and no row is. Values found: None, 'Closed Lost', 'Ｃ"
    ):
        read(DEALS, where={"Stage": ["Open"]})
    with pytest.raises(DataError, match=r"Did you mean 'Ｃｌｏｓｅｄ.{1,9}Ｗｏｎ'\? Values found"):
        read(DEALS, where={"Stage": ["Won"]})
    with pytest.raises(DataError, match=r"Did you mean 'Closed Lost'\? Values found"):
        read(DEALS, where={"Stage": ["Closd Lst"]})
    with pytest.raises(
        MissingColumnsError, match=r"has no column 'Stag'.*Correct the names in `where`. Did you mean 'Stage'"
    ):
        read(DEALS, where={"Stag": ["Won"]})


def test_a_value_that_no_row_has_is_a_warning():
    assert read(DEALS, where={"Stage": ["Closed Won", "Won"]})[1] == ["where_unmet"]


@pytest.mark.parametrize(
    ("column", "states", "said"),
    [
        ("Stage", ["Closed Won", "Closed Lost"], ["states_unused"]),
        ("订单状态", ["交易成功", "交易关闭"], ["states_unused"]),
        ("生命状态", ["正常", "作废"], ["states_unused"]),
        ("生命周期状态", ["正常", "变更中"], ["states_unused"]),
        ("Stage", ["Closed Won", "Qualification"], ["states_unused"]),
        ("阶段", ["赢单", "需求确认"], ["states_unused"]),
        ("Stage", ["Closed Won", "closed won"], []),
        ("生命状态", ["正常", "正常"], []),
        ("Financial Status", ["paid", "refunded"], ["states_unused"]),
        ("订单状态", ["交易成功", "已发货"], []),
        ("note", ["lost", "found"], []),
    ],
)
def test_a_column_of_states_that_is_not_used_is_told(column, states, said):
    frame = pd.DataFrame({"customer_id": ["a", "b"], "date": "2024-01-31", "amount": 1.0, column: states})
    assert read(frame)[1] == said
    assert read(frame, where={column: states[:1]})[1] == []


def test_the_values_of_a_column_of_states_are_told_with_their_counts():
    frame = pd.DataFrame({"customer_id": list("abcdef"), "date": "2024-01-31", "amount": 1.0})
    stages = ["Closed Won"] * 3 + ["Qualification"] * 2 + ["Closed Lost"]
    with pytest.warns(
        ClvlabWarning,
        match=r"'Stage' is not used. Its values are 'Closed Won' \(3\), 'Qualification' \(2\), 'Closed Lost' \(1\), "
        r"and 3 rows may not be sales",
    ):
        cl.read_transactions(frame.assign(Stage=stages))


def test_each_column_of_states_is_told():
    frame = pd.DataFrame({"customer_id": ["a", "b"], "date": "2024-01-31", "amount": 1.0})
    assert read(frame.assign(订单状态=["已完成", "已取消"], 生命状态=["正常", "作废"]))[1] == ["states_unused"] * 2


MERGED = [
    ["a", "2024-01-31", 1],
    ["", "", 2],
    ["b", "2024-02-01", 4],
    [None, None, 8],
    ["N/A", "2024-02-02", 16],
    ["", "", 32],
]


def test_merged_cells_are_filled_from_above():
    frame = pl.DataFrame(
        MERGED, schema={"customer_id": pl.String, "date": pl.String, "amount": pl.Int64}, orient="row"
    )
    log, _ = read(frame, fill_down=["customer_id", "date"])
    assert log.data.rows() == [
        ("a", date(2024, 1, 31), 1.0),
        ("a", date(2024, 1, 31), 2.0),
        ("b", date(2024, 2, 1), 4.0),
        ("b", date(2024, 2, 1), 8.0),
    ]
    assert log.rejected.select("rule", "customer_id").rows() == [
        ("missing_customer", "N/A"),
        ("missing_customer", ""),
    ]


def test_a_cell_that_is_filled_makes_no_two_rows_equal():
    rows = [["a", "2024-01-31", 1], ["", "", 5], ["", "", 5], ["b", "2024-01-31", 1], ["", "", 5]]
    frame = pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row")
    how = {"fill_down": ["customer_id", "date"]}
    kept, dropped = (read(frame, duplicates=duplicates, **how)[0] for duplicates in ("keep", "drop"))
    assert kept.detected["duplicate_rows"] == dropped.detected["duplicate_rows"] == 1
    day = date(2024, 1, 31)
    assert dropped.data.rows() == [("a", day, 1.0), ("a", day, 5.0), ("b", day, 1.0), ("b", day, 5.0)]


def test_merged_cells_of_a_sheet_are_filled_whatever_they_are(tmp_path):
    book = xlsxwriter.Workbook(tmp_path / "log.xlsx")
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["customer_id", "date", "amount"])
    for row, cells in enumerate([[7, 45322, 1], [None, None, 2], ["x", "2024-02-01", 4], [None, None, 8]], start=1):
        sheet.write_row(row, 0, cells)
    book.close()
    log, _ = read(tmp_path / "log.xlsx", fill_down=("customer_id", "date"))
    assert log.data["customer_id"].to_list() == ["7", "7", "x", "x"]
    assert log.data["date"].to_list() == [date(2024, 1, 31)] * 2 + [date(2024, 2, 1)] * 2


def test_a_file_is_not_filled_from_the_one_before(tmp_path):
    (tmp_path / "1.csv").write_text("customer_id,date,amount\na,2024-01-31,1\n")
    (tmp_path / "2.csv").write_text("customer_id,date,amount\n,2024-01-31,2\nb,2024-01-31,4\n,2024-01-31,8\n")
    log, _ = read(str(tmp_path / "*.csv"), fill_down="customer_id")
    assert log.data["customer_id"].to_list() == ["a", "b", "b"]


def test_what_is_to_be_filled_is_a_column_of_the_log():
    with pytest.raises(ParamsError, match=r"fill_down has 'customer', which is not .* Did you mean 'customer_id'"):
        read(DEALS, fill_down="customer")
    with pytest.raises(ParamsError, match=r"fill_down is 7\. List names of columns"):
        read(DEALS, fill_down=7)


@pytest.mark.parametrize(
    "word",
    [
        "guest",
        "Guest",
        "GUEST_CHECKOUT",
        "Walk-in",
        "walk in customer",
        "anonymous",
        "散客",
        "匿名",
        "游客",
        "ｇｕｅｓｔ",
    ],
)
def test_guests_are_nobody(word):
    frame = pd.DataFrame({"customer_id": ["a", word], "date": "2024-01-31", "amount": [1.0, 2.0]})
    log, _ = read(frame)
    assert account(log) == {"read": (2, 3.0), "accepted": (1, 1.0), "merged": (0, 0.0), "guest": (1, 2.0)}


@pytest.mark.parametrize("name", ["Guestrow", "散客来酒店", "Walker", "cash"])
def test_a_customer_with_such_a_name_stays_one(name):
    frame = pd.DataFrame({"customer_id": [name], "date": "2024-01-31", "amount": 1.0})
    assert read(frame)[0].data["customer_id"].to_list() == [name]


@pytest.mark.parametrize("guests", [[0], ["0"], ["０"], (0, "x"), "0"])
def test_guests_of_the_shops_own(guests):
    frame = pd.DataFrame({"customer_id": [0, 7, 0], "date": "2024-01-31", "amount": 1.0})
    assert read(frame, guests=guests)[0].data["customer_id"].to_list() == ["7"]


def sales(till=0, customers=30, rows=2):
    ids = [f"C{k % customers}" for k in range(customers * rows)] + ["0"] * till
    return pd.DataFrame({"customer_id": ids, "date": "2024-01-31", "amount": [1.0 + k for k in range(len(ids))]})


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (sales(till=20), ["one_id_above_all"]),
        (sales(till=19), []),
        (sales(till=200, customers=15), []),
        (sales(till=20, customers=600, rows=1), []),
        (sales(), []),
    ],
)
def test_an_id_far_above_all_others_is_told(frame, said):
    assert read(frame)[1] == said
    assert read(frame, guests=["0"])[1] == []


def test_repetitions_are_told_by_a_key():
    first = pd.DataFrame(
        {"customer_id": "a", "date": "2024-01-31", "amount": [1.0, 2.0], "order_id": ["1", "2"], "file": "x"}
    )
    frame = pd.concat([first, first.assign(file="y")])
    assert account(read(frame, duplicates="drop")[0])["merged"] == (0, 0.0)
    for key in ("order_id", ["order_id", "amount"], ["Order ID"], ["customer_id", "date", "amount"]):
        log, _ = read(frame, duplicate_key=key)
        assert account(log)["merged"] == (2, 3.0), key
        assert log.detected["duplicate_rows"] == 2


def test_a_gap_in_a_key_is_no_repetition():
    frame = pd.DataFrame(
        {"customer_id": "a", "date": "2024-01-31", "amount": 1.0, "order_id": [None, None, "1", "1", " "]}
    )
    assert account(read(frame, duplicate_key="order_id")[0])["merged"] == (1, 1.0)


def test_a_key_of_columns_that_are_not_there():
    with pytest.raises(MissingColumnsError, match=r"has no column 'sku'.*Correct the names in `duplicate_key`"):
        read(DEALS, duplicate_key=["sku"])


def test_several_sources_are_one_log(tmp_path):
    for name in ("1.csv", "2.csv"):
        (tmp_path / name).write_text(f"customer_id,date,amount\n{name},2024-01-31,1\n")
    log, _ = read([str(tmp_path / "1*.csv"), tmp_path / "2.csv", DEALS[["customer_id", "date", "amount"]]])
    assert log.data["customer_id"].to_list() == ["1.csv", "2.csv", "a", "b", "c", "d", "e"]
    with pytest.raises(ParamsError, match="empty list"):
        read([])


def test_one_file_refused_in_bulk_is_told(tmp_path):
    for month in range(1, 6):
        mark = "," if month == 3 else "."
        rows = "".join(f"C{k};2024-0{month}-{k + 1:02};{k}{mark}50\n" for k in range(20))
        (tmp_path / f"{month}.csv").write_text("customer_id;date;amount\n" + rows)
    (tmp_path / "3.csv").write_text((tmp_path / "3.csv").read_text().replace(",50", " apples"))
    with pytest.warns(
        UserWarning, match=r"20 of 20 rows of .*3\.csv are refused, most of them for an amount that is not"
    ) as said:
        cl.read_transactions(str(tmp_path / "*.csv"))
    assert [each.message.code for each in said] == ["file_refused"]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["a", "", "", ""] * 5, ["much_refused"]),
        (["a", "b", "c", "d", ""] * 5, []),
        (["a", "guest", "guest", "guest"] * 5, []),
        (["a", "", ""] * 6, []),
    ],
)
def test_much_that_is_refused_is_told(ids, said):
    frame = pl.DataFrame({"customer_id": ids, "date": "2024-01-31", "amount": [1.0 + k for k in range(len(ids))]})
    assert read(frame)[1] == said


def test_merged_cells_that_are_not_filled_are_told():
    frame = pl.DataFrame({"customer_id": ["a", "", "", ""] * 5, "date": "2024-01-31", "amount": 1.0})
    with pytest.warns(ClvlabWarning, match="15 of 20 rows are refused, most of them for no customer. If an id is"):
        cl.read_transactions(frame)
    assert read(frame, fill_down="customer_id")[1] == []


def test_one_month_refused_in_bulk_is_told():
    days = [date(2024, 1, 1) + timedelta(days=k) for k in range(150)]
    amounts = ["free" if day.month == 3 else "1" for day in days]
    frame = pd.DataFrame({"customer_id": "a", "date": days, "amount": amounts})
    log, said = read(frame)
    assert (account(log)["unreadable_amount"][0], said) == (31, ["month_refused"])


@pytest.mark.parametrize(
    "settings", [{"where": {"ok": "y"}}, {"fill_down": "customer_id"}, {"duplicate_key": "date"}]
)
def test_a_large_file_gives_the_same_log_lazily(tmp_path, monkeypatch, settings):
    path = tmp_path / "log.csv"
    rows = "".join(
        f"{'' if k % 3 else f'c{k % 7}'},2024-01-{k % 28 + 1:02},{k % 50}.25,{'yn'[k % 2]}\n" for k in range(500)
    )
    path.write_text("customer_id,date,amount,ok\n" + rows)
    small, _ = read(path, **settings)
    monkeypatch.setattr(memory_limit, "DEFAULT", 1)
    large, _ = read(path, **settings)
    assert large.quality.equals(small.quality)
    assert large.data.equals(small.data)
    assert large.rejected.equals(small.rejected)


@pytest.fixture
def params(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{'a' if k % 4 else ''},2024-01-31,1,{'won' if k % 2 else 'lost'}\n" for k in range(20))
    (tmp_path / "1.csv").write_text("customer_id,date,amount,stage\n" + rows)
    (tmp_path / "2.csv").write_text("customer_id,date,amount,stage\n" + rows)
    return lambda **given: ReportParams(**{"name": "r", "source": "1.csv", "as_of": "2024-06-30", **given})


def test_settings_of_the_reader_are_params(params):
    given = params(where={"stage": "won"}, guests=0, reading={"fill_down": "customer_id"})
    assert given.reading == {"where": {"stage": ("won",)}, "guests": (0,), "fill_down": ("customer_id",)}
    assert ReportParams(**given.to_dict()) == given
    assert read_log(given).data.height == 10


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"where": {"stage": {"x": 1}}}, "where.stage"),
        ({"fill_down": "stage"}, "not a column of a log"),
        ({"header_row": 0}, "header_row"),
        ({"header_row": 3, "reading": {"header_row": 2}}, "`header_row` is given twice"),
        ({"max_refused": 2}, "max_refused"),
        ({"source": []}, "name one file at least"),
        ({"wher": {}}, "`wher` is unknown. Did you mean 'where'"),
    ],
)
def test_wrong_settings_are_told_by_name(params, given, problem):
    with pytest.raises(ParamsError, match=problem):
        params(**given)


def test_a_source_of_several_files(params, recwarn):
    given = params(source=["1.csv", "2.csv"], where={"stage": ["won"]})
    assert given.source == given.sources == ("1.csv", "2.csv")
    assert list(files_read(given)) == ["1.csv", "2.csv"]
    assert read_log(given).quality["rows"][0] == 40
    alone = params(source=["1.csv"])
    assert (alone.source, alone.sources) == ("1.csv", ("1.csv",))
    assert len(recwarn) == 0


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
def test_a_run_stops_where_too_much_is_refused(params):
    with pytest.raises(DataError, match=r"5 of 20 rows of 1\.csv are refused, 25\.0%: no customer \(5\)") as caught:
        read_log(params(max_refused=0.2))
    assert "set `fill_down: customer_id`" in str(caught.value)
    assert "set `max_refused: 0.25`" in str(caught.value)
    assert read_log(params(max_refused=0.25)).quality["rows"][0] == 20


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
def test_what_is_filtered_does_not_count_as_refused(params):
    assert read_log(params(where={"stage": "won"})).quality["rows"][0] == 20
    with pytest.raises(DataError, match="5 of 10 rows"):
        read_log(params(where={"stage": "lost"}, max_refused=0.2))
