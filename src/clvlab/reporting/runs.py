"""What is published in an output folder, and what failed there, as text for a terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clvlab.errors import DataError, did_you_mean
from clvlab.params import CompareParams, file_name, strategy_name
from clvlab.reporting import manifest
from clvlab.reporting.archive import Series
from clvlab.tables import NULL, DisplayColumn, DisplayTable
from clvlab.wording import Language, Words, languages


@dataclass(frozen=True)
class PublishedRun:
    """A published run.

    Attributes
    ----------
    series : the name of its folder
    day : its last day that counts
    made : when it was started, in UTC
    seconds : how long it took
    rows : accepted rows that it used
    strategies : by what it groups
    predecessor : how what is told of the period before was had, "published" or "recomputed"; None outside of a series
    is_latest : whether it is the newest of its series
    """

    series: str
    day: str
    made: str
    seconds: float
    rows: int
    strategies: tuple[str, ...]
    predecessor: str | None
    is_latest: bool

    @classmethod
    def of(cls, folder: Path, *, is_latest: bool) -> "PublishedRun":
        """The run in a folder; DataError where its manifest does not tell."""
        told = manifest.read(folder)
        try:
            return cls(
                series=folder.parent.name,
                day=folder.name,
                made=told["started"][:16].replace("T", " "),
                seconds=float(told["seconds"]),
                rows=told["rows"]["accepted"],
                strategies=_strategies(told["parameters"]),
                predecessor=told.get("predecessor"),
                is_latest=is_latest,
            )
        except (KeyError, TypeError, ValueError):
            raise DataError(
                f"{folder / manifest.MANIFEST} is damaged or from another version of clvlab. Make the run again: "
                f"`clvlab report PARAMS.yaml --as-of {folder.name}`."
            ) from None


def _strategies(parameters: dict[str, Any]) -> tuple[str, ...]:
    chosen = (parameters["strategy"],) if "strategy" in parameters else parameters["strategies"]
    return tuple(map(strategy_name, chosen))


@dataclass(frozen=True)
class FailedRun:
    """The last run of a day, which failed: why, where its notebook is kept, and the command that makes it.

    Attributes
    ----------
    series, day : as of a published run
    reason : in a sentence
    notebook : as far as it came; None where the run ended before its notebook began
    command : "report" or "compare"
    """

    series: str
    day: str
    reason: str
    notebook: Path | None
    command: str


def series_in(output: Path, name: str | None = None) -> list[Series]:
    """The series of an output folder in which a run was published or failed, by name; or the one that is named.

    Raises
    ------
    DataError : there is no such folder, no series in it, or none of this name
    """
    if not output.is_dir():
        raise DataError(f"{output} is not a folder. Name the folder of reports: `clvlab runs --output FOLDER`.")
    folders = sorted(path for path in output.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = [series for series in map(Series, folders) if _is_ours(series)]
    if not found:
        raise DataError(
            f"{output} has no published or failed runs. Make one with `clvlab report PARAMS.yaml`, or name another "
            "folder of reports with `--output`."
        )
    if name is None:
        return found
    named = [series for series in found if series.folder.name in {name, file_name(name)}]
    if not named:
        names = [series.folder.name for series in found]
        raise DataError(
            f"{output} has no series {name!r}.{did_you_mean(name, names)} Series there: {', '.join(names)}."
        )
    return named


def _is_ours(series: Series) -> bool:
    return bool(series.failures()) or any(map(manifest.kind_of, series.days()))


def published_in(series: Sequence[Series]) -> tuple[list[PublishedRun], list[str]]:
    """The published runs of these series, newest first in each, and what is to be said of those that are damaged."""
    runs, damaged = [], []
    for one in series:
        for place, folder in enumerate(one.days()):
            try:
                runs.append(PublishedRun.of(folder, is_latest=place == 0))
            except DataError as error:
                damaged.append(str(error))
    return runs, damaged


def failed_in(series: Sequence[Series]) -> Iterator[FailedRun]:
    """The days of these series whose last run failed, newest first in each."""
    for one in series:
        kinds = {manifest.kind_of(folder) for folder in one.days()}
        command = CompareParams.command if CompareParams.kind in kinds else "report"
        for day, reason in one.failures().items():
            notebook = one.folder / "failed" / day / "report.ipynb"
            kept = notebook if notebook.is_file() else None
            yield FailedRun(one.folder.name, day, reason, kept, command)


def language_of(series: Sequence[Series]) -> Language:
    """The language of the newest run of the first of these series that has one."""
    given = [manifest.parameters_of(one.days()[0]) for one in series if one.days()]
    return next((languages(parameters["lang"])[0] for parameters in given if "lang" in parameters), "en")


def runs_in_words(runs: Sequence[PublishedRun], words: Words) -> str:
    """The published runs as a table."""
    if not runs:
        return words("runs.none")
    told = {None: NULL, "published": words("runs.published"), "recomputed": words("runs.recomputed")}
    columns = (
        _text(words("runs.series"), [words.plain(run.series) for run in runs]),
        _text(words("runs.as_of"), [run.day for run in runs]),
        _text(words("runs.made"), [run.made for run in runs]),
        _number(words("runs.seconds"), words.numbers([run.seconds for run in runs], "dec1")),
        _number(words("runs.rows"), words.numbers([run.rows for run in runs], "int")),
        _text(words("runs.strategy"), [_grouping(run, words) for run in runs]),
        _text(words("runs.predecessor"), [told[run.predecessor] for run in runs]),
        _text(words("runs.latest"), [words("runs.is_latest") if run.is_latest else "" for run in runs]),
    )
    return DisplayTable(columns).to_text()


def failures_in_words(runs: Sequence[FailedRun], words: Words) -> str:
    """The failed runs, each with its reason, its notebook and what to do."""
    return "\n".join("\n".join(_failure(run, words)) for run in runs) or words("runs.none_failed")


def _failure(run: FailedRun, words: Words) -> Iterator[str]:
    yield words("runs.failed", series=words.plain(run.series), day=run.day, reason=run.reason)
    if run.notebook is None:
        yield "  " + words("runs.no_notebook")
    else:
        yield "  " + words("runs.notebook", path=run.notebook)
    yield "  " + words("runs.again", command=f"clvlab {run.command} PARAMS.yaml --as-of {run.day}")


def _grouping(run: PublishedRun, words: Words) -> str:
    if len(run.strategies) > 1:
        return words("runs.strategies", n=len(run.strategies))
    return words.name("strategies", run.strategies[0]) if run.strategies else words("runs.all_strategies")


def _text(heading: str, cells: list[str]) -> DisplayColumn:
    return DisplayColumn(heading, tuple(cells), numeric=False)


def _number(heading: str, cells: list[str]) -> DisplayColumn:
    return DisplayColumn(heading, tuple(cells), numeric=True)
