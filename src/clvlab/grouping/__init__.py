"""Ways of grouping customers, all under one protocol: parameters -> fit -> rule -> assign.

`strategies` holds them by name. Adding one is one file here and one line in the list below.
"""

from collections.abc import Mapping
from types import MappingProxyType

from clvlab.grouping.clusters import Clusters
from clvlab.grouping.rfm_maps import RfmCube, RfmSegments, ScoreMap, shipped_map
from clvlab.grouping.strategy import Group, Rule, Strategy, rule_from_dict

__all__ = [
    "Clusters",
    "Group",
    "RfmCube",
    "RfmSegments",
    "Rule",
    "ScoreMap",
    "Strategy",
    "rule_from_dict",
    "strategies",
]

_ALL: tuple[Strategy, ...] = (
    RfmSegments(shipped_map("rfm11"), name="rfm11"),
    RfmSegments(shipped_map("rfm11_125"), name="rfm11_125"),
    RfmCube(),
    Clusters(),
)

strategies: Mapping[str, Strategy] = MappingProxyType({strategy.name: strategy for strategy in _ALL})
"""Every strategy that the package ships, by name."""
