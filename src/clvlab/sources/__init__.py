"""Tables as they stand in files and frames, and their texts read as days, numbers and ids."""

from clvlab.sources.files import Table, open_source

__all__ = ["Table", "open_source"]
