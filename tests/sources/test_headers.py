import pytest

from clvlab.columns import LOG, names
from clvlab.sources.headers import known_headers, suggest_attributes, suggest_columns


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


def test_headers_of_attributes_are_recognised_in_both_languages():
    chinese = ["会员编号", "省份", "行业", "性别", "年龄", "生日", "满意度", "调查日期"]
    english = ["Customer ID", "Province", "Industry", "Sex", "Age", "Date of Birth", "Satisfaction", "Survey Date"]
    ours = ["customer_id", "province", "industry", "gender", "age", "birthday", "satisfaction", "as_of"]
    for headers in (chinese, english):
        assert sorted(suggest_attributes(headers).items()) == sorted(zip(ours, headers, strict=True))


@pytest.mark.parametrize(
    "stamp", ["created_at", "Created Time", "time", "创建时间", "更新时间", "Modified Time", "注册日期"]
)
def test_a_stamp_of_a_record_does_not_say_since_when_it_is_true(stamp):
    assert "as_of" not in suggest_attributes([stamp])


def test_the_header_that_the_catalogue_names_first_goes_before_the_one_that_comes_first():
    assert suggest_columns(["付款日期", "下单日期"])["date"] == "下单日期"
    assert suggest_columns(["total", "amount"])["amount"] == "amount"


@pytest.mark.parametrize("written", ["customer_id", "Customer ID", "CUSTOMER-ID", " customer.id ", "CustomerId"])
def test_case_blanks_and_marks_do_not_count(written):
    assert suggest_columns([written]) == {"customer_id": written}


def test_of_two_headers_that_differ_in_marks_alone_the_first_serves():
    assert suggest_columns(["Order Date", "order_date"]) == {"date": "Order Date"}


@pytest.mark.parametrize("header", ["", " ", "---", "customerx", "update", "mandate", "amounts due"])
def test_what_merely_contains_a_known_word_is_not_recognised(header):
    assert suggest_columns([header]) == {}


def test_a_column_is_found_for_every_name_of_ours():
    assert suggest_columns(names(LOG)) == {name: name for name in names(LOG)}
