"""What every CRM can do for us: give its orders and customers, and take labels, by the ids of its own records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

import polars as pl

Status = Literal["written", "refused", "unknown", "ignored"]
Kind = Literal["text", "number", "day"]


@dataclass(frozen=True)
class Account:
    """What was read of one kind of record: how many rows, in how many replies, changed when first and last."""

    module: str
    rows: int
    pages: int
    first_modified: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, eq=False)
class Customers:
    """What a CRM knows of its customers.

    Attributes
    ----------
    lasting : customer_id and what does not change with what customers do
    passing : customer_id and what is true on the day of reading, such as a grade
    """

    lasting: pl.DataFrame
    passing: pl.DataFrame


@dataclass(frozen=True)
class LabelField:
    """A field of a customer's record that takes labels: what it holds, how long a text, how many decimals."""

    name: str
    kind: Kind
    length: int | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a record that was to be written.

    Attributes
    ----------
    status : written, refused (with the CRM's code), unknown (its reply was lost, and so was what asked again), or
        ignored (the CRM said that it was written, and the record has not changed)
    """

    id: str
    status: Status
    code: str = ""


@dataclass(frozen=True)
class Row:
    """Values for the fields of one record; None clears a field."""

    id: str
    values: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def same(one: Any, other: Any) -> bool:
    """Whether a CRM means the same by two values of a field: nothing and an empty text, numbers to six decimals.

    >>> same(None, ""), same(0.1 + 0.2, 0.3), same("loyal", "lost")
    (True, True, False)
    """
    if one in (None, "") and other in (None, ""):
        return True
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(float(one) - float(other)) < 5e-7
    return bool(one == other)


class Crm(Protocol):
    """A CRM that is connected."""

    name: str
    accounts: list[Account]
    largest_batch: int

    def orders(self) -> pl.DataFrame:
        """customer_id, date, amount, order_id, and what else tells whether a row is a purchase."""

    def customers(self) -> Customers:
        """What is known of customers, those without an order among them; no phone, no e-mail, no address."""

    def label_fields(self, names: Sequence[str]) -> list[LabelField]:
        """The fields of these names; ParamsError where one is missing or cannot be written."""

    def labels(self, names: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
        """customer_id and the present values of these fields, of all customers or of some."""

    def write_labels(self, rows: Sequence[Row]) -> list[Outcome]:
        """Write values into records that are there, at most `largest_batch`, setting off no automation."""

    def close(self) -> None:
        """Close the connections."""
