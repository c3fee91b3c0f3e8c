"""Models of known parameters that laws are checked on, and how often they are tried."""

import pytest
from hypothesis import settings

import clvlab as cl

MODELS = [
    cl.BgNbd(0.6, 8.0, 0.7, 2.5, time_unit="week"),
    cl.MbgNbd(0.6, 8.0, 0.7, 2.5, time_unit="week"),
    cl.ParetoNbd(0.6, 8.0, 0.7, 12.0, time_unit="week"),
    cl.Nbd(0.6, 8.0, time_unit="week"),
    cl.BgCnbdK(0.6, 4.0, 0.7, 2.5, k=2, time_unit="week"),
    cl.MbgCnbdK(0.9, 3.0, 0.7, 2.5, k=3, time_unit="week"),
]
SPEND = cl.GammaGamma(6.0, 4.0, 15.0)

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
few_examples = settings(max_examples=25, deadline=None, derandomize=True)
