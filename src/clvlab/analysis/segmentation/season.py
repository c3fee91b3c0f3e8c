"""The calendar that a report's models follow: whether there is one, and what to say of it."""

from typing import TYPE_CHECKING

from clvlab.analysis.calendar import needed
from clvlab.analysis.section import Finding
from clvlab.customers import Calendar
from clvlab.customers.calendar import months_of
from clvlab.units import Span
from clvlab.wording import Name

if TYPE_CHECKING:
    from clvlab.analysis.segmentation.context import Context

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
NOTABLE = 0.05
"""How far a month is from the year's average, or an event from other days, for a sentence to name it."""
MOST_NAMED = 3


def season(context: "Context") -> dict[str, Finding]:
    """In which months customers buy more and less, and what events do; or why no forecast knows of it."""
    calendar = context.calendar(context.as_of)
    if calendar is None:
        return {"season": _why_none(context)}
    events = [_event(name, factor) for name, factor in sorted(calendar.factors.items())]
    told = {"events": Finding.of("value.events", events=events)} if events else {}
    return {"season": _months(calendar), **told}


def _why_none(context: "Context") -> Finding:
    if context.params.season == "none":
        return Finding.of("value.season_off")
    months, least = months_of(context.history), needed(context.params)
    if months >= least:
        return Finding.of("value.season_unseen")
    key = "value.season_unasked" if context.params.season == "auto" else "value.season_short"
    return Finding.of(key, history=_span(months), needed=_span(least))


def _span(months: int) -> str:
    """A length, as a sentence names it."""
    return str(Span(months, "month"))


def _months(calendar: Calendar) -> Finding:
    rows, history = calendar.index.sort("index").rows(), _span(calendar.months)
    below, above = 1 - rows[0][1], rows[-1][1] - 1
    if max(below, above) < NOTABLE:
        return Finding.of("value.season_even", history=history, notable=NOTABLE)
    low = [month for month, index in rows[:MOST_NAMED] if 1 - index >= min(NOTABLE, below)]
    high = [month for month, index in rows[: -MOST_NAMED - 1 : -1] if index - 1 >= min(NOTABLE, above)]
    return Finding.of("value.season", history=history, above=above, below=below, high=_named(high), low=_named(low))


def _named(months: list[int]) -> list[Name]:
    return [Name("months", MONTHS[month - 1]) for month in months]


def _event(name: str, factor: float) -> Finding:
    if factor == 1:
        return Finding.of("value.event_unseen", event=name)
    if abs(factor - 1) < NOTABLE:
        return Finding.of("value.event_even", event=name, notable=NOTABLE)
    key = "value.event_more" if factor > 1 else "value.event_less"
    return Finding.of(key, event=name, size=abs(factor - 1))
