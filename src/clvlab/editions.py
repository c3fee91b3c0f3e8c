"""For whom a run has pages, in which languages and where; and how what is shown says which of them show it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from clvlab.wording import Language

Edition = Literal["analyst", "stakeholder"]
Editions = Literal["analyst", "stakeholder", "both"]
EDITIONS: tuple[Edition, ...] = get_args(Edition)
SHOWN_ON = "clvlab"
"""In the metadata of an output: the `lang` and the `editions` of the pages that show it."""


@dataclass(frozen=True)
class View:
    """One page of a run.

    Attributes
    ----------
    edition, lang : for whom it is, and in which language
    folder : where it is, seen from the folder of the run, which is ""
    file : its name there
    """

    edition: Edition
    lang: Language
    folder: str
    file: str

    @property
    def path(self) -> str:
        """The page, seen from the folder of the run."""
        return f"{self.folder}/{self.file}" if self.folder else self.file


def editions(asked: Editions) -> tuple[Edition, ...]:
    """The editions that a run's parameter asks for.

    >>> editions("stakeholder"), editions("both")
    (('stakeholder',), ('analyst', 'stakeholder'))
    """
    return EDITIONS if asked == "both" else (asked,)


def folder_of(edition: Edition, among: Sequence[Edition]) -> str:
    """Where an edition of a run is, seen from its folder: the first of them in it, another in one of its own below.

    >>> folder_of("stakeholder", ["stakeholder"]), folder_of("stakeholder", ["analyst", "stakeholder"])
    ('', 'stakeholder')
    """
    return "" if edition == among[0] else edition


def views(among: Sequence[Edition], languages: Sequence[Language]) -> Iterator[View]:
    """The pages of a run of these editions in these languages, those of an edition together.

    >>> [view.path for view in views(["analyst", "stakeholder"], ["en", "zh"])]
    ['report.html', 'report.zh.html', 'stakeholder/report.html', 'stakeholder/report.zh.html']
    """
    for edition in among:
        for lang in languages:
            file = "report.html" if lang == languages[0] else f"report.{lang}.html"
            yield View(edition, lang, folder_of(edition, among), file)
