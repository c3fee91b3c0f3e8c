"""Ways of grouping customers, all under one protocol: parameters -> fit -> rule -> assign.

`strategies` holds them by name. Adding one is one file here and one line in the list below.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from clvlab.errors import ParamsError, UnknownNameError, did_you_mean
from clvlab.grouping.attributes import Attribute, Locality, ValueRule, read_values, shipped_values
from clvlab.grouping.baselines import Hiatus, OneGroup, RandomGroups
from clvlab.grouping.behaviour import PurchaseBehaviour
from clvlab.grouping.clusterers import SampledClusters
from clvlab.grouping.clusters import Clusters
from clvlab.grouping.crossing import Crossing, cross
from clvlab.grouping.decision import Case, Condition, DecisionList
from clvlab.grouping.lifecycle import AliveBands, FixedDays, Lifecycle, OwnCadence
from clvlab.grouping.loyalty import Loyalty
from clvlab.grouping.potential import Potential
from clvlab.grouping.rfm_maps import RfmCube, RfmSegments, ScoreMap, shipped_map
from clvlab.grouping.rfm_value import RfmValue
from clvlab.grouping.strategy import (
    PROSPECT,
    RETURNED_ALL,
    UNKNOWN,
    Group,
    Rule,
    Strategy,
    returned_all,
    rule_from_dict,
)
from clvlab.grouping.tags import Tags
from clvlab.grouping.tiers import CumulativeShare, EqualShares, FixedBounds, NaturalBreaks, Shares, Tiers
from clvlab.rfm import RECENCY_DAYS

__all__ = [
    "PROSPECT",
    "RETURNED_ALL",
    "UNKNOWN",
    "AliveBands",
    "Attribute",
    "Case",
    "Clusters",
    "Condition",
    "Crossing",
    "CumulativeShare",
    "DecisionList",
    "EqualShares",
    "FixedBounds",
    "FixedDays",
    "Group",
    "Hiatus",
    "Lifecycle",
    "Locality",
    "Loyalty",
    "NaturalBreaks",
    "OneGroup",
    "OwnCadence",
    "Potential",
    "PurchaseBehaviour",
    "RandomGroups",
    "RfmCube",
    "RfmSegments",
    "RfmValue",
    "Rule",
    "SampledClusters",
    "ScoreMap",
    "Shares",
    "Strategy",
    "Tags",
    "Tiers",
    "ValueRule",
    "cross",
    "find",
    "read_values",
    "returned_all",
    "rule_from_dict",
    "strategies",
]

_FREQUENCY = ("freq_high", "freq_mid", "freq_low")
_SPEND = ("spend_high", "spend_mid", "spend_low")
_VALUE = ("vip", "ordinary", "value_low")
_LEVELS = ("value_high", "value_mid", "value_low")
_GRADES = ("diamond", "platinum", "gold", "silver", "bronze")
_AGES = ("age_55_plus", "age_45_54", "age_35_44", "age_25_34", "age_under_25")
_FIFTHS = ("fifth_1", "fifth_2", "fifth_3", "fifth_4", "fifth_5")
_CSAT = ("satisfied", "neutral", "dissatisfied")
_NPS = ("promoter", "passive", "detractor")
_VALUE_TIERS = Tiers("total_spend", _VALUE, Shares((0.2, 0.3, 0.5)), name="value_tiers")
_LIFECYCLE = Lifecycle(name="lifecycle5")

_ALL: tuple[Strategy, ...] = (
    # RFM
    RfmSegments(shipped_map("rfm11"), name="rfm11"),
    RfmSegments(shipped_map("rfm11"), recency_bounds=RECENCY_DAYS, name="rfm11_fixed"),
    RfmSegments(shipped_map("rfm11_125"), name="rfm11_125"),
    RfmCube(),
    # What customers bought
    PurchaseBehaviour(),
    PurchaseBehaviour("plain", name="purchase_behaviour_plain"),
    Tiers("n_purchases", _FREQUENCY, name="frequency_tiers"),
    Tiers("total_spend", _SPEND, name="spend_tiers"),
    Tiers("total_spend", _SPEND, NaturalBreaks(), name="spend_breaks"),
    _VALUE_TIERS,
    Tiers("total_spend", _GRADES, Shares((0.05, 0.15, 0.30, 0.40, 0.10)), name="value_grades"),
    RfmValue(_LEVELS, name="value_rfm"),
    Tiers("clv", _LEVELS, Shares((0.2, 0.3, 0.5)), name="clv_tiers"),
    Tiers("profit_last_year", ("profit_high", "profit_low"), Shares((0.2, 0.8)), name="profit_tiers"),
    Tiers("total_spend", ("class_a", "class_b", "class_c"), CumulativeShare((0.8, 0.95)), name="abc"),
    # How far their relation with us has come
    _LIFECYCLE,
    Lifecycle(("mature",), name="lifecycle4"),
    Lifecycle(("active", "at_risk"), OwnCadence(), split_churn=True, name="lifecycle_cadence"),
    Lifecycle(("active", "at_risk"), AliveBands(), split_churn=True, name="lifecycle_alive"),
    Loyalty(),
    Loyalty(referrals=True, name="loyalty_referrals"),
    Potential(),
    Potential(pipeline=True, name="potential_pipeline"),
    cross(_VALUE_TIERS, _LIFECYCLE, name="value_lifecycle"),
    # Who they are
    Attribute("province", shipped_values("regions"), keep_unmapped=False, ours=True, name="region"),
    Locality(),
    Attribute("industry", shipped_values("industries"), ours=True, name="industry"),
    Attribute("customer_type", name="customer_type"),
    Attribute("lead_source", name="lead_source"),
    Attribute("favourite_category", name="preference"),
    Tiers(
        "age",
        _AGES,
        FixedBounds((25, 35, 45, 55)),
        buyers_only=False,
        ordered=False,
        sensitive=True,
        name="demographics",
    ),
    Attribute("gender", sensitive=True, name="gender"),
    Attribute("income_band", sensitive=True, name="income"),
    Attribute("occupation", sensitive=True, name="occupation"),
    Attribute("education", sensitive=True, name="education"),
    Tags("interests", sensitive=True, name="psychographics"),
    Tiers("satisfaction", _CSAT, FixedBounds((3, 4)), buyers_only=False, name="satisfaction"),
    Tiers("nps", _NPS, FixedBounds((7, 9)), buyers_only=False, name="nps"),
    # Found, not defined
    Clusters(),
    SampledClusters("mixture", name="clusters_mixture"),
    SampledClusters("hierarchical", name="clusters_hierarchical"),
    SampledClusters("hdbscan", name="clusters_hdbscan"),
    # Baselines
    OneGroup(),
    RandomGroups(),
    Hiatus(),
    Tiers("spend_last_year", _FIFTHS, name="last_year_spend"),
)


class _ByName(dict[str, Strategy]):
    """Says what it knows where it is asked for what it does not know."""

    def __missing__(self, name: str) -> Strategy:
        raise UnknownNameError("strategy", name, self)


strategies: Mapping[str, Strategy] = MappingProxyType(_ByName((strategy.name, strategy) for strategy in _ALL))
"""Every strategy that the package ships, by name; the last four are baselines."""


def find(
    name: str | Mapping[str, Any], n_bins: int | None = None, our_names: Mapping[str, str] | None = None
) -> Strategy:
    """The strategy of this name, or one of the user's own.

    A path that ends in .yaml or .yml is a map of RFM segments; ``{"attribute": "city"}`` makes groups of the values
    of an attribute, ``{"attribute": "city", "groups": {"south": ["Bern", "Basel"]}}`` of several values together.
    With `n_bins` its scores, if it scores, run from 1 to so many; ParamsError where its map has other ones.
    `our_names` (header -> our name) are columns that tables of attributes call otherwise.
    """
    found = _found(name)
    if isinstance(found, Attribute) and isinstance(name, Mapping):
        found = replace(found, column=(our_names or {}).get(found.column, found.column))
    return found if n_bins is None else _with_bins(found, n_bins)


def _found(name: str | Mapping[str, Any]) -> Strategy:
    if isinstance(name, Mapping):
        column, mapping = name["attribute"], read_values(name.get("groups", {}))
        return Attribute(column, mapping, keep_unmapped=not mapping, name=column)
    if name in strategies:
        return strategies[name]
    if Path(name).suffix in (".yaml", ".yml"):
        return RfmSegments(ScoreMap.read(name), name=Path(name).stem)
    raise ParamsError(
        f"There is no strategy {name!r}.{did_you_mean(name, strategies)} Known: {', '.join(strategies)}; "
        "or the path of an RFM map in YAML."
    )


def _with_bins(strategy: Strategy, n_bins: int) -> Strategy:
    if isinstance(strategy, RfmValue):
        return replace(strategy, n_bins=n_bins)
    if isinstance(strategy, RfmSegments) and strategy.map.n_bins != n_bins:
        raise ParamsError(
            f"rfm is {{n_bins: {n_bins}}}, but the map of {strategy.name} has scores from 1 to "
            f"{strategy.map.n_bins}. Set `rfm: {{n_bins: {strategy.map.n_bins}}}`, or take another strategy."
        )
    return strategy
