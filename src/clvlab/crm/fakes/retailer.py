"""The simulated lighting retailer as an organisation of Zoho CRM."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from clvlab.crm.fakes.zoho import Field, Module
from clvlab.datasets import lighting

FIRST_ACCOUNT, FIRST_DEAL, FIRST_INVOICE = 4768000000000100001, 4768000000000900001, 4768000000005000001
FIRST_LEAD, FIRST_CASE = 4768000000007000001, 4768000000008000001
_OWNER = {"name": "Sales One", "id": "4768000000000055001", "email": "sales.one@retailer.example"}
_INDUSTRIES = {"Home": "家居", "Commercial lighting": "商业照明", "Industrial lighting": "工业照明"}
_EVERY = 5

LABELS = {
    "group": "Clv_Group",
    "group_name": "Clv_Group_Name",
    "value": "Clv_Value",
    "p_alive": "Clv_P_Alive",
    "as_of": "Clv_As_Of",
    "due": "Clv_Due",
}
"""The fields of accounts that are made for labels."""


def retailer(n_customers: int = 3_000, seed: int = 1) -> dict[str, Module]:
    """Accounts, Deals and Invoices: won and paid ones for each order that brought money, and others that are none."""
    log = lighting(n_customers=n_customers, seed=seed)
    people = log.attributes[0].sort("customer_id")
    ids = {row["customer_id"]: str(FIRST_ACCOUNT + at) for at, row in enumerate(people.iter_rows(named=True))}
    accounts = {
        ids[row["customer_id"]]: _account(ids[row["customer_id"]], at, row)
        for at, row in enumerate(people.iter_rows(named=True))
    }
    orders = (
        log.data.group_by("order_id", "customer_id")
        .agg(date=pl.col("date").min(), amount=pl.col("amount").sum().round(2))
        .filter(pl.col("amount") > 0)
        .sort("date", "order_id")
    )
    deals, invoices = _Rows(FIRST_DEAL), _Rows(FIRST_INVOICE)
    for at, row in enumerate(orders.iter_rows(named=True)):
        account = accounts[ids[row["customer_id"]]]
        deals.add(_deal(row, account, "Closed Won"))
        invoices.add(_invoice(row, account, "Approved", at))
        if at % _EVERY == 0:
            deals.add(_deal(row, account, "Qualification" if at % 2 else "Closed Lost"))
            invoices.add(_invoice(row, account, "Cancelled", at))
    of_deals = _named("Deal_Name", "Account_Name", "Contact_Name", "Stage", "Lead_Source", "Tag")
    of_deals |= _of("currency", "Amount", "Expected_Revenue") | _of("date", "Closing_Date") | _stamps()
    of_invoices = _named("Invoice_Number", "Subject", "Account_Name", "Status") | _of("subform", "Invoiced_Items")
    of_invoices |= (
        _of("currency", "Grand_Total", "Sub_Total", "Tax") | _of("date", "Invoice_Date", "Due_Date") | _stamps()
    )
    leads, cases = _Rows(FIRST_LEAD), _Rows(FIRST_CASE)
    for at, account in enumerate(accounts.values()):
        if at % _EVERY == 0:
            leads.add(_lead(at))
            cases.add(_case(at, account))
    of_leads = _named("Company", "Lead_Source", "Industry", "State", "City", "Rating", "Owner", "Tag") | _stamps()
    of_leads |= {"Phone": Field("Phone", "phone"), "Email": Field("Email", "email")}
    of_cases = _named("Subject", "Account_Name", "Status") | _of("integer", "Satisfaction") | _stamps()
    return {
        "Accounts": Module(_account_fields(), accounts),
        "Leads": Module(of_leads, leads.records),
        "Cases": Module(of_cases, cases.records),
        "Deals": Module(of_deals, deals.records),
        "Invoices": Module(of_invoices, invoices.records, lines="Invoiced_Items"),
    }


class _Rows:
    """Records under ids that follow each other."""

    def __init__(self, first: int) -> None:
        self.next, self.records = first, dict[str, dict[str, Any]]()

    def add(self, record: Mapping[str, Any]) -> None:
        self.records[str(self.next)] = {"id": str(self.next), **record}
        self.next += 1


def _named(*names: str) -> dict[str, Field]:
    return {name: Field(name) for name in names}


def _of(kind: str, *names: str) -> dict[str, Field]:
    return {name: Field(name, kind) for name in names}


def _stamps() -> dict[str, Field]:
    return {name: Field(name, "datetime", read_only=True) for name in ("Created_Time", "Modified_Time")}


def _account_fields() -> dict[str, Field]:
    fields = _named("Account_Name", "Account_Type", "Rating", "Billing_State", "Billing_City", "Owner", "Tag")
    fields["Industry"] = Field("Industry", "picklist", choices=_INDUSTRIES)
    fields |= {"Phone": Field("Phone", "phone"), "Email": Field("Email", "email")}
    fields |= {name: Field(name, custom=True) for name in (LABELS["group"], LABELS["group_name"])}
    fields |= {name: Field(name, "double", custom=True) for name in (LABELS["value"], LABELS["p_alive"])}
    fields |= {name: Field(name, "date", custom=True) for name in (LABELS["as_of"], LABELS["due"])}
    fields["Last_Activity_Time"] = Field("Last_Activity_Time", "datetime")
    return fields | _of("double", "Annual_Revenue", "Exchange_Rate") | _stamps()


def _account(record: str, at: int, row: Mapping[str, Any]) -> dict[str, Any]:
    moment = _moment(date(2023, 1, 1) + timedelta(days=at % 300))
    return {
        "id": record,
        "Account_Name": f"{at // 2} Lighting",
        "Account_Type": "Distributor" if at % 3 == 0 else "Customer",
        "Industry": row["industry"],
        "Rating": "Active" if at % 4 == 0 else None,
        "Billing_State": row["province"],
        "Billing_City": None,
        "Owner": _OWNER,
        "Phone": "+86 571 8800 1234",
        "Email": f"office{at}@customer.example",
        "Tag": [{"name": "VIP", "id": "5", "color_code": None}] if at % 7 == 0 else [],
        "Last_Activity_Time": _moment(date(2025, 12, 1) - timedelta(days=at % 200)) if at % 3 else None,
        "Annual_Revenue": "0.00",
        "Exchange_Rate": 1.0,
        "Created_Time": moment,
        "Modified_Time": moment,
    }


def _lead(at: int) -> dict[str, Any]:
    return {
        "Company": f"Prospect {at}",
        "Lead_Source": "Trade Show" if at % 2 else "Web",
        "Industry": "Home",
        "State": "Zhejiang",
        "City": None,
        "Rating": None,
        "Owner": _OWNER,
        "Tag": [],
        "Phone": "+86 571 8800 1234",
        "Email": f"lead{at}@customer.example",
        "Created_Time": _moment(date(2025, 6, 1)),
        "Modified_Time": _moment(date(2025, 6, 1)),
    }


def _case(at: int, account: Mapping[str, Any]) -> dict[str, Any]:
    opened = _moment(date(2025, 1, 1) + timedelta(days=at % 330))
    return {
        "Subject": "Delivery",
        "Account_Name": _lookup(account),
        "Status": "Closed",
        "Satisfaction": 1 + at // _EVERY % 5 if at % 3 else None,
        "Created_Time": opened,
        "Modified_Time": opened,
    }


def _lookup(account: Mapping[str, Any]) -> dict[str, str]:
    return {"name": account["Account_Name"], "id": account["id"]}


def _deal(row: Mapping[str, Any], account: Mapping[str, Any], stage: str) -> dict[str, Any]:
    return {
        "Deal_Name": f"Deal {row['order_id']}",
        "Account_Name": _lookup(account),
        "Contact_Name": None,
        "Amount": row["amount"],
        "Expected_Revenue": "0.00",
        "Stage": stage,
        "Closing_Date": row["date"].isoformat(),
        "Lead_Source": "Trade Show",
        "Created_Time": _moment(row["date"]),
        "Modified_Time": _moment(row["date"]),
    }


def _invoice(row: Mapping[str, Any], account: Mapping[str, Any], status: str, at: int) -> dict[str, Any]:
    line = {"Product_Name": {"name": "Lamp", "id": "4768000000000777001"}, "Quantity": 1, "Total": row["amount"]}
    # A few of the figures that are computed come as texts.
    total = f"{row['amount']:.2f}" if at % 50 == 0 else row["amount"]
    return {
        "Invoice_Number": f"INV-{at:06d}",
        "Subject": "Lamps",
        "Account_Name": _lookup(account),
        "Status": status,
        "Grand_Total": total,
        "Sub_Total": row["amount"],
        "Tax": "0.00",
        "Invoice_Date": row["date"].isoformat(),
        "Due_Date": (row["date"] + timedelta(days=30)).isoformat(),
        "Invoiced_Items": [line],
        "Created_Time": _moment(row["date"]),
        "Modified_Time": _moment(row["date"]),
    }


def _moment(day: date) -> str:
    return f"{datetime(day.year, day.month, day.day, 1, 10, 47).isoformat()}+08:00"
