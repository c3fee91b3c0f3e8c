"""What objects draw of themselves: the report's charts one by one, as Altair charts to change and to save.

The classes have a verb `plot` that leads here, so that none of them needs Altair before somebody asks for a picture.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import polars as pl

from clvlab.analysis.comparison.context import relevant, role
from clvlab.analysis.customer_file import CustomerFile
from clvlab.analysis.segmentation.base_health import (
    concentration,
    new_and_repeat,
    purchases_per_customer,
    repeat_revenue,
)
from clvlab.analysis.segmentation.segments import score_grid
from clvlab.charts import base_health, comparison, customer, segments, theme, validation
from clvlab.charts import models as model_charts
from clvlab.charts.notebook import SIZES
from clvlab.comparison import Board
from clvlab.customers import summarise_customers
from clvlab.errors import DataError, ParamsError, UnknownNameError
from clvlab.frames import CustomerSummary, Holdout, TransactionLog, check_kind
from clvlab.grouping.strategy import Rule, sizes_of
from clvlab.models import PurchaseModel
from clvlab.models.heterogeneity import heterogeneity, median_rate
from clvlab.models.value_models import name_of
from clvlab.money import exact_sum
from clvlab.rfm import score_rfm
from clvlab.units import DAYS_PER
from clvlab.validation.parts import by_frequency
from clvlab.validation.predictions import predictions
from clvlab.validation.tracking import tracking
from clvlab.wording import Language, Words

MOST_REPEATS, SILENCES = 12, 26
"""Rows and columns of the picture of P(alive)."""
MOST_DAYS = 1_500
"""So many days of a customer are drawn; of a longer life every other, every third, ..."""
T = TypeVar("T")


def of_log(log: TransactionLog, lang: Language) -> theme.ChartType:
    """See `clvlab.TransactionLog.plot`."""
    if not log.has_amounts:
        raise ParamsError("The log has no amounts, and this picture is of money. Map the column `amount`.")
    words, last = Words(lang), log.data.select(pl.col("date").max()).item()
    table = new_and_repeat(log.data, summarise_customers(log, last))
    title = repeat_revenue(table)
    subtitle = words("base_health.months_subtitle", as_of=last)
    return _titled(base_health.months(table, words), words(title.key, **title.figures), subtitle, words)


def of_customers(customers: CustomerSummary, what: str, lang: Language) -> theme.ChartType:
    """See `clvlab.CustomerSummary.plot`."""
    return _chosen(_OF_CUSTOMERS, what)(customers, Words(lang))


def of_model(
    model: PurchaseModel, what: str, customers: CustomerSummary | None, holdout: Holdout | None, lang: Language
) -> theme.ChartType:
    """See `clvlab.models.PurchaseModel.plot`."""
    draw, needed = _chosen(_OF_MODELS, what)
    given = {"customers": customers, "holdout": holdout}
    kinds = {"customers": CustomerSummary, "holdout": Holdout}
    for name in needed:
        check_kind(name, given[name], kinds[name], "clvlab.split_holdout")
    return draw(model, *(given[name] for name in needed), Words(lang))


def _shares(rule: Rule, customers: CustomerSummary) -> pl.DataFrame:
    """group, place, customers, share_customers, share_spend (null without money): the rule's groups, best first."""
    sizes = sizes_of(customers, rule.assign(customers)["group"])
    shown = rule.places.join(sizes, on="group", how="left", maintain_order="left")
    return shown.with_columns(pl.col("customers", "share_customers").fill_null(0))


def of_rule(rule: Rule, customers: CustomerSummary, lang: Language) -> theme.ChartType:
    """See `clvlab.grouping.Rule.plot`."""
    words = Words(lang, own_groups=rule.own)
    groups = _shares(rule, customers)
    filled = groups.filter(pl.col("customers") > 0)
    richest = filled.sort("share_spend", "share_customers", descending=True, nulls_last=True).row(0, named=True)
    key = "segments.groups" if richest["share_spend"] is not None else "segments.groups_no_spend"
    title = words(
        key,
        group=words.group(richest["group"]),
        customers=richest["share_customers"],
        spend=richest["share_spend"],
    )
    return _titled(
        segments.shares(groups, words), title, words("segments.groups_subtitle", as_of=customers.cutoff), words
    )


def of_board(board: Board, lang: Language) -> theme.ChartType:
    """See `clvlab.comparison.Board.plot`."""
    words = Words(lang)
    shown = board.metric("gini").filter(pl.col("strategy").is_in(relevant(board)))
    roles = shown.with_columns(role=pl.col("strategy").map_elements(lambda code: role(board, code), pl.String))
    title = words(
        "pictures.gini",
        strategy=words.name("strategies", board.best),
        gini=shown.filter(strategy=board.best)["value"].item(),
        judged=words.name("judged", board.judged_by),
    )
    return _titled(comparison.gini(roles, words), title, words("foresight.gini_subtitle", as_of=board.end), words)


def of_customer(file: CustomerFile, what: str, lang: Language) -> theme.ChartType:
    """See `clvlab.analysis.customer_file.CustomerFile.plot`."""
    return _chosen(_OF_CUSTOMER, what)(file, replace(file.files.words, lang=lang))


def _chosen(pictures: Mapping[str, T], what: str) -> T:
    if what not in pictures:
        raise UnknownNameError("picture", what, pictures)
    return pictures[what]


def _titled(chart: theme.ChartType, title: str, subtitle: str, words: Words) -> theme.ChartType:
    """The chart as the report has it, with a size of its own: outside of a page nothing contains it."""
    if chart.to_dict().get("width") == "container":
        chart = chart.properties(width=SIZES["width"])
    alternative = words("charts.alternative", title=title, subtitle=subtitle)
    drawn: theme.ChartType = theme.titled(chart, title, subtitle, alternative).configure(**theme.CONFIG)
    return drawn


def _buyers(customers: CustomerSummary) -> pl.DataFrame:
    return customers.data.filter(pl.col("n_purchases") > 0)


def _map(customers: CustomerSummary, words: Words) -> theme.ChartType:
    scored = customers.data.join(score_rfm(customers), on="customer_id", how="left", maintain_order="left")
    grid = score_grid(scored)
    title = words("segments.grid", share=grid["share_customers"].max())
    return _titled(segments.grid(grid, words), title, words("segments.grid_subtitle", as_of=customers.cutoff), words)


def _orders(customers: CustomerSummary, words: Words) -> theme.ChartType:
    buyers = _buyers(customers)
    title = words("base_health.orders", share=(buyers["n_purchases"] == 1).mean())
    chart = base_health.orders(purchases_per_customer(buyers), words)
    return _titled(chart, title, words("base_health.orders_subtitle", as_of=customers.cutoff), words)


def _concentration(customers: CustomerSummary, words: Words) -> theme.ChartType:
    customers.require({"total_spend"}, "this picture")
    curve = concentration(_buyers(customers)["total_spend"])
    title = words("base_health.lorenz", share=curve.filter(pl.col("customers") == 0.2)["spend"].item())
    subtitle = words("base_health.lorenz_subtitle", as_of=customers.cutoff)
    return _titled(base_health.lorenz(curve, words), title, subtitle, words)


_OF_CUSTOMERS: Mapping[str, Callable[[CustomerSummary, Words], theme.ChartType]] = MappingProxyType(
    {"map": _map, "orders": _orders, "concentration": _concentration}
)


def _timeline(file: CustomerFile, words: Words) -> theme.ChartType:
    days, as_of = file.timeline, file.files.as_of
    figures = {"purchases": int(days["is_purchase"].sum()), "days": days.height}
    if "amount" in days.columns:
        title = words("customer.timeline", **figures, spend=days.select(exact_sum(pl.col("amount"))).item())
    else:
        title = words("customer.timeline_no_spend", purchases=figures["purchases"])
    subtitle = words("customer.timeline_subtitle", customer=words.plain(file.customer_id), as_of=as_of)
    return _titled(customer.timeline(days, as_of, words), title, subtitle, words)


def _life(file: CustomerFile, words: Words) -> theme.ChartType:
    every, models = file.alive, file.files.models
    if every.is_empty() or models is None or models.purchases is None:
        raise DataError(
            f"There is no P(alive) of customer {file.customer_id!r}: no purchase, or no model that could be fitted."
        )
    bought = every.join(file.timeline.filter("is_purchase"), on="date", how="semi")
    step = -(-every.height // MOST_DAYS)
    # The day before a purchase shows how far P(alive) had fallen.
    kept = (pl.int_range(pl.len()) % step == 0) | pl.col("date").shift(-1).is_in(bought["date"].implode())
    drawn = pl.concat([every.filter(kept), bought, every.tail(1)]).unique("date").sort("date")
    as_of = file.files.as_of
    title = words("customer.alive", as_of=as_of, p_alive=every["p_alive"][-1])
    model = words.name("models", name_of(models.purchases))
    subtitle = words("customer.alive_subtitle", customer=words.plain(file.customer_id), model=model)
    return _titled(customer.alive(drawn, bought, as_of, words), title, subtitle, words)


_OF_CUSTOMER: Mapping[str, Callable[[CustomerFile, Words], theme.ChartType]] = MappingProxyType(
    {"timeline": _timeline, "alive": _life}
)


def _heterogeneity(model: PurchaseModel, words: Words) -> theme.ChartType:
    a_year = median_rate(model) * DAYS_PER["year"] / DAYS_PER[model.time_unit]
    subtitle = words("pictures.heterogeneity_subtitle", model=_name(model, words))
    return _titled(
        model_charts.heterogeneity(heterogeneity(model), words),
        words("pictures.heterogeneity", a_year=a_year),
        subtitle,
        words,
    )


def alive(model: PurchaseModel, age: float, most: int) -> pl.DataFrame:
    """frequency (0 to `most`), since (time units since the last purchase), p_alive, time_unit: at one age.

    Whoever has no repeat purchase has been silent since the first one, `age` ago.
    """
    since = np.linspace(0.0, age, SILENCES + 1)[:-1].round(1)
    repeats = np.arange(1, most + 1)
    frequency, silence = (grid.ravel() for grid in np.meshgrid(repeats, since, indexing="ij"))
    histories = pl.DataFrame({"frequency": frequency, "recency": age - silence, "T": np.full(silence.size, age)})
    return pl.DataFrame({"frequency": frequency, "since": silence, "p_alive": model.p_alive(histories)}).with_columns(
        time_unit=pl.lit(model.time_unit)
    )


def _alive(model: PurchaseModel, customers: CustomerSummary, words: Words) -> theme.ChartType:
    buyers = _buyers(customers)
    unit = DAYS_PER[customers.time_unit] / DAYS_PER[model.time_unit]
    age = float(np.round(buyers["T"].to_numpy().max(initial=1.0) * unit))
    most = np.clip(buyers["frequency"].to_numpy().max(initial=2), 2, MOST_REPEATS)
    table = alive(model, age, int(most))
    silence = table["since"].unique().sort()[SILENCES // 2]
    ends = table.filter(since=silence).sort("frequency")
    few, many = ends.row(0, named=True), ends.row(-1, named=True)
    units = f"{model.time_unit}s"
    title = words(
        "pictures.alive",
        silence=f"{silence:.0f} {units}",
        few=few["frequency"],
        p_few=few["p_alive"],
        many=many["frequency"],
        p_many=many["p_alive"],
    )
    subtitle = words("pictures.alive_subtitle", model=_name(model, words), age=f"{age:.0f} {units}")
    return _titled(model_charts.alive(table, words), title, subtitle, words)


def _tracking(model: PurchaseModel, customers: CustomerSummary, holdout: Holdout, words: Words) -> theme.ChartType:
    table = tracking(model, customers, holdout)
    last = table.row(-1, named=True)
    figures = {"expected": last["expected_cumulative"], "actual": last["actual_cumulative"]}
    title, subtitle = words("validation.tracking", **figures), words("validation.tracking_subtitle")
    return _titled(validation.tracking(table, words), title, subtitle, words)


def _frequency(model: PurchaseModel, customers: CustomerSummary, holdout: Holdout, words: Words) -> theme.ChartType:
    table = by_frequency(predictions(model, None, customers, holdout))
    title, subtitle = words("validation.by_frequency"), words("validation.by_frequency_subtitle")
    return _titled(validation.by_frequency(table, words), title, subtitle, words)


def _name(model: PurchaseModel, words: Words) -> str:
    return words.name("models", name_of(type(model)))


_OF_MODELS: Mapping[str, tuple[Callable[..., theme.ChartType], tuple[str, ...]]] = MappingProxyType(
    {
        "heterogeneity": (_heterogeneity, ()),
        "alive": (_alive, ("customers",)),
        "tracking": (_tracking, ("customers", "holdout")),
        "frequency": (_frequency, ("customers", "holdout")),
    }
)
"""Picture -> what draws it, and what it needs next to the model."""
