"""Attributes that change with what customers do need a day, or the word of the user that they never change."""

import polars as pl
import pytest

from clvlab.customers import AttributeSettings, read_attributes, refuse_perishable
from clvlab.customers.perishable import perishable
from clvlab.errors import DataError

PERISHABLE = """
    satisfaction nps referral_source 推荐人 pipeline account_level vip_level 会员等级 客户级别 tags customer_tags
    标签 total_spend_crm lifetime_orders 累计消费 积分 points_balance visits visit_count login_count 到店次数
    last_login 最近联系 status churn_flag NPS open_deals 在谈金额 referrals 转介绍次数 客户状态
"""
LASTING = """
    industry province age gender birthday education_level 学历等级 income_level marital_status 婚姻状态
    region 行业 interests stage_name lead_source package heritage created_at employees annual_revenue occupation
"""


def table_of(*attributes, **settings):
    columns = {"customer_id": ["a"], **{name: ["x"] for name in attributes}}
    return read_attributes(pl.DataFrame(columns), AttributeSettings(**settings))


@pytest.mark.parametrize("name", PERISHABLE.split())
def test_what_changes_with_what_customers_do_is_perishable(name):
    (table,) = table_of(name)
    assert perishable(table) == table.columns


@pytest.mark.parametrize("name", LASTING.split())
def test_what_customers_are_is_not(name):
    (table,) = table_of(name)
    assert perishable(table) == []


def test_undated_it_is_refused_and_the_way_out_is_named():
    message = r"'referral_source', 'tags' without a date.*`dated: .*`static: \[referral_source, tags\]`"
    with pytest.raises(DataError, match=message):
        refuse_perishable(table_of("industry", "tags", "referral_source"))


def test_what_is_declared_never_to_change_or_dated_is_let_through():
    refuse_perishable(table_of("推荐人", "referral_source", static=("推荐人", "referral_source")))
    refuse_perishable(table_of("满意度", static=("满意度",)))
    refuse_perishable(table_of("satisfaction", static=("satisfaction",)))
    dated = pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-31"], "nps": [9]})
    refuse_perishable(read_attributes(dated))
    seen = pl.DataFrame({"customer_id": ["a"], "updated": ["2024-01-31"], "nps": [9]})
    refuse_perishable(read_attributes(seen, AttributeSettings(dated=("updated",))))
