"""What of an executed notebook is for one page, or for one edition.

What a section displays says so itself (`clvlab.editions.SHOWN_ON`). What says nothing was put into the notebook by a
user, and is for analysts.
"""

from copy import deepcopy
from typing import Any

from nbformat import NotebookNode

from clvlab.editions import SHOWN_ON, Edition
from clvlab.wording import Language, languages


def is_shown(output: NotebookNode, edition: Edition, lang: Language | None = None) -> bool:
    """Whether an edition shows an output, in a language or in any."""
    told = output.get("metadata", {}).get(SHOWN_ON)
    if told is None:
        return edition == "analyst"
    return edition in told["editions"] and lang in {None, told["lang"]}


def first_page(notebook: NotebookNode) -> tuple[Edition, Language]:
    """Edition and language of the first page of a notebook: those of what it shows first."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if told := output.get("metadata", {}).get(SHOWN_ON):
                return told["editions"][0], told["lang"]
    return "analyst", languages(_parameters(notebook).get("lang", "en"))[0]


def of_edition(notebook: NotebookNode, edition: Edition) -> NotebookNode:
    """A copy of the notebook with what an edition shows alone.

    A stakeholder's has no parameters either: some of them may name customers, such as those that choose rows.
    """
    copied = deepcopy(notebook)
    for cell in copied.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if is_shown(output, edition)]
    if edition == "stakeholder":
        copied.cells = [cell for cell in copied.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
        copied.metadata.papermill.parameters = {}
    return copied


def _parameters(notebook: NotebookNode) -> Any:
    return notebook.metadata.get("papermill", {}).get("parameters", {})
