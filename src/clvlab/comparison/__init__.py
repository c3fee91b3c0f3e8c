"""Which grouping works: strategies judged by what the customers did next, out of sample, with intervals."""

from clvlab.comparison.board import Board
from clvlab.comparison.compare import compare

__all__ = ["Board", "compare"]
