"""Tables as they are in files and frames, and their texts read as days, numbers and ids."""

from clvlab.sources.files import Reading, files_of, open_source
from clvlab.sources.table import LAZY_ABOVE, OURS, Table, readable

__all__ = ["LAZY_ABOVE", "OURS", "Reading", "Table", "files_of", "open_source", "readable"]
