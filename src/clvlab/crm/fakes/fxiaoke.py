"""纷享销客 (Fxiaoke) by its open interface, as far as its documents tell: what they leave open is a switch.

Errors come with HTTP 200 and a code. Tokens of both generations, queries, single records, metadata, and updates with
workflows and approvals that run unless they are told not to; calls that a writer of labels must not make work as
well, and mark the ledger.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import Any, Literal

from clvlab.crm.fakes.server import Answer, FakeServer, Request

APP, SECRET, CODE, USER, ENTERPRISE = "FSAID_1319abc", "secret-of-the-app", "permanent-code", "1000", "retailer"
ZONE = timezone(timedelta(hours=8))
LOCKED = "不能进行[编辑]操作，以下这些数据已被锁定。"
NO_RIGHT = "无此操作的数据权限"
STAFF = {"id": USER, "name": "Sales One", "phone": "+86 571 8800 1234", "email": "sales.one@retailer.example"}
_LIFE, _SAME, _TOLD = timedelta(seconds=7_200), timedelta(seconds=6_600), 7_084
_MOST_ROWS, _MOST_OFFSET, _WINDOW, _TOKENS_A_MINUTE = 100, 10_000, timedelta(seconds=20), 10
_TOKENS = ("/oauth2.0/token", "/cgi/corpAccessToken/get/V2")
_PATH = "/cgi/crm/v2/"
_NUMBERS = frozenset({"number", "currency", "percent", "count"})
_MOMENTS = frozenset({"date", "date_time"})
_COMPARED: Mapping[str, Callable[[Any, list[Any]], bool]] = {
    "EQ": lambda it, given: it == given[0],
    "N": lambda it, given: it != given[0],
    "GT": lambda it, given: it is not None and it > given[0],
    "GTE": lambda it, given: it is not None and it >= given[0],
    "LT": lambda it, given: it is not None and it < given[0],
    "LTE": lambda it, given: it is not None and it <= given[0],
    "LIKE": lambda it, given: it is not None and given[0] in it,
    "NLIKE": lambda it, given: it is None or given[0] not in it,
    "IS": lambda it, _: it is None,
    "ISN": lambda it, _: it is not None,
    "IN": lambda it, given: it in given,
    "NIN": lambda it, given: it not in given,
    "BETWEEN": lambda it, given: it is not None and given[0] <= it <= given[1],
    "NBETWEEN": lambda it, given: it is None or not given[0] <= it <= given[1],
    "STARTWITH": lambda it, given: it is not None and it.startswith(given[0]),
    "ENDWITH": lambda it, given: it is not None and it.endswith(given[0]),
    "HASANYOF": lambda it, given: bool({*(it or ())} & {*given}),
    "NHASANYOF": lambda it, given: not {*(it or ())} & {*given},
}


@dataclass
class Switches:
    """What the documents leave open, or tenants have differently.

    Attributes
    ----------
    token_refusal : the code by which too many calls for a token are refused
    large_page : what becomes of a page of more than 100 rows
    rows_at : where the rows of a query stand in its reply
    one_as : what a single record is inside of
    shows_invalid : whether queries give records that were invalidated or deleted
    has_labels : whether replies have the label of a code next to it
    empty_as : what a field without a value is
    version_as : a text, or a number
    ignores_projection : whether fields come that nobody asked for
    unknown_field : what becomes of an update of a field that is not there
    numbers : whether an update takes a number for a number, or a text alone
    counts : whether a query tells how many rows there are
    per_window, per_day : calls of one path in 20 seconds, and of all in a day
    """

    token_refusal: int = 30004
    large_page: Literal["refused", "cut"] = "refused"
    offset_refusal: int = 15002
    rows_at: Literal["data", "top"] = "data"
    one_as: Literal["objectData", "record"] = "objectData"
    shows_invalid: bool = False
    has_labels: bool = True
    empty_as: Literal["absent", "text", "list"] = "absent"
    version_as: Literal["text", "number"] = "text"
    ignores_projection: bool = False
    unknown_field: Literal["ignored", "refused"] = "ignored"
    numbers: Literal["both", "text"] = "both"
    counts: bool = False
    per_window: int = 100
    per_day: int = 100_000


@dataclass(frozen=True)
class Field:
    """Metadata of a field; `options` are code -> label of a choice, `more` is what else a description has."""

    name: str
    kind: str = "text"
    label: str = ""
    length: int | None = None
    decimals: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    is_computed: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Object:
    """Fields and records of one kind, values as they travel: amounts as texts, days as milliseconds."""

    fields: dict[str, Field]
    records: dict[str, dict[str, Any]] = field(default_factory=dict)


class FakeFxiaoke(FakeServer):
    """One tenant of 纷享销客: authorisation and interface on the same host.

    Attributes
    ----------
    objects : API name -> fields and records
    switches : what the documents leave open
    locked : ids that cannot be edited
    pool : ids that nobody owns (公海), which the operator cannot edit
    unseen : ids that the operator has no right to see
    """

    def __init__(self, objects: Mapping[str, Object] | None = None, switches: Switches | None = None) -> None:
        super().__init__()
        self.objects = dict(objects or {})
        self.switches = switches or Switches()
        self.locked: set[str] = set()
        self.pool: set[str] = set()
        self.unseen: set[str] = set()
        self.on_page: Callable[[str, int], None] = _nothing
        self._tokens: dict[str, datetime] = {}
        self._asked: list[datetime] = []
        self._windows: dict[str, deque[datetime]] = {}
        self._days: Counter[date] = Counter()
        self._traces = 0
        self._pages: Counter[str] = Counter()

    # Authorisation

    def answer(self, request: Request) -> Answer:
        """What 纷享销客 would say to a request."""
        body = request.body if isinstance(request.body, dict) else {}
        if request.method == "POST" and request.path in _TOKENS:
            return self._token(body)
        work = self._work(request.path.removeprefix(_PATH)) if request.path.startswith(_PATH) else None
        if request.method != "POST" or work is None:
            return Answer(302, b"<html>Moved</html>", {"Location": "/notfound.html", "Content-Type": "text/html"})
        return self._unauthorised(request, body) or self._beyond_limits(request) or work(body)

    def _work(self, path: str) -> Callable[[Mapping[str, Any]], Answer] | None:
        """What is done at a path; None where nothing is."""
        match path.split("/"):
            case ["data", "query"]:
                return self._query
            case ["data", "get"]:
                return self._single
            case ["data", "findOne"]:
                return self._find_one
            case ["data", "update"]:
                return self._update
            case ["object", "describe"]:
                return self._describe
            case ["data", "create" | "invalid" | "delete" | "changeOwner" as harm] | [
                "object",
                "lock" | "unlock" as harm,
            ]:
                return partial(self._forbidden, harm)
        return None

    def refuse_busy(self, request: Request) -> Answer | None:
        """A refusal where two ask for a token at once."""
        if request.path in _TOKENS and self.active[request.path] > 1:
            return self._refused(self.switches.token_refusal, "request too frequent")
        return None

    def _token(self, body: Mapping[str, Any]) -> Answer:
        self._asked = [at for at in self._asked if self.now - at < timedelta(minutes=1)]
        if len(self._asked) >= _TOKENS_A_MINUTE:
            return self._refused(self.switches.token_refusal, "request too frequent")
        self._asked.append(self.now)
        given = (body.get("appId"), body.get("appSecret"), body.get("permanentCode"))
        if given != (APP, SECRET, CODE):
            return self._refused(10006, "appSecret is error")
        if "grantType" in body and body["grantType"] != "app_secret":
            return self._refused(32000, "grantType is error")
        token = self._current()
        told = _TOLD - int((self.now - self._tokens[token]).total_seconds())
        if "grantType" in body:
            more = {"accessToken": token, "ea": ENTERPRISE, "appId": APP, "openUserId": "FSCID_1"}
        else:
            more = {"corpAccessToken": token, "corpId": "FSCID_1"}
        return self._said(expiresIn=told, **more)

    def _current(self) -> str:
        """The token of the last 6,600 seconds, or a new one."""
        young = [token for token, made in self._tokens.items() if self.now - made < _SAME]
        if not young:
            young = [f"access-{len(self._tokens) + 1}"]
            self._tokens[young[0]] = self.now
        return young[-1]

    def revoke(self) -> None:
        """Let every token die, and the next one be a new one."""
        self._tokens = {token: made - _LIFE for token, made in self._tokens.items()}

    def _unauthorised(self, request: Request, body: Mapping[str, Any]) -> Answer | None:
        new = "authorization" in request.headers
        old = "corpAccessToken" in body
        if new == old:
            return self._refused(20017, "no authentication, or two of them")
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if new:
            is_known = kind == "Bearer" and request.headers.get("x-fs-ea") == ENTERPRISE
            is_known &= request.headers.get("x-fs-userid") == USER
        else:
            token, is_known = body["corpAccessToken"], body.get("corpId") == "FSCID_1"
        made = self._tokens.get(token)
        if made is None or not is_known or self.now - made >= _LIFE:
            return self._refused(20016, "corpAccessToken or authorization is error")
        return None

    def _beyond_limits(self, request: Request) -> Answer | None:
        window = self._windows.setdefault(request.path, deque())
        while window and self.now - window[0] >= _WINDOW:
            window.popleft()
        if len(window) >= self.switches.per_window:
            return self._refused(30004, "over limit per second")
        today = self.now.astimezone(ZONE).date()
        if self._days[today] >= self.switches.per_day:
            return self._refused(30002, "over limit per day")
        window.append(self.now)
        self._days[today] += 1
        self.costs[request.path] += 1
        return None

    def _said(self, **more: Any) -> Answer:
        self._traces += 1
        return Answer(200, {"errorCode": 0, "errorMessage": "OK", "traceId": f"E-O.{self._traces}", **more})

    def _refused(self, code: int, message: str) -> Answer:
        self._traces += 1
        return Answer(200, {"errorCode": code, "errorMessage": message, "traceId": f"E-O.{self._traces}"})

    # What people do

    def change(self, kind: str, record: str, **values: Any) -> None:
        """Edit a record."""
        self.objects[kind].records[record].update(values, last_modified_time=milliseconds(self.now))

    def invalidate(self, kind: str, record: str) -> None:
        """Invalidate a record (作废)."""
        self.change(kind, record, life_status="invalid")

    def delete(self, kind: str, record: str) -> None:
        """Delete a record."""
        self.change(kind, record, life_status="invalid", is_deleted=True)

    # Reading

    def _object(self, body: Mapping[str, Any]) -> tuple[str, Object] | None:
        name = body.get("data", {}).get("dataObjectApiName", "")
        return (name, self.objects[name]) if name in self.objects else None

    def _query(self, body: Mapping[str, Any]) -> Answer:
        found, asked = self._object(body), body.get("data", {}).get("search_query_info")
        if found is None or not isinstance(asked, dict):
            return self._refused(15002, "parameter error")
        limit, offset = asked.get("limit", 10), asked.get("offset", 0)
        if limit > _MOST_ROWS and self.switches.large_page == "refused":
            return self._refused(15002, "limit out of range")
        limit = min(limit, _MOST_ROWS)
        if offset > _MOST_OFFSET:
            return self._refused(10013, "offset out of range")
        if offset % limit:
            return self._refused(self.switches.offset_refusal, "offset is no multiple of limit")
        rows = self._matching(found[1], asked)
        if rows is None:
            return self._refused(15002, "parameter error")
        page = [self._shown(found[1], it, body, asked) for it in rows[offset : offset + limit]]
        counted = {"offset": offset, "limit": limit, "total": len(rows) if self.switches.counts else 0}
        self._pages[found[0]] += 1
        self.on_page(found[0], self._pages[found[0]])
        if self.switches.rows_at == "top":
            return self._said(dataList=page, data=counted)
        return self._said(data={"dataList": page, **counted})

    def _matching(self, kind: Object, asked: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """The records that meet the filters, in order; None where a filter cannot be understood."""
        rows = [it for it in kind.records.values() if it["_id"] not in self.unseen]
        if not self.switches.shows_invalid:
            rows = [it for it in rows if not it.get("is_deleted") and it.get("life_status") != "invalid"]
        for each in asked.get("filters", ()):
            name, operator = each.get("field_name"), each.get("operator")
            if operator not in _COMPARED or (name != "_id" and name not in kind.fields):
                return None
            of = kind.fields.get(name, Field(name)).kind
            given = [_comparable(value, of) for value in each["field_values"]]
            rows = [it for it in rows if _COMPARED[operator](_comparable(it.get(name), of), given)]
        for each in reversed(asked.get("orders", ())):
            name = each["fieldName"]
            rows = _sorted(rows, kind.fields.get(name, Field(name)), each.get("isAsc", True))
        return rows

    def _shown(
        self, kind: Object, record: Mapping[str, Any], body: Mapping[str, Any], asked: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A record as a reply has it."""
        names = asked.get("fieldProjection") or [*kind.fields]
        if self.switches.ignores_projection:
            names = [*kind.fields]
        shown: dict[str, Any] = {"_id": record["_id"]}
        for name in names:
            if name in kind.fields:
                shown |= self._value(kind.fields[name], record, bool(body.get("includeNull")))
        if record["_id"] in self.locked and "lock_status" in shown:
            shown["lock_status"] = "1"
        return shown

    def _value(self, of: Field, record: Mapping[str, Any], includes_null: bool) -> dict[str, Any]:
        value = record.get(of.name)
        if of.name == "version":
            value = str(value) if self.switches.version_as == "text" else int(value or 0)
        if value in (None, "", []):
            if includes_null:
                return {of.name: None}
            empty = {"text": "", "list": []}
            return {of.name: empty[self.switches.empty_as]} if self.switches.empty_as in empty else {}
        shown = {of.name: value}
        if of.kind == "employee":
            shown |= {f"{of.name}__r": STAFF, f"{of.name}__l": [STAFF]}
        if of.kind in ("select_one", "province", "city") and self.switches.has_labels:
            shown[f"{of.name}__r"] = of.options.get(value, value)
        if of.kind == "object_reference" and self.switches.has_labels:
            shown[f"{of.name}__r"] = "A firm's name"
        return shown

    def _single(self, body: Mapping[str, Any]) -> Answer:
        found = self._object(body)
        record = found and found[1].records.get(body["data"].get("objectDataId"))
        if not found or not record or record["_id"] in self.unseen:
            return self._refused(20010, "数据不存在或已删除")
        return self._said(data=self._shown(found[1], record, body, {}))

    def _find_one(self, body: Mapping[str, Any]) -> Answer:
        found, asked = self._object(body), body.get("data", {}).get("search_query_info", {})
        rows = self._matching(found[1], asked) if found else None
        if not found or rows is None:
            return self._refused(15002, "parameter error")
        one = self._shown(found[1], rows[0], body, asked) if rows else {}
        return self._said(data={"objectData": one} if self.switches.one_as == "objectData" else one)

    def _describe(self, body: Mapping[str, Any]) -> Answer:
        name = body.get("data", {}).get("apiName", "")
        if name not in self.objects:
            return self._refused(20012, "对象不存在")
        fields = {each.name: _described(each) for each in self.objects[name].fields.values()}
        return self._said(data={"describe": {"api_name": name, "fields": fields}})

    # Writing

    def _update(self, body: Mapping[str, Any]) -> Answer:
        given = body.get("data", {}).get("object_data")
        if not isinstance(given, dict) or "_id" not in given:
            return self._refused(-2, "java.lang.NullPointerException")
        kind = self.objects.get(given.get("dataObjectApiName", ""))
        record = kind and kind.records.get(given["_id"])
        if not kind or not record or record.get("is_deleted"):
            return self._refused(20010, "数据不存在或已删除")
        if record["_id"] in self.locked:
            return self._refused(50009, LOCKED)
        if record["_id"] in self.pool | self.unseen:
            return self._refused(20015, NO_RIGHT)
        values = {}
        for name, value in given.items():
            if name in ("_id", "dataObjectApiName"):
                continue
            if name not in kind.fields:
                if self.switches.unknown_field == "refused":
                    return self._refused(15002, f"field {name} not exist")
                continue
            if name == "owner" or kind.fields[name].is_computed:
                return self._refused(20006, f"{name} 不允许编辑")
            if (refusal := self._wrong(kind.fields[name], value)) is not None:
                return refusal
            values[name] = None if value in (None, "") else _stored(value, kind.fields[name].kind)
        record.update(values, last_modified_time=milliseconds(self.now), version=int(record.get("version", 0)) + 1)
        fired = [("workflow", "triggerWorkFlow"), ("approval", "triggerApprovalFlow")]
        self.ledger += [(what, record["_id"]) for what, flag in fired if body.get(flag, True)]
        return self._said()

    def _wrong(self, of: Field, value: Any) -> Answer | None:
        if value in (None, ""):
            return None
        if of.kind in _NUMBERS:
            if not isinstance(value, str) and self.switches.numbers == "text":
                return self._refused(15002, f"{of.name} type error")
            try:
                float(value)
            except ValueError:
                return self._refused(15002, f"{of.name} type error")
        if of.kind in _MOMENTS and not isinstance(value, int):
            return self._refused(15002, f"{of.name} type error")
        if of.kind == "text" and (not isinstance(value, str) or len(value) > (of.length or 100)):
            return self._refused(20012, f"{of.name} 长度超过限制")
        return None

    def _forbidden(self, what: str, body: Mapping[str, Any]) -> Answer:
        """What a writer of labels must not call: the ledger says that it was called."""
        self.ledger.append((what, str(body.get("data", {}).get("dataObjectApiName", ""))))
        return self._said(data={})


def _nothing(kind: str, page: int) -> None:
    """What happens after a page: nothing, unless a test says otherwise."""


def milliseconds(moment: datetime) -> int:
    """A moment as values have it."""
    return round(moment.timestamp() * 1_000)


def midnight(day: date) -> int:
    """A day as values have it: the moment at which it begins in China."""
    return milliseconds(datetime(day.year, day.month, day.day, tzinfo=ZONE))


def _comparable(value: Any, kind: str) -> Any:
    if value in (None, "", []):
        return None
    return float(value) if kind in _NUMBERS | _MOMENTS else value


def _sorted(rows: Iterable[dict[str, Any]], of: Field, is_ascending: bool) -> list[dict[str, Any]]:
    def place(row: Mapping[str, Any]) -> tuple[bool, Any]:
        value = _comparable(row.get(of.name), of.kind)
        return (value is not None, value or 0)

    return sorted(rows, key=place, reverse=not is_ascending)


def _stored(value: Any, kind: str) -> Any:
    return str(value) if kind in _NUMBERS else value


def _described(of: Field) -> dict[str, Any]:
    told: dict[str, Any] = {"api_name": of.name, "type": of.kind, "label": of.label or of.name, "is_required": False}
    if of.kind == "text":
        told["max_length"] = of.length or 100
    if of.decimals is not None:
        told["decimal_places"] = of.decimals
    if of.options:
        told["options"] = [{"label": label, "value": code} for code, label in of.options.items()]
    if of.kind in _MOMENTS:
        told |= {"time_zone": "GMT+8", "date_format": "yyyy-MM-dd"}
    if of.kind == "currency":
        told["currency_unit"] = "￥"
    return {**told, **of.more}
