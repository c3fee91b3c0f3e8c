"""The pattern of the UCI log "Online Retail": cancellations, negative quantities, written-off debts, gifts.

The rows are made up; their shape is the log's.
"""

from datetime import date

import polars as pl
import pytest

import clvlab as cl

LINES = """InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,6,2010-12-01 08:26,2.55,17850,United Kingdom
536365,71053,6,2010-12-01 08:26,3.39,17850,United Kingdom
536365,71053,6,2010-12-01 08:26,3.39,17850,United Kingdom
536370,22728,24,2010-12-01 08:45,3.75,12583,France
C536379,D,-1,2010-12-01 09:41,27.50,14527,United Kingdom
C536383,35004C,-6,2010-12-01 09:49,2.55,17850,United Kingdom
C536391,22728,-24,2010-12-05 10:24,3.75,12583,France
536414,22139,56,2010-12-01 11:52,0.00,,United Kingdom
536544,21773,1,2010-12-01 14:32,2.51,,United Kingdom
537197,22841,1,2010-12-05 14:02,0.00,12647,Germany
A563186,B,1,2011-08-12 14:51,-11062.06,,United Kingdom
541431,23166,74215,2011-01-18 10:01,1.04,12346,United Kingdom
C541433,23166,-74215,2011-01-18 10:17,1.04,12346,United Kingdom
"""
MAPPING = {
    "customer_id": "CustomerID",
    "date": "InvoiceDate",
    "order_id": "InvoiceNo",
    "quantity": "Quantity",
    "unit_price": "UnitPrice",
}


def read(**policies):
    return cl.read_transactions(pl.read_csv(LINES.encode(), infer_schema=False), columns=MAPPING, **policies)


@pytest.mark.parametrize("duplicates", ["keep", "drop"])
@pytest.mark.parametrize("zero_amounts", ["keep", "refuse"])
def test_net_money_is_right_to_the_cent_for_any_policy(duplicates, zero_amounts):
    log = read(duplicates=duplicates, zero_amounts=zero_amounts)
    lines = pl.read_csv(LINES.encode()).select(
        cents=(pl.col("Quantity") * pl.col("UnitPrice") * 100).round().cast(pl.Int64)
    )
    amount = dict(log.quality.select("rule", "amount").iter_rows())
    read_cents = round(amount.pop("read") * 100)
    assert read_cents == lines["cents"].sum()
    assert sum(round(part * 100) for part in amount.values()) == read_cents
    customers = cl.summarise_customers(log, "2010-12-31")
    later = log.data.filter(pl.col("date") > date(2010, 12, 31))["amount"].sum()
    assert round((customers.data["total_spend"].sum() + later) * 100) == round(amount["accepted"] * 100)


def test_debts_and_orders_without_a_customer_are_refused():
    assert read().rejected["InvoiceNo"].to_list() == ["536414", "536544", "A563186"]


def test_purchases_are_what_returns_leave_of_a_day():
    data = cl.summarise_customers(read(), "2011-12-31").data
    got = {
        row["customer_id"]: (row["n_purchases"], row["n_orders"], row["total_spend"])
        for row in data.iter_rows(named=True)
    }
    assert got == {
        "12346": (0, 1, 0.0),  # bought and sent back on one day
        "12583": (1, 1, 0.0),  # sent back four days later: the purchase remains, its money does not
        "12647": (1, 1, 0.0),  # a gift
        "14527": (0, 0, -27.5),  # a discount alone
        "17850": (1, 1, 40.68),
    }
