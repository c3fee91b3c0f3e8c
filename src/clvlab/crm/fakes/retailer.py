"""The simulated lighting retailer as an organisation of Zoho CRM, or as a tenant of 纷享销客."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from clvlab.crm.fakes import fxiaoke
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
FXIAOKE_LABELS = {ours: f"{theirs.lower()}__c" for ours, theirs in LABELS.items()}
"""The fields of accounts that are made for labels."""


def retailer(n_customers: int = 3_000, seed: int = 1) -> dict[str, Module]:
    """Accounts, Deals and Invoices: won and paid ones for each order that brought money, and others that are none."""
    people, orders = _people_and_orders(n_customers, seed)
    ids = {row["customer_id"]: str(FIRST_ACCOUNT + at) for at, row in enumerate(people.iter_rows(named=True))}
    accounts = {
        ids[row["customer_id"]]: _account(ids[row["customer_id"]], at, row)
        for at, row in enumerate(people.iter_rows(named=True))
    }
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


def _people_and_orders(n_customers: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Who the customers are, by customer_id; and the orders that brought money, by day."""
    log = lighting(n_customers=n_customers, seed=seed)
    orders = (
        log.data.group_by("order_id", "customer_id")
        .agg(date=pl.col("date").min(), amount=pl.col("amount").sum().round(2))
        .filter(pl.col("amount") > 0)
        .sort("date", "order_id")
    )
    return log.attributes[0].sort("customer_id"), orders


def tenant(n_customers: int = 3_000, seed: int = 1) -> dict[str, fxiaoke.Object]:
    """客户, 销售订单 and 商机2.0 of the same retailer: orders that brought money, and others not in force."""
    people, orders = _people_and_orders(n_customers, seed)
    ids = {row["customer_id"]: _hex(at) for at, row in enumerate(people.iter_rows(named=True))}
    codes = {name: str(240 + at) for at, name in enumerate(people["province"].drop_nulls().unique().sort())}
    accounts = {
        ids[row["customer_id"]]: _customer(ids[row["customer_id"]], at, row, codes)
        for at, row in enumerate(people.iter_rows(named=True))
    }
    sales: dict[str, dict[str, Any]] = {}
    deals: dict[str, dict[str, Any]] = {}
    for at, row in enumerate(orders.iter_rows(named=True)):
        customer = ids[row["customer_id"]]
        for place, state in enumerate(("normal", _NOT_IN_FORCE[at % 3])[: 1 + (at % _EVERY == 0)]):
            order = f"62{2 * at + place:022x}"
            sales[order] = _sale(order, at, row, customer, state)
        deal = f"64{at:022x}"
        deals[deal] = _opportunity(deal, row, customer, "2" if at % _EVERY else "1")
    province = fxiaoke.Field("province", "province", "省", options={code: name for name, code in codes.items()})
    return {
        "AccountObj": fxiaoke.Object(_named_in_chinese((*_OF_CUSTOMERS, province)), accounts),
        "SalesOrderObj": fxiaoke.Object(_named_in_chinese(_OF_SALES), sales),
        "NewOpportunityObj": fxiaoke.Object(_named_in_chinese(_OF_OPPORTUNITIES), deals),
    }


def _hex(at: int) -> str:
    """The id of a record: 24 hexadecimal digits, those of old ones 32."""
    return f"{at:032x}" if at % 10 == 0 else f"60{at:022x}"


def _named_in_chinese(fields: tuple[fxiaoke.Field, ...]) -> dict[str, fxiaoke.Field]:
    return {each.name: each for each in (*fields, *_OF_ALL)}


_NOT_IN_FORCE = ("ineffective", "under_review", "invalid")
_LIFE = {
    "normal": "正常",
    "ineffective": "未生效",
    "under_review": "审核中",
    "in_change": "变更中",
    "invalid": "作废",
}
_TRADES = {"Home": "option1", "Commercial lighting": "x7Kp2Qw9Z", "Industrial lighting": "industrial"}
_OF_ALL = (
    fxiaoke.Field("_id"),
    fxiaoke.Field("name", label="名称"),
    fxiaoke.Field("owner", "employee", "负责人"),
    fxiaoke.Field("life_status", "select_one", "生命状态", options=_LIFE, is_computed=True),
    fxiaoke.Field("lock_status", "select_one", "锁定状态", options={"0": "未锁定", "1": "锁定"}, is_computed=True),
    fxiaoke.Field("is_deleted", "true_or_false", "是否删除", is_computed=True),
    fxiaoke.Field("version", "number", is_computed=True),
    fxiaoke.Field("create_time", "date_time", "创建时间", is_computed=True),
    fxiaoke.Field("last_modified_time", "date_time", "最后修改时间", is_computed=True),
)
_OF_CUSTOMERS = (
    fxiaoke.Field("account_no", "auto_number", "客户编号", is_computed=True),
    fxiaoke.Field("account_level", "select_one", "客户级别", options={"1": "重要客户", "2": "普通客户"}),
    fxiaoke.Field("account_type", "select_one", "客户类型", options={"option1": "经销商", "option2": "终端客户"}),
    fxiaoke.Field("account_source", "select_one", "来源", options={"1": "展会", "other": "其他"}),
    fxiaoke.Field(
        "industry_level1",
        "select_one",
        "1级行业",
        options={code: _INDUSTRIES[trade] for trade, code in _TRADES.items()},
    ),
    fxiaoke.Field("city", "city", "市"),
    fxiaoke.Field("deal_status", "select_one", "成交状态", options={"1": "未成交", "2": "已成交"}, is_computed=True),
    fxiaoke.Field("total_order_amount", "currency", "累计订单金额", is_computed=True),
    fxiaoke.Field("last_followed_time", "date_time", "最后跟进时间", is_computed=True),
    fxiaoke.Field("tel", "phone_number", "电话"),
    fxiaoke.Field("email", "email", "邮件"),
    fxiaoke.Field(FXIAOKE_LABELS["group"], label="客户分组", length=30),
    fxiaoke.Field(FXIAOKE_LABELS["group_name"], label="客户分组名称", length=100),
    fxiaoke.Field(FXIAOKE_LABELS["value"], "currency", "客户价值", decimals=2),
    fxiaoke.Field(FXIAOKE_LABELS["p_alive"], "number", "活跃概率", decimals=4),
    fxiaoke.Field(FXIAOKE_LABELS["as_of"], "date", "分组截止日"),
    fxiaoke.Field(FXIAOKE_LABELS["due"], "date", "待跟进"),
)
_OF_SALES = (
    fxiaoke.Field("account_id", "object_reference", "客户名称"),
    fxiaoke.Field("order_time", "date", "下单日期"),
    fxiaoke.Field("order_amount", "currency", "销售订单金额(元)", decimals=2),
    fxiaoke.Field("order_status", "select_one", "订单状态", options={"6": "确认中", "7": "已确认"}),
)
_OF_OPPORTUNITIES = (
    fxiaoke.Field("account_id", "object_reference", "客户名称"),
    fxiaoke.Field("close_date", "date", "预计成交日期"),
    fxiaoke.Field("amount", "currency", "商机金额", decimals=2),
    fxiaoke.Field(
        "sales_status", "select_one", "状态", options={"1": "进行中", "2": "赢单", "3": "输单", "4": "无效"}
    ),
)


def _stamped(record: str, name: str, day: date, state: str = "normal") -> dict[str, Any]:
    begins = fxiaoke.midnight(day)
    return {
        "_id": record,
        "name": name,
        "owner": [fxiaoke.USER],
        "life_status": state,
        "lock_status": "0",
        "is_deleted": False,
        "version": 1,
        "create_time": begins,
        "last_modified_time": begins + 4_247_000,
    }


def _customer(record: str, at: int, row: Mapping[str, Any], codes: Mapping[str, str]) -> dict[str, Any]:
    day = date(2023, 1, 1) + timedelta(days=at % 300)
    return _stamped(record, f"{at // 2} 照明", day) | {
        "account_no": f"KH-{at:06d}",
        "account_level": "1" if at % 4 == 0 else "2" if at % 4 == 1 else None,
        "account_type": "option1" if at % 3 == 0 else "option2",
        "account_source": "1" if at % 2 else "other",
        "industry_level1": _TRADES.get(row["industry"]),
        "province": codes.get(row["province"]),
        "city": None,
        "deal_status": "2",
        "total_order_amount": "0.00",
        "last_followed_time": fxiaoke.midnight(day) + 60_000 if at % 5 == 0 else None,
        "tel": "+86 571 8800 1234",
        "email": f"office{at}@customer.example",
    }


def _sale(record: str, at: int, row: Mapping[str, Any], customer: str, state: str) -> dict[str, Any]:
    return _stamped(record, f"{row['date']:%Y%m%d}-{at:06d}", row["date"], state) | {
        "account_id": customer,
        "order_time": fxiaoke.midnight(row["date"]),
        "order_amount": f"{row['amount']:.2f}",
        "order_status": "7",
    }


def _opportunity(record: str, row: Mapping[str, Any], customer: str, status: str) -> dict[str, Any]:
    return _stamped(record, f"商机 {row['order_id']}", row["date"]) | {
        "account_id": customer,
        "close_date": fxiaoke.midnight(row["date"]),
        "amount": f"{row['amount']:.2f}",
        "sales_status": status,
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
