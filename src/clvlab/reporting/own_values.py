"""A notebook with values of one's own, in a cell below that of its parameters, where papermill would set them."""

import ast
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

_TAGS = {"tags": ["injected-parameters"]}
"""By them papermill knows the cell that it may replace."""


def with_values(text: str, values: Mapping[str, Any], comment: str) -> str:
    """The text of a notebook that starts from these values.

    Parameters
    ----------
    text
        a notebook; where nothing is to be set it is left as it is
    values
        name -> plain value; of them the notebook is given those that it has and has otherwise
    comment
        what the cell says of where they are from
    """
    notebook = nbformat.reads(text, 4)
    before = dict(_assigned(notebook))
    own = {name: value for name, value in values.items() if name in before and before[name] != value}
    if not own:
        return text
    source = "\n".join([f"# {comment}", *(f"{name} = {value!r}" for name, value in own.items())])
    last = max(place for place, cell in enumerate(notebook.cells) if _is_parameters(cell))
    notebook.cells.insert(last + 1, new_code_cell(source, id="own-values", metadata=_TAGS))
    return f"{nbformat.writes(notebook)}\n"


def _is_parameters(cell: NotebookNode) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def _assigned(notebook: NotebookNode) -> list[tuple[str, Any]]:
    """The names that a notebook's cell of parameters assigns, with their values."""
    cells = filter(_is_parameters, notebook.cells)
    statements = [statement for cell in cells for statement in ast.parse(cell.source).body]
    return [
        (ast.unparse(target), ast.literal_eval(statement.value))
        for statement in statements
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
    ]
