"""The records of an organisation, as its modules list them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from clvlab.crm.protocol import NEVER, ModuleRead, Since, UntoldError
from clvlab.crm.selected import module_read
from clvlab.crm.transport import Reply
from clvlab.crm.zoho.connection import Connection, code_of, wrong
from clvlab.errors import TryLaterError
from clvlab.sources.faults import fault

Fields = Mapping[str, Mapping[str, Any]]
"""Name -> metadata of the fields of a module."""

CHANGED = "Modified_Time"
_NOTHING = (204, 304)
_CURSOR_GONE = frozenset({"EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH"})
_PER_PAGE, _PER_QUERY, _PER_CRITERION = 200, 2_000, 50


class Records:
    """The records of an organisation and the fields that they have; `reads` is what was read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._quotes_ids = True
        self._metadata: dict[str, Fields] = {}
        self.reads: list[ModuleRead] = []

    def fields(self, module: str) -> Fields:
        """Name -> metadata of the fields of a module."""
        if module not in self._metadata:
            reply = self._connection.call("GET", "settings/fields", values={"module": module})
            if reply.status != 200:
                raise wrong(reply, f"GET settings/fields {module}")
            self._metadata[module] = {each["api_name"]: each for each in reply.body["fields"]}
        return self._metadata[module]

    def listed(
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
        moments = [row[CHANGED] for row in records.values() if row.get(CHANGED)]
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
            reply = self._connection.call("GET", module, values=values, headers=headers)
            if reply.status in _NOTHING:
                return found, pages
            code = code_of(reply)
            if code in _CURSOR_GONE:
                raise _CursorGoneError
            if code == "PAGINATION_LIMIT_EXCEEDED":
                last = max(int(row["id"]) for row in found)
                rest = list(self._beyond(module, fields, str(last)))
                return found + rest, pages + -(-len(rest) // _PER_QUERY)
            if reply.status != 200:
                raise wrong(reply, f"GET {module}")
            found += reply.body["data"]
            pages += 1
            token = reply.body["info"].get("next_page_token")
            if not reply.body["info"].get("more_records") or not token:
                return found, pages

    def deleted(self, module: str) -> Iterator[str]:
        """The ids of the records of a module that were deleted."""
        for page in count(1):
            values = {"type": "all", "per_page": str(_PER_PAGE), "page": str(page)}
            reply = self._connection.call("GET", f"{module}/deleted", values=values)
            if reply.status == 204:
                return
            if code_of(reply) == "DISCRETE_PAGINATION_LIMIT_EXCEEDED":
                raise UntoldError
            if reply.status != 200:
                raise wrong(reply, f"GET {module}/deleted")
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

    def by_id(self, module: str, fields: Sequence[str], ids: Sequence[str]) -> list[dict[str, Any]]:
        """The records of these ids, as far as they are there."""
        found: list[dict[str, Any]] = []
        for at in range(0, len(ids), _PER_CRITERION):
            part = ids[at : at + _PER_CRITERION]
            listed = ", ".join(f"{{{each}}}" for each in part)
            reply = self._query(module, fields, f"id in ({listed})", len(part))
            found += [] if reply.status == 204 else reply.body["data"]
        return found

    def _query(self, module: str, fields: Sequence[str], where: str, limit: int) -> Reply:
        """A COQL query; ids stand in {} and are quoted or not, as this organisation has it."""
        for quotes in dict.fromkeys([self._quotes_ids, not self._quotes_ids]):
            mark = "'" if quotes else ""
            told = where.replace("{", mark).replace("}", mark)
            text = f"select id, {', '.join(fields)} from {module} where {told} order by id asc limit 0, {limit}"
            reply = self._connection.call("POST", "coql", body={"select_query": text})
            if reply.status in (200, 204):
                self._quotes_ids = quotes
                return reply
        raise wrong(reply, f"POST coql {module}")


class _CursorGoneError(Exception):
    """A list has to be begun again."""
