"""Synthetic exports of Zoho CRM and 纷享销客 in their documented layouts, and the same purchases as plain files.

Of the simulated lighting retailer: each of its orders that brought money is a won deal, an invoice and a 销售订单;
open and lost deals, void invoices and 作废 orders stand among them and are no purchases.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from clvlab.datasets import lighting

FIRST_ACCOUNT, FIRST_DEAL = 4768000000000100001, 4768000000000900001  # beyond what a float can tell apart
INDUSTRIES = {"Home": "家居", "Commercial lighting": "商业照明", "Industrial lighting": "工业照明"}
EVERY = 5  # every fifth purchase has a row next to it that is none
OPEN, LOST = "Qualification", "Closed Lost"


@dataclass(frozen=True)
class Retailer:
    """What the files are made of.

    accounts : customer_id (19 digits), name (some twice), number, industry, province, customer_type
    orders : order_id, number, customer_id, name, date, amount
    """

    accounts: pl.DataFrame
    orders: pl.DataFrame


def retailer(n_customers: int, seed: int = 1) -> Retailer:
    """The lighting retailer with ids as Zoho CRM has them."""
    log = lighting(n_customers=n_customers, seed=seed)
    people = log.attributes[0].sort("customer_id")
    who = pl.int_range(pl.len())
    accounts = people.select(
        known_as="customer_id",
        customer_id=(FIRST_ACCOUNT + who).cast(pl.String),
        # Two customers of one name stand next to each other.
        name=pl.format("{} Lighting", who // 2),
        number=pl.format("KH-{}", who.cast(pl.String).str.zfill(6)),
        industry="industry",
        province="province",
        customer_type=pl.when(who % 3 == 0).then(pl.lit("Distributor")).otherwise(pl.lit("Customer")),
    )
    by_order = log.data.group_by("order_id", known_as="customer_id").agg(
        date=pl.col("date").min(), amount=pl.col("amount").sum().round(2)
    )
    at = pl.int_range(pl.len())
    orders = (
        by_order.filter(pl.col("amount") > 0)
        .sort("date", "order_id")
        .join(accounts, on="known_as", maintain_order="left")
        .select(
            (FIRST_DEAL + at).cast(pl.String).alias("order_id"),
            pl.format("{}-{}", pl.col("date").dt.strftime("%Y%m%d"), at.cast(pl.String).str.zfill(6)).alias("number"),
            *("customer_id", "name", "date", "amount"),
        )
    )
    return Retailer(accounts.drop("known_as"), orders)


def plain(shop: Retailer, folder: Path) -> None:
    """orders.csv and customers.csv, under our names."""
    shop.orders.select("customer_id", "date", "amount", "order_id").write_csv(folder / "orders.csv")
    shop.accounts.select("customer_id", "industry", "province", "customer_type").write_csv(folder / "customers.csv")


def zoho(shop: Retailer, folder: Path) -> None:
    """Deals, Invoices and Accounts as the screen of Zoho CRM exports them."""
    deals, invoices = [], []
    for at, order in enumerate(shop.orders.iter_rows(named=True)):
        deals.append(_deal(order, order["order_id"], "Closed Won"))
        invoices.append(_invoice(order, order["order_id"], "Approved"))
        if at % EVERY == 0:
            other = str(FIRST_DEAL + shop.orders.height + at)
            deals.append(_deal(order, other, OPEN if at % 2 else LOST))
            invoices.append(_invoice(order, other, "Cancelled"))
    _csv(folder / "Deals_2026_01_31.csv", deals)
    _csv(folder / "Invoices_2026_01_31.csv", invoices)
    _csv(folder / "Accounts_2026_01_31.csv", map(_account, shop.accounts.iter_rows(named=True)))


def fxiaoke(shop: Retailer, folder: Path, *, has_numbers: bool = True) -> None:
    """销售订单 and 客户 as the screen of 纷享销客 exports them; orders have 客户编号 only if their view has it."""
    numbers = dict(shop.accounts.select("customer_id", "number").iter_rows())
    rows = []
    for at, order in enumerate(shop.orders.iter_rows(named=True)):
        rows.append(_order(order, numbers, order["number"], "正常", has_numbers))
        if at % EVERY == 0:
            rows.append(_order(order, numbers, f"X{order['number']}", "作废", has_numbers))
    _xlsx(folder / "销售订单20260131093015.xlsx", rows)
    _xlsx(folder / "客户20260131093015.xlsx", [_customer(each) for each in shop.accounts.iter_rows(named=True)])


def _deal(order: dict[str, Any], deal: str, stage: str) -> dict[str, Any]:
    return {
        "Record Id": f"zcrm_{deal}",
        "Deal Owner.id": "zcrm_4768000000000055001",
        "Deal Owner": "Sales One",
        "Amount": f"$ {order['amount']:,.2f}",
        "Deal Name": f"Deal {order['number']}",
        "Closing Date": _written(order["date"]),
        "Account Name.id": f"zcrm_{order['customer_id']}",
        "Account Name": order["name"],
        "Stage": stage,
        "Type": "",
        "Probability (%)": "100" if stage == "Closed Won" else "10",
        "Lead Source": "Trade Show",
        "Created Time": f"{order['date']} 14:56:28",
        "Pipeline": "Standard (Standard)",
    }


def _invoice(order: dict[str, Any], invoice: str, status: str) -> dict[str, Any]:
    return {
        "Record Id": f"zcrm_{invoice}",
        "Invoice Number": order["number"],
        "Invoice Date": _written(order["date"]),
        "Due Date": _written(order["date"] + timedelta(days=30)),
        "Status": status,
        "Account Name.id": f"zcrm_{order['customer_id']}",
        "Account Name": order["name"],
        "Sub Total": f"$ {order['amount']:,.2f}",
        "Tax": "$ 0.00",
        "Grand Total": f"$ {order['amount']:,.2f}",
    }


def _account(account: dict[str, Any]) -> dict[str, Any]:
    return {
        "Record Id": f"zcrm_{account['customer_id']}",
        "Account Owner.id": "zcrm_4768000000000055001",
        "Account Owner": "Sales One",
        "Account Name": account["name"],
        "Phone": "+86 571 8800 1234",
        "Industry": account["industry"],
        "Account Type": account["customer_type"],
        "Billing State": account["province"],
        "Created Time": "2025-11-07 18:55:00",
    }


def _order(
    order: dict[str, Any], numbers: dict[str, str], number: str, state: str, has_number: bool
) -> dict[str, Any]:
    who = {"客户编号": numbers[order["customer_id"]]} if has_number else {}
    return {
        "'销售订单编号": number,
        **who,
        "客户名称": order["name"],
        "商机2.0": "",
        "负责人": "李明",
        "下单日期": order["date"],
        "销售订单金额(元)": f"{order['amount']:.2f}",
        "已回款金额(元)": "0.00",
        "客户来源": "展会",
        "生命状态": state,
        "业务类型": "预设业务类型",
        "提交时间": f"{order['date']} 09:30",
        "最后修改时间": "2026-01-30 18:00",
    }


def _customer(account: dict[str, Any]) -> dict[str, Any]:
    return {
        "客户编号": account["number"],
        "客户名称（必填）": account["name"],
        "客户级别": "重要客户",
        "客户类型": account["customer_type"],
        "成交状态": "已成交",
        "1级行业": INDUSTRIES.get(account["industry"], account["industry"]),
        "省": account["province"],
        "负责人": "李明",
        "创建时间": "2025-11-07 18:55",
    }


def _written(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _csv(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    listed = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)


def _xlsx(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    with xlsxwriter.Workbook(path) as book:
        sheet, day = book.add_worksheet("Sheet1"), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, list(rows[0]))
        for at, row in enumerate(rows, start=1):
            for column, value in enumerate(row.values()):
                if isinstance(value, date):
                    sheet.write_datetime(at, column, value, day)
                else:
                    sheet.write_string(at, column, value)
