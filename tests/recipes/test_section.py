"""The recipe for a section with a chart: what is left out of cell and words is found."""

from tests.recipes.conftest import unmentioned

CELL = """  {
   "cell_type": "code",
   "execution_count": null,
   "id": "weekdays",
   "metadata": {},
   "outputs": [],
   "source": [
    "report.show(\\"weekdays\\")"
   ]
  },
"""
LAWS = (
    *("tests/notebooks/test_thin.py", "tests/test_imports.py", "tests/test_wording.py"),
    *("-k", "thin or imports or weekdays or own"),
)
SHOWN = """
import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.results import Results
from clvlab.analysis.segmentation import SECTIONS
from clvlab.analysis.segmentation.context import Context


@pytest.mark.parametrize(("lang", "heading"), [("en", "Weekdays"), ("zh", "星期分布")])
def test_section_is_shown(lang, heading):
    params = cl.ReportParams(name="x", source="cdnow_sample", as_of="1998-06-30", lang=lang)
    log = cl.datasets.cdnow(sample=True)
    sections = {"weekdays": SECTIONS["weekdays"].compute(Context(params, log))}
    report = cl.Report(Results(params, log, sections, customers=pl.DataFrame(), measurements=pl.DataFrame()))
    first, lead, chart, table = report.pieces("weekdays")
    assert heading in first.html
    assert chart._repr_mimebundle_()
"""
PAGE = """        "weekdays": (
            Text("lead"),
            Chart("days", weekdays.days),
            Table("days", {"weekday": "int", "rows": "int", "share": "pct"}),
        ),
"""


def register(checkout):
    checkout.add_example("section.py", "src/clvlab/analysis/segmentation/weekdays.py")
    sections = "src/clvlab/analysis/segmentation/__init__.py"
    checkout.insert(sections, "    value,\n    watch,\n", "    weekdays,\n")
    checkout.insert(sections, '        "watch": watch,\n', '        "weekdays": weekdays,\n')


def give_a_page(checkout):
    checkout.add_example("chart.py", "src/clvlab/charts/weekdays.py")
    pages = "src/clvlab/presentation/segmentation.py"
    checkout.insert(pages, "from clvlab.charts import (\n    base_health,\n", "    weekdays,\n")
    checkout.insert(pages, '"at_risk": "price",\n                },\n            ),\n        ),\n', PAGE)


def give_words(checkout):
    checkout.add_example("section.yaml", "src/clvlab/wording/weekdays.yaml")
    checkout.append("src/clvlab/wording/columns.yaml", 'weekday: {en: "Day of the week", zh: "星期"}\n')


def test_a_section_with_page_cell_and_words_is_shown(checkout):
    register(checkout)
    give_a_page(checkout)
    give_words(checkout)
    checkout.insert("notebooks/segmentation_report.ipynb", '    "report.show(\\"watch\\")"\n   ]\n  },\n', CELL)
    done = checkout.test(*LAWS, own=SHOWN)
    assert done.returncode == 0, done.stdout
    assert unmentioned(checkout, "Add a section or a chart") == set()


def test_a_section_without_cell_and_words_is_told_so(checkout):
    register(checkout)
    give_a_page(checkout)
    done = checkout.test(*LAWS, own=SHOWN)
    assert done.returncode == 1
    assert "PAGES and cells against SECTIONS" in done.stdout
    assert "No wording for 'weekdays.heading'" in done.stdout
