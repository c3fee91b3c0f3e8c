"""Orders and their items, and returns in tables of their own: every figure by hand."""

import datetime

import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError, ParamsError

ORDERS = pl.DataFrame(
    {
        "订单编号": ["1", "2", "3"],
        "客户编号": ["a", "b", "a"],
        "下单日期": ["2024-01-01", "2024-01-02", "2024-01-03"],
        "amount": [99.0, 99.0, 99.0],  # of the whole order: each item would repeat it
    }
)
ITEMS = pl.DataFrame(
    {"OrderID": ["1", "1", "2", "4"], "quantity": [1, 2, 3, 4], "unit_price": ["10.00", "5.50", "2.00", "1.00"]}
)
MAPPED = {"customer_id": "客户编号", "date": "下单日期"}
LINES = [("a", "1", 10.0), ("a", "1", 11.0), ("b", "2", 6.0)]


def read(**more):
    return cl.read_transactions(ORDERS, MAPPED, items=ITEMS, **more)


def lines(log):
    return log.data.select("customer_id", "order_id", "amount").rows()


def account(log):
    return {rule: (rows, amount) for rule, rows, amount in log.quality.select("rule", "rows", "amount").iter_rows()}


def test_each_item_has_the_customer_and_the_day_of_its_order():
    log = read()
    assert lines(log) == LINES
    assert log.data["date"].to_list() == [datetime.date(2024, 1, day) for day in (1, 1, 2)]


def test_orders_without_items_and_items_without_orders_are_refused_and_accounted_for():
    log = read()
    assert account(log) == {
        "read": (5, 31),
        "accepted": (3, 27),
        "merged": (0, 0),
        "missing_customer": (1, 4),
        "missing_amount": (1, 0),
    }
    assert log.rejected.select("rule", "order_id", "row").rows() == [
        ("missing_customer", "4", 4),
        ("missing_amount", "3", 3),
    ]


def test_ids_that_are_written_differently_meet():
    items = ITEMS.with_columns(OrderID=pl.Series(["１", " 1", "2", "4"]))
    assert lines(cl.read_transactions(ORDERS, MAPPED, items=items)) == LINES


def test_rows_of_either_table_may_come_in_any_order():
    turned = cl.read_transactions(ORDERS.reverse(), MAPPED, items=ITEMS.reverse())
    assert sorted(lines(turned)) == LINES


def test_files_are_read_as_frames_are(tmp_path):
    ORDERS.write_csv(tmp_path / "orders.csv")
    ITEMS.head(2).write_csv(tmp_path / "items_1.csv")
    ITEMS.tail(2).write_csv(tmp_path / "items_2.csv")
    log = cl.read_transactions(tmp_path / "orders.csv", MAPPED, items=str(tmp_path / "items_*.csv"))
    assert lines(log) == LINES
    assert len(log.detected["files"]) == 3


def test_an_order_in_two_rows_is_an_error():
    with pytest.raises(DataError, match=r"order '2' in more than one row \(such orders: 1\)"):
        cl.read_transactions(pl.concat([ORDERS, ORDERS.slice(1, 1)]), MAPPED, items=ITEMS)


def test_items_need_money_of_their_own():
    with pytest.raises(MissingColumnsError, match="Items need an amount, or a quantity and a unit price"):
        cl.read_transactions(ORDERS, MAPPED, items=ITEMS.drop("unit_price"))
    with pytest.raises(ParamsError, match="each item would repeat the amount of its order"):
        cl.read_transactions(ORDERS.rename({"amount": "总额"}), {**MAPPED, "amount": "总额"}, items=ITEMS)


def test_items_need_the_id_of_their_order():
    with pytest.raises(MissingColumnsError, match="joined by the id of the order"):
        cl.read_transactions(ORDERS, MAPPED, items=ITEMS.drop("OrderID"))


def test_a_returned_order_takes_back_all_its_lines():
    log = read(returns=pl.DataFrame({"订单编号": ["1", "1"], "退回": ["是", "是"]}))
    assert lines(log) == [*LINES, ("a", "1", -10.0), ("a", "1", -11.0)]
    assert account(log)["accepted"] == (5, 6)
    assert cl.summarise_customers(log, "2024-01-31").data.select(
        "customer_id", "n_purchases", "total_spend"
    ).rows() == [
        ("a", 0, 0.0),
        ("b", 1, 6.0),
    ]


def test_only_yes_is_a_return():
    flags = pl.DataFrame({"order_id": ["1", "2"], "Returned": ["No", "Yes"]})
    assert lines(read(returns=flags)) == [*LINES, ("b", "2", -6.0)]


def test_a_return_that_was_partly_booked_before_takes_back_the_rest():
    items = pl.concat([ITEMS, pl.DataFrame({"OrderID": ["1"], "quantity": [-1], "unit_price": ["10.00"]})])
    log = cl.read_transactions(ORDERS, MAPPED, items=items, returns=pl.DataFrame({"order_id": ["1"]}))
    assert log.data.filter(order_id="1")["amount"].sum() == 0


@pytest.mark.parametrize("written", [4.0, -4.0, "4.00", "(4.00)"])
def test_a_return_with_an_amount_takes_back_as_much_on_its_day(written):
    log = read(returns=pl.DataFrame({"order_id": ["2"], "date": ["2024-02-01"], "amount": [written]}))
    assert log.data.row(-1, named=True)["date"] == datetime.date(2024, 2, 1)
    assert lines(log) == [*LINES, ("b", "2", -4.0)]


def test_a_return_by_customer_and_day_needs_no_order():
    returns = pl.DataFrame({"会员编号": ["a"], "退货日期": ["2024-02-01"], "退款金额": ["3.00"]})
    log = cl.read_transactions(
        ITEMS.with_columns(customer_id=pl.lit("a"), date=pl.lit("2024-01-01")), returns=returns
    )
    back = log.data.row(-1, named=True)
    assert (back["customer_id"], back["date"], back["amount"]) == ("a", datetime.date(2024, 2, 1), -3)


@pytest.mark.parametrize("header", ["refund_amount", "Amount refunded", "退款金额（元）"])
def test_a_refund_of_a_part_takes_back_that_part(header):
    returns = pl.DataFrame({"order_id": ["1"], "Refund date": ["2024-02-01"], header: [2.5]})
    log = read(returns=returns)
    assert lines(log) == [*LINES, ("a", "1", -2.5)]
    assert log.data.row(-1, named=True)["date"] == datetime.date(2024, 2, 1)


def test_a_return_of_an_order_that_is_not_there_is_refused():
    log = read(returns=pl.DataFrame({"order_id": ["9"]}))
    assert lines(log) == LINES
    assert account(log)["missing_customer"] == (2, 4)
    assert log.rejected.row(-1, named=True)["order_id"] == "9"


def test_a_table_that_returns_nothing_changes_nothing():
    log = read(returns=pl.DataFrame({"order_id": ["1"], "returned": ["no"]}))
    assert lines(log) == LINES
    assert account(log) == account(read())


def test_returns_that_name_nothing_are_an_error():
    with pytest.raises(MissingColumnsError, match="Returns name their order"):
        read(returns=pl.DataFrame({"reason": ["broken"]}))


def test_returns_need_a_log_with_money_and_orders():
    days = pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-01"]})
    with pytest.raises(ParamsError, match="the log has no amounts"):
        cl.read_transactions(days, returns=pl.DataFrame({"order_id": ["1"]}))
    with pytest.raises(MissingColumnsError, match="which the log does not"):
        cl.read_transactions(days.with_columns(amount=1.0), returns=pl.DataFrame({"order_id": ["1"]}))
