"""Is the model right: what it and the baselines predicted, next to what happened; and the choice of a model."""

from clvlab.validation.backtest import Backtest, backtest
from clvlab.validation.model_choice import ModelChoice, choose_model
from clvlab.validation.validate import Validation, validate

__all__ = ["Backtest", "ModelChoice", "Validation", "backtest", "choose_model", "validate"]
