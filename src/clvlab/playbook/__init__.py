"""From groups to people: what is done with each group, who is contacted, and what contacting them brought."""

from clvlab.playbook.playbook import CADENCES, Entry, Playbook, shipped, shipped_groups

__all__ = ["CADENCES", "Entry", "Playbook", "shipped", "shipped_groups"]
