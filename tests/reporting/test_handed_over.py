"""The log on its way from the runner to a real kernel: read once, and the same whichever way it comes."""

import io

import nbformat

from clvlab.reporting.execution import execute
from clvlab.reporting.exporter import Around, ReportExporter
from clvlab.reporting.runner import run

SHOW_LOG = """
from IPython.display import HTML, display
from clvlab.inputs import fingerprint, read_log
from clvlab.params import ReportParams
params = ReportParams(**{name: globals()[name] for name in ReportParams.model_fields})
log = read_log(params)
tables = "".join(table._repr_html_() for table in (log.data, log.rejected, log.quality))
display(HTML(f'<h1>Log</h1><h2 id="rows">{fingerprint(log, params.as_of)}</h2>{tables}'))
"""
REMOVE_SOURCE = "from pathlib import Path\nPath(source).unlink()"


def test_kernel_of_a_run_reads_nothing_and_shows_the_same_as_a_notebook_by_itself(params, workplace, use_notebook):
    output = workplace / "plain.ipynb"
    notebook = use_notebook(SHOW_LOG)
    execute(notebook, output, params.to_dict(), environment={}, on_cell=lambda _: None, stderr=io.StringIO())
    around = {"around": Around(files=())}  # neither has tables, and no report is before it
    by_itself, _ = ReportExporter().from_notebook_node(nbformat.read(output, as_version=4), around)

    use_notebook(REMOVE_SOURCE, SHOW_LOG)
    published = run(params).report.parent
    assert not (workplace / "log.csv").exists()
    assert (published / "report.html").read_text(encoding="utf-8") == by_itself
    assert "<td>&quot;001&quot;</td>" in by_itself
    left = {path.name for path in published.iterdir()}
    assert left == {"manifest.json", "params.yaml", "report.html", "report.ipynb"}
