"""Tables as they are in files and frames, and their texts read as days, numbers and ids."""

from clvlab.sources.files import are_large, files_of, open_source, set_down
from clvlab.sources.settings import FileSettings
from clvlab.sources.table import OURS, SourceTable, readable

__all__ = ["OURS", "FileSettings", "SourceTable", "are_large", "files_of", "open_source", "readable", "set_down"]
