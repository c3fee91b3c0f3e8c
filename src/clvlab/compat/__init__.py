"""Coming from other libraries: their fitted models and their tables, turned into ours and back."""

from clvlab.compat import lifetimes

__all__ = ["lifetimes"]
