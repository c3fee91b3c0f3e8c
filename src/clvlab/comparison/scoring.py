"""Strategies on the same customers: what each predicts, deal by deal, and the resamples that all of them share."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clvlab.arrays import Flags, Labels, Matrix, Positions, Vector
from clvlab.comparison.answering import ANSWERING
from clvlab.comparison.condensed import N_BAGS, Condensed, dealt_into_bags
from clvlab.comparison.crossfit import CrossFitted
from clvlab.comparison.fitted_strategies import CHANCE, FittedStrategy
from clvlab.comparison.foresight import HEADLINE, METRICS, Judged, Metric
from clvlab.comparison.groups import Grouped
from clvlab.comparison.outcomes import Outcomes
from clvlab.comparison.rankings import Ranking
from clvlab.comparison.resampling import Figure, resamples
from clvlab.comparison.samples import MANY
from clvlab.comparison.split import Split
from clvlab.wording import CROSSED

NEVER_RECOMMENDED = (*CHANCE, ANSWERING.name)
"""What groupings are held against: groups that know nothing, and whether somebody answered."""
N_DEALS, MOST_DEALS = 20, 100
MOVED = 0.002
"""The leader's distance from who comes next is settled when the deals leave it a smaller standard error."""
NEAR = 0.05
"""Who is as near to the leader may come first in other deals."""
FINE, COARSE = 10_000, 200
"""The places of a ranking of so many customers that they are condensed, and where its resamples are drawn."""
COVERED = "gini_covered"
"""The headline among the customers of whom the grouping knows what it reads."""
Tick = Callable[[int], object]


class Contender(Protocol):
    """Whatever predicts of the judged customers."""

    @property
    def name(self) -> str:
        """What it is called."""

    def labels(self, deal: int, most: int | None = None) -> Labels:
        """Whom it tells apart in one deal: each customer's group, or place in an order, of `most` places if given."""

    def taught(self, labels: Labels, outcomes: Outcomes) -> CrossFitted:
        """What it predicts of the judged, who are those customers or stand-ins."""


@dataclass(frozen=True, eq=False)
class Window:
    """One cutoff: its customers and their outcomes, and who is judged by them, the same contenders in each window."""

    split: Split
    fitted_strategies: tuple[FittedStrategy, ...]
    rankings: tuple[Ranking, ...] = ()

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Groupings and rankings."""
        return (*self.fitted_strategies, *self.rankings)

    def named(self, name: str) -> FittedStrategy:
        """The strategy of that name."""
        return next(fitted for fitted in self.fitted_strategies if fitted.name == name)

    def crossing(self, best: str, other: str) -> "Crossed":
        """The groups of one strategy crossed with those of another."""
        return Crossed(f"{best}{CROSSED}{other}", self.named(best).grouped.crossed(self.named(other).grouped))


@dataclass(frozen=True, eq=False)
class Crossed:
    """Two groupings as one."""

    name: str
    grouped: Grouped

    def labels(self, deal: int, most: int | None = None) -> Labels:
        """Each customer's group."""
        del deal, most
        return self.grouped.labels

    def taught(self, labels: Labels, outcomes: Outcomes) -> CrossFitted:
        """What the groups predict of the judged customers."""
        return CrossFitted.of(labels, outcomes)


@dataclass(frozen=True, eq=False)
class Question:
    """A figure that is asked of a contender: a metric, over all judged customers or those whom it covers."""

    name: str
    metric: Metric
    covered: Flags | None = None

    def among(self, judged: Judged) -> Judged:
        """The judged, of whom only those count whom it covers."""
        if self.covered is None:
            return judged
        known = self.covered[judged.outcomes.judged].astype(float)
        return replace(judged, weight=known if judged.weight is None else judged.weight * known)


@dataclass(frozen=True, eq=False)
class Dealt:
    """The customers of one deal as a contender tells them apart: themselves, or where they are many, stand-ins.

    Attributes
    ----------
    few : the stand-ins
    """

    labels: Labels
    outcomes: Outcomes
    few: Condensed | None = None

    @classmethod
    def of(cls, contender: Contender, outcomes: Outcomes) -> "Dealt":
        """The customers of up to MANY who are in no bags; else their stand-ins."""
        if outcomes.bag is None and outcomes.part.size <= MANY:
            return cls(contender.labels(outcomes.number), outcomes)
        most = FINE if outcomes.bag is None else COARSE
        few = Condensed.of(contender.labels(outcomes.number, most), outcomes)
        return cls(few.labels, few.outcomes, few)

    def drawn(self, weight: Vector | None) -> Vector | None:
        """How often each of the judged counts, from how often customers do, or their bags; once if None."""
        judged, counts = self.outcomes.judged, self.outcomes.counts
        if weight is None:
            return None if counts is None else counts[judged]
        return weight if self.few is None else self.few.counts(weight)[:, judged]


def questions(contender: Contender, deal: int, labels: Labels) -> list[Question]:
    """What a contender is asked: a ranking only what needs no level; a crossing, and in later deals, the headline."""
    if isinstance(contender, Crossed) or deal >= N_DEALS:
        return [Question(HEADLINE.name, HEADLINE)]
    asked = [Question(m.name, m) for m in METRICS if m.of_order or not isinstance(contender, Ranking)]
    if isinstance(contender, FittedStrategy) and contender.is_partial:
        asked.append(Question(COVERED, HEADLINE, labels != contender.grouped.unknown))
    return asked


@dataclass(frozen=True, eq=False)
class Scoring:
    """Strategies scored on the same windows.

    Attributes
    ----------
    windows : the latest last
    figures : (name of a contender or a crossing, metric) -> the figure
    best : the strategy of the highest headline, baselines that know nothing aside
    n_deals : how often the customers were dealt for the headline; for all else, up to N_DEALS times
    """

    windows: tuple[Window, ...]
    figures: Mapping[tuple[str, str], Figure]
    best: str
    n_deals: int

    @classmethod
    def run(cls, windows: Sequence[Window], n_rounds: int, tick: Tick, n_deals: int | None = None) -> "Scoring":
        """Deal and cross-fit until the leader's place is settled, or `n_deals` times, and resample the customers."""
        names = [fitted.name for fitted in windows[-1].fitted_strategies if fitted.name not in NEVER_RECOMMENDED]
        points: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
        while not points or (n_deals is None and not _settled(points, names)):
            done = len(points[names[0], HEADLINE.name]) if points else 0
            _add(points, [window.contenders for window in windows], windows, range(done, done + (n_deals or N_DEALS)))
        dealt = len(points[names[0], HEADLINE.name])
        best = max(names, key=lambda name: float(np.mean(points[name, HEADLINE.name])))
        crossed = [[w.crossing(best, name) for name in names if name != best] for w in windows]
        _add(points, crossed, windows, range(min(dealt, N_DEALS)))
        judged = [(*w.contenders, *c) for w, c in zip(windows, crossed, strict=True)]
        by_deal = {key: np.array(values).T for key, values in points.items()}
        errors = _errors(by_deal, judged, windows, n_rounds, tick)
        return cls(tuple(windows), {key: Figure(by_deal[key], errors[key]) for key in by_deal}, best, dealt)

    @property
    def split(self) -> Split:
        """The latest split, by which groups are reported."""
        return self.windows[-1].split

    @property
    def fitted_strategies(self) -> tuple[FittedStrategy, ...]:
        """The strategies as of the latest cutoff."""
        return self.windows[-1].fitted_strategies

    @cached_property
    def recommendable(self) -> tuple[FittedStrategy, ...]:
        """The strategies that can be recommended."""
        return tuple(fitted for fitted in self.fitted_strategies if fitted.name not in NEVER_RECOMMENDED)

    @property
    def first_deals(self) -> range:
        """Numbers of the deals in which all was asked; the others have the headline alone."""
        return range(min(self.n_deals, N_DEALS))

    @property
    def rankings(self) -> tuple[Ranking, ...]:
        """The rankings of the latest cutoff."""
        return self.windows[-1].rankings

    @property
    def ranked(self) -> tuple[Contender, ...]:
        """Whoever is no baseline that knows nothing: strategies, and the rankings that they are held against."""
        return (*self.recommendable, *self.rankings)

    def figure(self, name: str, metric: str = HEADLINE.name) -> Figure:
        """A metric of one contender."""
        return self.figures[name, metric]

    def difference(self, name: str, versus: str, metric: str = HEADLINE.name) -> Figure:
        """A metric of one contender less that of another, paired."""
        return self.figure(name, metric) - self.figure(versus, metric)

    def crossing(self, name: str) -> Figure:
        """The headline of the best strategy crossed with another."""
        return self.figure(f"{self.best}{CROSSED}{name}")

    def first(self) -> dict[str, float]:
        """In which share of the deals each strategy came first; who ties shares."""
        names = [fitted.name for fitted in self.recommendable]
        ginis = np.array([self.figure(name).points.mean(axis=0) for name in names])
        leads = ginis == ginis.max(axis=0)
        return dict(zip(names, (leads / leads.sum(axis=0)).mean(axis=1).tolist(), strict=True))

    @cached_property
    def expected(self) -> Mapping[str, Vector]:
        """Each strategy -> what is expected of its groups: the mean of what others taught, NaN where none did."""
        taught: dict[str, list[Matrix]] = defaultdict(list)
        for outcomes in (self.split.deal(number) for number in self.first_deals):
            for fitted in self.fitted_strategies:
                taught[fitted.name].append(_taught(fitted.grouped, outcomes))
        totals = {name: np.sum(of_deals, axis=0) for name, of_deals in taught.items()}
        return {
            name: np.where(size > 0, total / np.maximum(size, 1), np.nan) for name, (total, size) in totals.items()
        }

    def places(self, fitted: FittedStrategy) -> list[int]:
        """The place of each of a strategy's groups, 1 = best, by what was expected of it."""
        return fitted.grouped.places(self.expected[fitted.name])


def judged_in(contender: Contender, outcomes: Outcomes) -> Judged:
    """What a contender predicts in one deal."""
    dealt = Dealt.of(contender, outcomes)
    return Judged(contender.taught(dealt.labels, dealt.outcomes), dealt.outcomes)


def point(contender: Contender, outcomes: Outcomes) -> float:
    """The headline of one deal."""
    return float(judged_in(contender, outcomes).score(HEADLINE))


def _settled(points: Mapping[tuple[str, str], list[list[float]]], names: list[str]) -> bool:
    """Whether further deals would hardly change how far the leader is from those who come near."""
    ginis = {name: np.mean(points[name, HEADLINE.name], axis=1) for name in names}
    leader = max(ginis.values(), key=lambda values: float(values.mean()))
    n_deals = leader.size
    gaps = [leader - values for values in ginis.values() if leader.mean() - values.mean() < NEAR]
    moved = max(float(gap.std()) for gap in gaps) / float(np.sqrt(n_deals))
    return n_deals >= MOST_DEALS or moved <= MOVED


def _add(
    points: dict[tuple[str, str], list[list[float]]],
    contenders: Sequence[Sequence[Contender]],
    windows: Sequence[Window],
    numbers: Iterable[int],
) -> None:
    """Score these deals, one figure for each window, and add them."""
    for number in numbers:
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        for window, judged in zip(windows, contenders, strict=True):
            for key, value in _scores(judged, window.split.deal(number)):
                found[key].append(float(value))
        for key, values in found.items():
            if len(values) == len(windows):
                points[key].append(values)


def _scores(
    contenders: Iterable[Contender], outcomes: Outcomes, weight: Vector | None = None
) -> Iterator[tuple[tuple[str, str], Vector]]:
    """(name, metric) and the figure, one for each row of `weight`: of the judged, or where given, of the bags."""
    for contender in contenders:
        dealt = Dealt.of(contender, outcomes)
        predicted = contender.taught(dealt.labels, dealt.outcomes)
        judged = Judged(predicted, dealt.outcomes, dealt.drawn(weight))
        for asked in questions(contender, outcomes.number, dealt.labels):
            yield (contender.name, asked.name), asked.among(judged).score(asked.metric)


def _errors(
    points: Mapping[tuple[str, str], Vector],
    contenders: Sequence[Sequence[Contender]],
    windows: Sequence[Window],
    n_rounds: int,
    tick: Tick,
) -> dict[tuple[str, str], Vector]:
    """(n_windows, n_rounds): each round's figure less that of its deal; rounds are spread over the first deals.

    Of more than MANY customers bags are drawn in their place.
    """
    n_deals = min(*(deals.shape[1] for deals in points.values()), n_rounds)
    split = windows[-1].split
    n_buyers = len(split.buyers)
    rows = [_rows(split, window.split) for window in windows]
    found: dict[tuple[str, str], list[NDArray[np.float64]]] = defaultdict(list)
    for number in range(n_deals):
        n_here = n_rounds // n_deals + (number < n_rounds % n_deals)
        bag = dealt_into_bags(n_buyers, split.seed, number) if n_buyers > MANY else None
        for weight in resamples(n_buyers if bag is None else N_BAGS, n_here, split.seed, number):
            here: dict[tuple[str, str], list[Vector]] = defaultdict(list)
            for window, judged, mine in zip(windows, contenders, rows, strict=True):
                outcomes = window.split.deal(number)
                if bag is None:
                    drawn = _scores(judged, outcomes, weight[:, mine][:, outcomes.judged])
                else:
                    in_bags = replace(outcomes, bag=bag[mine])
                    drawn = _scores(judged, in_bags, np.vstack([np.ones(N_BAGS), weight]))
                for key, value in drawn:
                    here[key].append(value)
            for key, values in here.items():
                if key in points:
                    found[key].append(_less_that_of_the_deal(np.array(values), points[key][:, [number]], bag))
            tick(len(weight))
    return {key: np.concatenate(blocks, axis=1) for key, blocks in found.items()}


def _less_that_of_the_deal(values: Matrix, points: Matrix, bag: Labels | None) -> Matrix:
    """The rounds' figures less that of their deal: of bags the first round's, in which each counts once."""
    # A ranking has fewer places for bags than its points are made of.
    return values - points if bag is None else values[:, 1:] - values[:, :1]


def _rows(latest: Split, split: Split) -> Positions:
    """Where the buyers of a split are among those of the latest, who are all of them and more."""
    if split is latest:
        return np.arange(len(latest.buyers))
    places = latest.buyers.data.select("customer_id").with_row_index("place")
    mine = split.buyers.data.select("customer_id").join(places, on="customer_id", maintain_order="left")
    return mine["place"].cast(pl.Int64).to_numpy()


def _taught(grouped: Grouped, outcomes: Outcomes) -> Matrix:
    """Of each group what was predicted of its judged customers, summed, and how many they are."""
    n_groups = len(grouped.names)
    dealt = Dealt.of(Crossed("", grouped), outcomes)
    judged, often = dealt.labels[dealt.outcomes.judged], dealt.drawn(None)
    predicted = CrossFitted.of(dealt.labels, dealt.outcomes).spend
    total = np.bincount(judged, predicted if often is None else predicted * often, n_groups)
    return np.array([total, np.bincount(judged, often, n_groups)])
