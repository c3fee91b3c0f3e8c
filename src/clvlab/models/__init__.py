"""Models of how often customers buy, whether they still do, and what they spend.

A model states its likelihood and its few closed forms; `numerics` finds the maximum of every likelihood.
"""

from clvlab.columns import MODELLED
from clvlab.models.bg_bb import BgBb
from clvlab.models.bg_cnbd_k import BgCnbdK
from clvlab.models.bg_nbd import BgNbd
from clvlab.models.covariates import AnyPurchaseModel, CovariateModel, WithAttributes
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.intervals import purchase_intervals, value_intervals
from clvlab.models.lifetime_value import lifetime_value, new_customer_value, residual_lifetime_value
from clvlab.models.mbg_cnbd_k import MbgCnbdK
from clvlab.models.mbg_nbd import MbgNbd
from clvlab.models.mean_spend import MeanSpend
from clvlab.models.nbd import Nbd
from clvlab.models.pareto_nbd import ParetoNbd
from clvlab.models.predictors import PurchasePredictor, SpendPredictor, ValuePredictor
from clvlab.models.purchase_model import PurchaseModel
from clvlab.models.scores import Scores
from clvlab.models.shifted_beta_geometric import ShiftedBetaGeometric
from clvlab.models.spend_by_attributes import SpendByAttributes, SpendWithAttributes
from clvlab.models.spend_by_frequency import SpendByFrequency
from clvlab.models.spend_model import LessReturns, SpendBasis, SpendKind, SpendModel
from clvlab.models.value_models import MODEL_NAMES, PURCHASE_MODELS, Terms, ValueModels

__all__ = [
    "MODELLED",
    "MODEL_NAMES",
    "PURCHASE_MODELS",
    "AnyPurchaseModel",
    "BgBb",
    "BgCnbdK",
    "BgNbd",
    "CovariateModel",
    "GammaGamma",
    "LessReturns",
    "MbgCnbdK",
    "MbgNbd",
    "MeanSpend",
    "Nbd",
    "ParetoNbd",
    "PurchaseModel",
    "PurchasePredictor",
    "Scores",
    "ShiftedBetaGeometric",
    "SpendBasis",
    "SpendByAttributes",
    "SpendByFrequency",
    "SpendKind",
    "SpendModel",
    "SpendPredictor",
    "SpendWithAttributes",
    "Terms",
    "ValueModels",
    "ValuePredictor",
    "WithAttributes",
    "lifetime_value",
    "new_customer_value",
    "purchase_intervals",
    "residual_lifetime_value",
    "value_intervals",
]
