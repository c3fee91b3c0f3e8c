"""Which models value these customers, on which terms, what they fall back to, and why.

The one place that decides it, for reports, comparisons and validation alike. The preferred purchase model comes
first, then those of `PURCHASE_MODELS` in their order, until the customers identify one; where they buy so much alike
that none is identified, NBD held by a penalty serves. Spend is Gamma-Gamma's, of repeat purchases unless another kind
is asked for, and where customers spend too much alike for it, the mean; what goes back on other days is taken off.
What keeps a model from being fitted, and what a fitted one warns of, is a `Caveat`.

Attributes of customers, where some are to be tried, are used if they explain more than chance would, by a
likelihood-ratio test at `SIGNIFICANT`, and an earlier prediction with them was not worse by more than chance, in
squared error per customer; else the model goes on without them.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Literal, TypeVar

import numpy as np
import polars as pl

from clvlab.arrays import Vector
from clvlab.columns import MODELLED, names
from clvlab.errors import ClvlabWarning, ConvergenceError, DataError, ParamsError, did_you_mean
from clvlab.frames import CustomerSummary
from clvlab.models.bg_cnbd_k import BgCnbdK
from clvlab.models.bg_nbd import BgNbd
from clvlab.models.covariates import AnyPurchaseModel, CovariateModel, RatioTest, WithAttributes
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.intervals import value_intervals
from clvlab.models.lifetime_value import lifetime_value
from clvlab.models.mbg_cnbd_k import MbgCnbdK
from clvlab.models.mbg_nbd import MbgNbd
from clvlab.models.mean_spend import MeanSpend
from clvlab.models.nbd import Nbd
from clvlab.models.pareto_nbd import ParetoNbd
from clvlab.models.purchase_model import PurchaseModel
from clvlab.models.spend_by_attributes import SpendWithAttributes
from clvlab.models.spend_by_frequency import SpendByFrequency
from clvlab.models.spend_model import LITERATURE, GrossSpend, LessReturns, SpendBasis, SpendModel

PURCHASE_MODELS: tuple[type[PurchaseModel], ...] = (BgNbd, MbgNbd, ParetoNbd, Nbd)
"""In the order in which they are tried: the last, without dropout, is there for bases that nobody seems to leave."""

MODEL_NAMES: Mapping[str, type[PurchaseModel]] = MappingProxyType(
    {
        "bg_nbd": BgNbd,
        "mbg_nbd": MbgNbd,
        "pareto_nbd": ParetoNbd,
        "nbd": Nbd,
        "bg_cnbd_k": BgCnbdK,
        "mbg_cnbd_k": MbgCnbdK,
    }
)
"""The purchase models by the names that parameters have for them; those for regular buyers only by name."""

HELD = 0.1
"""Penalty of an NBD that customers alike do not identify: a prior within which r is 1 give or take a factor of 9."""

ENOUGH = 100
"""Repeat purchases by which the common rate of customers who buy alike is known: to a tenth."""

SIGNIFICANT = 0.05
"""The p-value of the likelihood-ratio test below which attributes explain more than chance would."""

BEYOND_CHANCE = 1.645
"""Standard errors by which errors are larger beyond chance, at the same level to one side."""

Kind = type[PurchaseModel] | WithAttributes
"""What purchase model to fit."""
SPEND_FITS: Mapping[str, Callable[[CustomerSummary], GammaGamma | SpendByFrequency]] = MappingProxyType(
    {
        "repeat_purchases": GammaGamma.fit,
        "first_purchases": partial(GammaGamma.fit, first_purchases=True),
        "frequency_bands": SpendByFrequency.fit,
    }
)
"""What fits each kind of spend model without attributes; the literature's first."""

Problem = Exception | str
T = TypeVar("T")


@dataclass(frozen=True)
class Terms:
    """On which terms customers are valued: how far ahead, at which effective yearly discount, at which margin."""

    horizon: str | float = "12 months"
    annual_discount_rate: float = 0.0
    margin: float = 1.0


@dataclass(frozen=True)
class Caveat:
    """What a model warns of, or the error that says why the customers cannot identify it."""

    model: Kind | type[GammaGamma]
    problem: Problem


@dataclass(frozen=True, eq=False)
class PurchaseAttempt:
    """A purchase model fitted to customers, or None, and what there is to say of it."""

    kind: Kind
    model: AnyPurchaseModel | None
    caveats: tuple[Caveat, ...]

    @classmethod
    def at(cls, kind: Kind, customers: CustomerSummary, penalty: float = 0.0) -> "PurchaseAttempt":
        """Fit the model, if the customers identify it."""
        model, problems = _attempt(lambda: kind.fit(customers, penalty=penalty))
        return cls(kind, model, tuple(Caveat(kind, problem) for problem in problems))


def _attempt(fit: Callable[[], T]) -> tuple[T | None, tuple[Problem, ...]]:
    """What is fitted, and what it warns of; or None, and why."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = fit()
        except (ConvergenceError, DataError) as error:
            return None, (error,)
    return model, tuple(warning.message for warning in caught)


def name_of(model: AnyPurchaseModel | GammaGamma | Kind | type[GammaGamma]) -> str:
    """What tables call a model or its kind: its class, and whether it has attributes."""
    if isinstance(model, WithAttributes | CovariateModel):
        return model.name
    return (model if isinstance(model, type) else type(model)).__name__


def kind_named(name: str, known: Mapping[str, T]) -> T:
    """What is known by that name; ParamsError, with those that are, for a name that is not."""
    if name not in known:
        raise ParamsError(f"There is no model {name!r}.{did_you_mean(name, known)} Known models: {', '.join(known)}.")
    return known[name]


def attempts(customers: CustomerSummary, kinds: Iterable[Kind] = PURCHASE_MODELS) -> Iterator[PurchaseAttempt]:
    """Each kind of purchase model as it fits these customers, in the order given, when it is asked for."""
    return (PurchaseAttempt.at(kind, customers) for kind in kinds)


@dataclass(frozen=True)
class EarlierErrors:
    """How far one earlier prediction was off per customer, with attributes and without.

    Attributes
    ----------
    with_attributes, without : root mean squared error, in purchases
    excess : by how many of its standard errors the mean squared error with attributes is the larger, customer by
        customer
    """

    with_attributes: float
    without: float
    excess: float

    @classmethod
    def of(cls, errors: Vector, without: Vector) -> "EarlierErrors":
        """Of the errors of each customer's prediction with attributes and without.

        >>> EarlierErrors.of(np.array([3.0, 1.0]), np.array([1.0, 1.0]))
        EarlierErrors(with_attributes=2.23606797749979, without=1.0, excess=1.0)
        """
        more = errors**2 - without**2
        error = float(more.std(ddof=1) / np.sqrt(more.size)) if more.size > 1 else 0.0
        excess = float(more.mean()) / error if error > 0 else 0.0
        return cls(float(np.sqrt(np.mean(errors**2))), float(np.sqrt(np.mean(without**2))), excess)

    @property
    def is_worse(self) -> bool:
        """Whether the prediction with attributes was worse by more than chance."""
        return self.excess > BEYOND_CHANCE


@dataclass(frozen=True, eq=False)
class AttributesTried:
    """Whether attributes help to predict purchases, and by what.

    Attributes
    ----------
    kind : what was tried
    model : fitted with them, or None
    errors : of an earlier prediction, where there was one
    caveats : why it could not be fitted, or what it warns of
    """

    kind: WithAttributes
    model: CovariateModel | None
    errors: EarlierErrors | None
    caveats: tuple[Caveat, ...] = ()

    @classmethod
    def on(cls, customers: CustomerSummary, kind: WithAttributes, errors: EarlierErrors | None) -> "AttributesTried":
        """Fit the model with attributes, if the customers identify it."""
        attempt = PurchaseAttempt.at(kind, customers)
        model = attempt.model if isinstance(attempt.model, CovariateModel) else None
        return cls(kind, model, errors, attempt.caveats)

    @property
    def test(self) -> RatioTest | None:
        """Whether the attributes explain more than chance would; None where they could not be fitted."""
        return None if self.model is None else self.model.likelihood_ratio_test()

    @property
    def verdict(self) -> Literal["used", "chance", "worse", "unfitted"]:
        """The rule: used, or why not."""
        if self.test is None:
            return "unfitted"
        if self.test.p_value >= SIGNIFICANT:
            return "chance"
        if self.errors is not None and self.errors.is_worse:
            return "worse"
        return "used"


@dataclass(frozen=True, eq=False)
class ValueModels:
    """The purchase and the spend model of one customer table, and the terms on which they value customers.

    Attributes
    ----------
    purchases, spend : None where the customers cannot identify one
    refused : purchase models that were tried before `purchases` in vain
    caveats : what the models warn of, and why one is missing
    tried : the attributes that were tried, if any were
    """

    purchases: AnyPurchaseModel | None
    spend: SpendModel | None
    terms: Terms
    refused: tuple[Kind, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    tried: AttributesTried | None = None

    @classmethod
    def fit(
        cls,
        customers: CustomerSummary,
        terms: Terms,
        preferred: Kind | AnyPurchaseModel = BgNbd,
        spend_kind: SpendBasis = "repeat_purchases",
    ) -> "ValueModels":
        """Fit the preferred purchase model, else the first that the data identify, and the spend model.

        Parameters
        ----------
        customers
            frequency, recency, T and, for spend, monetary_value, or total_spend if first purchases count
        terms
            on which `value` and `by_group` value customers
        preferred
            tried first, and of a kind with attributes then the one without; a fitted model is taken as it is
        spend_kind
            what the spend model rests on
        """
        spend, of_spend = fit_spend(customers, spend_kind)
        if isinstance(preferred, PurchaseModel | CovariateModel):
            return cls(preferred, spend, terms, caveats=of_spend)
        failed: list[PurchaseAttempt] = []
        first = (preferred, preferred.kind) if isinstance(preferred, WithAttributes) else (preferred,)
        others = (each for each in PURCHASE_MODELS if each not in first)
        for attempt in attempts(customers, (*first, *others)):
            refused = tuple(each.kind for each in failed)
            if attempt.model is not None:
                return cls(attempt.model, spend, terms, refused, (*attempt.caveats, *of_spend))
            failed.append(attempt)
        if held := _held(customers, failed):
            refused = tuple(each.kind for each in failed if each.kind is not Nbd)
            return cls(held.model, spend, terms, refused, (*held.caveats, *of_spend))
        # The others fail for the same want of data as the first.
        return cls(None, spend, terms, tuple(each.kind for each in failed), failed[0].caveats)

    def trying(
        self, customers: CustomerSummary, names: tuple[str, ...], errors: EarlierErrors | None
    ) -> "ValueModels":
        """The same models, the one of purchases with attributes of the customers if the rule says that these help.

        Parameters
        ----------
        customers
            those that the models were fitted to, with the attributes
        names
            columns that say how customers differ
        errors
            of an earlier prediction with them and without, where there was one
        """
        if not isinstance(self.purchases, PURCHASE_MODELS):
            return self
        tried = AttributesTried.on(customers, WithAttributes(type(self.purchases), names), errors)
        return replace(self, tried=tried, purchases=tried.model if tried.verdict == "used" else self.purchases)

    @property
    def known(self) -> frozenset[str]:
        """Those of the columns MODELLED that these models can give."""
        if self.purchases is None:
            return frozenset()
        return frozenset(names(MODELLED) if self.spend else ("p_alive", "expected_purchases"))

    def value(self, customers: CustomerSummary, interval: float | None = None) -> pl.DataFrame:
        """customer_id, p_alive, expected_purchases, expected_spend, clv over the horizon; null where unknown.

        With an interval also clv_low and clv_high, where there are both models.
        """
        if self.purchases is None:
            return _unknown(customers, "p_alive", "expected_purchases", "expected_spend", "clv")
        if self.spend is None:
            expected = self.purchases.expected_purchases(customers, horizon=self.terms.horizon)
            return _unknown(customers, "expected_spend", "clv").select(
                "customer_id",
                pl.Series("p_alive", self.purchases.p_alive(customers)).fill_nan(None),
                pl.Series("expected_purchases", expected).fill_nan(None),
                "expected_spend",
                "clv",
            )
        return lifetime_value(self.purchases, self.spend, customers, interval=interval, **vars(self.terms))

    def by_group(self, customers: CustomerSummary, groups: pl.DataFrame, level: float) -> pl.DataFrame | None:
        """group, customers, clv, clv_low, clv_high, the last row "total"; None unless there are both models."""
        if self.purchases is None or self.spend is None:
            return None
        return value_intervals(self.purchases, self.spend, customers, groups=groups, level=level, **vars(self.terms))


def _held(customers: CustomerSummary, failed: Iterable[PurchaseAttempt]) -> PurchaseAttempt | None:
    """NBD held by a penalty, where it had no maximum because customers buy at nearly one rate; else None."""
    problems = [caveat.problem for attempt in failed if attempt.kind is Nbd for caveat in attempt.caveats]
    if not any(isinstance(problem, ConvergenceError) and problem.code == "no_maximum" for problem in problems):
        return None
    if customers.data["frequency"].sum() < ENOUGH:
        return None
    held = PurchaseAttempt.at(Nbd, customers, penalty=HELD)
    if held.model is None:
        return None
    told = ClvlabWarning("Customers buy so much alike that no model can tell them apart.", code="alike")
    return replace(held, caveats=(Caveat(Nbd, told), *held.caveats))


def fit_spend(
    customers: CustomerSummary, kind: SpendBasis = "repeat_purchases"
) -> tuple[SpendModel | None, tuple[Caveat, ...]]:
    """The spend model of that kind, else that of the literature, else the mean of what customers spend.

    The last serves where they spend too much alike to identify another. What goes back on other days is taken off;
    where first purchases count, each customer's own spend is without it.
    """
    if "monetary_value" not in customers.data.columns:
        return None, ()
    fit = kind.fit if isinstance(kind, SpendWithAttributes) else kind_named(kind, SPEND_FITS)
    gross: GrossSpend | None
    gross, problems = _attempt(lambda: fit(customers))
    if gross is None and kind != LITERATURE:
        return fit_spend(customers)
    if any(isinstance(problem, ConvergenceError) for problem in problems):
        gross = mean = MeanSpend.fit(customers)
        told = ClvlabWarning(
            f"Every purchase is expected to be worth {mean.mean:g}.", code="mean_spend", spend=mean.mean
        )
        problems = (*problems, told)
    caveats = tuple(Caveat(GammaGamma, problem) for problem in problems)
    if gross is None or gross.first_purchases or not customers.returned:
        return gross, caveats
    return LessReturns(gross, customers.returned), caveats


def _unknown(customers: CustomerSummary, *columns: str) -> pl.DataFrame:
    nothing = (pl.lit(None, pl.Float64).alias(name) for name in columns)
    return customers.data.select("customer_id", *nothing)
