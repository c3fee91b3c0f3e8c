"""Results on the page, for a reader: `Report.show` displays a section in a notebook.

`PAGES` says what each section shows and in which order; the sections themselves hold only tables and findings.
"""

from clvlab.presentation.blocks import Block, Cards, Chart, Numbers, Table, Terms, Text
from clvlab.presentation.report import Drawing, Report
from clvlab.presentation.segmentation import PAGES
from clvlab.tables import Fragment

__all__ = ["PAGES", "Block", "Cards", "Chart", "Drawing", "Fragment", "Numbers", "Report", "Table", "Terms", "Text"]
