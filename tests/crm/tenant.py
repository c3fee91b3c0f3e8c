"""A small tenant of 纷享销客, with the values that trip readers."""

from datetime import date

from clvlab.crm.fakes.fxiaoke import Field, Object, midnight

CUSTOMERS, ORDERS = 130, 250
LABELS = {"group": "clv_group__c", "value": "clv_value__c", "p_alive": "clv_p_alive__c", "as_of": "clv_as_of__c"}
GROUP, VALUE, DAY = LABELS["group"], LABELS["value"], LABELS["as_of"]
ORDER_DAY = date(2020, 4, 4)
MIDNIGHT = 1585929600000
"""The same day, as it travels: in UTC it is still the one before."""


def customer_id(at):
    """Twenty-four hexadecimal digits; those of the oldest records have thirty-two."""
    return f"{at:032x}" if at < 3 else f"60{at:022x}"


def order_id(at):
    return f"62{at:022x}"


def tenant(money="order_amount", *, has_currencies=False):
    """Customers, orders and opportunities; the money of orders in a field of the tenant's own by choice."""
    stamps = {"lock_status": "0", "is_deleted": False, "version": 4, "last_modified_time": MIDNIGHT + 4_247_000}
    customers = {
        customer_id(at): {
            "_id": customer_id(at),
            "name": f"Firm {at // 2}",
            "account_no": f"KH-{at:04d}",
            "account_level": "1" if at % 3 == 0 else None,
            "account_type": "option1",
            "industry_level1": "x7Kp2Qw9Z" if at % 2 else None,
            "province": "249",
            "tags__c": ["a", "b"] if at == 0 else [],
            "owner": ["1000"],
            "last_followed_time": MIDNIGHT + 60_000 if at == 0 else None,
            "tel": "+86 571 8800 1234",
            "email": f"office{at}@firm.example",
            "deal_status": "2",
            "life_status": "normal",
            **stamps,
        }
        for at in range(CUSTOMERS)
    }
    orders = {
        order_id(at): {
            "_id": order_id(at),
            "name": f"20200404-{at:06d}",
            "account_id": customer_id(at % CUSTOMERS),
            "order_time": MIDNIGHT,
            money: f"{100 + at}.50",
            "life_status": "normal" if at % 10 else "under_review",
            "approved__c": "yes9" if at % 2 else "no9",
            "mc_currency": "CNY",
            "owner": ["1000"],
            **stamps,
        }
        for at in range(ORDERS)
    }
    assert midnight(ORDER_DAY) == MIDNIGHT
    opportunities = {
        f"64{at:022x}": {
            "_id": f"64{at:022x}",
            "account_id": customer_id(at),
            "close_date": MIDNIGHT,
            "amount": f"{10 * (at + 1)}.00",
            "sales_status": status,
            "life_status": "normal",
            **stamps,
        }
        for at, status in enumerate("2134")
    }
    of_all = _fields(
        Field("name"),
        Field("owner", "employee"),
        Field("life_status", "select_one", options={"normal": "正常", "under_review": "审核中", "invalid": "作废"}),
        Field("lock_status", "select_one", options={"0": "未锁定", "1": "锁定"}, is_computed=True),
        Field("is_deleted", "true_or_false", is_computed=True),
        Field("version", "number", is_computed=True),
        Field("last_modified_time", "date_time", is_computed=True),
    )
    of_customers = _fields(
        Field("account_no", "auto_number", "客户编号", is_computed=True),
        Field("account_level", "select_one", options={"1": "重要客户"}),
        Field("account_type", "select_one", options={"option1": "经销商"}),
        Field("industry_level1", "select_one", options={"x7Kp2Qw9Z": "商业照明"}),
        Field("province", "province", options={"249": "浙江"}),
        Field("tags__c", "select_many", options={"a": "甲", "b": "乙"}),
        Field("deal_status", "select_one", options={"2": "已成交"}, is_computed=True),
        Field("last_followed_time", "date_time", is_computed=True),
        Field("tel", "phone_number"),
        Field("email", "email"),
        Field(GROUP, label="客户分组", length=30),
        Field(VALUE, "currency", "客户价值", decimals=2),
        Field(LABELS["p_alive"], "number", "活跃概率", decimals=4),
        Field(DAY, "date", "分组截止日"),
    )
    of_orders = _fields(
        Field("account_id", "object_reference"),
        Field("order_time", "date"),
        Field(money, "currency", decimals=2),
        Field("approved__c", "select_one", options={"yes9": "已审核", "no9": "未审核"}),
    )
    of_orders |= _fields(Field("mc_currency", "select_one")) if has_currencies else {}
    of_opportunities = _fields(
        Field("account_id", "object_reference"),
        Field("close_date", "date"),
        Field("amount", "currency", decimals=2),
        Field("sales_status", "select_one", options={"1": "进行中", "2": "赢单", "3": "输单", "4": "无效"}),
    )
    return {
        "AccountObj": Object(of_all | of_customers, customers),
        "SalesOrderObj": Object(of_all | of_orders, orders),
        "NewOpportunityObj": Object(of_all | of_opportunities, opportunities),
    }


def _fields(*fields):
    return {each.name: each for each in fields}
