"""Attributes that change with what customers do: a comparison may see only what was true on its cutoff."""

import re
from collections.abc import Collection, Iterable

from clvlab.customers.attribute_table import AttributeTable
from clvlab.errors import DataError

PERISHABLE = re.compile(
    r"""satisfaction|csat|nps|net.?promoter|feedback|rating|review|satisfied|满意|净推荐|反馈|评价|评分
    |pipeline|open.?deal|opportunit|商机|在谈
    |referral|refer(?:red|rer)|推荐|转介绍
    |^(?:level|tier|grade|vip|points?|visits?|clicks?|opens?|score)$
    |(?:account|member(?:ship)?|customer|client|user|vip|loyalty|service)[\W_]*(?:level|tier|grade|class|rank|points?)
    |(?<!学历)(?<!教育)(?<!收入)(?<!文化)(?:等级|级别)
    |(?<![a-z])(?:tags?|labels?)(?![a-z])|标签
    |(?<![a-z])(?:total|cumulative|lifetime|running|balance|points)(?![a-z])|to.?date|累计|总额|总消费|总计|积分|余额
    |(?<![a-z])(?:spend|spent|purchases|orders)(?![a-z])|消费额|消费金额|消费次数|购买次数|购买金额|订单数
    |(?<![a-z])(?:visits?|visited|visitor|chats?|logins?|sessions?|page.?views?|clicks?)(?![a-z])|访问|登录|浏览|点击|到店
    |^last(?![a-z])|last.?(?:seen|login|visit|order|purchase|activity|contact)|最近|最后|上次
    |(?<!marital)[\W_]status$|^status$|churn|(?<!婚姻)状态|流失""",
    re.IGNORECASE | re.VERBOSE,
)
"""Attributes that change with what customers do: without a day they may come from after a cutoff."""


def perishable(table: AttributeTable) -> list[str]:
    """Attributes of such a kind of which nobody knows when they were true; not those declared never to change."""
    return [] if table.is_dated else sorted(filter(PERISHABLE.search, set(table.columns) - table.static))


def refuse_perishable(
    tables: Iterable[AttributeTable], among: Collection[str] | None = None, leaks_into: str = "groups"
) -> None:
    """Raise DataError where an attribute that changes with what customers do does not say when it was true.

    `among` are the attributes that matter, all by default; the message says what they would leak the future into.
    """
    for table in tables:
        found = [table.headers.get(name, name) for name in perishable(table) if among is None or name in among]
        if found:
            raise DataError(
                f"{table.name} has {', '.join(map(repr, found))} without a date. Such values change with what "
                f"customers do and may come from after the cutoff: they would leak the future into the {leaks_into}. "
                "Give the table a column `date` that says when each value was true, or name the column that does "
                f"(`dated: [<your column>]`). If they never change, say so: `static: [{', '.join(found)}]`."
            )
