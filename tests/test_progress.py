"""Progress is text on stderr, on a terminal or where it is asked for, and a widget before somebody's eyes."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from clvlab.progress import progress_bar

COUNTED = """
from clvlab import progress
progress.is_watched = lambda: {watched}
with progress.progress_bar(3, "sections", shown=None) as bar:
    bar.update(3)
"""


@pytest.mark.parametrize(("shown", "said"), [(True, True), (None, False), (False, False)])
def test_text_is_on_stderr_where_it_is_asked_for(capsys, shown, said):
    with progress_bar(3, "sections", shown=shown) as bar:
        bar.update(3)
    out, err = capsys.readouterr()
    assert (out, "sections" in err) == ("", said)


@pytest.mark.parametrize("watched", [True, False])
def test_a_notebook_has_a_widget_where_somebody_watches(watched):
    notebook = new_notebook(cells=[new_code_cell(COUNTED.format(watched=watched))])
    NotebookClient(notebook, timeout=120).execute()
    outputs = notebook.cells[0].outputs
    nbformat.validate(notebook)
    if not watched:
        assert outputs == []
        return
    [output] = outputs
    assert "application/vnd.jupyter.widget-view+json" in output.data
    assert "sections" in output.data["text/plain"]
