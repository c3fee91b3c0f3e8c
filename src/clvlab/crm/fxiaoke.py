"""纷享销客 (Fxiaoke) by its open interface."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta, timezone, tzinfo
from io import BytesIO
from types import MappingProxyType
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from clvlab.crm.credentials import credentials
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
from clvlab.crm.recovery import has, write_once
from clvlab.crm.selected import (
    AnswersRead,
    CustomersRead,
    OrdersRead,
    Values,
    check,
    check_impersonal,
    module_read,
    number,
)
from clvlab.crm.tokens import Token, TokenCache
from clvlab.crm.transport import LostReplyError, Reply, Transport, checked_url
from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.params.source import FxiaokeSource
from clvlab.sources.faults import fault

SECRETS = ("FXIAOKE_APP_ID", "FXIAOKE_APP_SECRET", "FXIAOKE_PERMANENT_CODE", "FXIAOKE_USER_ID")
HOST = "https://open.fxiaoke.com"
CUSTOMERS = "AccountObj"

LASTING: Mapping[str, str] = MappingProxyType(
    {
        "industry": "industry_level1",
        "customer_type": "account_type",
        "lead_source": "account_source",
        "province": "province",
        "city": "city",
        "owner": "owner",
    }
)
PASSING: Mapping[str, str] = MappingProxyType(
    {"account_level": "account_level", "last_contact": "last_followed_time"}
)
"""Our name of an attribute -> the field; those that say what is true today apart."""


@dataclass(frozen=True)
class _Purchases:
    """Which fields of an object are the day, the money and the states of a purchase."""

    date: str
    amount: str
    states: tuple[str, ...]


_DEALS = "NewOpportunityObj"
PURCHASES: Mapping[str, _Purchases] = MappingProxyType(
    {
        "SalesOrderObj": _Purchases("order_time", "order_amount", ("life_status", "order_status")),
        _DEALS: _Purchases("close_date", "amount", ("life_status", "sales_status")),
    }
)
"""Objects that may be read as purchases; never two of them, for one sale may be in both."""

_RETURNS = OrdersRead(
    "ReturnedGoodsInvoiceObj", "account_name", "returned_goods_time", "returned_goods_inv_amount", {}
)
"""Goods that came back; `account_name` holds the customer's id. Orders tell of the same money once more."""

_ID, _CHANGED, _DELETED, _LIFE, _LOCK = "_id", "last_modified_time", "is_deleted", "life_status", "lock_status"
_NUMBER = "account_no"
_CHINA = timezone(timedelta(hours=8))
_PER_PAGE = 100
_WINDOW = 20.0
"""Seconds in which a path takes a hundred calls."""
_KINDS: Mapping[str, Kind] = MappingProxyType(
    {"text": "text", "long_text": "text", "number": "number", "currency": "number", "date": "day"}
)
_PERSONAL = frozenset({"phone_number", "email"})
_MOMENTS = frozenset({"date", "date_time"})
_OBJECTS = frozenset({"employee", "department", "object_reference", "master_detail"})
"""Kinds of fields that hold ids; what is told next to these of people has their numbers and addresses."""

_GONE = frozenset({20016})
_NOT_BEGUN = frozenset({30004, 14001})
"""Too many calls: nothing was done."""
_UNSURE = frozenset({50009, -1})
"""It took too long, or the system is busy: nobody knows what was done. A locked record is told by one, too."""
_LOGIN = frozenset({20017, 10006})
_CLOSED = frozenset({20021, 20022, 15003})
_NOT_BOUGHT, _SPENT = 30003, 30002
_CONTACT = re.compile(r"\S+@\S+|\+?\d[\d -]{6,}\d")
_LONGEST_REASON = 80


class FxiaokeCrm:
    """One tenant of 纷享销客.

    Parameters
    ----------
    source
        as the parameters of a run have it
    transport
        what calls; one of its own by default
    """

    name = "fxiaoke"
    most = 2_000
    import_suffix = ".xlsx"

    def __init__(self, source: FxiaokeSource, transport: Transport | None = None) -> None:
        self._source = source
        self._secrets = credentials(SECRETS)
        self._api = checked_url(source.get("api", HOST), "api")
        self._transport = transport or Transport()
        digest = hashlib.sha256(self._secrets["FXIAOKE_PERMANENT_CODE"].text.encode()).hexdigest()
        self._tenant = digest[:32]
        self._cache = TokenCache(self._secrets["FXIAOKE_APP_ID"].text, digest, self._api)
        self._metadata: dict[str, dict[str, Mapping[str, Any]]] = {}
        self.purchases: str = source.get("orders", "SalesOrderObj")
        self.reads: list[ModuleRead] = []

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    # Reading

    def selection(self) -> str:
        """A digest of the tenant, of what the parameters select, and of the fields that there are of it."""
        source = {name: value for name, value in self._source.items() if name != "labels"}
        user = self._secrets["FXIAOKE_USER_ID"].text
        told = [source, self._tenant, user, self._of_orders(), self._of_deals(), self._of_customers()]
        return hashlib.sha256(json.dumps(told, sort_keys=True, default=asdict).encode()).hexdigest()

    def orders(self, since: Since = NEVER) -> pl.DataFrame:
        """customer_id, date, amount, order_id, the states under their own names, and the currency where known.

        Every record of the object, whatever its state: `where` keeps those that are purchases. What was deleted is in
        the state `invalid`, where the interface shows it at all. Returns, where they are asked for, are rows of their
        own whose amount is negative.
        """
        tables = [self._orders(self._of_orders(), since)]
        if self._source.get("returns"):
            returned = self._orders(self._of_returns(), since)
            tables.append(returned.with_columns(amount=-pl.col("amount").abs()))
        return pl.concat(tables, how="diagonal")

    def deals(self, since: Since = NEVER) -> pl.DataFrame:
        """商机2.0 next to orders, where the parameters ask for them."""
        read = self._of_deals()
        return NO_DEALS if read is None else self._orders(read, since)

    def _orders(self, read: OrdersRead, since: Since) -> pl.DataFrame:
        rows = self._listed(read.module, read.asked, since)
        for row in rows:
            if row.get(_DELETED):
                row[_LIFE] = "invalid"
        return self._values(read.module).orders(rows, read)

    def customers(self, since: Since = NEVER) -> Customers:
        """Accounts with what may group them, and how satisfied they are.

        Phone numbers and e-mail addresses are not asked for.
        """
        read, values = self._of_customers(), self._values(CUSTOMERS)
        rows = self._listed(read.module, [*read.asked, _LIFE], since)
        gone = frozenset(row[_ID] for row in rows if row.get(_DELETED) or row.get(_LIFE) == "invalid")
        there = [row for row in rows if row[_ID] not in gone]
        lasting, passing = (values.attributes(there, fields) for fields in (read.lasting, read.passing))
        return Customers(lasting, passing, self._answers(since), gone)

    def _answers(self, since: Since) -> pl.DataFrame:
        read = self._of_answers()
        if read is None:
            return NO_ANSWERS
        rows = self._listed(read.module, [read.customer, read.score, read.date], since)
        return self._values(read.module).answers(rows, read)

    def _values(self, module: str) -> Values:
        known = self._fields(module)
        return Values(
            _ID,
            reference=lambda name, row: _id(row.get(name)),
            day=lambda name, row: _day(row.get(name), known[name]),
            text=lambda name, row: _text(name, row, known[name]),
        )

    def deleted(self) -> None:
        """None: what was invalidated or deleted is in no list, and missing only where all is read."""

    def _of_orders(self) -> OrdersRead:
        return self._sales(self.purchases, self._source)

    def _of_deals(self) -> OrdersRead | None:
        is_asked = self._source.get("deals") and self.purchases != _DEALS
        return self._sales(_DEALS, {}) if is_asked else None

    def _sales(self, module: str, given: Mapping[str, Any]) -> OrdersRead:
        known, theirs = self._fields(module), PURCHASES[module]
        customer = given.get("customer", "account_id")
        day, amount = given.get("date", theirs.date), given.get("amount", theirs.amount)
        states = given.get("states", ())
        check(module, known, (customer, day, amount, *states))
        usual = {name: name for name in (*theirs.states, *states) if name in known}
        currency = {"currency": "mc_currency"} if "mc_currency" in known else {}
        return OrdersRead(module, customer, day, amount, currency | usual)

    def _of_returns(self) -> OrdersRead:
        known = self._fields(_RETURNS.module)
        check(_RETURNS.module, known, _RETURNS.asked)
        return replace(_RETURNS, more={name: name for name in (_LIFE,) if name in known})

    def _of_answers(self) -> AnswersRead | None:
        if "satisfaction" not in self._source:
            return None
        read = AnswersRead("AppraiseObj", "account_id", self._source["satisfaction"], "create_time")
        check(read.module, self._fields(read.module), (read.customer, read.score, read.date))
        return read

    def _of_customers(self) -> CustomersRead:
        known, given = self._fields(CUSTOMERS), self._source.get("fields", {})
        check(CUSTOMERS, known, given.values())
        lasting = {name: field for name, field in LASTING.items() if field in known} | given
        passing = {name: field for name, field in PASSING.items() if field in known and name not in given}
        check_impersonal({name: each["type"] for name, each in known.items()}, lasting, _PERSONAL)
        return CustomersRead(CUSTOMERS, lasting, passing)

    # Labels

    def labels(self, names: Sequence[str], ids: Sequence[str] | None = None) -> pl.DataFrame:
        """customer_id and the present values of these fields, as they are in the CRM."""
        if ids is None:
            rows = [row for row in self._listed(CUSTOMERS, names) if not row.get(_DELETED)]
        else:
            parts = [ids[at : at + _PER_PAGE] for at in range(0, len(ids), _PER_PAGE)]
            rows = [row for part in parts for row in self._by_id(names, part)]
        fields = self.label_fields(names)
        present = [self._labels_of(row, fields) for row in rows]
        columns = {name: [each[name] for each in present] for name in names}
        numbers = {each.name: pl.Float64 for each in fields if each.kind == "number"}
        schema = dict.fromkeys(("customer_id", *names), pl.String) | numbers
        return pl.DataFrame({"customer_id": [row[_ID] for row in rows]} | columns, schema)

    def label_fields(self, names: Sequence[str]) -> list[LabelField]:
        """The fields of these names, as metadata describe them.

        Raises
        ------
        ParamsError : one is missing, is one of the CRM's own, or is of a kind that takes no label
        """
        known = self._fields(CUSTOMERS)
        check(CUSTOMERS, known, names)
        fields = []
        for name in names:
            about = known[name]
            kind = _KINDS.get(about["type"])
            if kind is None or not name.endswith("__c") or about.get("is_readonly"):
                figures = {"field": repr(name), "module": CUSTOMERS, "type": about["type"]}
                raise fault("crm_field_closed", ParamsError, **figures)
            fields.append(LabelField(name, kind, about.get("max_length"), about.get("decimal_places")))
        return fields

    def _labels_of(self, row: Mapping[str, Any], fields: Iterable[LabelField]) -> dict[str, Any]:
        values = {each.name: _present(row.get(each.name)) for each in fields}
        for each in fields:
            if each.kind == "number":
                values[each.name] = number(values[each.name])
            if each.kind == "day":
                values[each.name] = _day(values[each.name], self._fields(CUSTOMERS)[each.name])
        return values

    # Writing

    def batches(self, rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
        """One record after the other."""
        yield from ([row] for row in rows)

    def settle(self, name: str) -> None:
        """Nothing goes on by itself."""

    def write_labels(self, rows: Sequence[Row], begun: Callable[[str], None] = forget) -> list[Outcome]:
        """Update records by id, one a call; where nobody knows whether it was done, the record is read."""
        del begun
        return [done for row in rows for done in write_once([row], self._written, self.labels)]

    def _written(self, rows: Sequence[Row]) -> list[Outcome]:
        [row] = rows
        fields = self.label_fields([*row.values])
        values = {each.name: self._wire(row.values[each.name], each) for each in fields}
        given = {_ID: row.id, "dataObjectApiName": CUSTOMERS, **values}
        body = {"triggerWorkFlow": False, "triggerApprovalFlow": False, "data": {"object_data": given}}
        reply = self._call("data/update", body, may_repeat=False)
        code = _code(reply)
        if code == 0:
            return [Outcome(row.id, "written")]
        if code in _UNSURE:
            return self._looked_up(row, fields, _reason(reply))
        return [Outcome(row.id, "refused", _reason(reply))]

    def _looked_up(self, row: Row, fields: Sequence[LabelField], reason: str) -> list[Outcome]:
        """What the record says of an update of which the reply does not tell whether it was done."""
        for found in self._by_id([*row.values, _LOCK], [row.id]):
            if has(self._labels_of(found, fields), row):
                return [Outcome(row.id, "written")]
            if str(found.get(_LOCK)) == "1":
                return [Outcome(row.id, "refused", reason)]
        raise LostReplyError

    def _wire(self, value: Any, field: LabelField) -> Any:
        """A label as it travels: numbers as texts, days as milliseconds."""
        if value is None or field.kind == "text":
            return value
        if field.kind == "number":
            return str(value)
        zone = _zone(self._fields(CUSTOMERS)[field.name])
        return _milliseconds(datetime.combine(date.fromisoformat(value), datetime.min.time(), zone))

    def import_file(self, rows: Sequence[Row], names: Sequence[str]) -> bytes:
        """A workbook to copy into the tenant's own template: 客户编号, by which records are found, and the labels.

        Raises
        ------
        DataError : records have no 客户编号
        """
        known = self._fields(CUSTOMERS)
        ids = [row.id for row in rows]
        parts = [ids[at : at + _PER_PAGE] for at in range(0, len(ids), _PER_PAGE)]
        numbers = {it[_ID]: _present(it.get(_NUMBER)) for part in parts for it in self._by_id([_NUMBER], part)}
        if missing := [record for record in ids if not numbers.get(record)]:
            raise fault("crm_no_number", DataError, records=len(missing), first=missing[0])
        columns = {_NUMBER: [numbers[record] for record in ids]}
        columns |= {name: [row.values[name] for row in rows] for name in names}
        labels = {name: str(known[name].get("label") or name) for name in columns}
        told = Counter(labels.values())
        headers = {name: label if told[label] == 1 else name for name, label in labels.items()}
        file = BytesIO()
        pl.DataFrame(columns, dict.fromkeys(columns, pl.String)).rename(headers).write_excel(file, autofit=True)
        return file.getvalue()

    # Metadata

    def _fields(self, module: str) -> Mapping[str, Mapping[str, Any]]:
        """Name -> metadata of the fields of an object."""
        if module not in self._metadata:
            body = {"includeDetail": True, "data": {"apiName": module}}
            reply = self._asked("object/describe", body, module)
            self._metadata[module] = reply.body["data"]["describe"]["fields"]
        return self._metadata[module]

    # Queries

    def _listed(self, module: str, fields: Sequence[str], since: Since = NEVER) -> list[dict[str, Any]]:
        """All records of an object, or those that have changed since a moment, each once, by id."""
        found: dict[str, dict[str, Any]] = {}
        pages = 0
        for page in self._pages(module, [*fields, _CHANGED, _DELETED], since.get(module)):
            pages += 1
            found |= {row[_ID]: row for row in page}
        moments = [_moment(row[_CHANGED]) for row in found.values() if _present(row.get(_CHANGED)) is not None]
        self.reads.append(module_read(module, moments, len(found), pages))
        return list(found.values())

    def _pages(self, module: str, fields: Sequence[str], since: str | None) -> Iterator[list[dict[str, Any]]]:
        """Pages by the id that the one before ended with: offsets end at ten thousand."""
        changed = [_filter(_CHANGED, "GTE", str(_milliseconds(datetime.fromisoformat(since))))] if since else []
        last: list[dict[str, Any]] = []
        while True:
            page = self._page(module, fields, [*changed, *last])
            yield page
            if len(page) < _PER_PAGE:
                return
            last = [_filter(_ID, "GT", page[-1][_ID])]

    def _by_id(self, fields: Sequence[str], ids: Sequence[str]) -> list[dict[str, Any]]:
        return self._page(CUSTOMERS, fields, [_filter(_ID, "IN", *ids)])

    def _page(self, module: str, fields: Sequence[str], filters: Sequence[Any]) -> list[dict[str, Any]]:
        known = self._fields(module)
        names = [_ID, *(name for name in dict.fromkeys(fields) if name in known)]
        info = {
            "limit": _PER_PAGE,
            "offset": 0,
            "filters": filters,
            "orders": [{"fieldName": _ID, "isAsc": True}],
            "fieldProjection": names,
        }
        data = {"dataObjectApiName": module, "search_query_info": info}
        rows = records_of(self._asked("data/query", {"data": data}, module).body)
        # The labels of codes come next to them; all else that was not asked for is left.
        kept = {*names, *(f"{name}__r" for name in names if known.get(name, {}).get("type") not in _OBJECTS)}
        return [{name: value for name, value in row.items() if name in kept} for row in rows]

    # Calls

    def _asked(self, path: str, body: Mapping[str, Any], module: str) -> Reply:
        """The reply to what only reads; DataError where it is refused."""
        reply = self._call(path, body)
        if _code(reply) != 0:
            raise fault("crm_refused", DataError, what=f"{path} {module}", status=reply.status, reason=_told(reply))
        return reply

    def _call(self, path: str, body: Mapping[str, Any], *, may_repeat: bool = True) -> Reply:
        """A call with a token; one that is gone is renewed once."""

        def call(token: Token) -> Reply:
            return self._transport.call(
                "POST",
                f"{self._api}/cgi/crm/v2/{path}",
                headers={
                    "Authorization": f"Bearer {token.secret.text}",
                    "x-fs-ea": token.domain,
                    "x-fs-userid": self._secrets["FXIAOKE_USER_ID"].text,
                },
                values={"thirdTraceId": str(uuid4())},
                body=body,
                is_busy=_is_busy if may_repeat else _is_not_begun,
                busy_for=_WINDOW,
                may_repeat=may_repeat,
            )

        reply = self._cache.used(self._renewed, call, _is_gone)
        if reply is None:
            raise fault("crm_token_refused", DataError, host=self._api, check="`source.api`, FXIAOKE_USER_ID")
        _refuse_access(reply, self._api, path)
        return reply

    def _renewed(self) -> Token:
        body = {
            "appId": self._secrets["FXIAOKE_APP_ID"].text,
            "appSecret": self._secrets["FXIAOKE_APP_SECRET"].text,
            "permanentCode": self._secrets["FXIAOKE_PERMANENT_CODE"].text,
            "grantType": "app_secret",
        }
        url = f"{self._api}/oauth2.0/token"
        reply = self._transport.call("POST", url, body=body, is_busy=_is_busy, busy_for=_WINDOW)
        _refuse_access(reply, self._api, "oauth2.0/token")
        if _code(reply) != 0 or not reply.body.get("accessToken"):
            raise _no_token(reply, self._api)
        lasts = float(reply.body.get("expiresIn", 7_200))
        return self._cache.keep(reply.body["accessToken"], str(reply.body.get("ea", "")), lasts)


def records_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of a reply, in whichever of its places they stand.

    >>> records_of({"dataList": [{"_id": "a"}]}) == records_of({"data": {"objectData": {"_id": "a"}}})
    True
    """
    data = body.get("data") or {}
    rows = data.get("dataList", body.get("dataList"))
    if rows is None:
        one = data.get("objectData", data)
        rows = [one] if _ID in one else []
    return [dict(row) for row in rows]


def _filter(name: str, operator: str, *values: str) -> dict[str, Any]:
    return {"field_name": name, "operator": operator, "field_values": list(values)}


def _code(reply: Reply) -> int | None:
    """What an answer says of itself: 0 is success, HTTP 200 is none."""
    code = reply.body.get("errorCode") if isinstance(reply.body, dict) else None
    return code if isinstance(code, int) else None


def _reason(reply: Reply) -> str:
    """The code of a refusal and its sentence, without what may be somebody's number or address."""
    sentence = _CONTACT.sub("***", str(reply.body.get("errorMessage", "")) if isinstance(reply.body, dict) else "")
    return f"{_code(reply)} {sentence[:_LONGEST_REASON]}".strip()


def _told(reply: Reply) -> str:
    """The code of an answer that we did not count on, and by what the CRM's people find it."""
    trace = reply.body.get("traceId", "?") if isinstance(reply.body, dict) else "?"
    return f"errorCode {_code(reply)}, traceId {trace}"


def _is_gone(reply: Reply) -> bool:
    return reply.status == 401 or _code(reply) in _GONE


def _is_busy(reply: Reply) -> bool:
    return reply.status == 429 or _code(reply) in _NOT_BEGUN | _UNSURE


def _is_not_begun(reply: Reply) -> bool:
    """Whether a call was refused before it had any effect, since there were too many."""
    return reply.status == 429 or _code(reply) in _NOT_BEGUN


def _refuse_access(reply: Reply, host: str, path: str) -> None:
    code = _code(reply)
    if code in _LOGIN:
        raise _no_token(reply, host)
    if code in _CLOSED:
        raise fault("crm_app_closed", ParamsError, reason=str(code), path=path)
    if code == _NOT_BOUGHT:
        raise fault("crm_no_calls", ParamsError, host=host)
    if code == _SPENT:
        raise fault("crm_day_spent", TryLaterError)
    if reply.status == 403:
        raise fault("crm_permission", ParamsError, path=path)


def _no_token(reply: Reply, host: str) -> ParamsError:
    return fault("crm_login", ParamsError, reason=_told(reply), host=host, variables=", ".join(SECRETS), place="api")


def _present(value: Any) -> Any:
    """A value; None for each of the ways in which there is none."""
    return None if value in ("", []) else value


def _id(value: Any) -> str | None:
    """The id of a reference, or of the first of a list of people."""
    present = _present(value)
    first = present[0] if isinstance(present, list) else present
    return None if first is None else str(first)


def _text(name: str, row: Mapping[str, Any], about: Mapping[str, Any]) -> str | None:
    """A value as a reader has it: the label of a code, the day of a moment."""
    value = _present(row.get(name))
    if value is None or about["type"] in _OBJECTS:
        return _id(value)
    if about["type"] in _MOMENTS:
        return _day(value, about)
    if name == _LIFE:
        return str(value)
    labels = {option.get("value"): str(option.get("label")) for option in about.get("options") or ()}
    if isinstance(value, list):
        return ", ".join(labels.get(code, str(code)) for code in value)
    beside = row.get(f"{name}__r")
    return labels.get(value) or (beside if isinstance(beside, str) and beside else str(value))


def _zone(about: Mapping[str, Any]) -> tzinfo:
    """The zone in which a field's days begin, China's where it has none that is known."""
    told = str(about.get("time_zone", ""))
    if found := re.fullmatch(r"(?:GMT|UTC)([+-]\d{1,2})(?::?(\d\d))?", told):
        minutes = int(found[2] or 0)
        hours = int(found[1])
        return timezone(timedelta(hours=hours, minutes=-minutes if hours < 0 else minutes))
    try:
        return ZoneInfo(told) if told else _CHINA
    except (ZoneInfoNotFoundError, ValueError):
        return _CHINA


def _day(value: Any, about: Mapping[str, Any]) -> str | None:
    """The day of milliseconds, in the zone of their field: in UTC it would be the one before."""
    moment = number(_present(value))
    return None if moment is None else datetime.fromtimestamp(moment / 1_000, _zone(about)).date().isoformat()


def _moment(value: Any) -> str:
    return datetime.fromtimestamp(int(value) / 1_000, _CHINA).isoformat()


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000)
