"""Customers of due lists followed to the next run: by hand, on the files that runs publish."""

from datetime import date

import polars as pl
import pytest

from clvlab.errors import DataError
from clvlab.playbook.series import follow

JUNE, JULY, AUGUST, SEPTEMBER = (date(2024, *day) for day in ((6, 30), (7, 31), (8, 31), (9, 30)))


@pytest.fixture
def series(tmp_path):
    return tmp_path / "shop"


def publish(series, day, spent, listed=None, cadence="month"):
    """A run: id -> (money, purchases) to date, and id -> whether held back, of those on its due list."""
    folder = series / day.isoformat()
    folder.mkdir(parents=True)
    rows = [(customer, *totals) for customer, totals in spent.items()]
    customers = pl.DataFrame(rows, schema=["customer_id", "total_spend", "n_purchases"], orient="row").cast(
        {"total_spend": pl.Float64}
    )
    customers.with_columns(group=pl.lit("vip")).write_parquet(folder / "customers.parquet")
    if listed is not None:
        control = pl.DataFrame(
            {"customer_id": list(listed), "is_control": list(listed.values())},
            schema={"customer_id": pl.String, "is_control": pl.Boolean},
        )
        due = control.join(customers, on="customer_id", how="left").with_columns(cadence=pl.lit(cadence))
        due.write_parquet(folder / "due.parquet")


def test_by_hand(series):
    publish(series, JUNE, {"a": (100, 4), "b": (50, 2), "c": (9, 1)}, {"a": False, "b": True})
    publish(series, JULY, {"a": (130, 5), "b": (45, 2), "c": (99, 3), "d": (5, 1)})
    assert follow(series, [JULY, JUNE]).sort("customer_id").rows(named=True) == [
        {"customer_id": "a", "is_control": False, "since": JUNE, "until": JULY, "revenue": 30.0, "bought": True},
        {"customer_id": "b", "is_control": True, "since": JUNE, "until": JULY, "revenue": -5.0, "bought": False},
    ]


def test_a_customer_counts_again_when_the_cadence_is_over_whichever_side_they_are_on(series):
    spent = {"a": (100, 4), "b": (50, 2), "c": (9, 1)}
    publish(series, JUNE, spent, {"a": False, "b": True}, cadence="quarter")
    publish(series, JULY, spent, {"b": True, "c": False}, cadence="quarter")
    publish(series, AUGUST, spent, {"a": False, "b": True, "c": False}, cadence="quarter")
    publish(series, SEPTEMBER, spent, {"a": False, "b": True}, cadence="quarter")
    publish(series, date(2024, 10, 31), spent)
    found = follow(series, [JUNE, JULY, AUGUST, SEPTEMBER, date(2024, 10, 31)])
    counted = sorted(found.select("since", "customer_id").rows())
    assert counted == [(JUNE, "a"), (JUNE, "b"), (JULY, "c"), (SEPTEMBER, "a"), (SEPTEMBER, "b")]


def test_a_month_is_over_at_the_end_of_the_next(series):
    spent = {"a": (100, 4), "b": (50, 2)}
    days = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)]
    for day in days:
        publish(series, day, spent, {"a": False, "b": True})
    assert follow(series, days)["customer_id"].len() == 4


def test_a_run_without_a_due_list_is_passed_over(series):
    publish(series, JUNE, {"a": (100, 4)})
    publish(series, JULY, {"a": (100, 4)}, {"a": True})
    publish(series, AUGUST, {"a": (120, 5)})
    assert follow(series, [JUNE, JULY, AUGUST])["since"].to_list() == [JULY]


def test_without_runs_that_is_said(series):
    with pytest.raises(DataError, match=r"shop has no published runs\. Name the folder of a series"):
        follow(series, [])


def test_with_one_run_there_is_no_next(series):
    publish(series, JUNE, {"a": (100, 4)}, {"a": False})
    with pytest.raises(DataError, match="has one run, of 2024-06-30"):
        follow(series, [JUNE])


def test_without_due_lists_that_is_said(series):
    publish(series, JUNE, {"a": (100, 4)})
    publish(series, JULY, {"a": (100, 4)}, {"a": True})
    with pytest.raises(DataError, match="before that of 2024-07-31 has a due list"):
        follow(series, [JUNE, JULY])


def test_without_a_control_there_is_nobody_to_compare_with(series):
    publish(series, JUNE, {"a": (100, 4)}, {"a": False})
    publish(series, JULY, {"a": (100, 4)})
    with pytest.raises(DataError, match=r"was held back.*Set `control_share: 0\.1`"):
        follow(series, [JUNE, JULY])


def test_a_file_that_cannot_be_read_is_named(series):
    publish(series, JUNE, {"a": (100, 4)}, {"a": True})
    publish(series, JULY, {"a": (100, 4)})
    (series / "2024-07-31" / "customers.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"customers\.parquet cannot be read: .* Publish that run again"):
        follow(series, [JUNE, JULY])
