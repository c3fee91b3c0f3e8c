"""Zoho CRM by its REST interface."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from difflib import get_close_matches
from itertools import count
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab.crm.credentials import credentials
from clvlab.crm.protocol import NEVER, Customers, Kind, LabelField, ModuleRead, Outcome, Row, Since, same
from clvlab.crm.tokens import Token, TokenCache
from clvlab.crm.transport import LostReplyError, Reply, Transport, checked_url
from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.params import CrmSource
from clvlab.sources.faults import fault

SECRETS = ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN")
ACCOUNTS_HOSTS = tuple(f"accounts.zoho.{end}" for end in ("com", "eu", "in", "com.au", "com.cn", "jp", "sa"))
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
    }
)
PASSING: Mapping[str, Mapping[str, str]] = MappingProxyType({"Accounts": {"rating": "Rating"}, "Contacts": {}})
"""Our name of an attribute -> the field; those that say what is true today apart."""
LOOKUP: Mapping[str, str] = MappingProxyType({"Accounts": "Account_Name", "Contacts": "Contact_Name"})
_GONE = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"})
_NOTHING = (204, 304)
_CURSOR_GONE = frozenset({"EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"})
_CHANGED = "Modified_Time"
_PERSONAL = frozenset({"phone", "email"})
_PER_PAGE, _PER_QUERY, _PER_UPDATE, _PER_CRITERION = 200, 2_000, 100, 50
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "double": "number",
        "currency": "number",
        "integer": "number",
        "percent": "number",
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


@dataclass(frozen=True)
class _OrdersRead:
    """The module of purchases and its fields; `more` are our names of others."""

    module: str
    customer: str
    date: str
    amount: str
    more: Mapping[str, str]

    @property
    def asked(self) -> list[str]:
        return [*dict.fromkeys([self.customer, self.date, self.amount, *self.more.values(), _CHANGED])]


@dataclass(frozen=True)
class _CustomersRead:
    """The module of customers and its fields under our names: what lasts, and what is true only today."""

    module: str
    lasting: Mapping[str, str]
    passing: Mapping[str, str]

    @property
    def asked(self) -> list[str]:
        return [*dict.fromkeys([*self.lasting.values(), *self.passing.values(), _CHANGED])]


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
    largest_batch = _PER_UPDATE

    def __init__(self, source: CrmSource, transport: Transport | None = None) -> None:
        self._source = source
        self._secrets = credentials(SECRETS)
        self._login = checked_url(source.get("login", f"https://{ACCOUNTS_HOSTS[0]}"), "login")
        self._api = checked_url(source["api"], "api") if "api" in source else None
        self._transport = transport or Transport()
        digest = hashlib.sha256(self._secrets["ZOHO_REFRESH_TOKEN"].text.encode()).hexdigest()
        self._organisation = digest[:32]
        self._cache = TokenCache(self._secrets["ZOHO_CLIENT_ID"].text, digest, self._login, self._api or "")
        self._customers = source.get("customers", "Accounts")
        self._version = source.get("version", "v8")
        self._quotes_ids = True
        self._metadata: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.reads: list[ModuleRead] = []

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # Reading

    def selection(self) -> str:
        """A digest of the organisation, of what the parameters select, and of the fields that there are of it."""
        source = {name: value for name, value in self._source.items() if name != "labels"}
        told = [source, self._organisation, self._of_orders(), self._of_customers()]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=asdict).encode()).hexdigest()

    def orders(self, since: Since = NEVER) -> pl.DataFrame:
        """customer_id, date, amount, order_id, the state under its own name, and currency and channel where known.

        Every row of the module, whatever its state: `where` keeps those that are purchases.
        """
        read = self._of_orders()
        rows = self._listed(read.module, read.asked, since)
        table = {
            "customer_id": [_id(row.get(read.customer)) for row in rows],
            "date": [str(row[read.date])[:10] if row.get(read.date) else None for row in rows],
            "amount": [_number(row.get(read.amount)) for row in rows],
            "order_id": [row["id"] for row in rows],
        }
        more = {ours: [_text(row.get(theirs)) for row in rows] for ours, theirs in read.more.items()}
        schema = dict.fromkeys((*table, *more), pl.String) | {"amount": pl.Float64}
        return pl.DataFrame(table | more, schema)

    def customers(self, since: Since = NEVER) -> Customers:
        """Accounts, or Contacts, with what may group them; phone numbers and e-mail addresses are not asked for."""
        read = self._of_customers()
        rows = self._listed(read.module, read.asked, since)
        return Customers(_table(rows, read.lasting), _table(rows, read.passing))

    def deleted(self) -> frozenset[str]:
        """The ids of the records of both modules that are in the recycle bin, or were deleted for good."""
        modules = (self._of_orders().module, self._of_customers().module)
        return frozenset(record for module in modules for record in self._deleted(module))

    def _of_orders(self) -> "_OrdersRead":
        module = self._source.get("orders", "Invoices")
        known, theirs = self._fields(module), PURCHASES[module]
        customer = self._source.get("customer", LOOKUP[self._customers])
        day, amount = self._source.get("date", theirs.date), self._source.get("amount", theirs.amount)
        self._check(module, (customer, day, amount))
        more = [name for name in ("Currency", *theirs.more, theirs.state) if name in known]
        return _OrdersRead(module, customer, day, amount, {_OURS.get(name, name): name for name in more})

    def _of_customers(self) -> "_CustomersRead":
        module, given = self._customers, self._source.get("fields", {})
        known = self._fields(module)
        self._check(module, given.values())
        lasting = {name: field for name, field in LASTING[module].items() if field in known} | given
        passing = {name: field for name, field in PASSING[module].items() if field in known}
        for name, field in lasting.items():
            if known[field]["data_type"] in _PERSONAL:
                raise fault("crm_personal", ParamsError, attribute=name, field=repr(field))
        return _CustomersRead(module, lasting, passing)

    def labels(self, names: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
        """customer_id and the present values of these fields, as they are in the CRM."""
        if ids is None:
            rows = self._listed(self._customers, [*names])
        else:
            parts = [ids[at : at + _PER_CRITERION] for at in range(0, len(ids), _PER_CRITERION)]
            rows = [row for part in parts for row in self._by_id(self._customers, names, part)]
        table = {"customer_id": [row["id"] for row in rows]} | {
            name: [row.get(name) for row in rows] for name in names
        }
        return pl.DataFrame(table, schema_overrides={"customer_id": pl.String}, strict=False)

    def label_fields(self, names: Sequence[str]) -> list[LabelField]:
        """The fields of these names, as metadata describe them.

        Raises
        ------
        ParamsError : one is missing, cannot be written, or is of a kind that takes no label
        """
        known = self._fields(self._customers)
        self._check(self._customers, names)
        fields = []
        for name in names:
            about = known[name]
            can_write = about.get("operation_type", {}).get("api_update", True) and not about.get("field_read_only")
            kind = _KINDS.get(about["data_type"])
            if not can_write or kind is None or not about.get("custom_field", True):
                figures = {"field": repr(name), "module": self._customers, "type": about["data_type"]}
                raise fault("crm_field_closed", ParamsError, **figures)
            fields.append(LabelField(name, kind, about.get("length"), about.get("decimal_place")))
        return fields

    # Writing

    def write_labels(self, rows: Sequence[Row]) -> list[Outcome]:
        """Update records by id; a reply that is lost is followed by reading, and by one attempt more."""
        try:
            return self._written(rows)
        except LostReplyError:
            missing = self._unwritten(rows)
        done = [Outcome(row.id, "written") for row in rows if row.id not in missing]
        again = [row for row in rows if row.id in missing]
        if not again:
            return done
        try:
            return done + self._written(again)
        except LostReplyError:
            still = self._unwritten(again)
            return done + [Outcome(row.id, "unknown" if row.id in still else "written") for row in again]

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

    def _unwritten(self, rows: Sequence[Row]) -> set[str]:
        """The ids of those whose records do not have the values."""
        names = list(dict.fromkeys(name for row in rows for name in row.values))
        present = {it["customer_id"]: it for it in self.labels(names, [row.id for row in rows]).iter_rows(named=True)}
        return {
            row.id
            for row in rows
            if row.id not in present or not all(same(present[row.id][it], value) for it, value in row.values.items())
        }

    # Metadata

    def _fields(self, module: str) -> Mapping[str, Mapping[str, Any]]:
        """Name -> metadata of the fields of a module."""
        if module not in self._metadata:
            reply = self._call("GET", "settings/fields", values={"module": module})
            if reply.status != 200:
                raise _wrong(reply, f"GET settings/fields {module}")
            self._metadata[module] = {each["api_name"]: each for each in reply.body["fields"]}
        return self._metadata[module]

    def _check(self, module: str, names: Iterable[str]) -> None:
        known = self._fields(module)
        for name in names:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                if near:
                    raise fault("crm_no_field_near", ParamsError, module=module, field=repr(name), near=repr(near[0]))
                raise fault("crm_no_field", ParamsError, module=module, field=repr(name))

    # Lists and queries

    def _listed(self, module: str, fields: Sequence[str], since: Since = NEVER) -> list[dict[str, Any]]:
        """All records of a module, or those that have changed since a moment, each once, by id."""
        try:
            found, pages = self._paged(module, fields, since.get(module))
        except _CursorGoneError:
            try:
                found, pages = self._paged(module, fields, since.get(module))
            except _CursorGoneError:
                raise fault("crm_cursor_gone", TryLaterError, module=module) from None
        records = {row["id"]: row for row in found}
        moments = sorted((row[_CHANGED] for row in records.values() if row.get(_CHANGED)), key=datetime.fromisoformat)
        first, last = (moments[0], moments[-1]) if moments else (None, None)
        self.reads.append(ModuleRead(module, len(records), pages, first, last))
        return sorted(records.values(), key=lambda row: int(row["id"]))

    def _paged(self, module: str, fields: Sequence[str], since: str | None) -> tuple[list[dict[str, Any]], int]:
        found: list[dict[str, Any]] = []
        token, pages = None, 0
        headers = {"If-Modified-Since": since} if since else {}
        while True:
            values = {"fields": ",".join(fields), "per_page": str(_PER_PAGE), "sort_by": "id", "sort_order": "asc"}
            values |= {"page_token": token} if token else {}
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
        may_repeat: bool = True,
    ) -> Reply:
        """A call with a token; one that is gone is renewed once."""
        for attempt in (1, 2):
            token = self._token()
            reply = self._transport.call(
                method,
                f"{token.domain}/crm/{self._version}/{path}",
                headers={**headers, "Authorization": f"Zoho-oauthtoken {token.secret.text}"},
                values=values,
                body=body,
                is_busy=_is_busy,
                may_repeat=may_repeat,
            )
            if reply.status != 401 or _code(reply) not in _GONE:
                break
            self._cache.drop()
            if attempt == 2:
                raise fault("crm_token_refused", DataError, host=token.domain)
        _refuse_access(reply, path)
        return reply

    def _token(self) -> Token:
        with self._cache.locked():
            return self._cache.kept() or self._renewed()

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
            raise fault("crm_login", ParamsError, reason=reason, host=self._login)
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
    if value is None or isinstance(value, list):
        return None
    return _id(value) if isinstance(value, dict) else str(value)


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        return None


def _table(rows: Sequence[Mapping[str, Any]], fields: Mapping[str, str]) -> pl.DataFrame:
    columns = {ours: [_text(row.get(theirs)) for row in rows] for ours, theirs in fields.items()}
    schema = dict.fromkeys(("customer_id", *fields), pl.String)
    return pl.DataFrame({"customer_id": [row["id"] for row in rows], **columns}, schema)
