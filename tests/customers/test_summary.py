from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab import memory_limit
from clvlab.columns import CUSTOMERS, names
from clvlab.customers import customer_days
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from tests.customers.logs import log_of

FIRST = date(2024, 1, 1)


def one(log, cutoff, **options):
    """The only customer's row."""
    return cl.summarise_customers(log, cutoff, **options).data.row(0, named=True)


def test_columns_and_their_types_are_those_declared():
    data = cl.summarise_customers(log_of(("a", "2024-01-01", 1.0)), "2024-02-01").data
    assert data.schema == {column.name: column.dtype for column in CUSTOMERS}


def test_a_customer_of_three_days():
    log = log_of(
        ("a", "2024-01-01", 10.0),
        ("a", "2024-01-15", 20.0),
        ("a", "2024-01-15", 5.0),
        ("a", "2024-01-29", 35.0),
        ("a", "2024-03-01", 99.0),
    )
    assert one(log, "2024-02-12", time_unit="week") == {
        "customer_id": "a",
        "frequency": 2,
        "recency": 4.0,
        "T": 6.0,
        "monetary_value": 30.0,
        "n_purchases": 3,
        "n_orders": 3,
        "days_since_last": 14,
        "total_spend": 70.0,
        "first_purchase": date(2024, 1, 1),
        "last_purchase": date(2024, 1, 29),
    }


def test_a_first_buyer_on_the_cutoff_has_age_0_and_no_monetary_value():
    row = one(log_of(("a", "2024-01-01", 10.0)), "2024-01-01")
    assert (row["frequency"], row["recency"], row["T"], row["monetary_value"]) == (0, 0.0, 0.0, None)


@pytest.mark.parametrize(("unit", "age"), [("day", 365.25), ("week", 365.25 / 7), ("month", 12.0)])
def test_units_are_constants(unit, age):
    log = log_of(("a", "2023-01-01", 10.0))
    assert one(log, date(2024, 1, 1), time_unit=unit)["T"] == pytest.approx(age, rel=1e-3)
    assert one(log, date(2023, 1, 31), time_unit="month")["T"] == 30 / 30.4375


def test_orders_are_distinct_and_returns_are_none():
    log = log_of(
        ("a", "2024-01-01", 10.0, "1"),
        ("a", "2024-01-01", 10.0, "1"),
        ("a", "2024-01-01", 10.0, "2"),
        ("a", "2024-01-02", -5.0, "C1"),
        ("a", "2024-01-03", 5.0, None),
        columns="customer_id date amount order_id",
    )
    assert one(log, "2024-02-01")["n_orders"] == 3


def test_a_day_of_returns_alone_is_money_and_no_purchase():
    row = one(log_of(("a", "2024-01-01", 10.0), ("a", "2024-01-05", -4.0)), "2024-02-01")
    assert (row["n_purchases"], row["total_spend"], row["last_purchase"]) == (1, 6.0, date(2024, 1, 1))


def test_a_customer_of_returns_alone_keeps_the_money_and_has_no_purchase():
    log = log_of(("a", "2024-01-01", 10.0), ("b", "2024-01-01", -4.0))
    data = cl.summarise_customers(log, "2024-02-01").data
    row = data.row(1, named=True)
    assert (row["n_purchases"], row["n_orders"], row["total_spend"], row["frequency"]) == (0, 0, -4.0, None)
    assert data["total_spend"].sum() == 6.0


def test_a_log_without_amounts_has_no_spend():
    data = cl.summarise_customers(log_of(("a", "2024-01-01"), columns="customer_id date"), "2024-02-01").data
    assert data.columns == [name for name in names(CUSTOMERS) if name not in ("monetary_value", "total_spend")]


def test_cutoff_may_be_text_a_date_or_a_timestamp():
    log = log_of(("a", "2024-01-01", 10.0))
    days = ["2024-02-01", date(2024, 2, 1), datetime(2024, 2, 1, 12, 30)]
    assert [cl.summarise_customers(log, day).cutoff for day in days] == [date(2024, 2, 1)] * 3


def test_cutoff_before_the_first_purchase():
    with pytest.raises(DataError, match=r"no purchase up to the cutoff 2023-12-31. The log runs from 2024-01-01 to"):
        cl.summarise_customers(log_of(("a", "2024-01-01", 10.0)), "2023-12-31")


def test_unknown_time_unit_is_answered_with_the_nearest():
    with pytest.raises(ParamsError, match="Did you mean 'week'"):
        cl.summarise_customers(log_of(("a", "2024-01-01", 10.0)), "2024-02-01", "weeks")


def test_holdout_knows_only_the_calibrations_customers():
    log = log_of(
        ("a", "2024-01-01", 10.0),
        ("b", "2024-01-05", 10.0),
        ("a", "2024-02-01", 20.0),
        ("a", "2024-02-01", 5.0),
        ("a", "2024-02-03", -5.0),
        ("late", "2024-02-02", 50.0),
        ("a", "2024-03-01", 99.0),
    )
    calibration, holdout = cl.split_holdout(log, "2024-01-31", "2024-02-29")
    assert calibration.data["customer_id"].to_list() == ["a", "b"]
    assert holdout.data.rows() == [("a", 1, 20.0), ("b", 0, 0.0)]
    assert (holdout.cutoff, holdout.end, holdout.days) == (date(2024, 1, 31), date(2024, 2, 29), 29)


def test_daily_repeats_cover_every_day_from_the_first_to_the_end():
    log = log_of(
        ("a", "2024-01-01", 10.0), ("b", "2024-01-03", 10.0), ("a", "2024-01-03", 1.0), ("b", "2024-01-05", 1.0)
    )
    _, holdout = cl.split_holdout(log, "2024-01-04", "2024-01-06")
    assert holdout.daily["date"].to_list() == [date(2024, 1, day) for day in range(1, 7)]
    assert holdout.daily["repeat_purchases"].to_list() == [0, 0, 1, 0, 1, 0]


def test_holdout_without_amounts_counts_purchases_alone():
    log = log_of(("a", "2024-01-01"), ("a", "2024-02-01"), columns="customer_id date")
    _, holdout = cl.split_holdout(log, "2024-01-31", "2024-02-29")
    assert holdout.data.rows() == [("a", 1)]


def test_holdout_ends_after_its_cutoff():
    with pytest.raises(ParamsError, match="ends on 2024-01-31, which is not after its cutoff 2024-01-31"):
        cl.split_holdout(log_of(("a", "2024-01-01", 1.0)), "2024-01-31", "2024-01-31")


def test_a_holdout_beyond_the_log_says_where_the_log_ends():
    with pytest.raises(DataError, match=r"no row in the holdout, 2024-01-31 to 2024-03-31.*to 2024-01-15"):
        cl.split_holdout(log_of(("a", "2024-01-01", 1.0), ("a", "2024-01-15", 1.0)), "2024-01-31", "2024-03-31")


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.dates(date(2024, 1, 1), date(2024, 3, 31)),
        st.integers(-5_000, 5_000).map(lambda cents: cents / 100),
    ),
    min_size=1,
    max_size=30,
)


@pytest.mark.filterwarnings("ignore::clvlab.errors.ClvlabWarning")
@given(rows=ROWS, order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_money_adds_up_and_the_order_of_rows_does_not_matter(rows, order):
    frame = pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row")
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=order.randrange(1000))
    logs = [cl.read_transactions(each, signs="keep") for each in (frame, shuffled)]
    days = customer_days(logs[0], date(2024, 2, 15))
    assume(days["is_purchase"].any())
    tables = [cl.summarise_customers(log, "2024-02-15").data for log in logs]
    assert tables[0].equals(tables[1])
    cents = sum(round(amount * 100) for _, day, amount in rows if day <= date(2024, 2, 15))
    assert round(tables[0]["total_spend"].sum() * 100) == cents


def in_plain_python(rows, cutoff):
    """customer -> (n_purchases, days since the last, spend in cents, mean of the repeats in cents)."""
    days: dict[str, dict[date, list[int]]] = {}
    for who, when, amount in rows:
        if when <= cutoff:
            days.setdefault(who, {}).setdefault(when, []).append(round(amount * 100))
    found = {}
    for who, spent in days.items():
        bought = sorted(day for day, cents in spent.items() if sum(cents) > 0 or min(cents) >= 0)
        repeats = [sum(spent[day]) for day in bought[1:]]
        found[who] = (
            len(bought),
            (cutoff - bought[-1]).days if bought else None,
            sum(map(sum, spent.values())),
            sum(repeats) / len(repeats) if repeats else None,
        )
    return found


@pytest.mark.filterwarnings("ignore:The amount of every row is 0")
@given(rows=ROWS)
@settings(max_examples=30, deadline=None)
def test_customers_are_summarised_as_in_plain_python(rows):
    cutoff = date(2024, 2, 15)
    expected = in_plain_python(rows, cutoff)
    assume(any(purchases for purchases, *_ in expected.values()))
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    table = cl.summarise_customers(log, cutoff).data
    columns = table.select("customer_id", "n_purchases", "days_since_last", "total_spend", "monetary_value")
    for who, purchases, since, spend, mean in columns.iter_rows():
        assert (purchases, since, round(spend * 100)) == expected[who][:3]
        assert (None if mean is None else mean * 100) == (expected[who][3] and pytest.approx(expected[who][3]))
    assert table["customer_id"].to_list() == sorted(expected)


@pytest.mark.filterwarnings("ignore:The amount of every row is 0", "ignore:The largest amount")
@given(rows=ROWS)
@settings(max_examples=30, deadline=None)
def test_what_was_known_and_what_came_next_add_up_to_what_is_known_later(rows):
    table = pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row")
    log = cl.read_transactions(table, signs="keep")
    assume(customer_days(log, date(2024, 2, 15))["is_purchase"].any())
    assume(any(date(2024, 2, 15) < when for _, when, _ in rows))
    calibration, holdout = cl.split_holdout(log, "2024-02-15", "2024-03-31")
    later = cl.summarise_customers(log, "2024-03-31").data
    both = calibration.data.join(holdout.data, on="customer_id").join(later, on="customer_id", suffix="_later")
    assert both.height == calibration.data.height
    assert (both["n_purchases"] + both["holdout_purchases"]).equals(both["n_purchases_later"])
    money = (both["total_spend"] + both["holdout_spend"] - both["total_spend_later"]).abs()
    assert money.max() < 1e-6


def test_a_long_log_is_summarised_in_parts_to_the_same_bit(monkeypatch):
    log = cl.datasets.lighting(600, seed=1)
    whole = cl.summarise_customers(log, "2024-12-31").data
    monkeypatch.setattr(memory_limit, "DEFAULT", 1)
    again = replace(log)
    assert len(again.days) > 3
    assert cl.summarise_customers(again, "2024-12-31").data.equals(whole)
    end = date(2024, 12, 31)
    assert customer_days(again, end).equals(customer_days(log, end))


def test_what_came_back_is_the_same_in_parts_of_a_log_whose_money_takes_more_bits(monkeypatch):
    rows = [(f"c{k % 700}", FIRST + timedelta(k // 700), 1.5e9 if k < 8400 else -5e8) for k in range(9000)]
    schema = {"customer_id": pl.String, "date": pl.Date, "amount": pl.Float64}
    log = cl.read_transactions(pl.DataFrame(rows, schema, orient="row"))
    monkeypatch.setattr(memory_limit, "DEFAULT", 1)
    in_parts = replace(log)
    assert len(in_parts.days) > 3
    assert {part.days.collect_schema()["spend"] for part in in_parts.days} == {pl.Int128}
    whole, parts = (cl.summarise_customers(each, "2024-12-31").returned for each in (log, in_parts))
    assert parts == whole == 600 * 5e8 / (8400 * 1.5e9)


@pytest.mark.parametrize(("unit", "days"), [("day", 1), ("week", 7), ("month", 30.4375)])
def test_a_unit_changes_times_and_nothing_else(unit, days):
    log = log_of(("a", "2024-01-01", 10.0), ("a", "2024-01-15", 20.0), ("b", "2024-01-20", 5.0))
    by_day, table = (cl.summarise_customers(log, "2024-02-12", u).data for u in ("day", unit))
    assert table.drop("recency", "T").equals(by_day.drop("recency", "T"))
    assert (table["T"] * days).to_list() == pytest.approx(by_day["T"].to_list())
    assert (table["recency"] * days).to_list() == pytest.approx(by_day["recency"].to_list())


def test_ids_are_sorted_as_text():
    log = log_of(*((who, "2024-01-01", 1.0) for who in ("10", "9", "客", "A", "b", "08")))
    found = cl.summarise_customers(log, "2024-02-01").data["customer_id"].to_list()
    assert found == ["08", "10", "9", "A", "b", "客"]


def test_a_summary_tells_what_it_lacks():
    summary = cl.summarise_customers(log_of(("a", "2024-01-01", 1.0)), "2024-02-01")
    with pytest.raises(MissingColumnsError, match="which abc reads, has no column 'clv'"):
        summary.require({"clv", "customer_id"}, "abc")
    summary.require({"customer_id"}, "abc")


def test_what_went_back_on_other_days_is_a_share_of_the_money_of_purchases():
    # 100 and 60 are purchases, of which 20 + 12 go back later; 10 of the 70 on the day itself; whoever never bought
    # has nothing to return.
    rows = [
        ("a", "2024-01-01", 100.0), ("a", "2024-01-05", -20.0), ("a", "2024-03-01", 70.0), ("a", "2024-03-01", -10.0),
        ("a", "2024-03-09", -12.0), ("never", "2024-01-01", -500.0),
    ]  # fmt: skip
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    assert cl.summarise_customers(log, "2024-12-31").returned == pytest.approx(32 / 160)
    assert cl.summarise_customers(log, "2024-01-04").returned == 0.0
