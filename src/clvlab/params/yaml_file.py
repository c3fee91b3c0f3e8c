"""Parameters as YAML, of a file and of the command line: without constructed objects, each key once."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from clvlab.errors import ParamsError
from clvlab.params.problems import shown


def parse_override(text: str) -> tuple[str, Any]:
    """Read one NAME=VALUE; the value is YAML.

    >>> parse_override("lang=zh"), parse_override("rfm={n_bins: 4}")
    (('lang', 'zh'), ('rfm', {'n_bins': 4}))
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ParamsError(f"{text!r} is not a parameter. Write NAME=VALUE, as in `-p lang=zh`.")
    try:
        return name.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise ParamsError(f"The value of {text!r} is not YAML. Quote it, as in `-p 'name=\"a: b\"'`.") from None


class EachKeyOnce(yaml.SafeLoader):
    """Plain YAML whose mappings have no key twice: of two values, YAML would take the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping of a node; an error of YAML where it has a key twice."""
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key, times in keys.items():
            if times > 1:
                raise yaml.constructor.ConstructorError(problem=f"the key {key!r} is there more than once")
        return super().construct_mapping(node, deep)


def read_params(path: Path) -> dict[str, Any]:
    """The parameters in a file."""
    absent = (
        f"Name a params file. `clvlab check SOURCE --write-params {path.name}` writes one for your log, or for the "
        "embedded one with `cdnow` as SOURCE."
    )
    values = read_mapping(path, absent)
    if values is None:
        raise ParamsError(f"{path} holds no parameters. Write one `key: value` a line, such as `name: cdnow`.")
    return values


def read_mapping(path: Path, absent: str) -> dict[str, Any] | None:
    """The mapping in a YAML file; None where it holds something else.

    Raises
    ------
    ParamsError : it cannot be read, of which `absent` says what to do; it is not text, or not plain YAML
    """
    try:
        values = yaml.load(path.read_text(encoding="utf-8"), Loader=EachKeyOnce)
    except OSError as error:
        raise ParamsError(f"{path}: {error.strerror}. {absent}") from None
    except UnicodeDecodeError:
        raise ParamsError(f"{path} is not text in UTF-8. Save it as UTF-8.") from None
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from None
    return {str(key): value for key, value in values.items()} if isinstance(values, dict) else None


def for_command(values: Mapping[str, Any], command: str) -> dict[str, Any]:
    """The values that are for every command, and over them those that are for this one."""
    own = {name: values.get(name) or {} for name in ("report", "compare")}
    for name, part in own.items():
        if not isinstance(part, Mapping):
            raise ParamsError(f"`{name}` is {shown(part)}. Below it are the keys for `clvlab {name}` alone.")
    return {**{name: value for name, value in values.items() if name not in own}, **own.get(command, {})}
