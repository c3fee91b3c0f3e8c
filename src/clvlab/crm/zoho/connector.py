"""Zoho CRM by its REST interface."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.crm.protocol import (
    NEVER,
    NO_ANSWERS,
    NO_DEALS,
    Customers,
    Kind,
    LabelField,
    ModuleRead,
    Outcome,
    Row,
    Since,
    forget,
)
from clvlab.crm.recovery import write_once
from clvlab.crm.selected import check
from clvlab.crm.transport import Transport
from clvlab.crm.zoho.bulk import PER_UPDATE, BulkJobs, batches
from clvlab.crm.zoho.connection import Connection, wrong
from clvlab.crm.zoho.records import CHANGED, Records
from clvlab.crm.zoho.selection import Selection
from clvlab.crm.zoho.values import VALUES
from clvlab.errors import ParamsError
from clvlab.params.source import ZohoSource
from clvlab.sources.faults import fault

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "double": "number",
        "currency": "number",
        "integer": "number",
        "date": "day",
        "text": "text",
        "textarea": "text",
    }
)
_SKIP = [{"name": "cadences"}, {"name": "assignment_rules"}, {"name": "connected_workflows"}]


class ZohoCrm:
    """One organisation of Zoho CRM.

    Parameters
    ----------
    source
        as the parameters of a run have it
    transport
        what calls; one of its own by default
    """

    name = "zoho"
    most = 5_000
    import_suffix = ".csv"

    def __init__(self, source: ZohoSource, transport: Transport | None = None) -> None:
        self._source = source
        self._connection = Connection(source, transport)
        self._records = Records(self._connection)
        self._selection = Selection(source, self._records.fields)
        self._customers = self._selection.customer_module
        self._bulk = source.get("bulk")
        self._jobs = BulkJobs(self._connection, self._customers, self.labels)
        self.purchases: str = self._selection.purchases
        self.reads: list[ModuleRead] = self._records.reads

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    # Reading

    def selection(self) -> str:
        """A digest of the organisation, of what the parameters select, and of the fields that there are of it."""
        source = {name: value for name, value in self._source.items() if name != "labels"}
        what = self._selection
        told = [
            source,
            self._connection.organisation,
            what.orders(),
            what.deals(),
            what.customers(),
            what.answers(),
        ]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=asdict).encode()).hexdigest()

    def orders(self, since: Since = NEVER) -> pl.DataFrame:
        """customer_id, date, amount, order_id, the state under its own name, and currency and channel where known.

        Every row of the module, whatever its state: `where` keeps those that are purchases.
        """
        read = self._selection.orders()
        rows = self._records.listed(read.module, [*read.asked, CHANGED], since)
        return VALUES.orders(rows, read)

    def deals(self, since: Since = NEVER) -> pl.DataFrame:
        """Deals next to invoices or sales orders, where the parameters ask for them."""
        read = self._selection.deals()
        if read is None:
            return NO_DEALS
        return VALUES.orders(self._records.listed(read.module, [*read.asked, CHANGED], since), read)

    def customers(self, since: Since = NEVER) -> Customers:
        """Accounts, or Contacts, and leads where asked for, with what may group them, and how satisfied they are.

        Phone numbers and e-mail addresses are not asked for. A lead that has become an account is a customer no more.
        """
        lasting, passing = [], []
        for read in self._selection.customers():
            rows = self._records.listed(read.module, [*read.asked, CHANGED], since, converted=False)
            lasting.append(VALUES.attributes(rows, read.lasting))
            passing.append(VALUES.attributes(rows, read.passing))
        became = self._records.listed("Leads", [CHANGED], since, converted=True) if "Leads" in since else []
        gone = frozenset(row["id"] for row in became)
        tables = [pl.concat(parts, how="diagonal") for parts in (lasting, passing)]
        return Customers(tables[0], tables[1], self._answers(since), gone)

    def _answers(self, since: Since) -> pl.DataFrame:
        read = self._selection.answers()
        if read is None:
            return NO_ANSWERS
        rows = self._records.listed(read.module, [read.customer, read.score, read.date, CHANGED], since)
        return VALUES.answers(rows, read)

    def deleted(self) -> frozenset[str]:
        """The ids of the records of all modules that are in the recycle bin, or were deleted for good."""
        what = self._selection
        reads = [what.orders(), what.deals(), *what.customers(), what.answers()]
        modules = [read.module for read in reads if read is not None]
        return frozenset(record for module in modules for record in self._records.deleted(module))

    def labels(self, names: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
        """customer_id and the present values of these fields, as they are in the CRM."""
        if ids is None:
            rows = self._records.listed(self._customers, [*names])
        else:
            rows = self._records.by_id(self._customers, names, ids)
        columns = {"customer_id": [row["id"] for row in rows]} | {
            name: [row.get(name) for row in rows] for name in names
        }
        return pl.DataFrame(columns, schema_overrides={"customer_id": pl.String}, strict=False)

    def label_fields(self, names: Sequence[str]) -> list[LabelField]:
        """The fields of these names, as metadata describe them.

        Raises
        ------
        ParamsError : one is missing, cannot be written, or is of a kind that takes no label
        """
        known = self._records.fields(self._customers)
        check(self._customers, known, names)
        fields = []
        for name in names:
            about = known[name]
            can_write = about.get("operation_type", {}).get("api_update", True) and not about.get("field_read_only")
            kind = _KINDS.get(about["data_type"])
            if not can_write or kind is None or not about.get("custom_field", True):
                figures = {"field": repr(name), "module": self._customers, "type": about["data_type"]}
                raise fault("crm_field_closed", ParamsError, **figures)
            decimals = 0 if about["data_type"] == "integer" else about.get("decimal_place")
            fields.append(LabelField(name, kind, about.get("length"), decimals))
        return fields

    # Writing

    def batches(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """A hundred rows at a time; files, where `bulk` allows them."""
        return batches(rows, in_files=bool(self._bulk))

    def write_labels(self, rows: Sequence[Row], begun: Callable[[str], None] = forget) -> list[Outcome]:
        """Update records by id; a reply that is lost is followed by reading, and by one attempt more."""
        if self._bulk and len(rows) > PER_UPDATE:
            return self._jobs.written(rows, self._bulk, begun)
        return write_once(rows, self._written, self.labels)

    def _written(self, rows: Sequence[Row]) -> list[Outcome]:
        body = {
            "data": [{"id": row.id, **row.values} for row in rows],
            "trigger": [],
            "skip_feature_execution": _SKIP,
        }
        reply = self._connection.call("PUT", self._customers, body=body, may_repeat=False)
        told = reply.body.get("data") if isinstance(reply.body, dict) else None
        if not isinstance(told, list) or len(told) != len(rows):
            raise wrong(reply, f"PUT {self._customers}")
        return [_outcome(row.id, said) for row, said in zip(rows, told, strict=True)]

    def import_file(self, rows: Sequence[Row], names: Sequence[str]) -> bytes:
        """A CSV file as exports are: ids in the first column, API names as headers."""
        columns = {name: [row.values[name] for row in rows] for name in names}
        ids = [f"zcrm_{row.id}" for row in rows]
        schema = dict.fromkeys(("Record Id", *names), pl.String)
        return pl.DataFrame({"Record Id": ids, **columns}, schema).write_csv(include_bom=True).encode()

    def settle(self, name: str) -> None:
        """Wait until a job has ended."""
        self._jobs.ended(name)


def _outcome(record: str, said: Mapping[str, Any]) -> Outcome:
    if said.get("status") == "success":
        return Outcome(record, "written")
    details = said.get("details") or {}
    where = details.get("api_name", "")
    return Outcome(record, "refused", " ".join(filter(None, (str(said.get("code", "?")), str(where)))))
