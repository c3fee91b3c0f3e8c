"""Which of our columns a header in English or Chinese stands for."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

import yaml


def suggest_columns(headers: Iterable[str]) -> dict[str, str]:
    """Our name -> the header that stands for it, for every column that some header is recognised as.

    A header serves once; where several fit, the one that the catalogue names first.

    >>> suggest_columns(["订单号", "客户 ID", "付款日期", "下单日期", "实付金额"])
    {'customer_id': '客户 ID', 'date': '下单日期', 'amount': '实付金额', 'order_id': '订单号'}
    >>> suggest_columns(["InvoiceNo", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"])["unit_price"]
    'UnitPrice'
    """
    return _recognised(headers, _catalogue())


def suggest_attributes(headers: Iterable[str]) -> dict[str, str]:
    """The same for a table of attributes: `customer_id`, `as_of` (since when a row is true), and attributes.

    >>> suggest_attributes(["会员编号", "省份", "生日", "创建时间", "喜欢的颜色"])
    {'customer_id': '会员编号', 'province': '省份', 'birthday': '生日'}
    """
    ids = {"customer_id": _catalogue()["customer_id"]}
    return _recognised(headers, ids | dict(_catalogue("attributes")))


def _recognised(headers: Iterable[str], catalogue: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Our name -> the first of its known headers that is there."""
    plain: dict[str, str] = {}
    for header in headers:
        plain.setdefault(_plain(header), header)
    found = {
        ours: next((plain[known] for known in known_headers if known in plain), None)
        for ours, known_headers in catalogue.items()
    }
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def distinct(headers: Iterable[str]) -> tuple[list[str], list[str]]:
    """Names that differ, and those that were there more than once: blank and repeated ones get their place.

    >>> distinct(["id", "", "amount", "amount"])
    (['id', 'column (2)', 'amount (3)', 'amount (4)'], ['amount'])
    """
    given = list(headers)
    repeated = sorted({name for name in given if name and given.count(name) > 1})
    names: list[str] = []
    for place, name in enumerate(given, start=1):
        plain = name if name and name not in repeated else f"{name or 'column'} ({place})"
        names.append(plain if plain not in names else f"{plain} ({place})")
    return names, repeated


@cache
def _catalogue(part: str = "log") -> Mapping[str, tuple[str, ...]]:
    """Our name -> known headers, best first; of a log, or of tables of attributes."""
    text = files("clvlab.sources").joinpath("headers.yaml").read_text(encoding="utf-8")
    stored = yaml.safe_load(text)
    attributes = stored.pop("attributes")
    known = attributes if part == "attributes" else stored
    return {ours: tuple(map(_plain, theirs)) for ours, theirs in known.items()}


def _plain(header: str) -> str:
    """Lower case letters and digits alone.

    >>> _plain("Customer-ID "), _plain("客户 ID")
    ('customerid', '客户id')
    """
    return re.sub(r"[\W_]+", "", header.lower())
