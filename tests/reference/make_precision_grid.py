"""Write precision_grid.json: what the models' formulas give in arbitrary precision, wherever real data can reach.

    .venv/bin/python tests/reference/make_precision_grid.py

takes a few minutes. Every value is computed from the papers' printed formulas (2F1 and sums, not the forms of the
package) with 100 digits and rounded once.
"""

import itertools
import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 100

HISTORIES = [  # x, t_x, T; days or weeks
    (0, 0.0, 0.0),
    (0, 0.0, 0.5),
    (0, 0.0, 5000.0),
    (1, 0.25, 5000.0),
    (1, 5000.0, 5000.0),
    (2, 30.43, 38.86),
    (26, 30.86, 31.0),
    (26, 3.0, 31.0),
    (300, 1990.0, 2000.0),
    (3000, 4000.0, 4990.0),
    (10000, 4999.0, 5000.0),
    (10000, 5000.0, 5000.0),
]
HORIZONS = [0.01, 1.0, 39.0, 520.0, 20000.0]
COUNTS = [0, 1, 7, 180]

BETA_GEOMETRIC = [  # r, alpha, a, b
    (0.243, 4.414, 0.793, 2.426),
    (0.0525, 30.9, 0.793, 2.426),
    (0.25, 4.4, 0.1, 0.2),
    (0.6, 100.0, 0.5, 0.3),
    (5.0, 1.0, 3.0, 30.0),
    (0.5, 5.0, 30.0, 100.0),
    (0.5, 5.0, 300.0, 1000.0),
    *((0.243, 4.414, a, 2.426) for a in (1.0, 1 + 1e-10, 1 - 1e-10, 1 + 1e-6, 1 - 1e-6, 1 + 1e-3, 1 - 1e-3)),
]
PARETO = [  # r, alpha, s, beta
    (0.553, 10.58, 0.606, 11.67),
    (0.553, 74.0, 0.606, 82.0),
    (0.5, 2.0, 0.3, 900.0),
    (0.5, 900.0, 0.3, 2.0),
    (5.0, 1.0, 3.0, 30.0),
    *((0.553, 10.58, s, 11.67) for s in (1.0, 1 + 1e-10, 1 - 1e-10, 1 + 1e-6, 1 - 1e-3)),
]
GAMMA_GAMMA = [(6.25, 3.74, 15.44), (0.8, 1.05, 300.0), (60.0, 25.0, 2.0)]  # p, q, gamma
SPEND = [(1, 0.01), (1, 35.0), (7, 27.5), (300, 1e5), (10000, 19.99)]  # x, mean spend


def log_beta(a, b):
    return mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)


def negative_binomial(n, t, shape, age):
    """P(n purchases) at a rate ~ Gamma(shape, age)."""
    log_ways = mp.loggamma(shape + n) - mp.loggamma(shape) - mp.loggamma(n + 1)
    return mp.exp(log_ways) * (age / (age + t)) ** shape * (t / (age + t)) ** n


def beta_geometric(parameters, x, t_x, T, t, n, *, first_may_be_last):
    """BG/NBD (Fader, Hardie & Lee 2005, equations 6, 8 and 10; 2008) and MBG/NBD, in the number survived."""
    r, alpha, a, b = (mp.mpf(value) for value in parameters)
    t_x, T, t = mp.mpf(t_x), mp.mpf(T), mp.mpf(t)
    survived = x + 1 if first_may_be_last else x
    log_rate = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha)
    active = mp.exp(log_rate + log_beta(a, b + survived) - log_beta(a, b)) * (alpha + T) ** -(r + x)
    left = mp.mpf(0)
    if survived:
        left = mp.exp(log_rate + log_beta(a + 1, b + survived - 1) - log_beta(a, b)) * (alpha + t_x) ** -(r + x)
    alive = active / (active + left)
    shape, age, b = r + x, alpha + T, b + survived
    # The printed form is 0/0 at a = 1: 1e-60 beside it differs by less than the digits that are kept.
    a_ = a + mp.mpf(10) ** -60 if a == 1 else a
    z = t / (age + t)
    # Euler's transformation of the printed 2F1(r + x, b + x; a + b + x - 1; z).
    stopped = (1 - z) ** (a_ - 1) * mp.hyp2f1(a_ + b - 1 - shape, a_ - 1, a_ + b - 1, z)
    expected = (a_ + b - 1) / (a_ - 1) * (1 - stopped)
    pmf = mp.exp(log_beta(a, b + n) - log_beta(a, b)) * negative_binomial(n, t, shape, age)
    if n:
        with mp.workdps(400):  # the tail is what is left of 1
            more = 1 - mp.fsum(negative_binomial(j, t, shape, age) for j in range(n))
        pmf += mp.exp(log_beta(a + 1, b + n - 1) - log_beta(a, b)) * more
    return mp.log(active + left), alive, alive * expected, alive * pmf + (0 if n else 1 - alive)


def pareto(parameters, x, t_x, T, t, n):
    """Fader & Hardie (2005), "A note on deriving the Pareto/NBD model", and (2014) for the conditional PMF."""
    r, alpha, s, beta = (mp.mpf(value) for value in parameters)
    t_x, T, t = mp.mpf(t_x), mp.mpf(T), mp.mpf(t)

    def half(time):
        far, near, second = (alpha, beta, s + 1) if alpha >= beta else (beta, alpha, r + x)
        z = (far - near) / (far + time)
        return mp.hyp2f1(r + s + x, second, r + s + x + 1, z) / (far + time) ** (r + s + x)

    active = (alpha + T) ** -(r + x) * (beta + T) ** -s
    left = s / (r + s + x) * (half(t_x) - half(T))
    log_rate = mp.loggamma(r + x) - mp.loggamma(r) + r * mp.log(alpha) + s * mp.log(beta)
    alive = active / (active + left)
    shape, age, leave = r + x, alpha + T, beta + T
    s_ = s + mp.mpf(10) ** -60 if s == 1 else s
    expected = shape * leave / (age * (s_ - 1)) * (1 - (leave / (leave + t)) ** (s_ - 1))

    def leaving(log_time):
        time = mp.exp(log_time)
        return s * (leave / (leave + time)) ** s * time / (leave + time) * negative_binomial(n, time, shape, age)

    with mp.workdps(30):
        # Around the time that n purchases take, and from the end down to where nothing is left.
        peak, width, end = mp.log((n + 1) * age / shape), mp.sqrt(mp.mpf(1) / (n + 1) + 1 / shape), mp.log(t)
        pieces = {peak + width * j for j in range(-20, 21)} | {end - mp.mpf(2) ** j / (n + 1) for j in range(-2, 8)}
        gone = mp.quad(leaving, [*sorted(piece for piece in pieces if piece < end), end])
    pmf = (leave / (leave + t)) ** s * negative_binomial(n, t, shape, age) + gone
    return log_rate + mp.log(active + left), alive, alive * expected, alive * pmf + (0 if n else 1 - alive)


def purchase_cases():
    """Every parameter set with every history; horizons and counts take turns."""
    models = [
        ("BgNbd", BETA_GEOMETRIC, lambda *case: beta_geometric(*case, first_may_be_last=False)),
        ("MbgNbd", BETA_GEOMETRIC, lambda *case: beta_geometric(*case, first_may_be_last=True)),
        ("ParetoNbd", PARETO, pareto),
    ]
    horizons, counts = itertools.cycle(HORIZONS), itertools.cycle(COUNTS)
    for name, parameter_sets, formulas in models:
        for parameters, (x, t_x, T) in itertools.product(parameter_sets, HISTORIES):
            for horizon, n in ((next(horizons), next(counts)) for _ in range(2)):
                values = formulas(parameters, x, t_x, T, horizon, n)
                yield {
                    "model": name,
                    "parameters": parameters,
                    "history": (x, t_x, T),
                    "horizon": horizon,
                    "n": n,
                    "log_likelihood": float(mp.chop(values[0], tol=mp.mpf(10) ** -80)),
                    "p_alive": float(values[1]),
                    "expected_purchases": float(values[2]),
                    "probability_of_n": float(values[3]),
                }


def spend_cases():
    """Gamma-Gamma: Fader & Hardie (2013), equations 1a and 5."""
    for (p, q, gamma), (x, m) in itertools.product(GAMMA_GAMMA, SPEND):
        P, Q, G, M = (mp.mpf(value) for value in (p, q, gamma, m))
        log_likelihood = (
            mp.loggamma(P * x + Q) - mp.loggamma(P * x) - mp.loggamma(Q) + Q * mp.log(G) + (P * x - 1) * mp.log(M)
            + P * x * mp.log(x) - (P * x + Q) * mp.log(G + M * x)
        )  # fmt: skip
        yield {
            "parameters": (p, q, gamma),
            "history": (x, m),
            "log_likelihood": float(log_likelihood),
            "expected_spend": float(P * (G + M * x) / (P * x + Q - 1)),
        }


def discounted_for_ever(name, parameters, x, T, decay):
    """Integral of e^(-decay u) times the expected purchases per time unit of a customer who is alive at T."""
    r, alpha, *dropout = (mp.mpf(value) for value in parameters)
    shape, age, decay = r + x, alpha + mp.mpf(T), mp.mpf(decay)
    if name == "ParetoNbd":  # Fader, Hardie & Lee (2005), "RFM and CLV": Tricomi's confluent hypergeometric function
        s, beta = dropout[0], dropout[1] + T
        return shape / age * beta * mp.hyperu(1, 2 - s, decay * beta)
    a, b = dropout[0], dropout[1] + x + (name == "MbgNbd")

    def rate(log_time):
        u = mp.exp(log_time)
        return mp.exp(-decay * u) * u * shape / age * mp.hyp2f1(shape + 1, a, a + b, -u / age)

    end = mp.log(100 / decay)
    return mp.quad(rate, mp.linspace(end - 80, end - 20, 7) + mp.linspace(end - 18, end, 19))


def residual_cases():
    """Purchases of customers who are alive at T, discounted, without end."""
    histories = [(0, 0.0), (2, 38.86), (26, 31.0), (120, 1000.0)]
    sets = {"BgNbd": BETA_GEOMETRIC[:6], "MbgNbd": BETA_GEOMETRIC[:6], "ParetoNbd": PARETO[:6]}
    with mp.workdps(30):
        for name, parameter_sets in sets.items():
            for (parameters, (x, T)), rate in zip(
                itertools.product(parameter_sets, histories), itertools.cycle([0.01, 0.15, 2.0])
            ):
                decay = mp.log(1 + mp.mpf(rate)) * 7 / mp.mpf("365.25")
                yield {
                    "model": name,
                    "parameters": parameters,
                    "history": (x, T, T),
                    "annual_discount_rate": rate,
                    "discounted_if_alive": float(discounted_for_ever(name, parameters, x, T, decay)),
                }


def main():
    grid = {"purchases": list(purchase_cases()), "spend": list(spend_cases()), "residual": list(residual_cases())}
    path = Path(__file__).with_name("precision_grid.json")
    lines = (
        f'"{part}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for part, cases in grid.items()
    )
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
