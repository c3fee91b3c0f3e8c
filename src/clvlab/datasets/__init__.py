"""Logs to learn and to test on: CDNOW, which is real, and the lighting retailer, whose truth is known;
and an export of that retailer as users have them."""

from clvlab.datasets.cdnow import cdnow
from clvlab.datasets.lighting import lighting
from clvlab.datasets.untidy import untidy_export

__all__ = ["cdnow", "lighting", "untidy_export"]
