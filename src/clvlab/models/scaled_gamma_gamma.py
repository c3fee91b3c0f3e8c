"""The likelihood of Gamma-Gamma where each customer's gamma has a factor e^(beta'z) of their attributes z.

Of a customer with x purchases of the mean m, who spent S = x m, let s = p x + q, u = ln(gamma) + beta'z - ln(S) and
w = e^u / (1 + e^u). Equation (1a) of [1] and its derivatives, ln(m) left out, which no parameter changes:

    l = q u - ln B(p x, q) - s ln(1 + e^u)

    l_u = q - s w                                     l_uu = -s w (1 - w)
    l_p = x (psi(s) - psi(p x) - ln(1 + e^u))         l_pp = x^2 (psi'(s) - psi'(p x))       l_pu = -x w
    l_q = u + psi(s) - psi(q) - ln(1 + e^u)           l_qq = psi'(s) - psi'(q)               l_qu = 1 - w
                                                      l_pq = x psi'(s)

[1] Fader & Hardie (2013), "The Gamma-Gamma model of monetary value".
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import special

from clvlab.arrays import Matrix, Vector
from clvlab.models.gamma_gamma import GammaGamma
from clvlab.models.numerics.maximum import Expansion

OWN = len(GammaGamma.names)
"""Parameters of Gamma-Gamma, after which the coefficients come."""


@dataclass(frozen=True, eq=False)
class ScaledGammaGamma:
    """The log-likelihood of customers with attributes, in ln p, ln q, ln gamma and beta.

    Attributes
    ----------
    x, m : purchases of each customer, and their mean value, both above 0
    z : the numbers of their attributes, shape (customers, terms)
    terms : their names
    penalty : subtracted is penalty * sum(beta^2)
    """

    x: Vector
    m: Vector
    z: Matrix
    terms: tuple[str, ...]
    penalty: float

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters."""
        return (*GammaGamma.names, *self.terms)

    @property
    def meanings(self) -> tuple[str, ...]:
        """What the parameters of Gamma-Gamma say, which come first."""
        return GammaGamma.meanings

    @property
    def n_customers(self) -> float:
        """How many customers there are."""
        return float(self.x.size)

    @property
    def n_distinct(self) -> int:
        """The same: few of them are equal."""
        return self.x.size

    def coarse(self) -> Self:
        """The same: customers of many kinds are not taken together."""
        return self

    def at(self, point: Vector) -> float:
        """Log-likelihood of all customers, without the penalty."""
        p, q = np.exp(point[:2])
        u = self._u(point)
        of_each = q * u - special.betaln(p * self.x, q) - (p * self.x + q) * np.logaddexp(0.0, u) - np.log(self.m)
        return float(of_each.sum())

    def expand(self, point: Vector) -> Expansion:
        """The log-likelihood less the penalty, its gradient and its Hessian."""
        (p, q), beta, x, u = np.exp(point[:2]), point[OWN:], self.x, self._u(point)
        s, w, above = p * x + q, special.expit(u), np.logaddexp(0.0, u)
        psi, trigamma = special.digamma(s), special.polygamma(1, s)
        l_p, l_q, l_u = x * (psi - special.digamma(p * x) - above), u + psi - special.digamma(q) - above, q - s * w
        l_pp, l_qq = x**2 * (trigamma - special.polygamma(1, p * x)), trigamma - special.polygamma(1, q)
        # In ln p and ln q; u is gamma's and all coefficients'.
        own = np.array([[p**2 * l_pp.sum() + p * l_p.sum(), p * q * (x * trigamma).sum()], [0.0, 0.0]])
        own[1] = own[0, 1], q**2 * l_qq.sum() + q * l_q.sum()
        design = np.column_stack([np.ones(x.size), self.z])
        mixed = np.stack([-p * x * w, q * (1 - w)]) @ design
        scale = (design * (-s * w * (1 - w))[:, None]).T @ design
        gradient = np.concatenate([[p * l_p.sum(), q * l_q.sum()], l_u @ design])
        gradient[OWN:] -= 2 * self.penalty * beta
        hessian = np.block([[own, mixed], [mixed.T, scale]])
        hessian[range(OWN, point.size), range(OWN, point.size)] -= 2 * self.penalty
        return Expansion(point, self.at(point) - self.penalty * float(beta @ beta), gradient, hessian)

    def _u(self, point: Vector) -> Vector:
        return np.asarray(point[OWN - 1] + self.z @ point[OWN:] - np.log(self.x * self.m))
