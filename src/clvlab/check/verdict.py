"""What is wrong, what deserves a look, and whether a report can run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clvlab.check.settling import Question
from clvlab.errors import ClvlabError, ClvlabWarning, MissingColumnsError
from clvlab.transactions.questions import SETTLED_BY
from clvlab.wording import catalogue


@dataclass(frozen=True)
class Remark:
    """A sentence of the wording catalogue, and the figures in it."""

    key: str
    figures: Mapping[str, Any]

    @classmethod
    def of_error(cls, error: ClvlabError, missing: str = "check.problem_missing") -> "Remark":
        """What stops a report; the error's own words, where the catalogue has none.

        `missing` is what is said of a column that is not there.
        """
        if isinstance(error, MissingColumnsError):
            figures = {"table": error.table, "missing": _listed(error.missing), "found": _listed(error.found)}
            return cls(missing, figures)
        if f"faults.{error.code}" in catalogue():
            return cls(f"faults.{error.code}", error.figures)
        return cls("check.problem_other", {"message": str(error)})

    @classmethod
    def of_warning(cls, warning: ClvlabWarning) -> "Remark":
        """What a reader warns of."""
        return cls(f"doubts.{warning.code}", warning.figures)


@dataclass(frozen=True)
class Doubt:
    """A question that does not keep a report from running: what is doubtful, and the key that settles it."""

    key: str
    remark: Remark

    @classmethod
    def of_warning(cls, warning: ClvlabWarning) -> "Doubt":
        """What a reader warns of, and only the user knows."""
        return cls(SETTLED_BY[warning.code], Remark.of_warning(warning))


@dataclass(frozen=True)
class Verdict:
    """Whether a report can run as it should: not while something is wrong or to be settled.

    Attributes
    ----------
    questions : what is to be settled, whether or not a report would run on what was taken for now
    problems : what stops a report
    remarks : what deserves a look
    """

    questions: tuple[Question | Doubt, ...] = ()
    problems: tuple[Remark, ...] = ()
    remarks: tuple[Remark, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether a report can run, and nothing is left to settle."""
        return not (self.questions or self.problems)


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names))
