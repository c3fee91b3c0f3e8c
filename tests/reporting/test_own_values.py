"""A notebook of ours with a user's own values in it."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from clvlab.reporting.own_values import with_values


def notebook(*cells):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.writes(new_notebook(cells=list(cells), metadata=kernel)) + "\n"


def parameters(source):
    return new_code_cell(source, metadata={"tags": ["parameters"]})


PLAIN = notebook(
    new_markdown_cell("Read me."), parameters('source = "cdnow"\nlang: str = "en"\nbins = 5'), new_code_cell("source")
)


def test_what_differs_stands_below_the_parameters_and_the_rest_stays():
    given = with_values(PLAIN, {"source": "订单.csv", "lang": "en", "other": 7}, "From params/shop.yaml")
    before, after = json.loads(PLAIN), json.loads(given)
    own = after["cells"].pop(2)
    assert after == before
    assert "".join(own["source"]) == "# From params/shop.yaml\nsource = '订单.csv'"
    assert own["metadata"]["tags"] == ["injected-parameters"]
    nbformat.validate(nbformat.reads(given, 4))


@pytest.mark.parametrize(
    "text", [PLAIN, notebook(new_markdown_cell("[A page](of_links.ipynb)"))], ids=["same values", "no parameters"]
)
def test_a_notebook_that_needs_nothing_is_left_as_it_is(text):
    assert with_values(text, {"source": "cdnow", "lang": "en"}, "") == text


def test_values_of_every_kind_are_what_they_were():
    values = {"source": ["a.csv", "b.csv"], "lang": None, "bins": {"n_bins": 4, "of": [0.5, True, 'a"b\\c']}}
    cell = json.loads(with_values(PLAIN, values, ""))["cells"][2]
    found = {}
    exec("".join(cell["source"]), {}, found)
    assert found == values
