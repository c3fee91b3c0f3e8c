"""Results on the page, for a reader: `Report.show` displays a section in a notebook.

`PAGES` says what each section shows and in which order; the sections themselves hold only tables and findings.
"""

from clvlab.presentation.blocks import Block, Chart, Numbers, Table, Terms, Text
from clvlab.presentation.report import Drawing, Fragment, Report
from clvlab.presentation.segmentation import PAGES

__all__ = ["PAGES", "Block", "Chart", "Drawing", "Fragment", "Numbers", "Report", "Table", "Terms", "Text"]
