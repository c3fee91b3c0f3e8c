from datetime import date

import polars as pl
import pytest

import clvlab as cl
from clvlab.customers import read_attributes
from clvlab.errors import ClvlabWarning, DataError, MissingColumnsError
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
        ([STATIC, STATIC], DataError, "an attribute 'industry', which The frame has too"),
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
