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
    plain: dict[str, str] = {}
    for header in headers:
        plain.setdefault(_plain(header), header)
    found = {
        ours: next((plain[known] for known in known_headers if known in plain), None)
        for ours, known_headers in _catalogue().items()
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
def _catalogue() -> Mapping[str, tuple[str, ...]]:
    text = files("clvlab.sources").joinpath("headers.yaml").read_text(encoding="utf-8")
    return {ours: tuple(map(_plain, theirs)) for ours, theirs in yaml.safe_load(text).items()}


def _plain(header: str) -> str:
    """Lower case letters and digits alone.

    >>> _plain("Customer-ID "), _plain("客户 ID")
    ('customerid', '客户id')
    """
    return re.sub(r"[\W_]+", "", header.lower())
