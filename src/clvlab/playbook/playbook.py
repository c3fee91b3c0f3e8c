"""What is done with each group: through which channel, by whom, how often, and what shows whether it was worth it.

The shipped playbook is `playbook.yaml` next to this file; the action itself, of a shipped group, is in the wording.
A playbook of the user's says what is otherwise:

    default:
      owner: Ms Li            # of every group that is not named below
    champions:
      cadence: half-year      # all else as shipped
      capacity: 40
      action: {en: Invite them to the spring fair., zh: 邀请参加春季展会。}

Of each field the first of these counts that states it: the user's group, the user's default, the shipped group, the
shipped default. A text is one for all languages, or one in each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, NotRequired, get_args

import yaml
from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from clvlab.errors import ParamsError
from clvlab.params.problems import problems_of
from clvlab.params.values import Text
from clvlab.params.yaml_file import EachKeyOnce, read_mapping
from clvlab.period_ends import shifted
from clvlab.wording import CROSSED, LANGUAGES, Language

Cadence = Literal["month", "quarter", "half-year", "year", "none"]
CADENCES: tuple[Cadence, ...] = get_args(Cadence)
MONTHS: Mapping[Cadence, int] = MappingProxyType({"month": 1, "quarter": 3, "half-year": 6, "year": 12})
"""How long a cadence is; `none` has no length."""
DEFAULT = "default"
_TEXTS = ("channel", "owner", "metric", "action")
_STRICT = ConfigDict(extra="forbid", strict=True)


@with_config(_STRICT)
class InEachLanguage(TypedDict):
    """A text in English and in Chinese."""

    en: Text
    zh: Text


Saying = Annotated[
    Annotated[Text, Tag("#text")] | Annotated[InEachLanguage, Tag("#languages")],
    Discriminator(lambda value: "#languages" if isinstance(value, dict) else "#text"),
]


@with_config(_STRICT)
class Stated(TypedDict):
    """What a playbook may state of a group."""

    channel: NotRequired[Saying]
    owner: NotRequired[Saying]
    cadence: NotRequired[Cadence]
    metric: NotRequired[Saying]
    review: NotRequired[Cadence]
    capacity: NotRequired[Annotated[int, Field(ge=0)] | None]
    action: NotRequired[Saying]


_Playbook = TypeAdapter(dict[Text, Stated], config=_STRICT)


@dataclass(frozen=True)
class Entry:
    """What is done with a group.

    Attributes
    ----------
    channel, owner, metric : language -> text
    cadence : how often a customer is contacted
    review : how often the metric is looked at
    capacity : contacts that the owner can make in a period, over all their groups; None is no limit
    action : language -> text; None where the wording's is meant
    """

    channel: Mapping[Language, str]
    owner: Mapping[Language, str]
    cadence: Cadence
    metric: Mapping[Language, str]
    review: Cadence
    capacity: int | None = None
    action: Mapping[Language, str] | None = None

    def review_after(self, day: date) -> date | None:
        """The day on which the metric is looked at next; None where it never is.

        >>> shipped().entry("champions").review_after(date(1998, 6, 30))
        datetime.date(1998, 9, 30)
        """
        if self.review == "none":
            return None
        return shifted("month", day, MONTHS[self.review])


@dataclass(frozen=True)
class Playbook:
    """Group -> what is done with it; `stated` is what the user's own playbook says, where there is one."""

    stated: Mapping[str, Stated] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def load(cls, path: str | Path | None) -> "Playbook":
        """The playbook of a YAML file over the shipped one; the shipped one where there is no file.

        Raises
        ------
        ParamsError : it cannot be read, or what it says cannot be used; the message lists every problem
        """
        return shipped() if path is None else cls(_checked(_read(Path(path)), str(path)))

    def entry(self, group: str, *, is_own: bool = False) -> Entry:
        """What is done with a group; a crossing's is that of its first part that is named.

        Parameters
        ----------
        group
            its code
        is_own
            it is the user's own: what ships for a group that is called alike is not meant
        """
        named = [] if is_own else [_of(_shipped(), group)]
        merged: dict[str, Any] = {}
        for layer in (_shipped()[DEFAULT], *named, self.stated.get(DEFAULT, {}), _of(self.stated, group)):
            merged.update(layer)
        texts = {key: _in_each_language(merged[key]) for key in _TEXTS if key in merged}
        return Entry(**{**merged, **texts})

    @property
    def named(self) -> list[str]:
        """The groups that the user's own playbook names."""
        return [code for code in self.stated if code != DEFAULT]


@cache
def shipped() -> Playbook:
    """The playbook that ships with the package."""
    return Playbook()


def shipped_groups() -> frozenset[str]:
    """The codes of the groups that the shipped playbook names."""
    return frozenset(_shipped()) - {DEFAULT}


@cache
def _shipped() -> Mapping[str, Stated]:
    text = files("clvlab.playbook").joinpath("playbook.yaml").read_text(encoding="utf-8")
    return MappingProxyType(_checked(yaml.load(text, Loader=EachKeyOnce), "the shipped playbook"))


def _of(stated: Mapping[str, Stated], group: str) -> Stated:
    """What is stated of a group, or of the first part of a crossing of which anything is; nothing else."""
    found = (stated[code] for code in (group, *group.split(CROSSED)) if code in stated)
    return next(found, Stated())


def _in_each_language(text: str | Mapping[Language, str]) -> Mapping[Language, str]:
    return MappingProxyType(dict.fromkeys(LANGUAGES, text) if isinstance(text, str) else dict(text))


def _read(path: Path) -> dict[str, Any]:
    """The groups in a playbook's file."""
    values = read_mapping(path, "`playbook` names a YAML file; without it the shipped playbook holds.")
    if not values:
        raise ParamsError(
            f"{path} holds no playbook. Write groups with what is otherwise, such as `champions: {{owner: Ms Li}}`."
        )
    return values


def _checked(values: Mapping[str, Any], source: str) -> dict[str, Stated]:
    try:
        return _Playbook.validate_python(values)
    except ValidationError as error:
        known = dict.fromkeys(values, Stated.__annotations__)
        texts = {f"{group}.{key}": LANGUAGES for group in values for key in Stated.__annotations__}
        raise ParamsError(f"{source}: {problems_of(error, {**known, **texts}, 'the playbook')}") from None
