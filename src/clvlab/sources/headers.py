"""Which of our columns a header in English or Chinese stands for, and in which row of a file the header is."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from statistics import median
from typing import Literal

from clvlab.shipped import shipped

Kind = Literal["log", "attributes", "status", "returns", "exports"]
_ID = ".id"
_ENOUGH_OF_LOG = {"customer_id", "date", "amount"}
_SEARCHED, _SEARCHED_CELLS = 100, 200_000
_ENOUGH, _PLENTY = 2, 3
_NUMBER = re.compile(r"\s*[-+]?\d[\d.,]*\s*")


def suggest_columns(headers: Iterable[str]) -> dict[str, str]:
    """Our name -> the header that stands for it, for each column of a log that is recognised.

    A header serves once; where several fit, the one that the catalogue names first. Of a customer's name and id,
    which Zoho CRM calls X and X.id, it is the id.

    >>> suggest_columns(["订单号", "客户 ID", "付款日期", "下单日期", "实付金额(元)"])
    {'customer_id': '客户 ID', 'date': '下单日期', 'amount': '实付金额(元)', 'order_id': '订单号'}
    >>> suggest_columns(["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"])["unit_price"]
    'UnitPrice'
    >>> suggest_columns(["客户名称.id", "客户名称"])
    {'customer_id': '客户名称.id'}
    """
    return _recognised(headers, "log")


def columns_of_export(headers: Sequence[str]) -> dict[str, str]:
    """The same for a list of purchases exported from Zoho CRM or 纷享销客; nothing for any other table.

    >>> columns_of_export(["Record Id", "Amount", "Closing Date", "Account Name.id", "Account Name"])["customer_id"]
    'Account Name.id'
    >>> columns_of_export(["Account Name", "Closing Date", "Amount"])
    {}
    """
    signs = _recognised(headers, "exports")
    if "fxiaoke" not in signs and not ("zoho" in signs and any(header.endswith(_ID) for header in headers)):
        return {}
    found = _recognised(headers, "log")
    return found if found.keys() >= _ENOUGH_OF_LOG else {}


def suggest_attributes(headers: Iterable[str]) -> dict[str, str]:
    """The same for a table of attributes: `customer_id`, `as_of` (since when a row is true), and attributes.

    >>> suggest_attributes(["会员编号", "省份", "生日", "创建时间", "喜欢的颜色"])
    {'customer_id': '会员编号', 'province': '省份', 'birthday': '生日'}
    """
    return _recognised(headers, "attributes")


def suggest_returns(headers: Iterable[str]) -> dict[str, str]:
    """The same for a table of returns, in which the day and the amount are those of the return.

    >>> suggest_returns(["订单号", "下单日期", "退款日期", "退款金额"])
    {'date': '退款日期', 'order_id': '订单号', 'amount': '退款金额'}
    """
    return _recognised(headers, "log") | _recognised(headers, "returns")


def suggest_states(headers: Iterable[str]) -> dict[Literal["status", "stage"], str]:
    """The headers of columns that say what became of an order (status), and how far a deal or record is (stage).

    >>> suggest_states(["订单号", "订单状态", "实付金额", "生命状态"])
    {'status': '订单状态', 'stage': '生命状态'}
    """
    return _recognised(headers, "status")  # type: ignore[return-value]


def _recognised(headers: Iterable[str], kind: Kind) -> dict[str, str]:
    """Our name -> the first of its known headers that is there."""
    plain: dict[str, str] = {}
    for header in headers:
        plain.setdefault(plain_header(header), header)
    first = {
        ours: next((plain[known] for known in theirs if known in plain), None)
        for ours, theirs in known_headers()[kind].items()
    }
    found = {ours: theirs for ours, theirs in first.items() if theirs is not None}
    if (name := found.get("customer_id")) and name + _ID in plain.values():
        found["customer_id"] = name + _ID
    return found


def header_at(records: Sequence[Sequence[str | None]], names: Collection[str] = ()) -> int:
    """The place of the header among the first records of a table, above which lines may say what the table is.

    It is the record that has all the `names`, else the first one that looks like a header, unless that is not
    recognised at all and another one clearly is.

    >>> header_at([["Sales report 2024"], [], ["Customer", "Order date", "Total"], ["Ann", "2024-01-31", "5"]])
    2
    """
    cells = accumulate(len(record) for record in records[:_SEARCHED])
    searched = range(max(1, sum(1 for so_far in cells if so_far <= _SEARCHED_CELLS)))
    wanted = {plain_header(name) for name in names}
    for at in searched if wanted else ():
        if wanted <= {plain_header(cell or "") for cell in records[at]}:
            return at
    recognised = [_n_recognised(records[at]) for at in searched]
    first = _first_full(records)
    best = max(searched, key=lambda at: (recognised[at], -at))
    enough = _ENOUGH if best < first else _PLENTY
    at_first = recognised[first] if first < len(recognised) else 0
    return best if recognised[best] >= max(enough, at_first + 2) else first


def _first_full(records: Sequence[Sequence[str | None]]) -> int:
    """The first record with more than half as many cells as most records below have.

    Where that one holds numbers, it is a row, and the very first one the header.
    """
    filled = [sum(1 for cell in record if cell and cell.strip()) for record in records]
    usual = median([count for count in filled if count][-_SEARCHED:] or [1])
    full = [at for at, count in enumerate(filled[:_SEARCHED]) if count and 2 * count > usual]
    if full and not any(_NUMBER.fullmatch(cell or "") for cell in records[full[0]]):
        return full[0]
    return next((at for at, count in enumerate(filled) if count), 0)


def _n_recognised(record: Sequence[str | None]) -> int:
    """How many cells are headers that the catalogue knows, each meaning something else."""
    known = {plain_header(cell) for cell in record if cell} & _every_header().keys()
    return len({_every_header()[header] for header in known})


def distinct(headers: Iterable[str]) -> tuple[list[str], list[str]]:
    """Names that differ, and those that were there more than once: blank and repeated ones get their place.

    >>> distinct(["id", "", "amount", "amount"])
    (['id', 'column (2)', 'amount (3)', 'amount (4)'], ['amount'])
    """
    given = list(headers)
    repeated = {name for name, n in Counter(given).items() if name and n > 1}
    names: dict[str, None] = {}
    for place, name in enumerate(given, start=1):
        plain = name if name and name not in repeated else f"{name or 'column'} ({place})"
        names[plain if plain not in names else f"{plain} ({place})"] = None
    return list(names), sorted(repeated)


@cache
def known_headers() -> Mapping[Kind, Mapping[str, tuple[str, ...]]]:
    """Kind of table -> our name -> the headers that stand for it, as `plain_header` writes them."""
    return {
        kind: {ours: tuple(map(plain_header, theirs)) for ours, theirs in columns.items()}
        for kind, columns in shipped("sources", "headers.yaml").items()
    }


@cache
def _every_header() -> Mapping[str, str]:
    """Header -> what it stands for in some kind of table."""
    return {
        header: ours
        for columns in known_headers().values()
        for ours, headers in columns.items()
        for header in headers
    }


@lru_cache(maxsize=2**15)
def plain_header(header: str) -> str:
    """Lower case letters and digits alone, without a unit or a remark in brackets behind them.

    >>> plain_header("Customer-ID "), plain_header("客户 ID"), plain_header("销售订单金额（元）（必填）")
    ('customerid', '客户id', '销售订单金额')
    """
    text = unicodedata.normalize("NFKC", header).lower()
    bare = re.sub(r"(?<=.)\([^()]*\)|(?<=.)\[[^][]*\]|(?<=.)【[^】]*】", "", text)
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", text)
