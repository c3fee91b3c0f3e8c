"""How wrong the normal (Laplace) approximation is, from which parameters are drawn above 20,000 distinct customers.

    python benchmarks/laplace.py

For growing populations the 5 %, 50 % and 95 % points of each log-parameter under the likelihood itself (importance
sampling) are compared with those of the normal approximation. The difference, in standard errors, is averaged over
populations (seeds 0..), and shown for the worst parameter and point, next to what sampling noise alone would give.
"""

import argparse

import numpy as np
from against_lifetimes import ours_table
from population import simulate
from scipy import special

import clvlab as cl
from clvlab.models import uncertainty

POINTS = np.array([0.05, 0.5, 0.95])


def differences(n, seed, n_draws):
    """(points, parameters): points under the likelihood less those of the approximation, in standard errors."""
    model = cl.BgNbd.fit(ours_table(simulate(n, seed)), time_unit="week")
    draws = model.draws(n_draws, seed)
    error = np.sqrt(np.diag(model.estimate.log_covariance))
    found = (np.quantile(draws.log_values, POINTS, axis=0) - model.log_parameters) / error
    return found - special.ndtri(POINTS)[:, None], draws.effective_size / n_draws


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1e3, 3e3, 1e4, 3e4, 1e5])
    parser.add_argument("--populations", type=int, default=20)
    parser.add_argument("--draws", type=int, default=2_000)
    arguments = parser.parse_args()
    uncertainty.MOST_DISTINCT = 10**9  # importance sampling however many
    noise = np.sqrt(0.05 * 0.95 / arguments.draws / arguments.populations) / 0.1031
    print(
        f"| customers | worst error of a 5, 50 or 95 % point, standard errors (noise {noise:.3f}) | effective size |"
    )
    print("| ---: | ---: | ---: |")
    for n in map(int, arguments.sizes):
        found = [differences(n, seed, arguments.draws) for seed in range(arguments.populations)]
        mean = np.mean([each for each, _ in found], axis=0)
        print(f"| {n:,} | {np.abs(mean).max():.3f} | {np.mean([size for _, size in found]):.2f} |", flush=True)


if __name__ == "__main__":
    main()
