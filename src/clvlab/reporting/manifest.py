"""What a run was made from, as a key that is equal for equal inputs, and what it left, as a manifest.

The key covers the parameters, every file that the run reads (its source, attributes), the rows that were accepted up
to its day and those refused, the report before it, the comparison that judged its strategy, the notebook, the package
with its maps, wording and templates, and the versions of Python and the libraries. Of a report of a series the files
of the log are not part of it, only their rows up to its day: it does not know what came later. Clock, host and user
are in the manifest alone.
"""

import getpass
import hashlib
import hmac
import json
import platform
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import requires, version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
from packaging.requirements import Requirement

from clvlab.frames import TransactionLog
from clvlab.inputs import fingerprint, sha256
from clvlab.judged import Judgement
from clvlab.label_history import HEADLINE_FILE
from clvlab.params import RunParams
from clvlab.wording import Language, languages

PACKAGE = Path(__file__).parent.parent
MANIFEST = "manifest.json"
_INPUTS: Mapping[str, str] = MappingProxyType(
    {
        "parameters": "the parameters",
        "files": "the files that it reads",
        "rows": "the rows of the log up to its day",
        "earlier": "the report before it",
        "judged": "the comparison that judged its grouping",
        "lists": "the due lists of the reports before it",
        "pseudonyms": "the key of pseudonyms",
        "notebook": "the notebook",
        "package": "clvlab itself",
        "versions": "the libraries",
    }
)


@dataclass(frozen=True)
class Inputs:
    """Everything that decides the bytes of a run, as plain JSON values.

    Attributes
    ----------
    parameters : of the run
    files : path -> SHA-256 of what it reads
    rows : what it takes from its log, as by `rows_of`
    earlier : the day and the key of the run before this one, to which the page has a link and whose model it names
    judged : series, day and key of the comparison that last judged the strategy, of which the page tells
    lists : day -> SHA-256 of the due list that was published then, whose customers it follows
    pseudonyms : what tells the secret that pseudonyms are made of from others, without telling it; None without one
    notebook, package : SHA-256 of the notebook, and over all files of the package
    versions : of Python and every library
    """

    parameters: Mapping[str, Any]
    files: Mapping[str, str]
    rows: Mapping[str, Any]
    earlier: Mapping[str, str | None] | None
    judged: Mapping[str, str] | None
    lists: Mapping[str, str]
    pseudonyms: str | None
    notebook: str
    package: str
    versions: Mapping[str, str]

    @classmethod
    def of(
        cls,
        params: RunParams,
        files: Mapping[str, str],
        rows: Mapping[str, Any],
        notebook: Path,
        earlier: Path | None = None,
        secret: str | None = None,
        judged: Judgement | None = None,
        lists: Iterable[Path] = (),
    ) -> "Inputs":
        """The inputs of a run by `notebook` over a log with `rows`, and over `files`.

        `earlier` is the folder of the run before, `secret` the key of pseudonyms, `judged` how the strategy last did,
        `lists` are due lists in the folders of earlier runs.
        """
        return cls(
            parameters=params.to_dict(),
            files=files,
            rows=rows,
            earlier={"as_of": earlier.name, "key": key_of(earlier)} if earlier else None,
            judged=judged.comparison if judged else None,
            lists={path.parent.name: sha256(path) for path in lists},
            pseudonyms=secret and hmac.new(secret.encode(), b"which key", hashlib.sha256).hexdigest(),
            notebook=sha256(notebook),
            package=package_digest(),
            versions=versions(),
        )

    @property
    def key(self) -> str:
        """SHA-256 of the inputs: equal keys, equal bytes."""
        return hashlib.sha256(json.dumps(vars(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Account:
    """When a run started, how long it took, and what each section cost."""

    started: datetime
    seconds: float
    sections: list[dict[str, Any]]


def write(
    folder: Path,
    inputs: Inputs,
    log: TransactionLog,
    log_files: Mapping[str, str],
    account: Account,
    predecessor: str | None = None,
) -> None:
    """Write the manifest of a finished run: the last file of it, naming all others.

    `log_files` are path -> SHA-256 of the files that the log was read from; `predecessor` is how the report of the
    period before was had, "published" or "recomputed".
    """
    manifest = {
        "key": inputs.key,
        **vars(inputs),
        "log_files": dict(log_files),
        "predecessor": predecessor,
        "counts": log.quality.select("rule", "rows").to_dicts(),
        "git_commit": _git_commit(),
        "started": account.started.isoformat(timespec="seconds"),
        "seconds": round(account.seconds, 3),
        "sections": account.sections,
        "host": platform.node(),
        "user": _user(),
        "platform": platform.platform(),
        "outputs": {path.relative_to(folder).as_posix(): sha256(path) for path in _files(folder)},
    }
    (folder / MANIFEST).write_text(_as_text(manifest), encoding="utf-8")


def _as_text(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a manifest that was read has them."""
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def is_current(folder: Path, key: str) -> bool:
    """Whether a folder holds a whole run with this key, every file as the manifest has it."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return manifest["key"] == key and all(
            sha256(folder / name) == digest for name, digest in manifest["outputs"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def rows_read(folder: Path, log_files: Mapping[str, str]) -> dict[str, Any] | None:
    """What the run in a folder took from its log, where that was read from the same files; None elsewhere."""
    rows = _told(folder, "rows")
    return rows if isinstance(rows, dict) and _told(folder, "log_files") == dict(log_files) else None


def note_files(folder: Path, log_files: Mapping[str, str]) -> None:
    """Have the manifest of a run say that files of these digests give the same log, up to its day."""
    found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    fresh = folder / f".{MANIFEST}"
    fresh.write_text(_as_text({**found, "log_files": dict(log_files)}), encoding="utf-8")
    fresh.replace(folder / MANIFEST)


def is_alike(folder: Path, inputs: Inputs, day: date, rows: str) -> bool:
    """Whether a folder holds a whole run of another day, made as one by these inputs from rows of a fingerprint."""
    here = _plain({**vars(inputs), "parameters": {**inputs.parameters, "as_of": day.isoformat()}})
    same = ("parameters", "files", "pseudonyms", "notebook", "package", "versions")
    return (
        all(_told(folder, name) == here[name] for name in same)
        and (_told(folder, "rows") or {}).get("sha256") == rows
        and is_current(folder, str(key_of(folder)))
    )


def changed(folder: Path, inputs: Inputs) -> tuple[str, ...]:
    """What of the inputs is not as it was for the run in a folder, in words; nothing where there was no run."""
    if _told(folder, "key") is None:
        return ()
    here = _plain(vars(inputs))
    return tuple(said for name, said in _INPUTS.items() if _told(folder, name) != here[name])


def kind_of(folder: Path) -> str | None:
    """Of which kind the run in a folder is, "report" or "comparison"; None where its manifest does not tell."""
    given = parameters_of(folder)
    if not given:
        return None
    return "comparison" if "strategies" in given else "report"


def parameters_of(folder: Path) -> dict[str, Any]:
    """The parameters of the run in a folder; none where its manifest does not tell."""
    given = _told(folder, "parameters")
    return given if isinstance(given, dict) else {}


def language_of(folder: Path) -> Language:
    """The first language of the pages of the run in a folder; English where its manifest does not tell."""
    return languages(parameters_of(folder).get("lang", "en"))[0]


def key_of(folder: Path) -> str | None:
    """The key of the inputs of the run in a folder; None where its manifest does not tell."""
    key = _told(folder, "key")
    return None if key is None else str(key)


def read(folder: Path) -> dict[str, Any]:
    """The manifest of the run in a folder; nothing where there is none, or it cannot be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _told(folder: Path, name: str) -> Any:
    """What a run's manifest has under a name; None where there is none, or it cannot be read."""
    return read(folder).get(name)


def headline_of(folder: Path) -> dict[str, tuple[str, float]]:
    """Measure -> its kind and value, of the run in a folder; nothing where it has no headline.

    Raises
    ------
    ValueError : the file is damaged
    """
    try:
        found: list[dict[str, Any]] = json.loads((folder / HEADLINE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {it["measure"]: (it["kind"], it["value"]) for it in found}


def versions() -> dict[str, str]:
    """The versions of Python and of every library that clvlab requires; what only an extra brings plays no part."""
    required = map(Requirement, requires("clvlab") or [])
    names = sorted(it.name for it in required if it.marker is None or it.marker.evaluate())
    return {"python": platform.python_version(), **{name: version(name) for name in ["clvlab", *names]}}


def rows_of(params: RunParams, log: TransactionLog) -> dict[str, Any]:
    """What a run takes from its log, as plain JSON values.

    sha256, accepted : fingerprint and number of the accepted rows up to the run's day
    refused : rule -> rows
    attributes : SHA-256 of each table of attributes that the log comes with
    repeated : rows that repeat another in every column
    questions : the codes of what the log leaves open
    has_amounts : whether it knows money
    """
    rules = log.rejected["rule"].unique().to_list() if log.rejected.height else []
    refused = log.quality.filter(pl.col("rule").is_in(rules)).sort("rule")
    return {
        "sha256": fingerprint(log, params.as_of),
        "accepted": log.accepted.filter(pl.col("date") <= params.as_of).select(pl.len()).collect().item(),
        "refused": dict(refused.select("rule", "rows").iter_rows()),
        "attributes": [hashlib.sha256(table.write_csv().encode()).hexdigest() for table in log.attributes],
        "repeated": log.detected.get("duplicate_rows"),
        "questions": sorted(doubt["code"] for doubt in log.detected.get("doubts", ())),
        "has_amounts": log.has_amounts,
    }


def package_digest() -> str:
    """SHA-256 over the package's own files: code, maps, wording, templates."""
    digest = hashlib.sha256()
    for path in _files(PACKAGE):
        if path.suffix != ".pyc":
            digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{sha256(path)}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _git_commit() -> str | None:
    """The commit of the checkout that the package runs from; None outside of one."""
    checkout = PACKAGE.parent.parent
    if not (checkout / ".git").exists():
        return None
    command = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _user() -> str | None:
    """The user's name; None where the system has none for this process."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None
