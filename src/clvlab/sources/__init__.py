"""Tables as they are in files and frames, and their texts read as days, numbers and ids."""

from clvlab.sources.files import files_of, open_source
from clvlab.sources.settings import FileSettings
from clvlab.sources.table import LAZY_ABOVE, OURS, SourceTable, readable

__all__ = ["LAZY_ABOVE", "OURS", "FileSettings", "SourceTable", "files_of", "open_source", "readable"]
