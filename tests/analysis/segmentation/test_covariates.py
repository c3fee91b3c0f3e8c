"""Attributes in the value section: the effects by hand, the rule in words, and a report that uses them throughout."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import outlook, validation, value
from clvlab.analysis.segmentation.context import Context
from clvlab.errors import DataError
from clvlab.models import Nbd, WithAttributes
from clvlab.models.attributes import Attributes
from clvlab.models.covariates import RatioTest
from clvlab.models.spend_model import gross_of
from clvlab.models.value_models import AttributesTried, Caveat, EarlierErrors, name_of
from clvlab.params import ReportParams
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import nbd, valued

AS_OF = date(2024, 12, 31)
REGIONS = ["south"] * 12 + ["north"] * 10 + ["west"] * 3
KIND = WithAttributes(Nbd, ("region",))


def context_of(rows, people, **given):
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    params = ReportParams(
        **{"name": "r", "source": "rows", "as_of": AS_OF, "time_unit": "day", "strategy": "hiatus", **given}
    )
    return Context(params, replace(log, attributes=(people,)))


def by_region(factor_north=2.0, factor_west=0.5):
    """NBD with r = 1, alpha = 100 days in the south; in the north at twice, in the west at half the rate."""
    return cl.CovariateModel(
        reference=nbd(1.0, 100.0),
        plain=nbd(1.0, 100.0),
        purchase=Attributes({"region": ("south", "north", "(other)")}, (0.4, 0.12), (1.0, 1.0)),
        dropout=Attributes({}),
        gamma=np.log([factor_north, factor_west]),
        delta=np.empty(0),
        log_likelihood=-40.0,
        covariance=np.diag([1e-4, 4e-4, 0.01, 0.04]),
    )


@pytest.fixture(scope="module")
def plain():
    """25 customers who bought once, 100 days ago, of three regions; each is worth 20 a purchase."""
    ids = [f"c{i:02d}" for i in range(25)]
    people = pl.DataFrame({"customer_id": ids, "region": REGIONS})
    rows = [(name, AS_OF - timedelta(100), 1.0) for name in ids]
    return context_of(rows, people, horizon="100 days", annual_discount_rate=0.0)


def section_of(context, model, tried):
    own = valued(replace(context), model, 20.0)
    vars(own)["models"] = replace(own.models, tried=tried)
    return value.compute(own)


def tried(p_value=0.0004, errors=None, model=True, caveats=()):
    """What the rule judges, of a test that said `p_value`."""

    class Tested(AttributesTried):
        test = RatioTest(12.0, 2, p_value) if model else None

    return Tested(KIND, by_region() if model else None, errors, caveats)


CLOSER, FARTHER = EarlierErrors(1.2, 1.25, -1.0), EarlierErrors(1.3, 1.25, 2.0)


@pytest.fixture(scope="module")
def used(plain):
    return section_of(plain, by_region(), tried(errors=CLOSER))


def test_values_by_hand(plain):
    """Who bought once 100 days ago buys 100 / (alpha + 100) times in 100 days; alpha is 100, 50 and 200."""
    own = valued(replace(plain), by_region(), 20.0)
    worth = own.table.join(own.base.data.select("customer_id", "region"), on="customer_id")
    found = dict(worth.group_by("region").agg(pl.mean("clv")).rows())
    assert found == pytest.approx({"south": 10.0, "north": 20 * 100 / 150, "west": 20 * 100 / 300})


def test_effects_by_hand(used):
    """Three customers are too few to be told of; e^(ln 2 +- 1.96 * 0.1)."""
    south, north = used["attributes"].rows()
    assert south == ("region", "south", 12, 1.0, None, None)
    reach = np.exp(1.959964 * 0.1)
    assert north == ("region", "north", 10, pytest.approx(2), pytest.approx(2 / reach), pytest.approx(2 * reach))


def test_rare_values_are_all_others():
    people = pl.DataFrame({"customer_id": [f"c{i:02d}" for i in range(25)], "region": ["west"] * 10 + REGIONS[:15]})
    rows = [(name, AS_OF - timedelta(100), 1.0) for name in people["customer_id"]]
    context = context_of(rows, people, horizon="100 days", annual_discount_rate=0.0)
    table = section_of(context, by_region(), tried())["attributes"]
    assert table.select("value", "customers").rows() == [("south", 12), (None, 10)]


def test_parameters_are_those_of_the_most_frequent_value(used):
    assert used["parameters"].select("model", "parameter", "estimate").rows() == [
        ("NbdWithAttributes", "r", pytest.approx(1.0)),
        ("NbdWithAttributes", "alpha", pytest.approx(100.0)),
    ]


SAID = [
    (
        tried(errors=CLOSER),
        "What is known of customers (region) counts in these values. It tells how often they buy beyond chance "
        "(likelihood-ratio test: chance alone would explain as much with a probability of at most 0.1%), and an "
        "earlier prediction was not worse with it by more than chance (error per customer: 1.200 purchases, 1.250 "
        "without). By that rule attributes are used: a probability below 5%, and an earlier prediction that does not "
        "speak against them.",
    ),
    (tried(p_value=0.0301), "with a probability of at most 3.1%). By that rule attributes are used, below 5%;"),
    (
        tried(p_value=0.23, errors=CLOSER),
        "What is known of customers (region) does not help to predict purchases: chance alone would explain as much "
        "with a probability of 23% (likelihood-ratio test). By rule it would be used below 5%; purchases are "
        "predicted without it.",
    ),
    (
        tried(errors=FARTHER),
        "but an earlier prediction was worse with it, by more than chance (error per customer: 1.300 purchases, "
        "1.250 without). By rule that decides: purchases are predicted without it.",
    ),
    (
        tried(
            model=False,
            caveats=(Caveat(KIND, DataError("all alike", code="same_attribute", attribute="region")),),
        ),
        "What is known of customers (region) could not be used to predict purchases. The attribute “region” "
        "is the same for all customers.",
    ),
]


@pytest.mark.parametrize(("outcome", "said"), SAID, ids=["used", "unjudged", "chance", "worse", "unfitted"])
def test_the_rule_in_words(plain, outcome, said):
    model = by_region() if outcome.verdict == "used" else nbd(1.0, 100.0)
    section = section_of(plain, model, outcome)
    assert said in " ".join(sentences_of("value", section, plain.params))
    assert ("attributes" in section) == (outcome.verdict == "used")
    assert is_chinese(sentences_of("value", section, plain.params, "zh"))


def test_the_table_has_its_headings_in_both_languages(plain, used):
    english, chinese = (" ".join(page_of("value", used, plain.params, lang)) for lang in ("en", "zh"))
    assert "Times as often" in english
    assert "活跃期间的购买频率" in chinese
    assert "NBD（含客户属性，假定无人流失）" in chinese


def test_without_covariates_nothing_is_said(plain):
    own = valued(replace(plain), nbd(1.0, 100.0), 20.0)
    section = value.compute(own)
    assert "attributes" not in section.findings
    assert "attributes" not in section
    assert name_of(own.used_kind) == "Nbd"


def shop(factor: float):
    """240 customers over 15 months; in the north, a third of them, they buy `factor` times as often."""
    random = np.random.default_rng(3)
    rows, people = [], []
    for i in range(240):
        region = "north" if i % 3 == 0 else "south"
        start, rate = random.integers(0, 200), random.gamma(1.5, 1 / 150) * (factor if region == "north" else 1.0)
        people.append((f"c{i:03d}", region, "heads" if random.random() < 0.5 else "tails"))
        for age in [0, *(1 + np.flatnonzero(random.random(455) < rate))]:
            if start + age <= 455:
                rows.append((f"c{i:03d}", AS_OF - timedelta(int(455 - start - age)), 10.0 + age % 7))
    return rows, pl.DataFrame(people, schema=["customer_id", "region", "coin"], orient="row")


@pytest.fixture(scope="module")
def lively():
    return context_of(*shop(5.0), covariates=["region"], model="nbd", holdout="13 weeks", time_unit="week")


def test_attributes_that_help_count_throughout(lively):
    assert lively.models.tried.verdict == "used"
    assert lively.models.tried.errors.with_attributes < lively.models.tried.errors.without
    assert name_of(lively.used_kind) == name_of(lively.first_kind) == "NbdWithAttributes"
    assert lively.past.method == "NbdWithAttributes"
    assert lively.backtest.models.purchases.name == "NbdWithAttributes"
    ahead = lively.models.purchases.expected_purchases(lively.base, lively.horizon)
    assert lively.table["expected_purchases"].to_list() == pytest.approx(ahead.tolist())
    total = lively.group_values.row(-1, named=True)
    assert total["clv_low"] < total["clv"] < total["clv_high"]
    assert lively.earlier(1).data["clv"].is_not_null().all()


def test_the_validation_says_that_its_model_knows_attributes(lively):
    section = validation.compute(lively)
    (said,) = [text for text in sentences_of("validation", section, lively.params) if "The model judged here" in text]
    assert said == (
        "The model judged here is NBD with attributes (nobody leaves), with region; the comparison of models is of "
        "those without attributes."
    )
    assert is_chinese(sentences_of("validation", section, lively.params, "zh"))


def test_attributes_that_do_not_help_change_no_value():
    rows, people = shop(5.0)
    tossed, plain = (
        context_of(rows, people, covariates=names, model="nbd", holdout="13 weeks", time_unit="week")
        for names in (["coin"], [])
    )
    assert tossed.models.tried.verdict in ("chance", "worse")
    assert isinstance(tossed.models.purchases, Nbd)
    assert tossed.table.equals(plain.table)


@pytest.fixture(scope="module")
def dear_north():
    """Customers at prices of their own, four times as high in the north, who buy as often everywhere."""
    rows, people = shop(1.0)
    random, north = np.random.default_rng(4), set(people.filter(region="north")["customer_id"])
    price = {name: random.gamma(4.0) * (4.0 if name in north else 1.0) for name in people["customer_id"]}
    rows = [(name, day, round(amount * price[name] * random.gamma(6.0), 2)) for name, day, amount in rows]
    return context_of(rows, people, covariates=["region"], model="nbd", holdout="13 weeks", time_unit="week")


def test_attributes_that_tell_what_customers_spend_count_wherever_spend_is_valued(dear_north):
    assert dear_north.spend_choice.kind in ("attributes", "attributes_and_first")
    assert dear_north.models.tried.verdict == "chance"
    for models in (dear_north.models, dear_north.backtest.models):
        assert np.exp(gross_of(models.spend).beta) == pytest.approx([4.0], rel=0.3)
    judged = dear_north.past.found.sums.filter(what="spend", method="Nbd", part="total")
    assert judged["predicted"].is_finite().all()
    assert judged["low"].is_not_null().all()
    total = dear_north.group_values.row(-1, named=True)
    assert total["clv_low"] < total["clv"] < total["clv_high"]
    assert dear_north.earlier(1).data["clv"].is_not_null().all()
    assert outlook.compute(dear_north)["periods"].filter(what="spend")["existing"].is_finite().all()


def test_a_page_does_not_say_that_values_are_without_attributes_that_count_in_spend(dear_north):
    page = " ".join(sentences_of("value", value.compute(dear_north), dear_north.params))
    assert "and what is known of customers. Given how often" in page
    assert "purchases are predicted without it." in page
    assert is_chinese(sentences_of("value", value.compute(dear_north), dear_north.params, "zh"))
