"""What data leave open is settled by the likeliest choice, and what is doubtful is kept to be shown."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from clvlab.errors import ClvlabWarning, UnsettledError

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """A setting of the reader that the data leave open: the choices, likeliest first, and an example."""

    key: str
    choices: tuple[str, ...]
    example: str

    @property
    def taken(self) -> str:
        """The choice that was taken for now."""
        return self.choices[0]


@dataclass(frozen=True, eq=False)
class Settled(Generic[T]):
    """What was read, the settings under which it could be, the questions behind these, and what is doubtful."""

    value: T
    settings: Mapping[str, Any]
    questions: tuple[Question, ...]
    doubts: tuple[ClvlabWarning, ...]


def settle(read: Callable[[Mapping[str, Any]], T], given: Mapping[str, Any]) -> Settled[T]:
    """Read under the settings that are given, and, where one more has to be chosen, under the likeliest one.

    Whatever else goes wrong is raised.
    """
    settings, questions = dict(given), []
    while True:
        try:
            value, doubts = heard(lambda: read(settings))
        except UnsettledError as error:
            if not error.choices or error.key in settings:
                raise
            questions.append(Question(error.key, error.choices, error.example))
            settings[error.key] = error.choices[0]
        else:
            return Settled(value, settings, tuple(questions), doubts)


def heard(read: Callable[[], T]) -> tuple[T, tuple[ClvlabWarning, ...]]:
    """What is read, and the warnings of ours on the way, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ClvlabWarning)
        value = read()
    ours = (warning.message for warning in caught if isinstance(warning.message, ClvlabWarning))
    return value, tuple({str(warning): warning for warning in ours}.values())
