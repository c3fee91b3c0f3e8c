"""Judging models and groupings by what the customers did next."""

from clvlab.evaluation.board import Board
from clvlab.evaluation.compare import compare
from clvlab.evaluation.model_choice import ModelChoice, choose_model
from clvlab.evaluation.validation import Validation, validate

__all__ = ["Board", "ModelChoice", "Validation", "choose_model", "compare", "validate"]
