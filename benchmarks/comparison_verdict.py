"""Would another seed, another sample or a luckier grouping change the verdict of a comparison?

    python benchmarks/comparison_verdict.py > benchmarks/comparison_verdict.md

Each part is a simulation with a known truth, run on the parts of the package that the comparison itself runs.
"""

import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from time import perf_counter

import numpy as np
import polars as pl
from scipy import special

import clvlab as cl
from clvlab.arrays import Labels, Vector
from clvlab.comparison import tables
from clvlab.comparison.board import Board
from clvlab.comparison.compare import windows_of
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.fitted_strategies import FittedStrategy, chosen
from clvlab.comparison.foresight import HEADLINE, Metric
from clvlab.comparison.foresight import scored as score
from clvlab.comparison.mean_interval import mean_interval
from clvlab.comparison.outcomes import Outcomes, group_numbers
from clvlab.comparison.rankings import Ranking
from clvlab.comparison.recommend import recommend
from clvlab.comparison.resampling import KNOWLEDGE, Figure, resamples, simultaneous
from clvlab.comparison.scoring import N_DEALS, Scoring, point
from clvlab.comparison.simplicity import Features
from clvlab.comparison.split import Split
from clvlab.comparison.tables import ASKED_OF_THE_BAR
from clvlab.customers import derive
from clvlab.datasets.lighting_law import law
from clvlab.frames import CustomerSummary, TransactionLog
from clvlab.grouping import strategies
from clvlab.models import BgNbd, Terms

N_ROUNDS = 300
HELD = "93-97 %"
GROUPINGS = ("value_grades", "frequency_tiers", "rfm11", "hiatus", "last_year_spend")
FEW = (
    *("value_tiers", "value_grades", "frequency_tiers", "rfm8", "rfm11", "hiatus", "last_year_spend", "abc"),
    *("industry", "income", "region", "customer_type"),
)


def silent(_: int) -> None:
    """No progress."""


def figures(
    groups: Mapping[str, Labels], ranked: Vector | None, spend: Vector, metrics: Sequence[Metric], seed: int
) -> dict[tuple[str, str], Figure]:
    """(grouping, metric) -> the figure over N_DEALS deals, as `compare` makes it; `ranked` is a ranking."""
    bought, of_deal = (spend > 0).astype(float), N_ROUNDS // N_DEALS
    points: dict[tuple[str, str], list[float]] = defaultdict(list)
    errors: dict[tuple[str, str], list[Vector]] = defaultdict(list)
    for deal in range(N_DEALS):
        outcomes = Outcomes.deal(spend, bought, seed, deal)
        weight = next(resamples(spend.size, of_deal, seed, deal))[:, outcomes.judged]
        predicted = {name: CrossFitted.of(labels, outcomes) for name, labels in groups.items()}
        if ranked is not None:
            order = Ranking("ranked", ranked)
            predicted["ranked"] = order.taught(order.labels(deal), outcomes)
        for name, of in predicted.items():
            for metric in metrics:
                points[name, metric.name].append(float(score(of, outcomes, metric)))
                errors[name, metric.name].append(score(of, outcomes, metric, weight) - points[name, metric.name][-1])
    return {key: Figure(np.array([points[key]]), np.concatenate(errors[key])[None]) for key in points}


@dataclass(frozen=True, eq=False)
class People:
    """All of CDNOW's customers: what they spent, and their groups by rules fitted on all of them."""

    spend: Vector
    ranked: Vector
    groups: Mapping[str, Labels]

    @classmethod
    def read(cls) -> "People":
        """As of the end of the third quarter of 1997."""
        split = Split.read(cl.datasets.cdnow(), "1997-09-30", "1998-06-30", None, "week", 0)
        customers = derive(split.log, split.customers, {"spend_last_year"})
        groups = {name: group_numbers(strategies[name].assign(customers)["group"].to_list()) for name in GROUPINGS}
        ranked = customers.data["spend_last_year"].to_numpy()
        return cls(split.outcomes.spend, ranked, groups)


def intervals(people: People, n: int, samples: int) -> None:
    """Do intervals of means over deals hold what such samples are expected to show?"""
    rng = np.random.default_rng(n)
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for seed in range(samples):
        drawn = rng.integers(0, people.spend.size, n)
        groups = {name: of[drawn] for name, of in people.groups.items()}
        groups |= {f"random_{k}": rng.integers(0, k, n) for k in (2, 5, 12)}
        made = figures(groups, people.ranked[drawn], people.spend[drawn], ASKED_OF_THE_BAR, seed)
        for (name, metric), figure in made.items():
            found[f"{metric}|{name}"].append((figure.value, *figure.interval()))
        for metric in ASKED_OF_THE_BAR:
            for other in ("frequency_tiers", "rfm11", "last_year_spend", "ranked"):
                figure = made["value_grades", metric.name] - made[other, metric.name]
                found[f"{metric.name}|value_grades less {other}"].append((figure.value, *figure.interval()))
    print(f"\n{samples} samples of {n:,} of CDNOW's customers:\n")
    print("| figure | mean | standard deviation | gini held | capture_10 held | capture_20 held |")
    print("| --- | --- | --- | --- | --- | --- |")
    rates = []
    for name in dict.fromkeys(key.split("|")[1] for key in found):
        cells = []
        for metric in ASKED_OF_THE_BAR:
            value, low, high = np.array(found[f"{metric.name}|{name}"]).T
            truth = {"gini": 0.0, "capture_10": 0.1, "capture_20": 0.2}[metric.name]
            truth = truth if name.startswith("random") else value.mean()
            cells.append(((low <= truth) & (truth <= high)).mean())
        value = np.array(found[f"gini|{name}"])[:, 0]
        rates += cells
        print(f"| {name} | {value.mean():.3f} | {value.std():.3f} | " + " | ".join(f"{c:.1%}" for c in cells) + " |")
    print(f"\nOver all figures {np.mean(rates):.1%} are held; should be {HELD}.")


def null_logs(people: People, n: int, logs: int) -> None:
    """How often does a comparison of 20 groupings that know nothing claim that one knows something?"""
    claimed = alone = 0
    for seed in range(logs):
        rng = np.random.default_rng([n, seed])
        drawn = rng.integers(0, people.spend.size, n)
        groups = {f"null_{i:02d}": rng.integers(0, 2 + i // 2, n) for i in range(20)}
        made = list(figures(groups, None, people.spend[drawn], (HEADLINE,), seed).values())
        claimed += any(low > 0 for low, _ in simultaneous(made, KNOWLEDGE))
        alone += max(made, key=lambda figure: figure.value).interval()[0] > 0
    print(f"| {n:,} | {logs} | {claimed / logs:.1%} | {alone / logs:.1%} | at most 6 % |", flush=True)


def small_worlds(worlds: int) -> None:
    """On 300 people: how far is the recommended grouping from the best, were all customers of the law there?"""
    log = cl.datasets.lighting(12_000, seed=999)
    large = Split.read(log, law().cutoff, law().last_day, log.attributes[:1], "week", 0)
    buyers = derive(log, large.buyers, {"spend_last_year"})
    within, losses, chosen = 0, [], Counter[str]()
    none = 0
    for seed in range(worlds):
        log = cl.datasets.lighting(300, seed=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            board = board_of(log, seed)
        customers, true = with_last_year(log, seed), {}
        for name in board.ranking["strategy"]:
            fitted = FittedStrategy.fit(strategies[name], customers, buyers)
            true[name] = np.mean([point(fitted, large.deal(d)) for d in range(3)])
        if board.recommended is None:
            none += 1
            continue
        loss = max(true.values()) - true[board.recommended]
        losses.append(loss)
        within += loss <= 0.05
        chosen[board.recommended] += 1
    told = ", ".join(f"{name} {count}" for name, count in chosen.most_common())
    print(
        f"| {worlds} | {none} | {within / max(len(losses), 1):.1%} | {np.mean(losses):.3f} | {np.max(losses):.3f} "
        f"| {told} |"
    )


def with_last_year(log: TransactionLog, seed: int) -> CustomerSummary:
    """The customers of a world with all that FEW read."""
    split = Split.read(log, law().cutoff, law().last_day, log.attributes[:1], "week", seed)
    return derive(log, split.customers, {"spend_last_year"})


def board_of(log: TransactionLog, seed: int) -> Board:
    """A comparison of FEW."""
    return cl.compare(FEW, log, law().cutoff, law().last_day, log.attributes[:1], n_rounds=N_ROUNDS, seed=seed)


def means(samples: int) -> None:
    """Does the interval of a group's mean spend hold, next to those of the usual kinds?"""
    people = People.read()
    log = cl.datasets.lighting(30_000, seed=1)
    lighting = Split.read(log, law().cutoff, law().last_day, None, "week", 0).outcomes.spend
    rng = np.random.default_rng(1)
    some = rng.random(200_000) < 0.5
    populations = {
        f"CDNOW, {name} ({np.mean(people.spend[people.groups['value_grades'] == g] == 0):.0%} nothing)": people.spend[
            people.groups["value_grades"] == g
        ]
        for g, name in enumerate(("bronze", "diamond", "gold", "platinum", "silver"))
    }
    populations["lighting"] = lighting
    populations["half nothing, else lognormal of spread 1.8"] = np.where(some, 0, rng.lognormal(3, 1.8, some.size))
    populations["half nothing, else Pareto of exponent 2.5"] = np.where(some, 0, 10 * rng.pareto(2.5, some.size) + 10)
    print("| spend of | customers | share × lognormal | bootstrap-t | BCa | percentiles | Student's t |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, spend in populations.items():
        everyone = people.spend if name.startswith("CDNOW") else spend
        for n in (15, 30, 60, 200, 1_000):
            held = Counter[str]()
            for _ in range(samples):
                drawn = rng.choice(spend, n)
                for way, (low, high) in ways(drawn, everyone, rng).items():
                    held[way] += low <= spend.mean() <= high
            rates = (held[way] / samples for way in ("ours", "bootstrap-t", "BCa", "percentiles", "t"))
            print(f"| {name} | {n:,} | " + " | ".join(f"{rate:.1%}" for rate in rates) + " |", flush=True)


def ways(drawn: Vector, everyone: Vector, rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Intervals of the mean of a sample, by name."""
    n, mean, error = drawn.size, drawn.mean(), drawn.std(ddof=1) / drawn.size**0.5
    again = drawn[rng.integers(0, n, (300, n))]
    means, errors = again.mean(axis=1), again.std(axis=1, ddof=1) / n**0.5
    low, high = np.quantile(means, [0.025, 0.975])
    t = (means - mean)[errors > 0] / errors[errors > 0]
    below, above = np.quantile(t, [0.025, 0.975]) if t.size else (0.0, 0.0)
    t_reach = special.stdtrit(n - 1, 0.975)
    return {
        "ours": mean_interval(drawn, everyone),
        "percentiles": (low, high),
        "t": (mean - t_reach * error, mean + t_reach * error),
        "bootstrap-t": (mean - above * error, mean - below * error),
        "BCa": accelerated(drawn, means),
    }


def accelerated(drawn: Vector, means: Vector) -> tuple[float, float]:
    """Efron's bias-corrected and accelerated interval."""
    normal, away = NormalDist(), drawn - drawn.mean()
    if not away.any():
        return float(drawn[0]), float(drawn[0])
    share = np.clip((means < drawn.mean()).mean() + (means == drawn.mean()).mean() / 2, 0.002, 0.998)
    bias, skew = normal.inv_cdf(float(share)), (away**3).sum() / (6 * (away**2).sum() ** 1.5)
    levels = [normal.cdf(bias + (bias + z) / (1 - skew * (bias + z))) for z in (-1.96, 1.96)]
    low, high = np.quantile(means, levels)
    return float(low), float(high)


def seeds(title: str, log: TransactionLog, cutoff: str, end: str, n_seeds: int) -> None:
    """What is recommended at other seeds, and whom the data cannot choose between; stability is not needed for it."""
    attributes = log.attributes or None
    print(f"\n{title}:\n")
    print("| seed | deals | recommended | highest Gini | not distinguishable from the highest |")
    print("| --- | --- | --- | --- | --- |")
    for seed in range(n_seeds):
        ranking, deals = ranked(log, cutoff, end, attributes, seed)
        chosen = ranking.filter("recommended")["strategy"].to_list()
        tied = ranking.filter("tied", "knows")["strategy"].to_list()
        row = (str(seed), str(deals), ", ".join(chosen) or "none", ranking["strategy"][0], ", ".join(tied[1:]))
        print(f"| {' | '.join(row)} |", flush=True)


def ranked(log: TransactionLog, cutoff: str, end: str, attributes: object, seed: int) -> tuple[pl.DataFrame, int]:
    """The ranking of a comparison of all strategies; the agreement on resamples, which it does not turn on, is 1."""
    splits = [Split.read(log, cutoff, end, attributes, "week", seed)]
    terms, wanted = Terms("12 months", 0.1, 1.0), chosen([])
    windows, _ = windows_of(wanted, splits, terms, BgNbd, leave_out=True)
    scoring = Scoring.run(windows, N_ROUNDS, silent)
    features = Features.of(scoring.split.buyers)
    rows = [row for each in scoring.fitted_strategies for row in tables.shape_figures(scoring.split, each, features)]
    shape = pl.DataFrame(
        [(name, metric, value) for name, metric, value, _, _ in rows],
        schema={"strategy": pl.String, "metric": pl.String, "value": pl.Float64},
        orient="row",
    )
    stable = shape.filter(metric="coverage").with_columns(metric=pl.lit("stability_resamples"), value=pl.lit(1.0))
    criteria = tables.criteria(scoring, pl.concat([shape, stable]))
    return recommend(criteria, tables.differences(scoring)), scoring.n_deals


PARTS = ("intervals", "null", "worlds", "means", "seeds")


def main(parts: list[str]) -> None:
    """Every part that is named, or all."""
    start = perf_counter()
    people = People.read()
    print("# Does the verdict of a comparison hold?\n")
    print(
        "Made by `python benchmarks/comparison_verdict.py > benchmarks/comparison_verdict.md`; seeds 0, 1, ..., all"
    )
    print(f"reported; {N_ROUNDS} bootstrap rounds; intervals of nominal 95 %.\n")
    if "intervals" in parts:
        print("## Do intervals hold?\n\nThe truth is the mean over all samples; that of random groups is known.")
        for n, samples in ((600, 400), (3_000, 300), (12_000, 100)):
            intervals(people, n, samples)
    if "null" in parts:
        print("\n## Nothing to find: 20 groupings that know nothing\n")
        print("| customers | logs | claimed that one knows | the best, judged as if alone | should be |")
        print("| --- | --- | --- | --- | --- |")
        for n in (300, 1_000):
            null_logs(people, n, 200)
    if "worlds" in parts:
        print("\n## 300 people of the lighting retailer\n")
        print("| worlds | none recommended | within .05 of the best | mean loss | largest loss | recommended |")
        print("| --- | --- | --- | --- | --- | --- |")
        small_worlds(40)
    if "means" in parts:
        print("\n## Intervals of a group's mean spend\n")
        means(400)
    if "seeds" in parts:
        print("\n## Other seeds")
        seeds("CDNOW, sample", cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", 20)
        seeds("Lighting, 5,000 people", cl.datasets.lighting(5_000), "2024-12-31", "2025-12-31", 20)
    print(f"\nTaken: {(perf_counter() - start) / 60:.0f} minutes.", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1:] or list(PARTS))
