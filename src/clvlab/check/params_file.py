"""A params file with a comment on every key, for `clvlab report` and `clvlab compare` alike."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from clvlab.check.settling import Question
from clvlab.check.telling import question
from clvlab.check.verdict import Doubt
from clvlab.frames import TransactionLog
from clvlab.inputs import EMBEDDED
from clvlab.params import MAP_SUFFIXES, ReportParams, RunParams
from clvlab.sources import files_of
from clvlab.wording import Words

_ALWAYS = ("name", "source", "as_of", "time_unit", "model", "horizon", "lang", "output", "strategy", "n_clusters")
_WITH_AMOUNTS = ("annual_discount_rate", "margin", "currency", "rfm", "low_value")
_PATHS = ("source", "items", "returns", "attributes", "events", "playbook")


def params_file(
    params: ReportParams,
    log: TransactionLog,
    questions: Iterable[Question | Doubt],
    leaking: Collection[str],
    words: Words,
) -> str:
    """The text of the file: what both commands read, then what is for one of them alone.

    Paths are whole, so that the file can be run from any folder. What the log cannot serve is left out: without
    amounts, all that concerns money; from a comparison, the tables of attributes that it refuses (`leaking`).
    """
    values = {key: _whole(key, value) for key, value in _chosen(params, log).items()}
    common = {key: value for key, value in values.items() if key in RunParams.model_fields}
    report = {key: value for key, value in values.items() if key not in common}
    compare = {"name": f"{params.name}_compare", "strategies": [], "rounds": 500, "seed": 0}
    compare |= {key: _whole(key, value) for key, value in without_tables(params, leaking).items()}
    head = words("check.file_head")
    lines = [head, *(words("check.to_settle", text=question(words, it)) for it in questions)]
    lines = [f"# {line}" for line in lines]
    lines += _commented(common, words)
    for section, own in {"report": report, "compare": compare}.items():
        lines += ["", f"# {words(f'check.file_{section}')}", f"{section}:"]
        lines += [f"  {line}" for line in _commented(own, words)]
    return "\n".join(lines) + "\n"


def without_tables(params: ReportParams, names: Collection[str]) -> dict[str, Any]:
    """The keys of attributes without the tables of these names; nothing where there are none."""
    if not names:
        return {}
    kept = [
        source
        for source in params.attributes
        if not any(name.startswith(str(path)) for path in files_of(source) for name in names)
    ]
    empty: dict[str, Any] = {"attribute_columns": {}, "static": [], "dated": []} if not kept else {}
    return {"attributes": kept, **{key: value for key, value in empty.items() if getattr(params, key)}}


def _chosen(params: ReportParams, log: TransactionLog) -> Mapping[str, Any]:
    """The keys that are worth a line: those that everyone has to think of, and those that were set."""
    listed = {*_ALWAYS, *(_WITH_AMOUNTS if log.has_amounts else ())}
    defaults = {
        name: field.get_default(call_default_factory=True, validated_data={})
        for name, field in type(params).model_fields.items()
    }
    return {
        name: value
        for name, value in params.to_dict().items()
        if name in listed or getattr(params, name) != defaults[name]
    }


def _whole(key: str, value: Any) -> Any:
    """The value with whole paths, and a day as YAML writes days."""
    if key == "as_of":
        return date.fromisoformat(value)
    if key in _PATHS:
        return _path(value) if isinstance(value, str) else [_path(each) for each in value]
    if key == "strategy" and isinstance(value, str) and Path(value).suffix in MAP_SUFFIXES:
        return _path(value)
    return value


def _path(source: Any) -> Any:
    """A path in full; a row of a table is left as it is."""
    if not isinstance(source, str):
        return source
    return source if source in EMBEDDED else str(Path(source).expanduser().absolute())


def _commented(values: Mapping[str, Any], words: Words) -> Iterator[str]:
    """Each key below the comment on it."""
    for key, value in values.items():
        yield f"# {words.name('keys', key)}"
        dumped = yaml.safe_dump({key: value}, allow_unicode=True, sort_keys=False, width=10**6)
        yield from dumped.splitlines()
