"""Models are what the protocols ask for, argument by argument."""

import inspect

import pytest

import clvlab as cl
from clvlab.models import PURCHASE_MODELS, PurchasePredictor, SpendPredictor, ValuePredictor

PREDICTORS = [
    *((model, protocol) for model in PURCHASE_MODELS for protocol in (PurchasePredictor, ValuePredictor)),
    (cl.CovariateModel, PurchasePredictor),
    (cl.CovariateModel, ValuePredictor),
    (cl.GammaGamma, SpendPredictor),
]


def verbs(protocol):
    """Name -> signature of what a protocol and those that it extends ask for."""
    return {
        name: inspect.signature(member)
        for each in protocol.__mro__
        for name, member in vars(each).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }


@pytest.mark.parametrize(("model", "protocol"), PREDICTORS, ids=lambda each: each.__name__)
def test_a_model_takes_what_its_protocol_says(model, protocol):
    asked = verbs(protocol)
    assert asked
    for name, signature in asked.items():
        assert inspect.signature(getattr(model, name)) == signature, name


def test_every_protocol_says_what_its_verbs_give():
    for protocol in (PurchasePredictor, ValuePredictor, SpendPredictor):
        assert all(inspect.getdoc(getattr(protocol, name)) for name in verbs(protocol))


def test_values_rest_on_purchases():
    assert set(verbs(PurchasePredictor)) < set(verbs(ValuePredictor))
