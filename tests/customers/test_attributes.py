from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.customers import read_attributes
from clvlab.customers.attributes import attributes_as_of
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError, UnsettledError
from tests.customers.logs import log_of

LOG_ROWS = (("a", "2024-01-01", 10.0), ("b", "2024-01-05", 20.0), ("late", "2024-06-01", 1.0))
STATIC = pl.DataFrame({"customer_id": ["b", "a", "p"], "industry": ["x", " ", "y"], "employees": ["10", "nan", "7"]})
DATED = pl.DataFrame(
    {
        "customer_id": ["a", "a", "a", "q"],
        "date": ["2024-01-10", "2024-02-01", "2024-02-02", "2024-01-01"],
        "csat": [3, None, 5, 4],
        "nps": [None, 9, 1, None],
    }
)


def summarise(attributes, cutoff="2024-02-01"):
    return cl.summarise_customers(log_of(*LOG_ROWS), cutoff, attributes=attributes).data


def test_static_values_are_joined_and_typed():
    data = summarise(STATIC)
    assert data.select("customer_id", "industry", "employees").rows() == [
        ("a", None, None),
        ("b", "x", 10.0),
        ("p", "y", 7.0),
    ]


def test_customers_of_the_attributes_alone_are_prospects():
    prospect = summarise(STATIC).row(2, named=True)
    assert (prospect["n_purchases"], prospect["n_orders"], prospect["total_spend"]) == (0, 0, 0.0)
    nothing = ("frequency", "recency", "T", "monetary_value", "days_since_last", "first_purchase", "last_purchase")
    assert all(prospect[name] is None for name in nothing)


def test_of_dated_values_the_last_up_to_the_cutoff_counts_for_each_column():
    data = summarise([STATIC, DATED])
    known = {row["customer_id"]: (row["csat"], row["nps"]) for row in data.iter_rows(named=True)}
    assert known == {"a": (3, 9), "b": (None, None), "p": (None, None), "q": (4, None)}


def test_a_customer_first_seen_after_the_cutoff_is_unknown_to_dated_values():
    later = DATED.with_columns(date=pl.lit("2024-03-01"))
    assert summarise(later)["customer_id"].to_list() == ["a", "b"]


def test_attributes_come_from_files_too(tmp_path):
    STATIC.write_csv(tmp_path / "static.csv")
    DATED.write_parquet(tmp_path / "dated.parquet")
    tables = read_attributes([tmp_path / "static.csv", str(tmp_path / "dated.parquet")])
    assert [(table.columns, table.is_dated) for table in tables] == [
        (["industry", "employees"], False),
        (["csat", "nps"], True),
    ]
    assert tables[1].data["date"].max() == date(2024, 2, 2)


def test_whole_numbers_as_ids_match_their_text():
    table = pl.DataFrame({"customer_id": [7.0, 8.0], "tier": ["x", "y"]})
    log = log_of(("7", "2024-01-01", 1.0), ("8", "2024-01-02", 1.0))
    assert cl.summarise_customers(log, "2024-02-01", attributes=table).data["tier"].to_list() == ["x", "y"]


def test_a_header_of_customers_is_recognised():
    assert summarise(STATIC.rename({"customer_id": "客户编号"})).equals(summarise(STATIC))


def test_customers_that_never_meet_are_a_warning():
    with pytest.warns(
        ClvlabWarning, match=r"No customer of the attributes is in the log .*'00a', \.\.\. there, 'a', "
    ):
        summarise(STATIC.with_columns(customer_id="00" + pl.col("customer_id")))


def test_the_holdout_covers_prospects():
    log = log_of(("a", "2024-01-01", 1.0), ("p", "2024-02-15", 5.0))
    calibration, holdout = cl.split_holdout(log, "2024-01-31", "2024-02-29", attributes=STATIC)
    assert calibration.data["customer_id"].to_list() == ["a", "b", "p"]
    assert holdout.data.row(2) == ("p", 1, 5.0)


@pytest.mark.parametrize(
    ("attributes", "error", "message"),
    [
        (pl.concat([STATIC, STATIC]), DataError, r"customer 'b' in more than one row \(3 such customers\)"),
        ([STATIC, STATIC], DataError, "an attribute 'industry', which the frame has too"),
        (STATIC.rename({"industry": "T"}), DataError, "an attribute 'T', which is the name of a figure of ours"),
        (STATIC.rename({"customer_id": "who"}), MissingColumnsError, "no column 'customer_id'"),
    ],
)
def test_what_cannot_be_joined_is_said_so(attributes, error, message):
    with pytest.raises(error, match=message):
        summarise(attributes)


def test_a_damaged_file_is_not_half_used(tmp_path):
    path = tmp_path / "static.csv"
    path.write_text("customer_id,city\na,Bern\nb,Basel,Riehen\n")
    with pytest.raises(DataError, match="damaged in row 2: more fields than the header"):
        summarise(path)


def test_of_two_values_of_one_day_the_later_row_counts():
    twice = pl.DataFrame({"customer_id": ["a", "a"], "date": ["2024-01-10"] * 2, "csat": [3, 4]})
    [table] = read_attributes(twice)
    assert table.as_of(date(2024, 1, 10)).rows() == [("a", 4)]


def test_a_table_without_dates_is_the_same_on_every_day():
    [table] = read_attributes(STATIC)
    assert table.as_of(date(1900, 1, 1)).equals(table.as_of(date(2100, 1, 1)))


def test_timestamps_count_from_their_day():
    stamped = pl.DataFrame({"customer_id": ["a"], "date": [datetime(2024, 2, 1, 23, 59)], "csat": [3]})
    [table] = read_attributes(stamped)
    assert table.as_of(date(2024, 1, 31)).is_empty()
    assert table.as_of(date(2024, 2, 1)).rows() == [("a", 3)]


def test_dates_of_an_open_order_are_asked_about():
    open_order = pl.DataFrame({"customer_id": ["a"], "date": ["01/02/2024"], "csat": [3]})
    with pytest.raises(UnsettledError, match="Column 'date' of the frame: the dates do not settle the order"):
        read_attributes(open_order)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1", "2.5", " 3 "], [1.0, 2.5, 3.0]),
        (["1", "nan", None], [1.0, None, None]),
        (["1", "x", ""], ["1", "x", None]),
        (["", "N/A", None], [None, None, None]),
        ([" Ulm ", "ulm", "None"], ["Ulm", "ulm", None]),
    ],
)
def test_a_column_of_texts_becomes_numbers_where_every_value_is_one(texts, values):
    [table] = read_attributes(pl.DataFrame({"customer_id": ["a", "b", "c"], "x": texts}))
    assert table.data["x"].to_list() == values


def test_a_row_without_a_customer_is_nobodys():
    rows = pl.DataFrame({"customer_id": ["a", None, "nan", " "], "x": ["1", "2", "3", "4"]})
    with pytest.warns(ClvlabWarning, match="3 of 4 rows of the frame are left out, most of them for no customer"):
        [table] = read_attributes(rows)
    assert table.data.rows() == [("a", 1.0)]


def test_all_tables_together_have_a_row_for_everyone_whom_any_knows():
    tables = read_attributes([STATIC, DATED])
    known = attributes_as_of(tables, date(2024, 2, 2))
    assert known.columns == ["customer_id", "industry", "employees", "csat", "nps"]
    assert known["customer_id"].to_list() == ["a", "b", "p", "q"]
    assert attributes_as_of([], date(2024, 2, 2)).rows() == []


VALUES = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.one_of(st.none(), st.integers(0, 5))), max_size=12
)


@settings(max_examples=30, deadline=None)
@given(VALUES, st.integers(1, 9))
def test_the_last_known_value_is_that_of_plain_python(rows, day):
    ids, days, values = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    frame = pl.DataFrame(
        {"customer_id": ids, "date": [date(2024, 1, d) for d in days], "x": values},
        schema={"customer_id": pl.String, "date": pl.Date, "x": pl.Int64},
    )
    expected: dict[str, int | None] = {}
    for who, when, value in sorted(rows, key=lambda row: row[1]):
        if when <= day:
            expected[who] = value if value is not None else expected.get(who)
    [table] = read_attributes(frame)
    assert dict(table.as_of(date(2024, 1, day)).iter_rows()) == expected
