"""Logs to learn and to test on: CDNOW, which is real, and the lighting retailer, whose truth is known."""

from typing import Any

from clvlab.datasets.cdnow import cdnow

__all__ = ["cdnow", "lighting"]


def __getattr__(name: str) -> Any:
    if name == "lighting":
        from clvlab.datasets.lighting import lighting

        # The module would shadow the function of the same name.
        globals()[name] = lighting
        return lighting
    raise AttributeError(f"module 'clvlab.datasets' has no attribute {name!r}")
