"""Logs to learn and to test on: CDNOW, which is real, and the lighting retailer, whose truth is known."""

from clvlab.datasets.cdnow import cdnow
from clvlab.datasets.lighting import lighting

__all__ = ["cdnow", "lighting"]
