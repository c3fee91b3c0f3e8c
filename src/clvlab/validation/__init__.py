"""Is the model right: what it and the baselines predicted, next to what happened; and the choice of a model."""

from clvlab.validation.model_choice import ModelChoice, choose_model
from clvlab.validation.validate import Validation, validate

__all__ = ["ModelChoice", "Validation", "choose_model", "validate"]
