"""Maps and mappings kept as YAML: the shipped ones in `grouping/maps`, and the user's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from clvlab.errors import ParamsError


def read_mapping(source: str | Path | Mapping[str, Any]) -> Mapping[str, Any]:
    """A mapping as it is, or what a YAML file holds; ParamsError where there is none."""
    if isinstance(source, Mapping):
        return source
    try:
        found = yaml.safe_load(Path(source).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ParamsError(f"{str(source)!r} cannot be read as YAML: {error}") from error
    if not isinstance(found, Mapping):
        raise ParamsError(f"{str(source)!r} holds a {type(found).__name__}; a mapping of keys to values is needed.")
    return found


def read_list(given: Any) -> list[str]:
    """A list's entries as text; words of a text; a single value alone."""
    return [str(one) for one in given] if isinstance(given, list) else str(given).split()
