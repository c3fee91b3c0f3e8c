"""What the reference says by itself: the keys of params files, the strategies; and that no public name lacks."""

import json
import re
from collections.abc import Iterator, Mapping
from inspect import getmodule, isclass, isfunction
from pathlib import Path
from pydoc import locate
from types import ModuleType
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

import clvlab as cl
from clvlab.params import RunParams
from clvlab.wording import Words

logger = logging.getLogger(__name__)

_BOUNDS = {
    "minimum": "from {}",
    "exclusiveMinimum": "above {}",
    "maximum": "up to {}",
    "exclusiveMaximum": "below {}",
}
_KINDS = {"string": "text", "number": "a number", "integer": "a whole number", "boolean": "`true` or `false`"}


def _values(schema: Mapping[str, Any], shapes: Mapping[str, Any]) -> str:
    """What a key takes, from its JSON schema."""
    if "$ref" in schema:
        shape = shapes[schema["$ref"].rpartition("/")[2]]
        return f"keys: {', '.join(f'`{name}`' for name in shape['properties'])}"
    either = schema.get("anyOf") or schema.get("oneOf")
    if either:
        return "; or ".join(_values(part, shapes) for part in either)
    if "const" in schema or "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema["type"] == "null":
        return "`null`"
    if schema["type"] == "array":
        return f"a list: {_values(schema['items'], shapes)}"
    if schema["type"] == "object":
        return "our name: your name"
    bounds = [text.format(schema[bound]) for bound, text in _BOUNDS.items() if bound in schema]
    kind = "a day" if schema.get("format") == "date" else _KINDS[schema["type"]]
    return " ".join([kind, *bounds])


def _keys(kind: type[RunParams]) -> Iterator[tuple[str, ...]]:
    """Each key of a kind of runs: its name, what it means, what it takes, what it is where it is not given."""
    schema, words = kind.model_json_schema(), Words("en")
    for name, field in kind.model_fields.items():
        default = "needed" if field.is_required() else f"`{json.dumps(field.get_default(call_default_factory=True))}`"
        takes = _values(schema["properties"][name], schema.get("$defs", {}))
        yield f"`{name}`", words(f"keys.{name}"), takes, default


def _strategies() -> Iterator[tuple[str, ...]]:
    """Each strategy: its name, what pages call it in both languages, what it reads."""
    for name, strategy in cl.strategies.items():
        called = (Words(lang).name("strategies", name) for lang in ("en", "zh"))
        yield f"`{name}`", *called, ", ".join(f"`{column}`" for column in sorted(strategy.needs)) or "nothing"


class Table(SphinxDirective):
    """A table that is made from the package: `report`, `compare` or `strategies`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Its rows, read as the page around them is."""
        if self.arguments == ["strategies"]:
            headings, rows = ("name", "called", "in Chinese", "reads"), _strategies()
        else:
            kind = {"report": cl.ReportParams, "compare": cl.CompareParams}[self.arguments[0]]
            headings, rows = ("key", "meaning", "takes", "if not given"), _keys(kind)
        lines = ["|".join(row) for row in (headings, ("---",) * len(headings), *map(_cells, rows))]
        return self.parse_text_to_nodes("\n".join(f"|{line}|" for line in lines))


class Further(SphinxDirective):
    """What the package offers and no other page in the folder describes."""

    def run(self) -> list[nodes.Node]:
        """A description of each name, as autodoc makes it."""
        pages = Path(self.env.doc2path(self.env.docname)).parent.glob("*.md")
        text = "".join(page.read_text(encoding="utf-8") for page in pages)
        told = re.findall(r"^\.\. auto\w+:: clvlab\.(\w+)$", text, re.MULTILINE)
        offered = {name: thing for name, thing in _public(cl) if name not in told}
        lines = [f".. auto{'class' if isclass(it) else 'function'}:: clvlab.{name}" for name, it in offered.items()]
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"])) if lines else []


def _cells(row: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(cell.replace("|", r"\|") for cell in row)


def _public(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """The classes and functions that a module offers: those of its list, or those written in it."""
    listed = getattr(module, "__all__", None)
    for name in listed or vars(module):
        thing = getattr(module, name)
        is_own = listed or (getmodule(thing) is module and not name.startswith("_"))
        if is_own and (isclass(thing) or isfunction(thing)):
            yield name, thing


def _modules() -> Iterator[ModuleType]:
    """The package and its public modules; of one that lists modules alone, each of these."""
    yield cl
    for name in cl.__all__:
        module = getattr(cl, name)
        if isinstance(module, ModuleType):
            yield module
            parts = [getattr(module, part) for part in getattr(module, "__all__", ())]
            yield from (part for part in parts if isinstance(part, ModuleType))


def _warn_of_what_lacks(_app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of each public name that no page of the reference describes."""
    described = [locate(name) for name in env.get_domain("py").objects]
    for module in _modules():
        for name, thing in _public(module):
            if not any(thing is other for other in described):
                logger.warning("%s.%s is public, and the reference lacks it", module.__name__, name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directives and the check."""
    app.add_directive("of-the-package", Table)
    app.add_directive("further-names", Further)
    app.connect("env-check-consistency", _warn_of_what_lacks)
    return {"parallel_read_safe": True}
