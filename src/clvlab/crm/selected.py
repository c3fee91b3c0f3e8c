"""Which fields of which records are read, and what is made of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

import polars as pl

from clvlab.crm.protocol import ModuleRead
from clvlab.errors import ParamsError
from clvlab.sources.faults import fault


@dataclass(frozen=True)
class OrdersRead:
    """The module of purchases and its fields; `more` are our names of others."""

    module: str
    customer: str
    date: str
    amount: str
    more: Mapping[str, str]

    @property
    def asked(self) -> list[str]:
        """The fields, each once."""
        return [*dict.fromkeys([self.customer, self.date, self.amount, *self.more.values()])]


@dataclass(frozen=True)
class CustomersRead:
    """The module of customers and its fields under our names: what lasts, and what is true only today."""

    module: str
    lasting: Mapping[str, str]
    passing: Mapping[str, str]

    @property
    def asked(self) -> list[str]:
        """The fields, each once."""
        return [*dict.fromkeys([*self.lasting.values(), *self.passing.values()])]


def check(module: str, known: Iterable[str], names: Iterable[str]) -> None:
    """ParamsError where a module does not have a field of one of these names."""
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            if near:
                raise fault("crm_no_field_near", ParamsError, module=module, field=repr(name), near=repr(near[0]))
            raise fault("crm_no_field", ParamsError, module=module, field=repr(name))


def check_impersonal(kinds: Mapping[str, str], fields: Mapping[str, str], personal: Iterable[str]) -> None:
    """ParamsError where a field (our name: theirs) is of a kind by which somebody can be contacted."""
    for name, field in fields.items():
        if kinds[field] in personal:
            raise fault("crm_personal", ParamsError, attribute=name, field=repr(field))


def module_read(module: str, moments: Iterable[str], rows: int, pages: int) -> ModuleRead:
    """What was read of a module, by the moments at which its records were changed."""
    in_order = sorted(moments, key=datetime.fromisoformat)
    first, last = (in_order[0], in_order[-1]) if in_order else (None, None)
    return ModuleRead(module, rows, pages, first, last)


def number(value: Any) -> float | None:
    """A number, also where it is a text; None where it is none."""
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def table(
    rows: Sequence[Mapping[str, Any]],
    fields: Mapping[str, str],
    key: str,
    text: Callable[[str, Mapping[str, Any]], str | None],
) -> pl.DataFrame:
    """customer_id, which is the field `key`, and fields under our names, by what `text` makes of a field's value."""
    columns = {ours: [text(theirs, row) for row in rows] for ours, theirs in fields.items()}
    schema = dict.fromkeys(("customer_id", *fields), pl.String)
    return pl.DataFrame({"customer_id": [row[key] for row in rows], **columns}, schema)
