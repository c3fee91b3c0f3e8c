"""Zoho CRM, version 8, as far as its documents tell: what they leave open is a switch.

Lists, single records, COQL, deleted ids, metadata of fields, updates with automation that runs unless it is told not
to, tags, bulk read and bulk write; calls that a writer of labels must not make work as well, and mark the ledger.
"""

import csv
import io
import re
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from clvlab.crm.fakes.coql import SyntaxFaultError, parse
from clvlab.crm.fakes.server import Answer, FakeServer, Request

CLIENT, SECRET, REFRESH = "1000.CLIENT", "secret-of-the-client", "1000.refresh.token"
_ZONE = timezone(timedelta(hours=8))
_GONE = ("INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN")
_MOST_ROWS, _MOST_FIELDS, _MOST_LISTED, _MOST_BULK = 100, 50, 200, 25_000
_TOKEN_LIFE, _WINDOW, _REFRESHES, _LIVE = timedelta(hours=1), timedelta(minutes=10), 10, 15
_PAGE_LIFE = timedelta(hours=24)
_FIRED = ("workflow", "approval", "blueprint", "pathfinder", "orchestration")
_SKIPPED = {"cadences": "cadence", "assignment_rules": "assignment rule", "connected_workflows": "connected workflow"}
_CONVERTED = "$converted"
_PATH = re.compile(r"^/crm/(?:bulk/)?v[2-8]/")


@dataclass
class Switches:
    """What the documents leave open, or tenants have differently."""

    scope_in_token: bool = True
    unknown_field: Literal["left out", "refused"] = "left out"
    key_case: Literal["lower", "title"] = "title"
    number_into_text: Literal["stored", "refused"] = "stored"
    unknown_choice: Literal["stored", "refused"] = "stored"
    scope_status: int = 401
    quoted_ids: Literal["both", "quoted", "bare"] = "both"
    refreshes_rate: bool = False
    list_limit: int = 100_000
    page_limit: int = 2_000
    concurrency: int = 10
    credits: int = 100_000
    missing_scopes: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    read_only_ignored: bool = True
    bulk_fires: bool = False
    touches_others: bool = True
    """Whether a record that is restored, or whose customer is merged into another, counts as changed."""


@dataclass(frozen=True)
class Field:
    """Metadata of a field; `choices` are actual -> display values of a picklist."""

    name: str
    kind: str = "text"
    length: int = 255
    choices: Mapping[str, str] = field(default_factory=dict)
    custom: bool = False
    read_only: bool = False


@dataclass
class Module:
    """Fields and records of a module; `lines` is the field of its line items, which lists do not have."""

    fields: dict[str, Field]
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: list[dict[str, Any]] = field(default_factory=list)
    lines: str | None = None


class FakeZoho(FakeServer):
    """One organisation of Zoho CRM: authorisation and API on the same host.

    Attributes
    ----------
    modules : API name -> fields and records
    switches : what the documents leave open
    locked : ids that cannot be edited
    """

    def __init__(self, modules: Mapping[str, Module] | None = None, switches: Switches | None = None) -> None:
        super().__init__()
        self.modules = dict(modules or {})
        self.switches = switches or Switches()
        self.locked: set[str] = set()
        self.zgid = "700012345"
        self.credits = 0
        self.on_page: Callable[[str, int], None] = _nothing
        self._tokens: deque[tuple[str, datetime]] = deque(maxlen=_LIVE)
        self._refreshes: list[datetime] = []
        self._made = 0
        self._refused = 0
        self._pages: dict[str, tuple[str, datetime, int]] = {}
        self._jobs: dict[str, dict[str, Any]] = {}
        self._uploads: dict[str, bytes] = {}
        self._downloads: list[datetime] = []
        self._binned: dict[str, dict[str, Any]] = {}

    # Authorisation

    def answer(self, request: Request) -> Answer:
        """What Zoho would say to a request."""
        if request.path == "/oauth/v2/token" and request.method == "POST":
            return self._token(request)
        if (refusal := self._unauthorised(request)) is not None:
            return refusal
        if self.credits >= self.switches.credits:
            return _flat(429, "TOO_MANY_REQUESTS", "credits are used up", headers={"X-API-CREDITS-REMAINING": "0"})
        if request.path == "/crm/v8/upload" and request.method == "POST":
            return self._upload(request)
        if not _PATH.match(request.path):
            return _flat(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")
        answer = self._routed(request, _PATH.sub("", request.path).split("/"), "/bulk/" in request.path)
        return self._with_credits(answer)

    def refuse_busy(self, request: Request) -> Answer | None:
        """429 without a hint when to come again, where more calls are under way than the edition allows."""
        if request.path.startswith("/crm/") and self.active.total() > self.switches.concurrency:
            return _flat(429, "TOO_MANY_REQUESTS", "too many concurrent calls")
        return None

    def _with_credits(self, answer: Answer) -> Answer:
        left = self.switches.credits - self.credits
        if left > self.switches.credits / 2:
            return answer
        return Answer(answer.status, answer.body, {**answer.headers, "X-API-CREDITS-REMAINING": str(max(left, 0))})

    def _token(self, request: Request) -> Answer:
        self._refreshes = [at for at in self._refreshes if self.now - at < _WINDOW]
        if len(self._refreshes) >= _REFRESHES:
            self._refreshes = [*self._refreshes[1:], self.now]  # calls in between prolong it
            said = "You have made too many requests continuously. Please try again after some time."
            return Answer(400, {"error": "Access Denied", "error_description": said, "status": "failure"})
        if (request.values.get("client_id"), request.values.get("client_secret")) != (CLIENT, SECRET):
            return Answer(200, {"error": "invalid_client"})
        if request.values.get("refresh_token") != REFRESH or request.values.get("grant_type") != "refresh_token":
            return Answer(200, {"error": "invalid_code"})
        self._refreshes.append(self.now)
        self._made += 1
        token = f"1000.access.{self._made}"
        self._tokens.append((token, self.now + _TOKEN_LIFE))
        body = {"access_token": token, "api_domain": self.url, "token_type": "Bearer", "expires_in": 3600}
        return Answer(200, body | ({"scope": "ZohoCRM.modules.ALL"} if self.switches.scope_in_token else {}))

    def _unauthorised(self, request: Request) -> Answer | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        live = {each for each, until in self._tokens if until > self.now}
        if kind == "Zoho-oauthtoken" and token in live:
            return None
        self._refused += 1
        return _flat(401, _GONE[self._refused % len(_GONE)], "invalid oauth token")

    def revoke(self) -> None:
        """Let every access token die."""
        self._tokens.clear()

    # Routes

    def _routed(self, request: Request, parts: list[str], is_bulk: bool) -> Answer:
        match (request.method, is_bulk, parts):
            case ("POST", True, ["read"]):
                return self._bulk_read(request)
            case ("GET", True, ["read", job]):
                return self._job(job)
            case ("GET", True, ["read", job, "result"]):
                return self._bulk_result(job)
            case ("POST", True, ["write"]):
                return self._bulk_write(request)
            case ("GET", True, ["write", job]):
                return self._job(job)
            case ("GET", True, ["write", job, "result"]):
                return self._write_result(job)
            case ("GET", False, ["settings", "fields"]):
                return self._fields(request)
            case ("POST", False, ["coql"]):
                return self._coql(request)
        name = parts[0]
        if is_bulk or name not in self.modules:
            return _flat(400, "INVALID_MODULE", "the module name given seems to be invalid")
        scope = "READ" if request.method == "GET" else "UPDATE"
        if f"{name}.{scope}" in self.switches.missing_scopes:
            return _flat(self.switches.scope_status, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        match (request.method, parts[1:]):
            case ("GET", []):
                return self._list(request, name)
            case ("PUT", []):
                return self._update(request, name)
            case ("GET", ["deleted"]):
                return self._deleted(request, name)
            case ("GET", [record]):
                return self._single(name, record)
            case ("POST", [] | ["upsert"]) | ("DELETE", _) | ("POST", ["actions", "mass_update"]):
                return self._forbidden(request, name, parts[1:])
            case ("POST", ["actions", "add_tags"]):
                return self._tags(request, name)
        return _flat(404, "INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one")

    def _fields(self, request: Request) -> Answer:
        self.credits += 1
        name = request.values.get("module", "")
        if "settings.fields.READ" in self.switches.missing_scopes:
            return _flat(self.switches.scope_status, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        if name not in self.modules:
            return _flat(400, "INVALID_MODULE", "the module name given seems to be invalid")
        shown = [each for each in self.modules[name].fields.values() if each.name not in self.switches.hidden]
        return Answer(200, {"fields": [_metadata(each) for each in shown]})

    # What people do

    def change(self, module: str, record: str, **values: Any) -> None:
        """Edit a record."""
        self.modules[module].records[record].update(values, Modified_Time=self.written_now())

    def delete(self, module: str, record: str, kind: Literal["recycle", "permanent"] = "recycle") -> None:
        """Put a record into the recycle bin, or delete it for good."""
        self._binned[record] = self.modules[module].records.pop(record)
        row = {"id": record, "display_name": f"Record {record}", "type": kind, "deleted_time": self.written_now()}
        self.modules[module].deleted.append(row)

    def restore(self, module: str, record: str) -> None:
        """Take a record out of the recycle bin."""
        kept = self.modules[module]
        kept.deleted = [each for each in kept.deleted if each["id"] != record]
        kept.records[record] = self._binned.pop(record)
        if self.switches.touches_others:
            self.change(module, record)

    def convert(self, lead: str) -> None:
        """Make a customer of a lead, which lists have only where they are asked for such leads from then on."""
        self.change("Leads", lead, **{_CONVERTED: True})

    def merge(self, survivor: str, other: str, module: str = "Accounts", lookup: str = "Account_Name") -> None:
        """Merge a customer's record into another: what belonged to the one belongs to the other."""
        name = self.modules[module].records[survivor].get("Account_Name")
        for place, each in self.modules.items():
            for record, values in each.records.items():
                if isinstance(values.get(lookup), dict) and values[lookup]["id"] == other:
                    values[lookup] = {"name": name, "id": survivor}
                    if self.switches.touches_others:
                        self.change(place, record)
        self.delete(module, other, "permanent")
        self.change(module, survivor)

    # Reading

    def _visible(self, name: str, record: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
        module, hidden = self.modules[name], self.switches.hidden
        shown = {"id": record["id"]}
        shown |= {each: record.get(each) for each in fields if each in module.fields and each not in hidden}
        return shown | {"$currency_symbol": "$", "$approval_state": "approved"}

    def _list(self, request: Request, name: str) -> Answer:
        self.credits += 1
        module, values = self.modules[name], request.values
        asked = [each for each in values.get("fields", "").split(",") if each]
        if not asked:
            return _flat(
                400, "REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", param_name="fields"
            )
        if len(asked) > _MOST_FIELDS:
            return _flat(400, "LIMIT_EXCEEDED", "limit exceeded", limit=_MOST_FIELDS, param_name="fields")
        if self.switches.unknown_field == "refused" and (unknown := [a for a in asked if a not in module.fields]):
            return _flat(400, "INVALID_DATA", "invalid field", api_name=unknown[0])
        per_page = int(values.get("per_page", _MOST_LISTED))
        sort_by, order = values.get("sort_by", "id"), values.get("sort_order", "desc")
        if not 1 <= per_page <= _MOST_LISTED or sort_by not in ("id", "Created_Time", "Modified_Time"):
            return _flat(400, "INVALID_DATA", "invalid data", param_name="per_page or sort_by")
        start = self._start(values, ",".join(asked) + sort_by + order, per_page)
        if isinstance(start, Answer):
            return start
        found = [each for each in module.records.values() if _is_asked_for(each, values)]
        if since := request.headers.get("if-modified-since"):
            found = [each for each in found if _moment(each["Modified_Time"]) > _moment(since)]
            if not found:
                return Answer(304)
        found.sort(key=lambda it: int(it["id"]) if sort_by == "id" else it[sort_by], reverse=order == "desc")
        rows = found[start : start + per_page]
        if not rows:
            return Answer(204)
        more = start + per_page < len(found)
        token = self._next_token(",".join(asked) + sort_by + order, start + per_page) if more else None
        info: dict[str, Any] = {
            "per_page": per_page,
            "count": len(rows),
            "page": start // per_page + 1,
            "more_records": more,
        }
        info |= {"next_page_token": token, "previous_page_token": None, "sort_by": sort_by, "sort_order": order}
        body = {"data": [self._visible(name, each, asked) for each in rows], "info": info}
        self.on_page(name, start // per_page + 1)
        return Answer(200, body)

    def _start(self, values: Mapping[str, str], bound: str, per_page: int) -> int | Answer:
        """The place of the first record of a page."""
        token, page = values.get("page_token"), values.get("page")
        if token and page:
            return _flat(400, "AMBIGUITY_DURING_PROCESSING", "page and page_token exclude each other")
        if page:
            start = (int(page) - 1) * per_page
            if start >= self.switches.page_limit:
                return _flat(
                    400, "DISCRETE_PAGINATION_LIMIT_EXCEEDED", "use page_token", limit=self.switches.page_limit
                )
            return start
        if not token:
            return 0
        if token not in self._pages:
            return _flat(400, "INVALID_DATA", "invalid page_token", param_name="page_token")
        of, until, start = self._pages[token]
        if until <= self.now:
            return _flat(400, "EXPIRED_VALUE", "the page_token has expired", param_name="page_token")
        if of != bound:
            return _flat(400, "TOKEN_BOUND_DATA_MISMATCH", "the page_token was made with other parameters")
        if start >= self.switches.list_limit:
            return _flat(400, "PAGINATION_LIMIT_EXCEEDED", "use COQL or bulk read", limit=self.switches.list_limit)
        return start

    def _next_token(self, bound: str, start: int) -> str:
        token = f"page-{len(self._pages)}-{start}"
        self._pages[token] = (bound, self.now + _PAGE_LIFE, start)
        return token

    def _single(self, name: str, record: str) -> Answer:
        self.credits += 1
        module = self.modules[name]
        if record not in module.records:
            return Answer(204)
        found = module.records[record]
        shown = self._visible(name, found, module.fields)
        if module.lines:
            rows = found.get(module.lines) or []
            cased = str.lower if self.switches.key_case == "lower" else str
            shown[module.lines] = [{cased(key): value for key, value in row.items()} for row in rows]
            shown["$has_more"] = {module.lines: False}
        return Answer(200, {"data": [shown]})

    def _deleted(self, request: Request, name: str) -> Answer:
        self.credits += 2
        kind = request.values.get("type", "all")
        per_page = int(request.values.get("per_page", _MOST_LISTED))
        page = int(request.values.get("page", 1))
        found = [each for each in self.modules[name].deleted if kind in ("all", each["type"])]
        rows = found[(page - 1) * per_page : page * per_page]
        if not rows:
            return Answer(204)
        more = page * per_page < len(found)
        info = {"per_page": per_page, "count": len(rows), "page": page, "more_records": more}
        return Answer(200, {"data": rows, "info": info})

    def _coql(self, request: Request) -> Answer:
        text = (request.body or {}).get("select_query", "")
        try:
            query = parse(text, self.switches.quoted_ids)
        except SyntaxFaultError as error:
            return _flat(400, error.code, "syntax error", **error.details)
        self.credits += 1 + (query.limit > 200) + (query.limit > 1000)
        if query.module not in self.modules:
            return _flat(400, "INVALID_MODULE", "the module name given seems to be invalid")
        if {"coql.READ", f"{query.module}.READ"} & self.switches.missing_scopes:
            return _flat(self.switches.scope_status, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        module = self.modules[query.module]
        if unknown := [each for each in query.columns if each not in module.fields and each != "id"]:
            return _flat(400, "INVALID_QUERY", "column given seems to be invalid", column_name=unknown[0])
        found = sorted(filter(query.meets, module.records.values()), key=lambda it: int(it["id"]))
        rows = found[query.offset : query.offset + query.limit]
        if not rows:
            return Answer(204)
        more = query.offset + query.limit < len(found)
        body = [self._visible(query.module, each, query.columns) for each in rows]
        return Answer(200, {"data": body, "info": {"count": len(rows), "more_records": more}})

    # Writing

    def _update(self, request: Request, name: str) -> Answer:
        rows = request.body.get("data") if isinstance(request.body, dict) else None
        if not isinstance(rows, list) or not rows:
            return _flat(400, "MANDATORY_NOT_FOUND", "required field not found", api_name="data")
        if len(rows) > _MOST_ROWS:
            return _flat(400, "LIMIT_EXCEEDED", "limit exceeded", maximum_length=_MOST_ROWS, api_name="data")
        self.credits += -(-len(rows) // 10)
        done = [self._updated(name, row, place) for place, row in enumerate(rows)]
        written = [row["id"] for row, it in zip(rows, done, strict=True) if it["status"] == "success"]
        self._fire(request.body, written)
        status = 200 if len(written) == len(rows) else 207 if written else 400
        return Answer(status, {"data": done})

    def _fire(self, body: Mapping[str, Any], ids: Iterable[str]) -> None:
        """What an update sets off: everything, unless the request says otherwise."""
        fired = [each for each in _FIRED if each in body.get("trigger", _FIRED)]
        skipped = {each["name"] for each in body.get("skip_feature_execution", ())}
        fired += [effect for name, effect in _SKIPPED.items() if name not in skipped]
        self.ledger += [(effect, record) for record in ids for effect in fired]

    def _updated(self, name: str, row: dict[str, Any], place: int) -> dict[str, Any]:
        module = self.modules[name]
        record = module.records.get(str(row.get("id")))
        if record is None:
            return _refused(
                "INVALID_DATA", "the id given seems to be invalid", api_name="id", json_path=f"$.data[{place}].id"
            )
        if record["id"] in self.locked:
            return _refused("RECORD_LOCKED", "record is locked", id=record["id"])
        values = {}
        for key, value in row.items():
            if key == "id" or key in self.switches.hidden or key not in module.fields:
                continue
            if key == module.lines:
                if value == []:
                    self.ledger.append(("rows deleted", record["id"]))
                values[key] = value
                continue
            if module.fields[key].read_only:
                if self.switches.read_only_ignored:
                    continue
                return _refused("NO_PERMISSION", "read only", api_name=key)
            if (fault := self._fault_of(module.fields[key], value)) is not None:
                return _refused(
                    "INVALID_DATA", "invalid data", api_name=key, json_path=f"$.data[{place}].{key}", **fault
                )
            values[key] = str(value) if module.fields[key].kind == "text" and value is not None else value
        record.update(values)
        record["Modified_Time"] = self.written_now()
        if self.switches.refreshes_rate and "Exchange_Rate" in record:
            record["Exchange_Rate"] = round(record["Exchange_Rate"] * 1.01, 9)
            self.ledger.append(("exchange rate", record["id"]))
        details = {
            "id": record["id"],
            "Modified_Time": record["Modified_Time"],
            "Modified_By": {"id": "1", "name": "x"},
        }
        return {"code": "SUCCESS", "status": "success", "message": "record updated", "details": details}

    def _fault_of(self, field: Field, value: Any) -> dict[str, Any] | None:
        """What is wrong with a value, as the details of the reply say it."""
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is None:
            return None
        if field.kind == "text":
            if is_number:
                return {"expected_data_type": "string"} if self.switches.number_into_text == "refused" else None
            if not isinstance(value, str):
                return {"expected_data_type": "string"}
            return {"maximum_length": field.length} if len(value) > field.length else None
        if field.kind == "picklist" and value not in field.choices:
            refused = self.switches.unknown_choice == "refused"
            return {"supported_values": list(field.choices)} if refused else None
        if field.kind in ("double", "currency", "integer") and not is_number:
            return {"expected_data_type": field.kind}
        if field.kind == "integer" and not isinstance(value, int) and not float(value).is_integer():
            return {"expected_data_type": "integer"}
        if field.kind == "date" and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
            return {"expected_data_type": "date"}
        return None

    def _forbidden(self, request: Request, name: str, rest: list[str]) -> Answer:
        """What a writer of labels must not call: it works, and the ledger says that it was called."""
        what = "delete" if request.method == "DELETE" else rest[-1] if rest else "create"
        self.ledger.append((what, name))
        rows = request.body.get("data", []) if isinstance(request.body, dict) else []
        if what in ("create", "upsert"):
            for row in rows:
                new = row.get("id") or str(max((int(it) for it in self.modules[name].records), default=0) + 1)
                moment = self.written_now()
                old = self.modules[name].records.get(new, {"Created_Time": moment})
                self.modules[name].records[new] = {**old, **row, "id": new, "Modified_Time": moment}
        if what == "delete":
            for record in rest or request.values.get("ids", "").split(","):
                self.delete(name, record)
        return Answer(200, {"data": [{"code": "SUCCESS", "status": "success", "details": {}} for _ in rows or [0]]})

    def _tags(self, request: Request, name: str) -> Answer:
        ids = request.body["ids"]
        self.credits += -(-len(ids) // 50)
        for each in ids:
            record = self.modules[name].records[each]
            there = [] if request.body.get("over_write") else record.get("Tag") or []
            if request.body.get("over_write") and record.get("Tag"):
                self.ledger.append(("tags gone", each))
            record["Tag"] = [
                *there,
                *({"name": it["name"], "id": "9", "color_code": None} for it in request.body["tags"]),
            ]
        return Answer(200, {"data": [{"code": "SUCCESS", "status": "success", "details": {"id": it}} for it in ids]})

    # In bulk

    def _bulk_read(self, request: Request) -> Answer:
        self.credits += 50
        job = f"{900_000 + len(self._jobs)}"
        self._jobs[job] = {"query": request.body["query"], "states": ["ADDED", "IN PROGRESS", "COMPLETED"]}
        return Answer(
            201,
            {"data": [{"status": "success", "code": "ADDED_SUCCESSFULLY", "details": {"id": job, "state": "ADDED"}}]},
        )

    def fail_jobs(self) -> None:
        """Let the jobs under way end in a failure."""
        for job in self._jobs.values():
            job["states"] = ["FAILURE"]

    def _job(self, job: str) -> Answer:
        self.credits += 1
        if job not in self._jobs:
            return _flat(404, "RESOURCE_NOT_FOUND", "the job is not there")
        states = self._jobs[job]["states"]
        state = states.pop(0) if len(states) > 1 else states[0]
        self._jobs[job]["state"] = state
        if state == "COMPLETED" and "write" in self._jobs[job]:
            self._jobs[job]["told"] = self._written_in_bulk(*self._jobs[job].pop("write"))
        done = {"id": job, "state": state, "status": state}
        if state == "COMPLETED":
            done["result"] = {
                "page": 1,
                "per_page": 200_000,
                "more_records": False,
                **self._jobs[job].get("result", {}),
            }
        return Answer(200, {"data": [done]})

    def _bulk_result(self, job: str) -> Answer:
        if self._jobs.get(job, {}).get("state") != "COMPLETED":
            return _flat(404, "RESOURCE_NOT_FOUND", "the result is not there yet")
        self._downloads = [at for at in self._downloads if self.now - at < timedelta(minutes=1)]
        if len(self._downloads) >= 10:
            return _flat(429, "TOO_MANY_REQUESTS", "too many downloads")
        self._downloads.append(self.now)
        query = self._jobs[job]["query"]
        module = self.modules[query["module"]["api_name"]]
        # In no order that anybody promises.
        rows = sorted(module.records.values(), key=lambda it: str(it["id"])[::-1])
        cells = [[_flat_cell(row.get(name)) for name in query["fields"]] for row in rows]
        return Answer(200, _zipped(f"{job}.csv", [query["fields"], *cells]))

    def _upload(self, request: Request) -> Answer:
        if request.headers.get("x-crm-org") != self.zgid or request.headers.get("feature") != "bulk-write":
            return _flat(400, "INVALID_REQUEST", "X-CRM-ORG or feature is missing or wrong")
        start = request.raw.find(b"PK\x03\x04")
        if start < 0:
            return _flat(400, "INVALID_FILE", "a zip file is expected")
        key = f"{500_000 + len(self._uploads)}"
        self._uploads[key] = request.raw[start:]
        return Answer(200, {"status": "success", "code": "FILE_UPLOAD_SUCCESS", "details": {"file_id": key}})

    def _bulk_write(self, request: Request) -> Answer:
        [resource] = request.body["resource"]
        if "bulk.CREATE" in self.switches.missing_scopes:
            return _flat(self.switches.scope_status, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        if resource["file_id"] not in self._uploads or request.body.get("operation") != "update":
            return _flat(400, "INVALID_DATA", "invalid data", api_name="file_id or operation")
        with zipfile.ZipFile(io.BytesIO(self._uploads[resource["file_id"]])) as packed:
            text = packed.read(packed.namelist()[0]).decode("utf-8-sig")
        header, *rows = csv.reader(io.StringIO(text))
        if len(rows) > _MOST_BULK:
            return _flat(400, "LIMIT_EXCEEDED", "too many rows", limit=_MOST_BULK)
        self.credits += 500
        job = f"{900_000 + len(self._jobs)}"
        result = {"download_url": f"{self.url}/crm/bulk/v8/write/{job}/result"}
        self._jobs[job] = {
            "states": ["ADDED", "INPROGRESS", "COMPLETED"],
            "result": result,
            "write": (resource, header, rows, resource.get("ignore_empty", request.body.get("ignore_empty", False))),
        }
        return Answer(201, {"status": "success", "code": "SUCCESS", "details": {"id": job}})

    def finish_jobs(self) -> None:
        """Let the bulk writes end, which goes on whether or not somebody asks for them."""
        for job in self._jobs.values():
            if "write" in job:
                job["told"] = self._written_in_bulk(*job.pop("write"))
                job["states"] = ["COMPLETED"]

    def _written_in_bulk(
        self, resource: Mapping[str, Any], header: list[str], rows: list[list[str]], ignores_empty: bool
    ) -> list[list[str]]:
        """Write the rows of a file; the first three of its columns, and what became of each row."""
        name, at = resource["module"]["api_name"], {it["api_name"]: it["index"] for it in resource["field_mappings"]}
        fields = self.modules[name].fields
        told = [[*header[:3], "STATUS", "RECORD_ID", "ERRORS"]]
        written = []
        for place, row in enumerate(rows):
            given: dict[str, Any] = {key: row[index] or None for key, index in at.items()}
            if ignores_empty:
                given = {key: value for key, value in given.items() if value is not None}
            typed = {key: _of_cell(value, fields.get(key)) for key, value in given.items()}
            done = self._updated(name, typed, place)
            is_done = done["status"] == "success"
            error = "" if is_done else f"{done['code']}-{done['details'].get('api_name', 'id')}"
            told.append([*row[:3], "UPDATED" if is_done else "SKIPPED", row[at["id"]] if is_done else "", error])
            written += [given["id"]] if is_done else []
        if self.switches.bulk_fires:
            self._fire({}, written)
        return told

    def _write_result(self, job: str) -> Answer:
        if "told" not in self._jobs.get(job, {}):
            return _flat(404, "RESOURCE_NOT_FOUND", "the result is not there yet")
        header, *rows = self._jobs[job]["told"]
        return Answer(200, _zipped("Accounts-labels.csv", [header, *reversed(rows)]))  # in no order that is promised

    def written_now(self) -> str:
        """The clock as values have it, in the zone of the organisation."""
        return self.now.astimezone(_ZONE).isoformat(timespec="seconds")


def _nothing(module: str, page: int) -> None:
    """What happens after a page of a list: nothing, unless a test says otherwise."""


def _flat(status: int, code: str, message: str, headers: Mapping[str, str] | None = None, **details: Any) -> Answer:
    return Answer(status, {"code": code, "message": message, "details": details, "status": "error"}, headers or {})


def _refused(code: str, message: str, **details: Any) -> dict[str, Any]:
    return {"code": code, "status": "error", "message": message, "details": details}


def _is_asked_for(record: Mapping[str, Any], values: Mapping[str, str]) -> bool:
    """Whether a list has a record: leads that were converted only where the request says so."""
    converted = values.get("converted", "false")
    return converted == "both" or bool(record.get(_CONVERTED)) == (converted == "true")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _metadata(field: Field) -> dict[str, Any]:
    json_type = {"double": "double", "currency": "double", "integer": "integer", "lookup": "jsonobject"}
    return {
        "api_name": field.name,
        "field_label": field.name.replace("_", " "),
        "data_type": field.kind,
        "json_type": json_type.get(field.kind, "string"),
        "length": field.length,
        "decimal_place": 2 if field.kind in ("double", "currency", "percent") else None,
        "read_only": field.read_only,
        "field_read_only": field.read_only,
        "custom_field": field.custom,
        "visible": True,
        "operation_type": {"api_create": not field.read_only, "api_update": not field.read_only},
        "pick_list_values": [
            {"display_value": shown, "actual_value": actual, "type": "used"}
            for actual, shown in field.choices.items()
        ],
    }


def _of_cell(value: str | None, field: Field | None) -> Any:
    """A cell of a file as the value of its field."""
    is_number = field is not None and field.kind in ("double", "currency", "integer")
    try:
        return float(value) if is_number and value is not None else value
    except ValueError:
        return value


def _flat_cell(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("id", ""))
    return "" if value is None or isinstance(value, list) else str(value)


def _zipped(name: str, rows: Iterable[Iterable[str]]) -> bytes:
    text, packed = io.StringIO(), io.BytesIO()
    csv.writer(text).writerows(rows)
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text.getvalue())
    return packed.getvalue()
