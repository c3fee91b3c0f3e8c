"""The verdict, first: which grouping to use, what it would have brought, and at which price."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import yaml

from clvlab.analysis.comparison.context import MOST_SHOWN, ComparisonContext, strategy_names
from clvlab.analysis.section import Finding, Section
from clvlab.comparison.recommend import CAMPAIGN, TOLERANCE
from clvlab.params import strategy_name
from clvlab.wording import Name

NEARLY = 0.025
"""How far whole groups may be from a share of the customers to be called about that share."""
WEAK = 0.20
"""A Gini below which even the best grouping tells little of what single customers will do."""


def compute(context: ComparisonContext) -> Section:
    """Tables `contenders`, and `apply` (parameter, value), the line of params that puts the recommended to work.

    `contenders` has n_groups, smallest, coverage, gini, low, high, reached (by the best 20 %), first (share of
    deals), stability_resamples and from_bar, the difference from the better ranking, of the best
    strategies that none dominates.
    """
    board = context.board
    findings = {"lead": _lead(context), "choice": choice(context), "price": price(context)}
    if first := _first_groups(context):
        findings["first_groups"] = first
    highest = max(board.ranking["gini"].drop_nulls(), default=0.0)
    if context.recommended and highest < WEAK:
        findings["weak"] = Finding.of("verdict.weak", gini=highest)
    if others := _others_tied(context):
        findings["tied"] = Finding.of(
            "verdict.tied", strategy=Name("strategies", context.shown), others=strategy_names(others)
        )
    if windows := over_windows(context):
        findings["windows"] = windows
    findings["data"] = Finding.of(
        "verdict.data",
        customers=board.n_customers,
        strategies=board.ranking.height,
        cutoff=board.cutoff,
        end=board.end,
        deals=board.n_deals,
    )
    tables = {"contenders": _contenders(context)}
    if context.recommended:
        findings["as_of"] = Finding.of("verdict.as_of", cutoff=board.cutoff)
        tables["apply"] = pl.DataFrame({"parameter": ["strategy"], "value": [_as_param(context)]})
    return Section(tables, findings)


def _lead(context: ComparisonContext) -> Finding:
    board, shown = context.board, context.shown
    row = board.ranking.filter(strategy=shown).row(0, named=True)
    if context.recommended is None:
        return Finding.of(
            "verdict.none",
            strategies=board.ranking.height,
            judged=context.judged,
            strategy=Name("strategies", shown),
            gini=row["gini"],
            low=row["gini_low"],
            high=row["gini_high"],
        )
    reached = board.reach.filter(strategy=shown, share=CAMPAIGN).row(0, named=True)
    return Finding.of(
        "verdict.lead",
        strategy=Name("strategies", shown),
        groups=row["n_groups"],
        share=CAMPAIGN,
        reached=reached["reached"],
        low=reached["low"],
        high=reached["high"],
        judged=context.judged,
        cutoff=board.cutoff,
        end=board.end,
    )


def _first_groups(context: ComparisonContext) -> Finding | None:
    """Which groups the first CAMPAIGN of customers are, where whole groups come near to that share."""
    groups = context.seen(context.board.allocation).filter(strategy=context.shown).sort("place")
    reached = groups.select(share=pl.col("share_customers").cum_sum(), customers=pl.col("customers").cum_sum())
    near = reached.with_row_index("at").filter((pl.col("share") - CAMPAIGN).abs() <= NEARLY)
    if near.is_empty():
        return None
    at, _, customers = near.sort((pl.col("share") - CAMPAIGN).abs()).row(0)
    names = [Name("groups", code) for code in groups["group"].head(at + 1)]
    return Finding.of("verdict.first_groups", share=CAMPAIGN, groups=names, customers=customers)


def choice(context: ComparisonContext) -> Finding:
    """Why the recommended strategy: it predicts best, or it is simpler and loses little."""
    ranking, recommended = context.board.ranking, context.recommended
    if recommended is None:
        return Finding.of("verdict.no_choice")
    if ranking.height == 1:
        return Finding.of("verdict.only", strategy=Name("strategies", recommended))
    best, mine = ranking.row(0, named=True), ranking.filter("recommended").row(0, named=True)
    if best["strategy"] != recommended:
        acceptable = context.board.acceptable_loss
        return Finding.of(
            "verdict.simplest" if acceptable is None else _in_money(mine["loss"]),
            strategy=Name("strategies", recommended),
            best=Name("strategies", best["strategy"]),
            difference=-mine["difference"],
            tolerance=TOLERANCE,
            share=CAMPAIGN,
            loss=abs(mine["loss"] or 0.0),
            acceptable=acceptable or 0.0,
            groups=mine["n_groups"],
            best_groups=best["n_groups"],
        )
    alone = not ranking.filter("tied", pl.col("strategy") != recommended).height
    return Finding.of(
        "verdict.alone" if alone else "verdict.best",
        strategy=Name("strategies", recommended),
        gini=mine["gini"],
        first=mine["first"],
        deals=context.board.n_deals,
    )


def _in_money(loss: float) -> str:
    return "verdict.simplest_in_money" if loss > 0 else "verdict.simplest_gains"


def price(context: ComparisonContext) -> Finding:
    """What the grouping shown loses, or gains, against the better of the plain rankings."""
    mine = context.board.bar.filter(strategy=context.shown, versus=context.bar)
    gini = mine.filter(metric="gini").row(0, named=True)
    key = "verdict.as_good"
    if (gini["high"] or 0) < 0:
        key = "verdict.price"
    elif (gini["low"] or 0) > 0:
        key = "verdict.gain"
    return Finding.of(
        key,
        strategy=Name("strategies", context.shown),
        ranking=Name("strategies", context.bar),
        judged=context.judged,
        difference=abs(gini["value"]),
        low=gini["low"],
        high=gini["high"],
        **_first(mine, "10"),
        **_first(mine, "20"),
        groups=context.board.ranking.filter(strategy=context.shown)["n_groups"].item(),
    )


def _first(bar: pl.DataFrame, share: str) -> dict[str, Any]:
    """What the first of the customers reach more than those of the ranking, with its interval."""
    figures = bar.filter(metric=f"capture_{share}").row(0, named=True)
    return {f"{end}_{share}": figures[name] for end, name in (("first", "value"), ("low", "low"), ("high", "high"))}


def over_windows(context: ComparisonContext) -> Finding | None:
    """Where several cutoffs disagree; None where there is one."""
    windows = context.board.windows
    mine = windows.filter(strategy=context.shown)
    if mine.height < 2:
        return None
    # Ranks among groupings: the rankings that they are held against are no groupings.
    groupings = windows.filter(pl.col("strategy").is_in(context.board.ranking["strategy"].to_list()))
    first = groupings.filter(pl.col("gini") == pl.col("gini").max().over("cutoff"))
    return Finding.of(
        "verdict.windows",
        strategy=Name("strategies", context.shown),
        cutoffs=mine.height,
        first=first.filter(strategy=context.shown).height,
        low=mine["gini"].min(),
        high=mine["gini"].max(),
        leaders=strategy_names(first["strategy"].unique(maintain_order=True).to_list()),
    )


def _others_tied(context: ComparisonContext) -> list[str]:
    """Of those that tell more than chance, whom the data cannot distinguish from the grouping shown."""
    versus = context.board.differences.filter(strategy=context.shown)
    undecided = versus.filter(((pl.col("low") <= 0) & (pl.col("high") >= 0)).fill_null(True))["versus"].to_list()
    return [name for name in context.board.ranking.filter("knows")["strategy"] if name in undecided]


def _contenders(context: ComparisonContext) -> pl.DataFrame:
    board = context.board
    reach = board.reach.filter(share=CAMPAIGN).select("strategy", "reached")
    bar = board.bar.filter(versus=context.bar, metric="gini").select("strategy", from_bar="value")
    names = context.contenders[:MOST_SHOWN]
    if context.shown not in names:
        names.append(context.shown)
    return (
        board.ranking.filter(pl.col("strategy").is_in(names))
        .select("strategy", "n_groups", "smallest", "coverage", "first", "stability_resamples")
        .join(board.metric("gini").rename({"value": "gini"}), on="strategy", maintain_order="left")
        .join(reach, on="strategy", maintain_order="left")
        .join(bar, on="strategy", maintain_order="left")
    )


def _as_param(context: ComparisonContext) -> str:
    """The recommended strategy as params files name it, on one line."""
    choices: Mapping[str, Any] = {strategy_name(each): each for each in context.params.strategies}
    chosen = choices.get(context.shown, context.shown)
    return yaml.safe_dump(chosen, allow_unicode=True, default_flow_style=True).removesuffix("...\n").strip()
