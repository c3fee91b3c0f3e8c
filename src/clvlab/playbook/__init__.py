"""From groups to people: what is done with each group, who is contacted, and what contacting them brought."""

from clvlab.playbook.allocation import allocate
from clvlab.playbook.control import held_back
from clvlab.playbook.due import REASONS, due_list
from clvlab.playbook.playbook import CADENCES, Entry, Playbook, shipped, shipped_groups

__all__ = [
    "CADENCES",
    "REASONS",
    "Entry",
    "Playbook",
    "allocate",
    "due_list",
    "held_back",
    "shipped",
    "shipped_groups",
]
