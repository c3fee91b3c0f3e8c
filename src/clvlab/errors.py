"""The user's errors: what is wrong, where, what was found, what to do.

Everything that a user can put right raises a `ClvlabError`; the command line prints its message without a
traceback and exits with 2. Anything else that escapes is a defect of ours.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class ClvlabError(ValueError):
    """Something the user can put right. Its message says what, where, what was found and what to do.

    Where a report may have to say the same, in its reader's language, `code` names the text and `figures` fill it.
    """

    def __init__(self, message: str, *, code: str = "", **figures: object) -> None:
        self.code, self.figures = code, figures
        super().__init__(message)

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in place of a traceback: the message, which says what to do."""
        return [f"{type(self).__name__}: {self}"]


class DataError(ClvlabError):
    """The data cannot serve: empty, unreadable, ambiguous, or too little for what was asked."""


class UnsettledError(DataError):
    """The data leaves a reader's setting open or contradicts it.

    `key` and `choices` say which, likeliest first, and `example` what shows it.
    """

    def __init__(self, message: str, key: str, choices: Iterable[str] = (), example: str = "") -> None:
        self.key, self.choices, self.example = key, tuple(choices), example
        super().__init__(message)


class ParamsError(ClvlabError):
    """The parameters of a run, or the arguments of a call, are wrong."""


class TryLaterError(ClvlabError):
    """Another system does not answer now, and may later: nothing is wrong with what was asked."""


class UnknownNameError(ParamsError, KeyError):
    """Nothing has the name that was asked for; the message names the nearest that is known, and all others."""

    def __init__(self, thing: str, name: object, known: Iterable[str]) -> None:
        names = list(known)
        all_names = f"Known: {', '.join(names)}." if names else "There is none."
        super().__init__(f"There is no {thing} {name!r}.{did_you_mean(name, names)} {all_names}")

    __str__ = Exception.__str__  # that of a KeyError puts its message in quotes


class ConvergenceError(ClvlabError):
    """The data cannot identify a model's parameters; `parameters` and the message name which, and why."""

    def __init__(self, message: str, parameters: Iterable[str] = (), *, code: str = "", **figures: object) -> None:
        self.parameters = tuple(parameters)
        super().__init__(message, code=code, parameters=", ".join(self.parameters), **figures)


class ClvlabWarning(UserWarning):
    """A result that comes with a reason to doubt it; `code` and `figures` as in `ClvlabError`."""

    def __init__(self, message: str, *, code: str = "", **figures: object) -> None:
        self.code, self.figures = code, figures
        super().__init__(message)


class MissingColumnsError(DataError):
    """A table lacks columns that a step needs."""

    def __init__(self, table: str, missing: Iterable[str], found: Iterable[str], hint: str = "") -> None:
        self.table, self.missing, self.found = table, sorted(missing), list(found)
        advice = hint or (
            f"Map yours in the params file: `columns: {{{self.missing[0]}: <your column>}}`." if self.missing else ""
        )
        super().__init__(
            f"{table} has no column {', '.join(map(repr, self.missing))}. "
            f"Columns found: {', '.join(map(repr, self.found))}. {advice}".rstrip()
        )


def within(table: str) -> str:
    """What to call a table inside a sentence.

    >>> within("The frame"), within("orders.csv")
    ('the frame', 'orders.csv')
    """
    return table.replace("The frame", "the frame")


def counted(n: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "row"), counted(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{n:,} {thing}{'' if n == 1 else 's'}"


def all_refused(rows: int, of: str = "") -> str:
    """That every row is refused.

    >>> all_refused(1), all_refused(1200, of="orders.csv")
    ('The only row is refused', 'All 1,200 rows of orders.csv are refused')
    """
    whose = f" of {within(of)}" if of else ""
    return f"The only row{whose} is refused" if rows == 1 else f"All {rows:,} rows{whose} are refused"


def did_you_mean(wrong: object, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the nearest of `known`, or "" where none is near, or `wrong` is not text.

    >>> did_you_mean("horizn", ["horizon", "holdout"])
    " Did you mean 'horizon'?"
    """
    near = get_close_matches(wrong, list(known), n=1) if isinstance(wrong, str) else []
    return f" Did you mean {near[0]!r}?" if near else ""
