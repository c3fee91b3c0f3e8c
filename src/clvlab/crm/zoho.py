"""Zoho CRM by its REST interface."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from clvlab.crm.credentials import credentials
from clvlab.crm.packed import packed, told
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
    Status,
    UntoldError,
    forget,
)
from clvlab.crm.recovery import unwritten, write_once
from clvlab.crm.selected import AnswersRead, CustomersRead, OrdersRead, Values, check, check_impersonal, module_read
from clvlab.crm.tokens import Token, TokenCache
from clvlab.crm.transport import LostReplyError, Reply, Transport, checked_url
from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.params.source import BulkWrite, ZohoSource
from clvlab.sources.faults import fault

SECRETS = ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN")
LOGIN = "https://accounts.zoho.com"
API_HOSTS = frozenset(
    f"{kind}.zohoapis.{end}"
    for kind in ("www", "sandbox")
    for end in ("com", "eu", "in", "com.au", "com.cn", "jp", "sa", "ca")
)
"""Where an access token may be sent, besides the address that the parameters give."""

LASTING: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "Accounts": {
            "industry": "Industry",
            "customer_type": "Account_Type",
            "province": "Billing_State",
            "city": "Billing_City",
            "owner": "Owner",
        },
        "Contacts": {
            "lead_source": "Lead_Source",
            "province": "Mailing_State",
            "city": "Mailing_City",
            "birthday": "Date_of_Birth",
            "owner": "Owner",
        },
        "Leads": {
            "industry": "Industry",
            "lead_source": "Lead_Source",
            "province": "State",
            "city": "City",
            "owner": "Owner",
        },
    }
)
_USUAL = {"rating": "Rating", "tags": "Tag", "last_contact": "Last_Activity_Time"}
_VISITS = {"visits": "Days_Visited", "chats": "Number_Of_Chats", "last_visit": "Last_Visited_Time"}
PASSING: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"Accounts": _USUAL, "Contacts": _USUAL | _VISITS, "Leads": _USUAL}
)
"""Our name of an attribute -> the field, where the tenant has it; those that say what is true today apart."""
LOOKUP: Mapping[str, str] = MappingProxyType({"Accounts": "Account_Name", "Contacts": "Contact_Name"})
_LOOKUP_OF_CASES: Mapping[str, str] = MappingProxyType({"Accounts": "Account_Name", "Contacts": "Related_To"})
_DAYS = frozenset({"Last_Activity_Time", "Last_Visited_Time"})
_GONE = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"})
_NOTHING = (204, 304)
_CURSOR_GONE = frozenset({"EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"})
_CHANGED = "Modified_Time"
_PERSONAL = frozenset({"phone", "email"})
_PER_PAGE, _PER_QUERY, _PER_UPDATE, _PER_CRITERION, _PER_FILE = 200, 2_000, 100, 50, 25_000
BULK_ABOVE = 5_000
"""Of how many records on a file costs fewer calls than updates do: 500 credits, as against one for every ten."""
_UNDER_WAY = frozenset({"ADDED", "QUEUED", "INPROGRESS", "IN PROGRESS"})
_POLLS, _LONGEST_POLL = 150, 30.0
_DOWNLOAD_HOSTS = API_HOSTS | frozenset(
    f"download-accl.zoho.{end}" for end in ("com", "eu", "in", "com.au", "com.cn", "jp")
)
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


@dataclass(frozen=True)
class _Purchases:
    """Which fields of a module are the day, the money and the state of a purchase."""

    date: str
    amount: str
    state: str
    more: tuple[str, ...] = ()


PURCHASES: Mapping[str, _Purchases] = MappingProxyType(
    {
        "Invoices": _Purchases("Invoice_Date", "Grand_Total", "Status"),
        "Deals": _Purchases("Closing_Date", "Amount", "Stage", ("Lead_Source",)),
        "Sales_Orders": _Purchases("Created_Time", "Grand_Total", "Status"),
    }
)
"""Modules that may be read as purchases; never two of them, for one sale may be in all three."""

_OURS = {"Currency": "currency", "Lead_Source": "channel"}


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
        self._secrets = credentials(SECRETS)
        self._login = checked_url(source.get("login", LOGIN), "login")
        self._api = checked_url(source["api"], "api") if "api" in source else None
        self._transport = transport or Transport()
        digest = hashlib.sha256(self._secrets["ZOHO_REFRESH_TOKEN"].text.encode()).hexdigest()
        self._organisation = digest[:32]
        self._cache = TokenCache(self._secrets["ZOHO_CLIENT_ID"].text, digest, self._login, self._api or "")
        self._customers = source.get("customers", "Accounts")
        self._version = source.get("version", "v8")
        self._bulk = source.get("bulk")
        self._quotes_ids = True
        self.purchases: str = source.get("orders", "Invoices")
        self._metadata: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.reads: list[ModuleRead] = []

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # Reading

    def selection(self) -> str:
        """A digest of the organisation, of what the parameters select, and of the fields that there are of it."""
        source = {name: value for name, value in self._source.items() if name != "labels"}
        told = [
            source,
            self._organisation,
            self._of_orders(),
            self._of_deals(),
            self._of_customers(),
            self._of_answers(),
        ]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=asdict).encode()).hexdigest()

    def orders(self, since: Since = NEVER) -> pl.DataFrame:
        """customer_id, date, amount, order_id, the state under its own name, and currency and channel where known.

        Every row of the module, whatever its state: `where` keeps those that are purchases.
        """
        read = self._of_orders()
        rows = self._listed(read.module, [*read.asked, _CHANGED], since)
        return _VALUES.orders(rows, read)

    def deals(self, since: Since = NEVER) -> pl.DataFrame:
        """Deals next to invoices or sales orders, where the parameters ask for them."""
        read = self._of_deals()
        if read is None:
            return NO_DEALS
        return _VALUES.orders(self._listed(read.module, [*read.asked, _CHANGED], since), read)

    def customers(self, since: Since = NEVER) -> Customers:
        """Accounts, or Contacts, and leads where asked for, with what may group them, and how satisfied they are.

        Phone numbers and e-mail addresses are not asked for. A lead that has become an account is a customer no more.
        """
        lasting, passing = [], []
        for read in self._of_customers():
            rows = self._listed(read.module, [*read.asked, _CHANGED], since, converted=False)
            lasting.append(_VALUES.attributes(rows, read.lasting))
            passing.append(_VALUES.attributes(rows, read.passing))
        became = self._listed("Leads", [_CHANGED], since, converted=True) if "Leads" in since else []
        gone = frozenset(row["id"] for row in became)
        tables = [pl.concat(parts, how="diagonal") for parts in (lasting, passing)]
        return Customers(tables[0], tables[1], self._answers(since), gone)

    def _answers(self, since: Since) -> pl.DataFrame:
        read = self._of_answers()
        if read is None:
            return NO_ANSWERS
        rows = self._listed(read.module, [read.customer, read.score, read.date, _CHANGED], since)
        return _VALUES.answers(rows, read)

    def deleted(self) -> frozenset[str]:
        """The ids of the records of all modules that are in the recycle bin, or were deleted for good."""
        reads = [self._of_orders(), self._of_deals(), *self._of_customers(), self._of_answers()]
        return frozenset(record for read in reads if read is not None for record in self._deleted(read.module))

    def _of_orders(self) -> OrdersRead:
        return self._sales(self.purchases, self._source)

    def _of_deals(self) -> OrdersRead | None:
        return self._sales("Deals", {}) if self._source.get("deals") and self.purchases != "Deals" else None

    def _sales(self, module: str, given: Mapping[str, Any]) -> OrdersRead:
        known, theirs = self._fields(module), PURCHASES[module]
        customer = given.get("customer", LOOKUP[self._customers])
        day, amount = given.get("date", theirs.date), given.get("amount", theirs.amount)
        check(module, known, (customer, day, amount))
        more = [name for name in ("Currency", *theirs.more, theirs.state) if name in known]
        return OrdersRead(module, customer, day, amount, {_OURS.get(name, name): name for name in more})

    def _of_customers(self) -> list[CustomersRead]:
        given = self._source.get("fields", {})
        known = self._fields(self._customers)
        check(self._customers, known, given.values())
        check_impersonal({name: each["data_type"] for name, each in known.items()}, given, _PERSONAL)
        modules = [self._customers, *(["Leads"] if self._source.get("leads") else [])]
        return [self._attributes(module, given if module == self._customers else {}) for module in modules]

    def _attributes(self, module: str, given: Mapping[str, str]) -> CustomersRead:
        """The usual fields of a module, those that there are, and further ones."""
        known = self._fields(module)
        lasting = {name: field for name, field in LASTING[module].items() if field in known}
        passing = {name: field for name, field in PASSING[module].items() if field in known and name not in given}
        return CustomersRead(module, {**lasting, **given}, passing)

    def _of_answers(self) -> AnswersRead | None:
        if "satisfaction" not in self._source:
            return None
        read = AnswersRead("Cases", _LOOKUP_OF_CASES[self._customers], self._source["satisfaction"], "Created_Time")
        check(read.module, self._fields(read.module), (read.customer, read.score, read.date))
        return read

    def labels(self, names: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
        """customer_id and the present values of these fields, as they are in the CRM."""
        if ids is None:
            rows = self._listed(self._customers, [*names])
        else:
            parts = [ids[at : at + _PER_CRITERION] for at in range(0, len(ids), _PER_CRITERION)]
            rows = [row for part in parts for row in self._by_id(self._customers, names, part)]
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
        known = self._fields(self._customers)
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
        """A hundred rows at a time; in files those whose like are more than `BULK_ABOVE`, where `bulk` allows it.

        A file has a cell for each of its fields, and an empty one clears: rows of a file have the same fields.
        """
        alike: dict[tuple[str, ...], list[Row]] = {}
        for row in rows:
            alike.setdefault(tuple(row.values) if self._bulk else (), []).append(row)
        for group in alike.values():
            size = _PER_FILE if self._bulk and len(group) > BULK_ABOVE else _PER_UPDATE
            yield from (group[at : at + size] for at in range(0, len(group), size))

    def write_labels(self, rows: Sequence[Row], begun: Callable[[str], None] = forget) -> list[Outcome]:
        """Update records by id; a reply that is lost is followed by reading, and by one attempt more."""
        if self._bulk and len(rows) > _PER_UPDATE:
            return self._written_in_bulk(rows, self._bulk, begun)
        return write_once(rows, self._written, self.labels)

    def _written(self, rows: Sequence[Row]) -> list[Outcome]:
        body = {
            "data": [{"id": row.id, **row.values} for row in rows],
            "trigger": [],
            "skip_feature_execution": _SKIP,
        }
        reply = self._call("PUT", self._customers, body=body, may_repeat=False)
        told = reply.body.get("data") if isinstance(reply.body, dict) else None
        if not isinstance(told, list) or len(told) != len(rows):
            raise _wrong(reply, f"PUT {self._customers}")
        return [_outcome(row.id, said) for row, said in zip(rows, told, strict=True)]

    def import_file(self, rows: Sequence[Row], names: Sequence[str]) -> bytes:
        """A CSV file as exports are: ids in the first column, API names as headers."""
        columns = {name: [row.values[name] for row in rows] for name in names}
        ids = [f"zcrm_{row.id}" for row in rows]
        schema = dict.fromkeys(("Record Id", *names), pl.String)
        return pl.DataFrame({"Record Id": ids, **columns}, schema).write_csv(include_bom=True).encode()

    def settle(self, name: str) -> None:
        """Wait until a job has ended."""
        self._ended(name)

    def _written_in_bulk(self, rows: Sequence[Row], bulk: BulkWrite, begun: Callable[[str], None]) -> list[Outcome]:
        """Write rows of the same fields as one file, by a job that goes on by itself."""
        names = ["id", *rows[0].values]
        resource = {
            "type": "data",
            "module": {"api_name": self._customers},
            "file_id": self._uploaded(packed(names, rows), bulk),
            "find_by": "id",
            "ignore_empty": False,
            "field_mappings": [{"api_name": name, "index": place} for place, name in enumerate(names)],
        }
        body = {"operation": "update", "character_encoding": "UTF-8", "ignore_empty": False, "resource": [resource]}
        try:
            asked = self._call("POST", "bulk/write", body=body, may_repeat=False)
        except LostReplyError:
            return self._read_back(rows, "unknown")
        if asked.status not in (200, 201, 202):
            raise _wrong(asked, "POST bulk/write")
        job = str(asked.body["details"]["id"])
        begun(job)
        done = self._ended(job)
        url = done.get("result", {}).get("download_url")
        if done["status"] != "COMPLETED" or not url:
            return self._read_back(rows, "refused", str(done["status"]))
        return told(rows, self._downloaded(url))

    def _uploaded(self, file: bytes, bulk: BulkWrite) -> str:
        """The id of a file that was uploaded; Zoho takes files on hosts of their own."""

        def host(domain: str) -> str:
            return checked_url(bulk.get("upload", domain.replace("//www.", "//content.")), "bulk.upload")

        head = {"feature": "bulk-write", "X-CRM-ORG": bulk["organisation"]}
        reply = self._call("POST", "upload", host=host, headers=head, files={"file": ("labels.zip", file)})
        if reply.status != 200 or "details" not in reply.body:
            raise _wrong(reply, "POST upload")
        return str(reply.body["details"]["file_id"])

    def _ended(self, job: str) -> Mapping[str, Any]:
        """What is said of a job once it has ended."""
        for attempt in range(_POLLS):
            reply = self._call("GET", f"bulk/write/{job}")
            if reply.status != 200:
                raise _wrong(reply, "GET bulk/write")
            [said] = reply.body.get("data", [reply.body])
            if said["status"] not in _UNDER_WAY:
                found: Mapping[str, Any] = said
                return found
            self._transport.sleep(min(5.0 * 1.2**attempt, _LONGEST_POLL))
        raise fault("crm_job", TryLaterError, job=job)

    def _downloaded(self, url: str) -> bytes:
        """The result of a job; a token goes with the call, so that it goes to Zoho alone."""
        parts = urlsplit(url)
        named = f"{parts.scheme}://{parts.netloc}"

        def host(domain: str) -> str:
            if named != domain and (parts.scheme != "https" or parts.hostname not in _DOWNLOAD_HOSTS):
                raise fault("crm_foreign_host", DataError, host=named)
            return named

        reply = self._call("GET", parts.path, host=host, is_file=True)
        if not isinstance(reply.body, bytes):
            raise _wrong(reply, "GET bulk/write/result")
        return reply.body

    def _read_back(self, rows: Sequence[Row], otherwise: Status, code: str = "") -> list[Outcome]:
        missing = unwritten(rows, self.labels)
        return [Outcome(row.id, otherwise, code) if row.id in missing else Outcome(row.id, "written") for row in rows]

    # Metadata

    def _fields(self, module: str) -> Mapping[str, Mapping[str, Any]]:
        """Name -> metadata of the fields of a module."""
        if module not in self._metadata:
            reply = self._call("GET", "settings/fields", values={"module": module})
            if reply.status != 200:
                raise _wrong(reply, f"GET settings/fields {module}")
            self._metadata[module] = {each["api_name"]: each for each in reply.body["fields"]}
        return self._metadata[module]

    # Lists and queries

    def _listed(
        self, module: str, fields: Sequence[str], since: Since = NEVER, *, converted: bool = False
    ) -> list[dict[str, Any]]:
        """All records of a module, or those that have changed since a moment, each once, by id.

        Of leads those that were converted, or those that were not.
        """
        more = {"converted": str(converted).lower()} if module == "Leads" else {}
        try:
            found, pages = self._paged(module, fields, since.get(module), more)
        except _CursorGoneError:
            try:
                found, pages = self._paged(module, fields, since.get(module), more)
            except _CursorGoneError:
                raise fault("crm_cursor_gone", TryLaterError, module=module) from None
        records = {row["id"]: row for row in found}
        moments = [row[_CHANGED] for row in records.values() if row.get(_CHANGED)]
        self.reads.append(module_read(module, moments, len(records), pages))
        return sorted(records.values(), key=lambda row: int(row["id"]))

    def _paged(
        self, module: str, fields: Sequence[str], since: str | None, more: Mapping[str, str]
    ) -> tuple[list[dict[str, Any]], int]:
        found: list[dict[str, Any]] = []
        token, pages = None, 0
        headers = {"If-Modified-Since": since} if since else {}
        while True:
            values = {"fields": ",".join(fields), "per_page": str(_PER_PAGE), "sort_by": "id", "sort_order": "asc"}
            values |= {**more, "page_token": token} if token else more
            reply = self._call("GET", module, values=values, headers=headers)
            if reply.status in _NOTHING:
                return found, pages
            code = _code(reply)
            if code in _CURSOR_GONE:
                raise _CursorGoneError
            if code == "PAGINATION_LIMIT_EXCEEDED":
                last = max(int(row["id"]) for row in found)
                rest = list(self._beyond(module, fields, str(last)))
                return found + rest, pages + -(-len(rest) // _PER_QUERY)
            if reply.status != 200:
                raise _wrong(reply, f"GET {module}")
            found += reply.body["data"]
            pages += 1
            token = reply.body["info"].get("next_page_token")
            if not reply.body["info"].get("more_records") or not token:
                return found, pages

    def _deleted(self, module: str) -> Iterator[str]:
        """The ids of the records of a module that were deleted."""
        for page in count(1):
            values = {"type": "all", "per_page": str(_PER_PAGE), "page": str(page)}
            reply = self._call("GET", f"{module}/deleted", values=values)
            if reply.status == 204:
                return
            if _code(reply) == "DISCRETE_PAGINATION_LIMIT_EXCEEDED":
                raise UntoldError
            if reply.status != 200:
                raise _wrong(reply, f"GET {module}/deleted")
            yield from (str(row["id"]) for row in reply.body["data"])
            if not reply.body["info"].get("more_records"):
                return

    def _beyond(self, module: str, fields: Sequence[str], last: str) -> Iterator[dict[str, Any]]:
        """The records after an id, by queries, since lists end at a hundred thousand."""
        while True:
            reply = self._query(module, fields, f"id > {{{last}}}", _PER_QUERY)
            if reply.status == 204:
                return
            yield from reply.body["data"]
            if not reply.body["info"].get("more_records"):
                return
            last = str(max(int(row["id"]) for row in reply.body["data"]))

    def _by_id(self, module: str, fields: Sequence[str], ids: Sequence[str]) -> list[dict[str, Any]]:
        listed = ", ".join(f"{{{each}}}" for each in ids)
        reply = self._query(module, fields, f"id in ({listed})", len(ids))
        found: list[dict[str, Any]] = [] if reply.status == 204 else reply.body["data"]
        return found

    def _query(self, module: str, fields: Sequence[str], where: str, limit: int) -> Reply:
        """A COQL query; ids stand in {} and are quoted or not, as this organisation has it."""
        for quotes in dict.fromkeys([self._quotes_ids, not self._quotes_ids]):
            mark = "'" if quotes else ""
            told = where.replace("{", mark).replace("}", mark)
            text = f"select id, {', '.join(fields)} from {module} where {told} order by id asc limit 0, {limit}"
            reply = self._call("POST", "coql", body={"select_query": text})
            if reply.status in (200, 204):
                self._quotes_ids = quotes
                return reply
        raise _wrong(reply, f"POST coql {module}")

    # Calls

    def _call(
        self,
        method: str,
        path: str,
        *,
        values: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        host: Callable[[str], str] = str,
        **how: Any,
    ) -> Reply:
        """A call with a token; one that is gone is renewed once. A path from the root is one of the host."""

        def call(token: Token) -> Reply:
            return self._transport.call(
                method,
                f"{host(token.domain)}{self._place(path)}",
                headers={**headers, "Authorization": f"Zoho-oauthtoken {token.secret.text}"},
                values=values,
                body=body,
                is_busy=_is_busy,
                **how,
            )

        reply = self._cache.used(self._renewed, call, _is_gone)
        if reply is None:
            raise fault("crm_token_refused", DataError, host=self._api or self._login, check="`source.login`")
        _refuse_access(reply, path)
        return reply

    def _place(self, path: str) -> str:
        """Where something is on its host: what is done in bulk is apart from all else."""
        if path.startswith("/"):
            return path
        bulk = "bulk/" if path.startswith("bulk/") else ""
        return f"/crm/{bulk}{self._version}/{path.removeprefix(bulk)}"

    def _renewed(self) -> Token:
        secrets = {name: secret.text for name, secret in self._secrets.items()}
        form = {
            "grant_type": "refresh_token",
            "client_id": secrets["ZOHO_CLIENT_ID"],
            "client_secret": secrets["ZOHO_CLIENT_SECRET"],
            "refresh_token": secrets["ZOHO_REFRESH_TOKEN"],
        }
        reply = self._transport.call("POST", f"{self._login}/oauth/v2/token", form=form)
        found = reply.body if isinstance(reply.body, dict) else {}
        if found.get("error") == "Access Denied":
            raise fault("crm_token_throttled", TryLaterError)
        if "access_token" not in found:
            reason = str(found.get("error", f"HTTP {reply.status}"))
            variables = ", ".join(SECRETS)
            raise fault("crm_login", ParamsError, reason=reason, host=self._login, variables=variables, place="login")
        return self._cache.keep(found["access_token"], self._domain(found), float(found.get("expires_in", 3600)))

    def _domain(self, found: Mapping[str, Any]) -> str:
        """Where the token may be sent: where the parameters say, else where the reply says, if that is Zoho's."""
        if self._api is not None:
            return self._api
        domain = str(found.get("api_domain", "")).rstrip("/")
        if domain.removeprefix("https://") not in API_HOSTS:
            raise fault("crm_foreign_host", DataError, host=domain)
        return domain


class _CursorGoneError(Exception):
    """A list has to be begun again."""


def _is_gone(reply: Reply) -> bool:
    return reply.status == 401 and _code(reply) in _GONE


def _is_busy(reply: Reply) -> bool:
    """Too many calls at once; TryLaterError where it is those of the day that are used up."""
    if reply.status != 429:
        return False
    if reply.headers.get("X-API-CREDITS-REMAINING") == "0":
        raise fault("crm_quota", TryLaterError)
    return True


def _refuse_access(reply: Reply, path: str) -> None:
    code = _code(reply)
    if code == "OAUTH_SCOPE_MISMATCH":
        raise fault("crm_scope", ParamsError, path=path)
    if code == "NO_PERMISSION" and reply.status in (401, 403):
        raise fault("crm_permission", ParamsError, path=path)


def _code(reply: Reply) -> str:
    return str(reply.body.get("code", "")) if isinstance(reply.body, dict) else ""


def _wrong(reply: Reply, what: str) -> DataError:
    """An answer that we did not count on, by its code alone: its words may hold what customers are called."""
    return fault("crm_refused", DataError, what=what, status=reply.status, reason=_code(reply) or "?")


def _outcome(record: str, said: Mapping[str, Any]) -> Outcome:
    if said.get("status") == "success":
        return Outcome(record, "written")
    details = said.get("details") or {}
    where = details.get("api_name", "")
    return Outcome(record, "refused", " ".join(filter(None, (str(said.get("code", "?")), str(where)))))


def _id(value: Any) -> str | None:
    """The id of a lookup or an owner."""
    return str(value["id"]) if isinstance(value, dict) and value.get("id") else None


def _text(value: Any) -> str | None:
    """A value as a text: of a lookup its id, of a list what it has, in order."""
    if value is None or isinstance(value, dict):
        return _id(value)
    if isinstance(value, list):
        named = (each.get("name") if isinstance(each, dict) else each for each in value)
        return ";".join(sorted(str(name) for name in named if name is not None)) or None
    return str(value)


def _day(value: Any) -> str | None:
    """The day of a moment as it is written, whatever its offset."""
    return str(value)[:10] if value else None


_VALUES = Values(
    "id",
    reference=lambda name, row: _id(row.get(name)),
    day=lambda name, row: _day(row.get(name)),
    text=lambda name, row: (_day if name in _DAYS else _text)(row.get(name)),
)
