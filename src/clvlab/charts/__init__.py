"""Tidy table -> Altair chart: one module per section; a chart draws what it is given and computes nothing."""

from importlib import import_module
from types import ModuleType

from clvlab.grammars import import_jsonschema

import_jsonschema()

__all__ = [
    "base_health",
    "bridge",
    "cohorts",
    "comparison",
    "gems",
    "movement",
    "outlook",
    "profiles",
    "segments",
    "structure",
    "theme",
    "validation",
    "value",
]


def __getattr__(name: str) -> ModuleType:
    if name in __all__:
        return import_module(f"clvlab.charts.{name}")
    raise AttributeError(f"module 'clvlab.charts' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
