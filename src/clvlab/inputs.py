"""What a run reads: the list of its files, its log, and the log's fingerprint.

A run is two processes. The runner reads the log and lays it down (`hand_over`) for the notebook's kernel, where
`read_log` takes it up; a notebook that nobody has handed a log to reads it by itself.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from clvlab import datasets
from clvlab.customer_days import brought_together
from clvlab.customers import AttributeSettings, AttributeTable, mean_margin, read_attributes, refuse_perishable
from clvlab.errors import DataError, ParamsError, did_you_mean
from clvlab.frames import TransactionLog
from clvlab.memory_limit import limited
from clvlab.params import LOG_FOLDER, MAP_SUFFIXES, PSEUDONYM_KEY, ReportParams, RunParams
from clvlab.sources import FileSettings, are_large, files_of, readable
from clvlab.sources.faults import fault
from clvlab.transactions import read_transactions
from clvlab.transactions.rules import RULES, hint, meaning
from clvlab.wording import Name, Words

EMBEDDED: Mapping[str, Callable[[], TransactionLog]] = MappingProxyType(
    {
        "cdnow": lambda: datasets.cdnow(),
        "cdnow_sample": lambda: datasets.cdnow(sample=True),
        "lighting": lambda: datasets.lighting(),
    }
)

TAKE_NO_ATTRIBUTES = ("bg_cnbd_k", "mbg_cnbd_k")
"""Models for regular buyers, by the names that parameters have for them."""

_OF_FILES = ("encoding", "separator", "sheet")
_ACCEPTED, _ABOUT = "accepted.parquet", "log.json"
_SHORTEST_KEY = 32


@dataclass(frozen=True)
class Snapshot:
    """Files as they are at one moment.

    Attributes
    ----------
    sources : paths and globs
    digests : path -> SHA-256 of every file of these
    stamps : path -> its inode and time of change: a file that is changed and changed back has another
    """

    sources: tuple[str, ...]
    digests: Mapping[str, str]
    stamps: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, sources: Iterable[str]) -> "Snapshot":
        """The files of paths and globs as they are at present.

        Raises
        ------
        DataError : a file is not there, is a folder, or cannot be read
        """
        sources = tuple(sources)
        paths = [path for source in sources for path in files_of(source)]
        stamps = {str(path): _stamp(path) for path in paths}
        return cls(sources, {str(path): _digest(path) for path in paths}, stamps)

    def refuse_changes(self) -> None:
        """Raise DataError where a file is not the one that it was: what was read in between may be neither."""
        after = Snapshot.of(self.sources)
        names = sorted({*self.digests, *after.digests})
        changed = [
            name
            for name in names
            if (self.digests.get(name), self.stamps.get(name)) != (after.digests.get(name), after.stamps.get(name))
        ]
        if changed:
            raise DataError(f"{', '.join(changed)} changed while the run was reading. Run again when it is complete.")


def log_sources(params: RunParams) -> tuple[str, ...]:
    """The paths and globs that a run's log is read from; none where it is embedded.

    Raises
    ------
    ParamsError : the source is a database, of which what is read has to be kept in a file first
    """
    if params.database is not None:
        raise fault("database_not_read", ParamsError)
    own = () if isinstance(params.source, str) and params.source in EMBEDDED else params.sources
    return (*own, *params.items, *params.returns)


def table_sources(params: RunParams) -> tuple[str, ...]:
    """The paths and globs of all else that a run reads: its attributes, its maps, its events, its playbook."""
    playbooks = (params.playbook,) if isinstance(params, ReportParams) and params.playbook else ()
    return (*params.attributes, *map_sources(params), *event_sources(params), *playbooks)


def map_sources(params: RunParams) -> tuple[str, ...]:
    """The paths of the maps of RFM segments that a run groups by."""
    chosen = (choice for choice in params.chosen if isinstance(choice, str))
    return tuple(choice for choice in chosen if Path(choice).suffix in MAP_SUFFIXES)


def event_sources(params: RunParams) -> tuple[str, ...]:
    """The paths and globs of tables of events."""
    return tuple(each for each in params.events if isinstance(each, str))


def pseudonym_key_file(params: RunParams) -> Path:
    """Where the secret of which pseudonyms are made lies: next to the series of reports, in none of them."""
    return params.output_folder / ".pseudonym-key"


def pseudonym_key(params: RunParams) -> str | None:
    """The secret of which pseudonyms are made: the environment's, else the output folder's; None where neither is.

    Raises
    ------
    ParamsError : it is too short to be a secret, or its file cannot be read
    """
    given, path = os.environ.get(PSEUDONYM_KEY), pseudonym_key_file(params)
    if given:
        return _long_enough(given, PSEUDONYM_KEY)
    try:
        return _long_enough(path.read_text(encoding="ascii").strip(), str(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text"
        raise ParamsError(
            f"{path}, the key of pseudonyms, cannot be read: {reason}. Make it readable to who makes the reports, or "
            f"give the key by the environment variable {PSEUDONYM_KEY}."
        ) from error


def _long_enough(key: str, place: str) -> str:
    if len(key) < _SHORTEST_KEY:
        raise ParamsError(
            f"{place} has a key of {len(key)} characters, which can be guessed; {_SHORTEST_KEY} or more are needed. "
            "Put back the key that was there, or remove it: pseudonyms are then others than those of earlier reports."
        )
    return key


def sha256(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> tuple[int, int]:
    with readable(str(path)):
        found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _digest(path: Path) -> str:
    with readable(str(path)):
        return sha256(path)


def read_log(params: RunParams) -> TransactionLog:
    """The log that `params.source` names: an embedded data set, or a path or glob, or several.

    In the kernel of a run it is the one that the runner has read by the same parameters.

    Raises
    ------
    DataError : as by `clvlab.read_transactions`; or more than the share `max_refused` of the rows is refused
    """
    folder = os.environ.get(LOG_FOLDER)
    log = _handed_over(params, Path(folder)) if folder else None
    log = log or read_source(params)
    check_refused(log, params)
    return log


def attribute_tables(params: RunParams, log: TransactionLog) -> list[AttributeTable]:
    """The tables of attributes of a run: those that its parameters name, and those that its log comes with.

    They are read as the log is, unless `attribute_reading` says otherwise; the log's encoding, separator and sheet
    only where they fit.

    Raises
    ------
    DataError : as by `clvlab.customers.read_attributes`
    """
    of_log = [replace(table, name=params.source_name) for table in read_attributes(list(log.attributes))]
    settings = replace(attribute_settings(params), customers=log.detected.get("columns", {}).get("customer_id"))
    return read_attributes([*read_attributes(list(params.attributes), settings), *of_log])


def our_names(tables: Iterable[AttributeTable]) -> dict[str, str]:
    """Header -> our name, for the columns of tables of attributes that we call otherwise."""
    return {header: name for table in tables for name, header in table.headers.items()}


def covariates_of(params: ReportParams, tables: Sequence[AttributeTable]) -> tuple[str, ...]:
    """Our names of the attributes that may act on purchases, as the parameters name them.

    Raises
    ------
    ParamsError : there is no such attribute, or the model that the parameters name takes none
    DataError : one changes with what customers do, and does not say when it was true
    """
    if not params.covariates:
        return ()
    if params.model in TAKE_NO_ATTRIBUTES:
        raise ParamsError(
            f"`covariates` are given, and `model: {params.model}` takes none. Choose another model, or drop them."
        )
    known_as, known = our_names(tables), [name for table in tables for name in table.columns]
    names = tuple(dict.fromkeys(known_as.get(name, name) for name in params.covariates))
    for name in names:
        if name not in known:
            there = f"Attributes there are: {', '.join(known)}" if known else "There are no attributes"
            raise ParamsError(
                f"`covariates` names {name!r}, which is not an attribute of customers.{did_you_mean(name, known)} "
                f"{there}. Add a table that has it (`attributes`), or name a column of the log (`log_attributes`)."
            )
    refuse_perishable(tables, among=names, leaks_into="predictions of past days")
    return names


def margin_of(params: RunParams, log: TransactionLog) -> float:
    """The share of spend that is kept: as the parameters have it, or what costs leave up to the day of the groups.

    Raises
    ------
    DataError : the margin is to come from costs, and the log's do not tell it
    """
    given = params.margin
    return mean_margin(log, params.grouped_on).margin if isinstance(given, str) else given


def attribute_settings(params: RunParams) -> AttributeSettings:
    """How the tables of attributes of a run are read."""
    own = params.attribute_reading
    how: dict[str, Any] = {**params.reading, **own}
    is_own = any(name in own for name in (*_OF_FILES, "header_row"))
    files: Mapping[str, Any] = own if is_own else how
    return AttributeSettings(
        columns=params.attribute_columns,
        customers=params.columns.get("customer_id"),
        static=params.static,
        dated=params.dated,
        files=FileSettings(
            **{name: files.get(name) for name in _OF_FILES},
            header_row=own.get("header_row"),
            columns=tuple(params.attribute_columns.values()),
        ),
        strict=is_own,
        date_format=how.get("date_format"),
        decimal=how.get("decimal", "."),
        time_zone=how.get("time_zone"),
    )


def fingerprint(log: TransactionLog, until: date) -> str:
    """SHA-256 of the accepted rows up to a day in canonical order, whatever order the source has; computed once."""
    if until not in log.fingerprints:
        rows = log.accepted.filter(pl.col("date") <= until)
        columns = sorted(rows.collect_schema().names())
        canonical = rows.select(columns).sort(columns).collect()
        log.fingerprints[until] = hashlib.sha256(canonical.write_csv().encode()).hexdigest()
    return log.fingerprints[until]


def hand_over(log: TransactionLog, params: RunParams, folder: Path) -> None:
    """Lay the log that `params` name down in a folder, for the process that finds it by `LOG_FOLDER`.

    The rows and the tables are Parquet files, and log.json says which parameters they were read by.
    """
    # Uncompressed, so that the file's size tells whether its rows fit into memory.
    log.accepted.sink_parquet(folder / _ACCEPTED, compression="uncompressed")
    tables = {"rejected": log.rejected, "quality": log.quality}
    tables |= {_attributes(place): table for place, table in enumerate(log.attributes)}
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    about = {
        "read_by": _read_by(params),
        "detected": dict(log.detected),
        "attributes": len(log.attributes),
        "fingerprints": {day.isoformat(): digest for day, digest in log.fingerprints.items()},
    }
    (folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")


def _handed_over(params: RunParams, folder: Path) -> TransactionLog | None:
    """The log that lies in the folder; None where it was read by other parameters."""
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    if about["read_by"] != _read_by(params):
        return None
    rows = pl.scan_parquet(folder / _ACCEPTED, glob=False)
    with limited(params.reading.get("memory_limit")):
        accepted = rows if are_large([folder / _ACCEPTED]) else rows.collect().lazy()
        log = TransactionLog(
            accepted=accepted,
            rejected=_table(folder, "rejected"),
            quality=_table(folder, "quality"),
            detected=MappingProxyType(about["detected"]),
            attributes=tuple(_table(folder, _attributes(place)) for place in range(about["attributes"])),
        )
        log = log.knowing(brought_together(accepted, log.n_rows))
    log.fingerprints.update({date.fromisoformat(day): digest for day, digest in about["fingerprints"].items()})
    return log


def read_source(params: RunParams) -> TransactionLog:
    """The same, however much of it is refused."""
    if params.crm is not None:
        raise fault("crm_not_read", ParamsError, folder=str(params.folder / ".crm"))
    if isinstance(params.source, str) and params.source in EMBEDDED:
        for key in ("log_attributes", "items", "returns"):
            if getattr(params, key):
                raise ParamsError(f"`{key}` goes with a file, and {params.source!r} is not one. Drop it.")
        return _known(EMBEDDED[params.source](), params.known_until)
    return read_transactions(
        list(params.sources) if params.database is None else params.database,
        columns=params.columns,
        currency=params.currency,
        attributes=params.log_attributes,
        items=list(params.items) or None,
        returns=list(params.returns) or None,
        until=params.known_until,
        **params.reading,
    )


def _known(log: TransactionLog, until: date | None) -> TransactionLog:
    """An embedded log, as it would have been read on a day."""
    if until is None:
        return log
    known = read_transactions(log.data, until=until)
    return replace(known, attributes=log.attributes)


def check_refused(log: TransactionLog, params: RunParams) -> None:
    """Raise DataError where too much is refused; guests, and what a filter leaves out, do not count."""
    counts = dict(log.quality.select("rule", "rows").iter_rows())
    reasons = {rule: counts[rule] for rule in RULES if rule in counts and rule != "guest"}
    judged = counts["read"] - counts.get("filtered", 0) - counts.get("guest", 0)
    refused = sum(reasons.values())
    if refused <= params.max_refused * judged:
        return
    said = ", ".join(f"{meaning(rule)} ({rows:,})" for rule, rows in sorted(reasons.items(), key=lambda it: -it[1]))
    worst = max(reasons, key=lambda rule: reasons[rule])
    source = ", ".join(params.sources) or params.source_name
    raise DataError(
        f"{refused:,} of {judged:,} rows of {source} are refused, {refused / judged:.1%}: {said}. "
        f"{Words('en').name('hints', hint(worst).code)} To run all the same, set "
        f"`max_refused: {math.ceil(100 * refused / judged) / 100:g}`.",
        code="max_refused",
        refused=refused,
        judged=judged,
        share=refused / judged,
        rule=Name("refusals", worst),
        hint=hint(worst),
    )


def _read_by(params: RunParams) -> dict[str, Any]:
    """The parameters that decide what is read."""
    given = params.to_dict()
    return {
        name: given[name]
        for name in ("source", "items", "returns", "columns", "currency", "reading", "log_attributes")
    } | {"known_until": params.known_until and params.known_until.isoformat()}


def _attributes(place: int) -> str:
    return f"attributes_{place}"


def _table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet", glob=False)
