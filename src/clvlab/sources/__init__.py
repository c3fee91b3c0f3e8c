"""Tables as they are in files and frames, and their texts read as days, numbers and ids."""

from clvlab.sources.files import Reading, open_source
from clvlab.sources.table import OURS, Table

__all__ = ["OURS", "Reading", "Table", "open_source"]
