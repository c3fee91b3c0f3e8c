"""A learned challenger: what customers with such a history did next, learnt from the log's own past."""

from clvlab.learned.model import Learned

__all__ = ["Learned"]
