"""The law of the lighting retailer: what each customer is expected to do, and how much of it an attribute explains.

A customer's first order comes at a moment evenly spread over the log. From then on orders come at a Poisson rate
``lambda * g(t)``, with seasons g, until the customer leaves, an exponential time after the first order:

    lambda ~ Gamma(shape r, mean m)         orders a year
    mu     ~ Gamma(shape s, scale 1 / beta) rate of leaving, a year
    order  = M * theta * epsilon            yuan; theta is the customer's own, epsilon the order's
    M      = product over the carrying attributes k of M_k, each with mean 1 and variance v_k

All of these are independent. An order comes back whole with probability rho, in the same calendar year. With H the
part of next year for which a customer is still there, weighted by the seasons, next year's spend S has

    E[S | M]   = M   * m1    m1 = (1 - rho) E[theta] E[lambda] E[H]
    E[S^2 | M] = M^2 * m2    m2 = (1 - rho)^2 E[theta^2] E[lambda^2] E[H^2]
                                + (1 - rho) E[theta^2 epsilon^2] E[lambda] E[H]

so that attribute k alone explains v_k m1^2 / Var(S) of the variance of next year's spend, over the customers who have
bought by the day before that year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clvlab.shipped import shipped
from clvlab.units import DAYS_PER

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class LightingLaw:
    """The law with the settings of `lighting.yaml`; `variance_shares` is the truth that a comparison should find."""

    settings: Mapping[str, Any]

    @property
    def first_day(self) -> date:
        """First day of the log."""
        return self.settings["first_day"]  # type: ignore[no-any-return]

    @property
    def last_day(self) -> date:
        """Last day of the log, and of the year whose spend is to be predicted."""
        return self.settings["last_day"]  # type: ignore[no-any-return]

    @property
    def cutoff(self) -> date:
        """Last day known when next year's spend is asked for."""
        return self.settings["next_year_from"]  # type: ignore[no-any-return]

    @property
    def n_days(self) -> int:
        """Days of the log."""
        return (self.last_day - self.first_day).days + 1

    @property
    def carrying(self) -> Mapping[str, float]:
        """Attribute -> the share of the variance of next year's spend that it alone explains."""
        attributes = self.settings["attributes"].items()
        return MappingProxyType({name: spec["carries"] for name, spec in attributes if "carries" in spec})

    @cached_property
    def exposure(self) -> Vector:
        """Years of exposure since the first day, at the start of each day and at the end, weighted by the seasons."""
        seasons, start = self.settings["seasons"], self.first_day.toordinal()
        weight = np.array([seasons[date.fromordinal(start + day).month - 1] for day in range(self.n_days)])
        return np.concatenate([[0.0], np.cumsum(weight / weight.mean())]) / DAYS_PER["year"]

    @cached_property
    def next_year_exposure(self) -> tuple[float, float]:
        """E[H] and E[H^2]: season-weighted years that a customer of the cutoff is still there in the next year."""
        lifetime, known = self.settings["lifetime"], (self.cutoff - self.first_day).days + 1
        s, beta, span = lifetime["shape"], lifetime["scale"], known / DAYS_PER["year"]
        ahead = (np.arange(self.n_days - known) + 0.5) / DAYS_PER["year"]
        # Survival from a first order evenly spread over the span: the mean of (beta / (beta + age + ahead))^s.
        stays = beta**s / (span * (s - 1)) * ((beta + ahead) ** (1 - s) - (beta + ahead + span) ** (1 - s))
        step = np.diff(self.exposure[known:])
        so_far = self.exposure[known:-1] - self.exposure[known] + step / 2
        return float(stays @ step), float(2 * so_far * stays @ step)

    @cached_property
    def spend_moments(self) -> tuple[float, float]:
        """m1 and m2: mean and mean square of next year's spend of a customer whose attributes multiply it by 1."""
        rate, value, kept = (
            self.settings["purchase_rate"],
            self.settings["order_value"],
            1 - self.settings["returned"],
        )
        exposure, exposure_2 = self.next_year_exposure
        rate_2 = rate["mean"] ** 2 * (1 + 1 / rate["shape"])
        theta_2 = value["mean"] ** 2 * (1 + value["variation_between"])
        m1 = value["mean"] * kept * rate["mean"] * exposure
        single = theta_2 * (1 + value["variation_within"]) * rate["mean"] * exposure
        return m1, kept**2 * theta_2 * rate_2 * exposure_2 + kept * single

    @cached_property
    def effect_variances(self) -> Mapping[str, float]:
        """v_k, such that each carrying attribute explains the share that it is meant to.

        With V = Var(S) / m1^2 and v_k = share_k V, V is a root of (m2 / m1^2) prod(1 + share_k V) = 1 + V.
        """
        m1, m2 = self.spend_moments
        polynomial = np.polynomial.Polynomial([m2 / m1**2])
        for share in self.carrying.values():
            polynomial *= np.polynomial.Polynomial([1.0, share])
        roots = np.asarray((polynomial - np.polynomial.Polynomial([1.0, 1.0])).roots(), complex)
        relative = float(roots[(abs(roots.imag) < 1e-9) & (roots.real > 0)].real.min())
        return MappingProxyType({name: share * relative for name, share in self.carrying.items()})

    def multipliers(self, attribute: str) -> Vector:
        """M_k of each value of a carrying attribute, in the order of the settings; their mean is 1."""
        values = self.settings["attributes"][attribute]["values"]
        effect, share = np.array([v["effect"] for v in values], float), shares(values)
        centred = effect - share @ effect
        return np.asarray(1 + np.sqrt(self.effect_variances[attribute] / (share @ centred**2)) * centred)

    @property
    def mean_next_year(self) -> float:
        """E[S]: what a customer of the cutoff spends next year, on average."""
        return self.spend_moments[0]

    @property
    def variance_next_year(self) -> float:
        """Var(S) over the customers of the cutoff."""
        m1, m2 = self.spend_moments
        return float(m2 * np.prod([1 + v for v in self.effect_variances.values()]) - m1**2)

    @property
    def variance_shares(self) -> Mapping[str, float]:
        """Share of the variance of next year's spend that each attribute alone explains; 0 for the others.

        >>> {name: round(share, 6) for name, share in law().variance_shares.items() if share}
        {'industry': 0.15, 'income_band': 0.05, 'region': 0.02}
        """
        explained = {name: v * self.mean_next_year**2 for name, v in self.effect_variances.items()}
        others = [name for name in self.settings["attributes"] if name not in explained] + ["age", "interests"]
        shares_ = {name: value / self.variance_next_year for name, value in explained.items()}
        return MappingProxyType(shares_ | dict.fromkeys(others, 0.0))


@cache
def law() -> LightingLaw:
    """The law that `lighting` follows."""
    return LightingLaw(MappingProxyType(shipped("datasets", "lighting.yaml")))


def shares(values: Sequence[Mapping[str, Any]]) -> Vector:
    """The shares of listed values, as given."""
    return np.array([value["share"] for value in values], float)
