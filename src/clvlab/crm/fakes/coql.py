"""The part of COQL that readers of records need: columns, one module, criteria, order by id, limit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

_QUERY = re.compile(
    r"^\s*select\s+(?P<columns>.+?)\s+from\s+(?P<module>\w+)(?:\s+where\s+(?P<where>.+?))?"
    r"(?:\s+order\s+by\s+id\s+asc)?(?:\s+limit\s+(?:(?P<offset>\d+)\s*,\s*)?(?P<limit>\d+))?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_CRITERION = re.compile(
    r"^\(?\s*(?P<field>\w+)\s*(?P<operator>>=|<=|!=|=|>|<|in|is not|is)\s*(?P<value>.+?)\s*\)?$",
    re.IGNORECASE | re.DOTALL,
)
_MOST_ROWS, _MOST_OFFSET, _MOST_IN, _MOST_COLUMNS = 2_000, 100_000, 50, 50


class SyntaxFaultError(ValueError):
    """A query that is refused, by which code, and with which details."""

    def __init__(self, code: str, **details: Any) -> None:
        self.code, self.details = code, details
        super().__init__(code)


@dataclass(frozen=True)
class Criterion:
    """A field, an operator and the values that it is compared with; none stands for null."""

    field: str
    operator: str
    values: tuple[str | None, ...]

    def meets(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is as the criterion says."""
        found = record.get(self.field)
        found = found.get("id") if isinstance(found, dict) else found
        match self.operator:
            case "=" | "in" | "is":
                return (None if found is None else str(found)) in self.values
            case "!=" | "is not":
                return (None if found is None else str(found)) not in self.values
            case ">":
                return found is not None and self.values[0] is not None and int(found) > int(self.values[0])
            case _:
                raise SyntaxFaultError("INVALID_QUERY", operator=self.operator)


@dataclass(frozen=True)
class Query:
    """A query that can be answered."""

    columns: tuple[str, ...]
    module: str
    criteria: tuple[Criterion, ...]
    offset: int
    limit: int

    def meets(self, record: Mapping[str, Any]) -> bool:
        """Whether a record is one of those that are asked for."""
        return all(criterion.meets(record) for criterion in self.criteria)


def parse(text: str, quoted_ids: Literal["both", "quoted", "bare"]) -> Query:
    """The query that a text is; SyntaxFaultError where Zoho would refuse it."""
    found = _QUERY.match(text)
    if found is None:
        raise SyntaxFaultError("SYNTAX_ERROR", clause="select")
    if not found["where"]:
        raise SyntaxFaultError("SYNTAX_ERROR", clause="where")
    limit, offset = int(found["limit"] or 200), int(found["offset"] or 0)
    columns = tuple(each.strip() for each in found["columns"].split(","))
    if limit > _MOST_ROWS or offset + limit > _MOST_OFFSET or len(columns) > _MOST_COLUMNS:
        raise SyntaxFaultError("LIMIT_EXCEEDED", limit=_MOST_ROWS)
    parts = re.split(r"\s+and\s+", found["where"], flags=re.IGNORECASE)
    if len(parts) > 2 and not found["where"].lstrip().startswith("("):
        raise SyntaxFaultError("SYNTAX_ERROR", clause="where")
    return Query(columns, found["module"], tuple(_criterion(part, quoted_ids) for part in parts), offset, limit)


def _criterion(text: str, quoted_ids: Literal["both", "quoted", "bare"]) -> Criterion:
    found = _CRITERION.match(text.strip().strip("()") + (")" if "(" in text.strip().strip("()") else ""))
    if found is None:
        raise SyntaxFaultError("SYNTAX_ERROR", clause="where")
    inner = found["value"].strip().strip("()")
    values = [each.strip() for each in inner.split(",")] if found["operator"].lower() == "in" else [inner]
    if len(values) > _MOST_IN:
        raise SyntaxFaultError("LIMIT_EXCEEDED", limit=_MOST_IN)
    is_quoted = all(value.startswith("'") for value in values)
    if found["field"] == "id" and quoted_ids != "both" and is_quoted != (quoted_ids == "quoted"):
        raise SyntaxFaultError("INVALID_QUERY", column_name="id")
    plain = tuple(None if value.lower() == "null" else value.strip("'").replace("\\'", "'") for value in values)
    return Criterion(found["field"], found["operator"].lower(), plain)
