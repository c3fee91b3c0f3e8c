import pytest

from clvlab.columns import LOG, names
from clvlab.sources.headers import known_headers, suggest_columns


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            "客户编号 下单日期 付款日期 实付金额",
            {"customer_id": "客户编号", "date": "下单日期", "amount": "实付金额"},
        ),
        ("客户编号 付款日期 实付金额", {"customer_id": "客户编号", "date": "付款日期", "amount": "实付金额"}),
        (
            "Account_Name Closing_Date Amount",
            {"customer_id": "Account_Name", "date": "Closing_Date", "amount": "Amount"},
        ),
        ("客户ID 订单日期 销售额", {"customer_id": "客户ID", "date": "订单日期", "amount": "销售额"}),
        (
            "Customer_ID Customer_Name Order_Date Sales",
            {"customer_id": "Customer_ID", "date": "Order_Date", "amount": "Sales"},
        ),
        ("a b c", {}),
    ],
)
def test_headers_in_both_languages_are_recognised(headers, expected):
    assert suggest_columns(headers.split()) == expected


def test_headers_with_spaces_and_odd_case():
    got = suggest_columns(["Account Name", " CLOSING DATE", "客户 ID", "InvoiceDate"])
    assert got == {"customer_id": "客户 ID", "date": "InvoiceDate"}


def test_every_column_of_the_log_has_headers_and_no_header_stands_for_two():
    assert set(known_headers()["log"]) == set(names(LOG))
    for columns in known_headers().values():
        known = [header for headers in columns.values() for header in headers]
        assert len(known) == len(set(known))
