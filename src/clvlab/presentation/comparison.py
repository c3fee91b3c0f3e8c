"""A comparison of strategies on the page: what each of its sections shows, and in which order."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

from clvlab.analysis.comparison.foresight import METRIC_NAMES
from clvlab.charts import comparison as charts
from clvlab.presentation import Block, Chart, Report, Table, Text

PAGES: Mapping[str, Sequence[Block]] = MappingProxyType(
    {
        "verdict": (
            Text("lead"),
            Text("choice"),
            Text("data"),
            Table(
                "contenders",
                {
                    "strategy": "strategy",
                    "n_groups": "int",
                    "gini": "dec2",
                    "low": "dec2",
                    "high": "dec2",
                    "reached": "pct",
                    "stability_resamples": "dec2",
                },
            ),
        ),
        "foresight": (
            Text("lead"),
            Chart("gini", charts.gini),
            Text("chance"),
            Text("blind"),
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
            Text("budget"),
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
                    "n_groups": "int",
                    "gini": "dec3",
                    "stability_resamples": "dec3",
                    "fidelity": "dec3",
                    "difference": "dec3",
                    "low": "dec3",
                    "high": "dec3",
                    "tied": "yesno",
                    "recommended": "yesno",
                },
            ),
            Text("choice"),
            Table("card", {"group": "group", "rank": "int", "condition": "condition"}),
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
            Table("left_out", {"strategy": "strategy", "missing": "condition"}),
            Table("parameters", {"parameter": "text", "value": "text"}),
            Table("data", {"fact": "name:facts", "value": "text"}),
            Table("versions", {"library": "text", "version": "text"}),
        ),
    }
)


class ComparisonReport(Report):
    """A comparison's results as pages for a reader."""

    pages: ClassVar[Mapping[str, Sequence[Block]]] = PAGES
    cover: ClassVar[str] = "verdict"
