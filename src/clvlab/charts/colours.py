"""The colour of a group, by its code alone: the same in every section, chart and period.

Groups run from best to worst along one colour-blind-safe scale, blue over grey to orange, in seven steps; neighbours
of a long list share a step and are distinguished by their labels. A group of the user's own is where its place among
the others is; where they have no order, such as cities, each has a hue. Whoever belongs to no group is grey. Clusters
keep to a hue of theirs.
"""

from collections.abc import Set
from types import MappingProxyType

from clvlab.wording import CROSSED

ORDERED = ("#1f5a94", "#4f86b8", "#8fb3d3", "#a9a9a9", "#e3b382", "#c98231", "#a85e0f")
"""From best to worst."""
COLOURED = (*ORDERED[:3], *ORDERED[4:])
"""The same without the grey in the middle, in which charts draw what groups are compared with."""
CLUSTERS = ("#0f6b62", "#3f9188", "#7bb5ae", "#a3c9c4")
"""The first cluster, the second, the third, and all others."""
UNORDERED = "#3f9188"
HUES = (UNORDERED, "#8a6fbf", "#858a2f", "#b5609a", "#2b8cae", "#a0744f", "#6079a8", "#6b9450")
"""Of the user's own groups without an order; a ninth begins anew."""
NOBODYS = "#9a9a9a"

_STEPS = (
    "champions key_value freq_high spend_high vip value_high profit_high class_a diamond fifth_1 "
    "active mature key_keep potential satisfied promoter everyone",
    "loyal potential_loyalist key_develop freq_low_big platinum fifth_2",
    "new promising key_recall key_retain gold",
    "need_attention general_value freq_mid spend_mid ordinary value_mid class_b fifth_3 steady neutral passive",
    "about_to_sleep at_risk general_develop silver fifth_4 dormant",
    "cant_lose hibernating general_recall churned_late",
    "lost general_retain freq_low spend_low value_low profit_low class_c bronze fifth_5 "
    "churned churned_quick inactive fading dissatisfied detractor",
)
STEP = MappingProxyType({code: step for step, codes in enumerate(_STEPS) for code in codes.split()})
"""code -> its step on the scale."""
NO_GROUP = frozenset({"prospect", "returned_all", "unknown", "unmapped", "other", "outliers", "small_groups"})


def group_colour(code: str, place: float | None = None, own_groups: Set[str] = frozenset()) -> str:
    """The colour of a group; of a crossing, the step between those of its parts.

    Parameters
    ----------
    code
        of the group
    place
        between the best (0) and the worst (1) of its grouping; None where that has no order
    own_groups
        the codes of groups that are the user's own, whatever they say

    >>> group_colour("champions"), group_colour("lost"), group_colour("vip × churned"), group_colour("Hangzhou")
    ('#1f5a94', '#a85e0f', '#a9a9a9', '#3f9188')
    >>> group_colour("lost", own_groups={"lost", "found"}), group_colour("lost", 0.0, {"lost", "found"})
    ('#8a6fbf', '#1f5a94')
    """
    return (None if code in own_groups else _our_colour(code)) or _own_colour(code, place, own_groups)


def _our_colour(code: str) -> str | None:
    parts = code.split(CROSSED)
    if all(part in STEP for part in parts):
        return ORDERED[round(sum(STEP[part] for part in parts) / len(parts))]
    stem, _, number = code.rpartition("_")
    if stem == "cluster" and number.isdecimal():
        return CLUSTERS[min(int(number), len(CLUSTERS)) - 1]
    return NOBODYS if NO_GROUP.intersection(parts) else None


def _own_colour(code: str, place: float | None, own_groups: Set[str]) -> str:
    if place is not None:
        return COLOURED[round(place * (len(COLOURED) - 1))]
    return HUES[sorted(own_groups).index(code) % len(HUES)] if code in own_groups else UNORDERED
