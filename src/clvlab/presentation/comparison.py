"""A comparison of strategies on the page: what each of its sections shows, and in which order."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from clvlab.analysis.comparison.foresight import METRIC_NAMES
from clvlab.charts import comparison as charts
from clvlab.presentation import Block, Chart, Report, Table, Text

PAGES: Mapping[str, Sequence[Block]] = MappingProxyType(
    {
        "verdict": (
            Text("lead"),
            Text("first_groups"),
            Text("choice"),
            Text("weak"),
            Text("tied"),
            Text("price"),
            Text("windows"),
            Text("data"),
            Table(
                "contenders",
                {
                    "strategy": "strategy",
                    "n_groups": "int",
                    "gini": "dec2",
                    "low": "dec2",
                    "high": "dec2",
                    "from_bar": "dec2",
                    "reached": "pct",
                    "first": "pct",
                    "stability_resamples": "dec2",
                    "smallest": "int",
                    "coverage": "pct",
                },
            ),
            Text("as_of"),
            Table("apply", {"parameter": "text", "value": "text"}),
        ),
        "foresight": (
            Text("lead"),
            Chart("gini", charts.gini),
            Text("chance"),
            Text("blind"),
            Text("bar"),
            Table(
                "bar",
                {
                    "strategy": "strategy",
                    "from_bar": "dec3",
                    "low": "dec3",
                    "high": "dec3",
                    "first_10": "points",
                    "money_10": "money",
                    "first_20": "points",
                    "money_20": "money",
                },
            ),
            Text("covered"),
            Table(
                "covered",
                {
                    "strategy": "strategy",
                    "coverage": "pct",
                    "gini_covered": "dec2",
                    "low": "dec2",
                    "high": "dec2",
                    "gini": "dec2",
                },
            ),
            Table(
                "windows", {"strategy": "strategy", "cutoff": "date", "end": "date", "gini": "dec3", "rank": "int"}
            ),
            Table("ageing", {"cutoff": "date", "gini": "dec3", "gini_aged": "dec3"}),
            Table(
                "metrics",
                {
                    "strategy": "strategy",
                    **dict.fromkeys(METRIC_NAMES, "dec2"),
                    "variance_explained": "pct1",
                    "capture_10": "pct",
                    "capture_20": "pct",
                    "buys_again_brier": "dec3",
                },
            ),
        ),
        "by_group": (
            Text("lead"),
            Chart("spend", charts.spend),
            Text("hidden"),
            Table(
                "money",
                {
                    "group": "group",
                    "measure": "name:outcomes",
                    "n": "int",
                    "value": "price",
                    "low": "price",
                    "high": "price",
                },
            ),
            Table("counts", {"group": "group", "n": "int", "value": "dec2", "low": "dec2", "high": "dec2"}),
            Table("rates", {"group": "group", "n": "int", "value": "pct", "low": "pct", "high": "pct"}),
            Table("answers", {"group": "group", "n": "int", "value": "dec2", "low": "dec2", "high": "dec2"}),
        ),
        "reach": (
            Text("lead"),
            Chart("curve", charts.curve),
            Table(
                "contacts",
                {
                    "share": "pct",
                    "contacts": "int",
                    "reached": "pct",
                    "low": "pct",
                    "high": "pct",
                    "reached_spend": "money",
                },
            ),
            Table(
                "contacts_counted",
                {
                    "share": "pct",
                    "contacts": "int",
                    "reached": "pct",
                    "low": "pct",
                    "high": "pct",
                    "purchases": "int",
                },
                caption="contacts",
            ),
            Text("budget"),
            Table(
                "budget_counted",
                {
                    "place": "int",
                    "group": "group",
                    "customers": "int",
                    "share_customers": "pct1",
                    "expected_purchases": "dec2",
                    "share_budget": "pct1",
                },
                caption="budget",
            ),
            Table(
                "budget",
                {
                    "place": "int",
                    "group": "group",
                    "customers": "int",
                    "share_customers": "pct1",
                    "expected_spend": "price",
                    "share_budget": "pct1",
                },
            ),
        ),
        "stability": (
            Text("lead"),
            Chart("map", charts.stability),
            Table(
                "figures",
                {
                    "strategy": "strategy",
                    "stability_resamples": "dec2",
                    "stability_halves": "dec2",
                    "stability_quarter": "dec2",
                    "n_groups": "int",
                    "smallest": "int",
                    "balance": "dec2",
                    "coverage": "pct",
                    "fidelity": "pct",
                },
            ),
            Table(
                "clusters",
                {
                    "strategy": "strategy",
                    "silhouette": "dec2",
                    "calinski_harabasz": "int",
                    "davies_bouldin": "dec2",
                },
            ),
        ),
        "agreement": (
            Text("lead"),
            Chart("pairs", charts.pairs),
            Text("gain"),
            Table(
                "crossings",
                {
                    "versus": "strategy",
                    "n_groups": "int",
                    "gini": "dec3",
                    "gain": "dec3",
                    "low": "dec3",
                    "high": "dec3",
                },
            ),
        ),
        "recommendation": (
            Text("lead"),
            Text("rule_1"),
            Text("rule_2"),
            Text("rule_3"),
            Text("dominated"),
            Table(
                "ranking",
                {
                    "strategy": "strategy",
                    "recommended": "yesno",
                    "n_groups": "int",
                    "smallest": "int",
                    "coverage": "pct",
                    "gini": "dec3",
                    "difference": "dec3",
                    "low": "dec3",
                    "high": "dec3",
                    "loss": "money",
                    "knows": "yesno",
                    "equal": "yesno",
                },
            ),
            Text("choice"),
            Table("card", {"group": "group", "rule_order": "int", "condition": "condition"}),
            Text("told"),
            Table(
                "tree",
                {"leaf": "int", "condition": "condition", "group": "group", "customers": "int", "share": "pct"},
            ),
        ),
        "method": (
            Text("lead"),
            Text("parts"),
            Text("intervals"),
            Text("estimand"),
            Text("sensitive"),
            Table("left_out", {"strategy": "strategy", "missing": "condition", "why": "name:left_out"}),
            Table("parameters", {"parameter": "text", "value": "text"}),
            Table("data", {"fact": "name:facts", "value": "text"}),
            Table("versions", {"library": "text", "version": "text"}),
        ),
    }
)


class ComparisonReport(Report):
    """A comparison's results as pages for a reader, who is an analyst."""

    pages: ClassVar[Mapping[str, Sequence[Block]]] = PAGES
    for_stakeholders: ClassVar[Mapping[str, Collection[str]]] = MappingProxyType({})
    cover: ClassVar[str] = "verdict"
