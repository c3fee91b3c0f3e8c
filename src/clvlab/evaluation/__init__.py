"""Judging models and groupings by what the customers did next."""

from clvlab.evaluation.validation import Validation, validate

__all__ = ["Validation", "validate"]
