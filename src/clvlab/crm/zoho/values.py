"""What Zoho's records have under a field."""

from typing import Any

from clvlab.crm.selected import Values

_DAYS = frozenset({"Last_Activity_Time", "Last_Visited_Time"})


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


VALUES = Values(
    "id",
    reference=lambda name, row: _id(row.get(name)),
    day=lambda name, row: _day(row.get(name)),
    text=lambda name, row: (_day if name in _DAYS else _text)(row.get(name)),
)
