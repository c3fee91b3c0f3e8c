"""The kinds of values that parameters have, each with its check."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Discriminator, Field, Tag, with_config
from typing_extensions import TypedDict

from clvlab import columns
from clvlab.errors import did_you_mean
from clvlab.units import Span

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

FROM_COST = "from cost"


def _day(value: object) -> object:
    """Read an ISO day; a clock time has no place in `as_of`."""
    if isinstance(value, datetime):
        raise ValueError("give a day alone, such as 1998-06-30, without a time")
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError("give a day as YEAR-MONTH-DAY, such as 1998-06-30") from None
    if isinstance(value, date) and not columns.EARLIEST <= value <= columns.LATEST:
        raise ValueError(f"give a day from {columns.EARLIEST} to {columns.LATEST}, the days that a log may have")
    return value


def _span(text: str) -> str:
    """A length of time in its customary form, such as 12 months for "12months"; longer than nothing."""
    span = Span.parse(text)
    if span.days == 0:
        raise ValueError("must be longer than 0")
    return str(span)


def _log_columns(mapping: dict[str, str]) -> dict[str, str]:
    """Refuse names that are not columns of a log."""
    known = columns.names(columns.LOG)
    for name in mapping:
        if name not in known:
            raise ValueError(
                f"{name!r} is not a column of a log.{did_you_mean(name, known)} Known: {', '.join(known)}. "
                "Write `our name: your name`"
            )
    return mapping


def unique(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse names that are listed twice."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{', '.join(map(repr, twice))} is listed twice")
    return names


def as_tuple(value: object) -> object:
    """One entry or a list of entries, as YAML gives it."""
    if isinstance(value, str | dict):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def _as_list(value: object) -> object:
    """One value or a list of values, as YAML gives it."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _of_log(listed: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse names that are not columns of a log."""
    _log_columns(dict.fromkeys(listed, ""))
    return listed


def _folder(path: str) -> str:
    """Refuse the home folder of a user that the system does not know."""
    try:
        Path(path).expanduser()
    except RuntimeError:
        raise ValueError("the system knows no home folder for it. Write the path out") from None
    return path


def _margin(value: object) -> object:
    """A share of spend, or FROM_COST."""
    if isinstance(value, str) and value != FROM_COST:
        raise ValueError(f"give a share of spend, such as 0.3, or `{FROM_COST}` for what the log's costs leave of it")
    return value


Text = Annotated[str, Field(min_length=1)]
Day = Annotated[date, BeforeValidator(_day)]
Value = str | int | float | bool | None
Values = Annotated[tuple[Value, ...], BeforeValidator(_as_list)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_tuple), AfterValidator(unique)]
LogColumns = Annotated[Texts, AfterValidator(_of_log)]
ColumnNames = Annotated[dict[str, Text], AfterValidator(_log_columns)]
Length = Annotated[str, AfterValidator(_span)]
Folder = Annotated[str, Field(pattern=r"^[^\x00]+$"), AfterValidator(_folder)]
Margin = Annotated[
    Annotated[float, Field(gt=0, le=1), Tag("#share")] | Annotated[Literal["from cost"], Tag("#word")],
    Discriminator(lambda value: "#word" if isinstance(value, str) else "#share"),
    BeforeValidator(_margin),
]
ModelName = Literal["auto", "bg_nbd", "mbg_nbd", "pareto_nbd", "nbd", "bg_cnbd_k", "mbg_cnbd_k"]


@with_config(STRICT)
class Event(TypedDict):
    """A time in which customers buy more, or less: what it is called, its first and its last day."""

    event: Text
    first_day: Day
    last_day: NotRequired[Day]


Events = Annotated[
    tuple[
        Annotated[
            Annotated[Text, Tag("#path")] | Annotated[Event, Tag("#row")],
            Discriminator(lambda value: "#row" if isinstance(value, dict) else "#path"),
        ],
        ...,
    ],
    BeforeValidator(as_tuple),
]
