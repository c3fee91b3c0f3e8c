"""The pages of a segmentation report: what each section shows, and in which order."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from clvlab.charts import base_health, cohorts, movement, profiles, segments, validation, value
from clvlab.presentation.blocks import Block, Chart, Kinds, Numbers, Table, Terms, Text

_WARNINGS = ("total", "simple", "baseline", "decile", "cohort", "group")

_GROUP: Kinds = MappingProxyType(
    {
        "group": "group",
        "customers": "int",
        "share_customers": "pct1",
        "spend": "money",
        "share_spend": "pct1",
        "order_value": "price",
        "median_days_since_last": "int",
        "median_purchases": "int",
        "p_alive": "pct",
        "clv_mean": "price",
        "clv": "money",
    }
)

PAGES: Mapping[str, Sequence[Block]] = MappingProxyType(
    {
        "summary": (
            Text("lead"),
            Numbers("numbers"),
            Text("no_new"),
            Text("moved"),
            Text("late"),
            Text("value"),
            Text("stake"),
            Text("one_time"),
            Table(
                "actions",
                {
                    "group": "group",
                    "action": "text",
                    "customers": "int",
                    "clv": "money",
                    "clv_low": "money",
                    "clv_high": "money",
                    "share_clv": "pct",
                    "review": "date",
                },
            ),
        ),
        "quality": (
            Text("lead"),
            Table("rows", {"rule": "rule", "rows": "int", "share": "pct1", "amount": "money"}),
            Text("returns"),
            Text("repeated"),
            Text("questions"),
            Text("gate"),
            Table("gate", {"check": "name:gate", "required": "int", "found": "int", "passed": "yesno"}),
            Text("attributes"),
            Table(
                "attributes",
                {
                    "table": "text",
                    "customers": "int",
                    "buyers": "int",
                    "prospects": "int",
                    "coverage": "pct",
                    "refused": "int",
                },
            ),
            Text("alike"),
        ),
        "base_health": (
            Text("lead"),
            Chart("orders", base_health.orders),
            Chart("lorenz", base_health.lorenz),
            Chart("months", base_health.months),
        ),
        "segments": (
            Text("lead"),
            Chart("groups", segments.shares),
            Table("groups", _GROUP),
            Table("groups", {"group": "group", "action": "text", "customers": "int"}, caption="actions"),
            Text("p_alive"),
            Text("small"),
            Text("empty"),
            Text("empty_new"),
            Chart("grid", segments.grid),
        ),
        "movement": (
            Text("lead"),
            Chart("moves", movement.moves),
            Table(
                "balance",
                {
                    "group": "group",
                    "opening": "int",
                    "moved_out": "int",
                    "arrived": "int",
                    "moved_in": "int",
                    "closing": "int",
                },
            ),
            Table("direction", {"move": "name:moves", "customers": "int", "clv": "money"}),
        ),
        "cohorts": (
            Text("lead"),
            Text("crowded"),
            Chart("retention", cohorts.retention),
            Chart("spend", cohorts.spend),
        ),
        "clusters": (Text("lead"), Chart("clusters", segments.shares), Table("clusters", _GROUP)),
        "value": (
            Text("lead"),
            Text("model"),
            Text("other_model"),
            Text("margin"),
            Text("fallback"),
            Text("notes"),
            Chart("distribution", value.distribution),
            Chart("by_group", value.by_group),
            Table(
                "by_group",
                {
                    "group": "group",
                    "customers": "int",
                    "clv": "money",
                    "clv_low": "money",
                    "clv_high": "money",
                    "share": "pct",
                },
            ),
            Chart("deciles", value.deciles),
            Table(
                "parameters",
                {
                    "model": "name:models",
                    "parameter": "text",
                    "estimate": "dec3",
                    "standard_error": "dec3",
                    "low": "dec3",
                    "high": "dec3",
                },
            ),
        ),
        "watch": (
            Text("lead"),
            Text("pseudonyms"),
            Table(
                "customers",
                {
                    "pseudonym": "text",
                    "n_purchases": "int",
                    "days_since_last": "int",
                    "gap_p80": "int",
                    "spend_last_year": "price",
                    "p_alive": "pct",
                    "at_risk": "price",
                },
            ),
        ),
        "profiles": (
            Text("lead"),
            Text("left_out"),
            Chart("attributes", profiles.attributes),
            Table(
                "attributes",
                {
                    "attribute": "attribute",
                    "value": "attribute_value",
                    "customers": "int",
                    "coverage": "pct",
                    "repeat_share": "pct",
                    "spend_per_customer": "price",
                    "index": "pct",
                },
            ),
            Chart("segments", profiles.segments),
        ),
        "validation": (
            Text("lead"),
            Text("calibrated"),
            *(Text(f"warning_{kind}_{what}") for what in ("purchases", "spend") for kind in _WARNINGS),
            Chart("tracking", validation.tracking),
            Chart("by_frequency", validation.by_frequency),
            Chart("by_decile", validation.by_decile),
            Chart("gain", validation.gain),
            Table(
                "totals",
                {
                    "what": "name:outcomes",
                    "actual": "int",
                    "model": "int",
                    "low": "int",
                    "high": "int",
                    "model_error": "pct1",
                    "naive_error": "pct1",
                    "last_period_error": "pct1",
                    "average_error": "pct1",
                },
            ),
            Text("errors"),
            Table(
                "errors",
                {
                    "what": "name:outcomes",
                    "method": "name:methods",
                    "mae": "dec3",
                    "rmse": "dec3",
                    "rank_correlation": "dec2",
                    "gini": "dec2",
                },
            ),
            Text("choice"),
            Text("offer"),
            Table(
                "models",
                {
                    "method": "name:methods",
                    "log_likelihood": "int",
                    "aic": "int",
                    "bic": "int",
                    "total_error": "pct1",
                    "mae": "dec3",
                    "rmse": "dec3",
                },
            ),
            Table(
                "by_group",
                {
                    "group": "group",
                    "customers": "int",
                    "actual": "dec2",
                    "low": "dec2",
                    "high": "dec2",
                    "model": "dec2",
                    "naive": "dec2",
                    "fails": "yesno",
                },
            ),
        ),
        "rules": (
            Text("lead"),
            Table("strategy", {"group": "group", "rank": "int", "condition": "condition"}),
            Table(
                "scores",
                {"score": "int", "days_since_last": "exact", "n_purchases": "exact", "total_spend": "exact_price"},
            ),
            Table("clusters", {"group": "group", "rank": "int", "condition": "condition"}),
        ),
        "glossary": (Text("lead"), Terms("terms")),
        "appendix": (
            Text("lead"),
            Table("parameters", {"parameter": "text", "value": "text"}),
            Table("data", {"fact": "name:facts", "value": "text"}),
            Table("versions", {"library": "text", "version": "text"}),
        ),
    }
)
