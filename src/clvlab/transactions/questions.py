"""Doubts that are questions: figures of a report depend on them, and only the user knows the answer.

A report is made all the same, on what was taken for now, and says so.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from clvlab.errors import ClvlabWarning

SETTLED_BY: Mapping[str, str] = MappingProxyType(
    {
        "dates_after_today": "as_of",
        "lone_last_day": "as_of",
        "counted_in_utc": "time_zone",
        "states_unused": "where",
        "one_id_above_all": "guests",
        "amount_out_of_proportion": "largest_amount",
        "credits_negative": "signs",
        "points_of_thousands": "decimal",
    }
)
"""Code of a warning -> the key of the params whose value, whatever it is, is the answer."""


def is_open(code: str, answered: Collection[str]) -> bool:
    """Whether a doubt is a question that none of the keys given answers.

    >>> is_open("one_id_above_all", {"as_of"}), is_open("one_id_above_all", {"guests"}), is_open("ids_cut", ())
    (True, False, False)
    """
    return code in SETTLED_BY and SETTLED_BY[code] not in answered


def kept(doubts: Collection[ClvlabWarning]) -> list[dict[str, Any]]:
    """What a report may have to ask, as plain values: code and figures. Its day is always given."""
    return [{"code": it.code, "figures": dict(it.figures)} for it in doubts if is_open(it.code, {"as_of"})]
