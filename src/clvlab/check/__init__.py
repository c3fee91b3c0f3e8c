"""What a source holds, what of it would be refused and why, whether a report can run, and a params file for it."""

from clvlab.check.attributes import AttributesCheck, check_attributes
from clvlab.check.log import Check, check_source

__all__ = ["AttributesCheck", "Check", "check_attributes", "check_source"]
