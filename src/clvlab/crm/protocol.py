"""What CRMs and databases can do for us: give orders and customers, and take labels, by the ids of their records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, Protocol

import polars as pl

Status = Literal["written", "refused", "unknown", "ignored"]
Kind = Literal["text", "number", "day"]
Since = Mapping[str, str]
"""Module -> the moment since when what has changed is asked for, a text of ISO 8601 with its offset."""
NEVER: Since = MappingProxyType({})
NO_ANSWERS = pl.DataFrame(
    schema={"record_id": pl.String, "customer_id": pl.String, "date": pl.String, "satisfaction": pl.Float64}
)
NO_DEALS = pl.DataFrame(
    schema={"customer_id": pl.String, "date": pl.String, "amount": pl.Float64, "order_id": pl.String}
)


@dataclass(frozen=True)
class ModuleRead:
    """What was read of one kind of record: how many rows, in how many replies, changed when first and last.

    Moments are texts of ISO 8601 with their offset.
    """

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
    answers : record_id, customer_id, date (a text), satisfaction: what customers answered, and when
    gone : those who were customers and are no more, though nobody deleted them, such as a lead that became an account
    """

    lasting: pl.DataFrame
    passing: pl.DataFrame
    answers: pl.DataFrame = field(default_factory=lambda: NO_ANSWERS)
    gone: frozenset[str] = frozenset()


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


def forget(name: str) -> None:
    """Keep no name of what goes on in a CRM."""


class UntoldError(Exception):
    """What was deleted is too much to be told: all has to be read."""


class TakesLabels(Protocol):
    """What is connected and takes labels: a CRM, or a table of a database.

    Attributes
    ----------
    name : by which the params know it
    most : how many records are labelled at once, unless more are asked for
    """

    name: str
    most: int

    @property
    def import_suffix(self) -> str | None:
        """What the names of files for its own import end with; None where it has no import."""

    def label_fields(self, names: Sequence[str]) -> list[LabelField]:
        """The fields of these names; ParamsError where one is missing or cannot be written."""

    def labels(self, names: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
        """customer_id and the present values of these fields, of all customers or of some."""

    def batches(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """The rows in parts that write_labels() takes."""

    def write_labels(self, rows: Sequence[Row], begun: Callable[[str], None] = forget) -> list[Outcome]:
        """Write values into records that are there, one of `batches`, setting off no automation.

        `begun` is told the name of what goes on in the CRM even if this process ends.
        """

    def settle(self, name: str) -> None:
        """Wait until what an earlier process has begun under this name has ended."""

    def import_file(self, rows: Sequence[Row], names: Sequence[str]) -> bytes:
        """A file for the CRM's own import of these fields; values are texts."""

    def close(self) -> None:
        """Close the connections."""


class Crm(TakesLabels, Protocol):
    """A CRM that is connected.

    Attributes
    ----------
    purchases : the module of purchases
    reads : what was read
    """

    purchases: str
    reads: list[ModuleRead]

    def selection(self) -> str:
        """A text that differs wherever the organisation, the modules or the fields that are read differ."""

    def orders(self, since: Since = NEVER) -> pl.DataFrame:
        """customer_id, date, amount, order_id, and what else tells whether a row is a purchase: always these columns.

        Of a module that `since` has, only the records that have changed since then; others are read whole.
        """

    def deals(self, since: Since = NEVER) -> pl.DataFrame:
        """The same of deals that are no purchases, where the params ask for their pipeline; else no rows."""

    def customers(self, since: Since = NEVER) -> Customers:
        """What is known of customers, those without an order among them; no phone, no e-mail, no address.

        Of a module that `since` has, only the records that have changed since then; others are read whole.
        """

    def deleted(self) -> frozenset[str] | None:
        """The ids of records that orders() and customers() might have given and that were deleted, as far back as the
        CRM remembers; None where it never tells, UntoldError where it does not at present.
        """
