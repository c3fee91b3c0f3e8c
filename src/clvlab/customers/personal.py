"""Which attributes say who a customer is: names, phone numbers, e-mail and other addresses."""

import re

import polars as pl

_CALLED = re.compile(
    r"^(?:(?:full|first|last|middle|family|given|customer|client|account|contact|buyer|member|user|company|nick)"
    r"[\W_]*)?name$|^surname$|^contact(?:[\W_]*person)?$|phone|^mobile|^tel$|^fax$|e[\W_]?mail|^mail$|address$"
    r"|wechat|^qq$|姓名|^(?:客户|会员|账户|公司|单位)?名称?$|昵称|用户名|联系人|电话|手机|传真|邮箱|邮件|微信|地址|身份证",
    re.IGNORECASE,
)
_MAIL = r"^\s*[^@\s]+@[^@\s]+\.[^@\s.]+\s*$"
_PHONE = r"^\s*\+?(?:[\s()./-]*\d){10,15}\s*$"
_SHORTEST_PHONE = 1e9


def is_personal(attribute: pl.Series) -> bool:
    """Whether an attribute is called as one that says who a customer is, or most of its values look like it.

    >>> is_personal(pl.Series("Kontakt", ["li@example.com", None])), is_personal(pl.Series("city", ["Bern"]))
    (True, False)
    """
    if _CALLED.search(attribute.name):
        return True
    known = attribute.drop_nulls()
    if known.dtype.is_integer():
        telling = (known >= _SHORTEST_PHONE).sum()
    elif known.dtype == pl.String:
        telling = (known.str.contains(_MAIL) | known.str.contains(_PHONE)).sum()
    else:
        return False
    return 2 * int(telling) > len(known)
