"""What differs between two published runs: their data, parameters, rule, versions and results."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from clvlab.errors import DataError
from clvlab.label_history import CUSTOMERS_FILE, HEADLINE_FILE, RULE_FILE
from clvlab.reporting import manifest
from clvlab.tables import NULL, DisplayColumn, DisplayTable
from clvlab.wording import Language, Words, catalogue

_DIGITS_OF_HASH = 12
_SHARES = frozenset({"pct", "pct1"})


@dataclass(frozen=True)
class Change:
    """Something that two runs have differently, as text; NULL where one of them does not have it."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Figure:
    """A figure of both runs, of a kind of `Words.number`; None where one of them does not have it."""

    code: str
    kind: str
    old: float | None
    new: float | None


@dataclass(frozen=True)
class Differences:
    """What differs between a run and another.

    Attributes
    ----------
    one, other : their folders
    counts : accepted rows and those refused by each rule, where they differ; as figures
    sources : fingerprint of the accepted rows, and files, by their hash
    parameters : by key, those of mappings after a dot
    rule : what draws the groups, and since when
    versions : of Python and the libraries; the package and the notebook, by their hash
    headline : all figures of the first screen
    groups : customers of every group
    own_groups : codes of groups that are the user's own
    """

    one: Path
    other: Path
    counts: tuple[Figure, ...]
    sources: tuple[Change, ...]
    parameters: tuple[Change, ...]
    rule: tuple[Change, ...]
    versions: tuple[Change, ...]
    headline: tuple[Figure, ...]
    groups: tuple[Figure, ...]
    own_groups: frozenset[str]


def differences(one: Path, other: Path) -> Differences:
    """What differs between two published runs.

    Parameters
    ----------
    one, other
        their folders, such as reports/cdnow/1998-05-31

    Raises
    ------
    DataError : a folder holds no published run, or a file of it is damaged
    """
    old, new = _told(one), _told(other)
    sizes = _sizes(one), _sizes(other)
    return Differences(
        one,
        other,
        tuple(figure for figure in _both(_counts(old), _counts(new)) if figure.old != figure.new),
        _changes(_sources(old), _sources(new)),
        _changes(_leaves(old["parameters"]), _leaves(new["parameters"])),
        _changes(_leaves(_rule(one)), _leaves(_rule(other))),
        _changes(_versions(old), _versions(new)),
        _headlines(one, other),
        tuple(_both(*sizes)),
        frozenset().union(*map(_own_groups, (old, new), sizes)),
    )


def in_words(found: Differences, words: Words) -> str:
    """The differences as tables for a terminal, under their headings."""

    def changes(rows: Sequence[Change]) -> str:
        return _table_of_changes(rows, found, words) if rows else words("diff.same")

    data = [_table_of_figures(found.counts, found, words, _row)] if found.counts else []
    data += [_table_of_changes(_named(found.sources, words), found, words)] if found.sources else []
    results = [_table_of_figures(found.headline, found, words, _measure)] if found.headline else []
    results += [_table_of_figures(found.groups, found, words, Words.group)] if found.groups else []
    parts = {
        words("diff.data"): "\n\n".join(data) or words("diff.same"),
        words("diff.parameters"): changes(found.parameters),
        words("diff.rule"): changes(found.rule),
        words("diff.versions"): changes(_named(found.versions, words)),
        words("diff.results"): "\n\n".join(results) or words("diff.no_results"),
    }
    return "\n\n".join(f"{heading}\n{text}" for heading, text in parts.items())


def words_for(found: Differences, lang: Language | None = None) -> Words:
    """The words in a language, by default that of the second run, with its currency."""
    given = manifest.parameters_of(found.other)
    return Words(lang or manifest.language_of(found.other), given.get("currency"), found.own_groups)


def _told(folder: Path) -> dict[str, Any]:
    """The manifest of a published run."""
    told = manifest.read(folder)
    if not all(isinstance(told.get(name), dict) for name in ("parameters", "rows", "versions")):
        what = "is not a folder" if not folder.is_dir() else f"has no {manifest.MANIFEST} of a published run"
        raise DataError(
            f"{folder} {what}. Name the folders of two runs, such as reports/cdnow/1998-05-31 and "
            "reports/cdnow/1998-06-30; `clvlab runs` lists them."
        )
    return told


def _counts(told: Mapping[str, Any]) -> dict[str, float]:
    """Accepted rows and those that each rule refused."""
    return {"accepted": told["rows"].get("accepted", 0), **told["rows"].get("refused", {})}


def _sources(told: Mapping[str, Any]) -> dict[str, str]:
    """Fingerprint of the accepted rows, and of every file that was read."""
    files = {**told.get("files", {}), **told.get("log_files", {})}
    return {"diff.fingerprint": _short(told["rows"].get("sha256")), **{name: _short(files[name]) for name in files}}


def _versions(told: Mapping[str, Any]) -> dict[str, str]:
    return {
        **told["versions"],
        "diff.package": _short(told.get("package")),
        "diff.notebook": _short(told.get("notebook")),
    }


def _short(digest: str | None) -> str:
    return NULL if digest is None else digest[:_DIGITS_OF_HASH]


def _leaves(value: Any, path: str = "") -> dict[str, str]:
    """The values of nested mappings, by their path, as text; lists are values, unless they are of mappings."""
    if isinstance(value, Mapping):
        parts = dict(value)
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        parts = dict(enumerate(value, 1))
    else:
        return {path: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}
    below = {(f"{path}.{name}" if path else str(name)): part for name, part in parts.items()}
    return {leaf: text for name, part in below.items() for leaf, text in _leaves(part, name).items()}


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    both = [Change(what, old.get(what, NULL), new.get(what, NULL)) for what in {**old, **new}]
    return tuple(change for change in both if change.old != change.new)


def _both(old: Mapping[str, float], new: Mapping[str, float]) -> Iterator[Figure]:
    """Counts of both runs, by code; what one of them does not have is none."""
    return (Figure(code, "int", old.get(code, 0), new.get(code, 0)) for code in {**old, **new})


def _headlines(one: Path, other: Path) -> tuple[Figure, ...]:
    old, new = (_headline(folder) for folder in (one, other))
    none = (None, None)
    return tuple(
        Figure(measure, kind, old.get(measure, none)[1], new.get(measure, none)[1])
        for measure, (kind, _) in {**old, **new}.items()
    )


def _headline(folder: Path) -> dict[str, tuple[str, float]]:
    try:
        return manifest.headline_of(folder)
    except ValueError:
        raise _damaged(folder / HEADLINE_FILE) from None


def _rule(folder: Path) -> Any:
    """The rule of a run; nothing where it has none."""
    try:
        return json.loads((folder / RULE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise _damaged(folder / RULE_FILE) from None


def _sizes(folder: Path) -> dict[str, float]:
    """Group -> its customers, largest first; nothing of a comparison, which has a grouping for every strategy."""
    path = folder / CUSTOMERS_FILE
    if not path.is_file():
        return {}
    try:
        customers = pl.scan_parquet(path, glob=False)
        if "group" not in customers.collect_schema():
            return {}
        return dict(customers.select(pl.col("group").value_counts(sort=True)).unnest("group").collect().iter_rows())
    except pl.exceptions.PolarsError:
        raise _damaged(path) from None


def _damaged(path: Path) -> DataError:
    return DataError(f"{path} is damaged. Make the run again with `clvlab report PARAMS.yaml --force`.")


def _own_groups(told: Mapping[str, Any], sizes: Mapping[str, float]) -> frozenset[str]:
    """The groups of a run whose strategy is an attribute or a map of the user's."""
    return frozenset() if f"strategies.{told['parameters'].get('strategy')}" in catalogue() else frozenset(sizes)


def _named(changes: Sequence[Change], words: Words) -> list[Change]:
    """The changes with words in place of the keys of the catalogue."""
    known = catalogue()
    return [
        Change(words(change.what) if change.what in known else change.what, change.old, change.new)
        for change in changes
    ]


def _row(words: Words, code: str) -> str:
    """Where rows went; the code of a rule that another version of clvlab had."""
    return words.row(code) if {f"rows.{code}", f"refusals.{code}"} & set(catalogue()) else code


def _measure(words: Words, code: str) -> str:
    return words.name("measures", code) if f"measures.{code}" in catalogue() else code


def _table_of_changes(changes: Sequence[Change], found: Differences, words: Words) -> str:
    columns = (
        (words("diff.what"), [change.what for change in changes]),
        (str(found.one), [change.old for change in changes]),
        (str(found.other), [change.new for change in changes]),
    )
    shown = (
        DisplayColumn(words.plain(heading), tuple(map(words.plain, cells)), numeric=False)
        for heading, cells in columns
    )
    return DisplayTable(tuple(shown)).to_text()


def _table_of_figures(
    figures: Sequence[Figure], found: Differences, words: Words, name: Callable[[Words, str], str]
) -> str:
    columns = (
        (str(found.one), [words.number(figure.old, figure.kind) for figure in figures]),
        (str(found.other), [words.number(figure.new, figure.kind) for figure in figures]),
        (words("diff.change"), [_change(figure, words) for figure in figures]),
    )
    first = DisplayColumn(words("diff.what"), tuple(name(words, figure.code) for figure in figures), numeric=False)
    shown = (DisplayColumn(words.plain(heading), tuple(cells), numeric=True) for heading, cells in columns)
    return DisplayTable((first, *shown)).to_text()


def _change(figure: Figure, words: Words) -> str:
    if figure.old is None or figure.new is None:
        return NULL
    change = figure.new - figure.old
    if figure.kind in _SHARES:
        return words.number(change, "points")
    text = words.number(change, figure.kind)
    return f"+{text}" if change > 0 else text
