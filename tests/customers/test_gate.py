import polars as pl
import pytest

from clvlab.customers import minimum_data, one_time_share, refuse_stale
from clvlab.errors import DataError
from clvlab.frames import CustomerSummary
from tests.customers.logs import day, log_of


def gate(customers: int, first: str, last: str, purchases: int):
    days = [first] + [f"2024-11-{10 + extra:02}" for extra in range(purchases - 2)] + [last]
    rows = [("regular", each, 1.0) for each in days]
    rows += [(f"c{number}", first, 1.0) for number in range(customers - 1)]
    return {row["check"]: row for row in minimum_data(log_of(*rows), day("2024-12-31")).iter_rows(named=True)}


def test_enough_of_everything_passes():
    checks = gate(500, "2024-07-04", "2024-12-01", 3)
    assert {name: row["found"] for name, row in checks.items()} == {
        "customers": 500,
        "history_days": 180,
        "days_since_last_order": 30,
        "customers_with_3_orders": 1,
    }
    assert all(row["passed"] for row in checks.values())


@pytest.mark.parametrize(
    ("failing", "case"),
    [
        ("customers", (499, "2024-07-04", "2024-12-01", 3)),
        ("history_days", (500, "2024-07-05", "2024-12-01", 3)),
        ("days_since_last_order", (500, "2024-07-04", "2024-11-30", 3)),
        ("customers_with_3_orders", (500, "2024-07-04", "2024-12-05", 2)),
    ],
)
def test_each_check_fails_on_its_own_account(failing, case):
    assert not gate(*case)[failing]["passed"]


@pytest.mark.parametrize(
    ("bought", "share"), [([1, 1, 1, 2], 0.75), ([1, 0, None, 5], 0.5), ([3], 0.0), ([0, None], float("nan"))]
)
def test_the_share_of_customers_who_bought_once_is_that_of_those_who_bought(bought, share):
    table = pl.DataFrame({"n_purchases": pl.Series(bought, dtype=pl.Int64)})
    found = one_time_share(CustomerSummary(table, day("2024-12-31"), "day"))
    assert found == pytest.approx(share, nan_ok=True)


def test_no_purchase_at_all_fails_every_check():
    checks = minimum_data(log_of(("a", "2024-01-01", -1.0)), day("2024-12-31"))
    assert checks["found"].to_list() == [0, None, None, 0]
    assert not checks["passed"].any()


def test_what_comes_after_the_day_does_not_count():
    log = log_of(
        ("a", "2024-01-01", 1.0), ("a", "2024-01-02", 1.0), ("a", "2024-03-01", 1.0), ("b", "2024-03-01", 1.0)
    )
    assert minimum_data(log, day("2024-02-01"))["found"].to_list() == [1, 31, 30, 0]
    assert minimum_data(log, day("2024-03-01"))["found"].to_list() == [2, 60, 0, 1]


def test_three_rows_of_one_day_are_one_purchase_and_a_return_is_none():
    log = log_of(*[("a", "2024-01-01", 1.0)] * 3, ("a", "2024-01-05", -1.0))
    assert minimum_data(log, day("2024-01-31"))["found"].to_list() == [1, 30, 30, 0]


@pytest.mark.parametrize(("last", "is_stale"), [("2024-12-01", False), ("2024-11-30", True), ("2025-02-01", True)])
def test_a_last_purchase_more_than_30_days_before_is_refused_with_both_ways_out(last, is_stale):
    log = log_of(("a", "2024-01-05", 1.0), ("a", last, 1.0), ("b", "2024-12-30", -1.0))
    if not is_stale:
        refuse_stale(log, day("2024-12-31"))
        return
    found = last if last < "2025" else "2024-01-05"
    with pytest.raises(DataError, match=rf"is of {found}, .* days before.*`as_of: {found}`.*`allow_stale: true`"):
        refuse_stale(log, day("2024-12-31"))
