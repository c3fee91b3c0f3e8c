"""What says who a customer is: by its heading, or by what most of its values look like."""

import polars as pl
import pytest

from clvlab.customers import is_personal


@pytest.mark.parametrize(
    "heading",
    [
        *("name", "Name", "full_name", "customer name", "First Name", "surname", "contact", "Contact Person"),
        *("phone", "mobile_phone", "Telephone", "tel", "fax", "email", "E-Mail", "mail", "address", "street_address"),
        *(
            "姓名",
            "客户姓名",
            "客户名称",
            "名称",
            "联系人",
            "手机号",
            "联系电话",
            "电子邮箱",
            "邮箱",
            "收货地址",
            "微信号",
            "昵称",
        ),
    ],
)
def test_it_is_known_by_its_heading(heading):
    assert is_personal(pl.Series(heading, ["a", "b"]))


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "city",
            "brand_name",
            "store name",
            "industry",
            "last_contact",
            "contact_channel",
            "customer_type",
            "username_set",
        ),
        *("城市", "门店名称", "产品名称", "行业", "最近联系日期", "客户类型", "省份"),
    ],
)
def test_what_customers_share_is_none(heading):
    assert not is_personal(pl.Series(heading, ["a", "b"]))


@pytest.mark.parametrize(
    "values",
    [
        ["li@example.com", "wang@example.cn", "none"],
        ["138 1234 5678", "+49 (0)30-1234567", None],
        [13_812_345_678, 13_912_345_678],
    ],
)
def test_it_is_known_by_most_of_its_values(values):
    assert is_personal(pl.Series("x", values))


@pytest.mark.parametrize(
    "values",
    [
        ["shop", "web", "li@example.com"],
        ["94107", "94107-1234", "430000"],
        [52_000, 1_200_000],
        [1.5e10, 2.5e10],
        [True, False],
        [None, None],
        [],
    ],
)
def test_other_values_are_none(values):
    assert not is_personal(pl.Series("x", values))
