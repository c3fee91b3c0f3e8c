"""The colour of a group, by its code alone: the same in every section, chart and period.

Groups run from best to worst along one colour-blind-safe scale, blue over grey to orange, in seven steps; neighbours
of a long list share a step and are distinguished by their labels. Whoever belongs to no group is grey. Clusters, and
groups that have no order, such as cities, keep to a hue of their own.
"""

from types import MappingProxyType

from clvlab.wording import CROSSED

ORDERED = ("#1f5a94", "#4f86b8", "#8fb3d3", "#a9a9a9", "#e3b382", "#c98231", "#a85e0f")
"""From best to worst."""
CLUSTERS = ("#0f6b62", "#3f9188", "#7bb5ae", "#a3c9c4")
"""The first cluster, the second, the third, and all others."""
UNORDERED = "#3f9188"
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
NO_GROUP = frozenset({"prospect", "unknown", "unmapped", "other", "outliers"})


def group_colour(code: str) -> str:
    """The colour of a group; of a crossing, the step between those of its parts.

    >>> group_colour("champions"), group_colour("lost"), group_colour("vip × churned"), group_colour("Hangzhou")
    ('#1f5a94', '#a85e0f', '#a9a9a9', '#3f9188')
    """
    parts = code.split(CROSSED)
    if all(part in STEP for part in parts):
        return ORDERED[round(sum(STEP[part] for part in parts) / len(parts))]
    stem, _, number = code.rpartition("_")
    if stem == "cluster" and number.isdecimal():
        return CLUSTERS[min(int(number), len(CLUSTERS)) - 1]
    return NOBODYS if NO_GROUP.intersection(parts) else UNORDERED
