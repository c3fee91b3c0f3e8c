"""Explorers: what is chosen and brushed in the widgets arrives in Python, and the other way."""

import subprocess
import sys

import polars as pl
import pytest
import vl_convert

import clvlab as cl
from clvlab import frontend
from clvlab.charts.exploration import BRUSH
from clvlab.charts.notebook import VEGA_LITE
from clvlab.errors import ParamsError


@pytest.fixture(scope="module")
def customers():
    calibration = cl.summarise_customers(cl.datasets.cdnow(sample=True), "1997-09-30", "week")
    model, spend = cl.BgNbd.fit(calibration), cl.GammaGamma.fit(calibration)
    return calibration.with_columns(cl.lifetime_value(model, spend, calibration, horizon="12 months"))


def brush(view, **ends):
    """What the browser sends when a rectangle has been dragged."""
    value = {f"{side}_from": list(both) for side, both in ends.items()}
    view._chart._vl_selections = {"brush": {"value": value, "store": []}}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_rectangle_and_a_choice_arrive_in_python(customers, lang):
    explorer = cl.explore(customers, lang=lang)
    view = explorer._view
    assert explorer.selected.height == 2357
    brush(view, across=(0.4, 60.2), up=(300, 100))
    expected = customers.data.filter(
        pl.col("days_since_last").is_between(1, 60), pl.col("total_spend").is_between(100, 300)
    )
    assert explorer.selected["customer_id"].to_list() == expected["customer_id"].to_list()
    assert explorer.bounds == {"days_since_last": (0.4, 60.2), "total_spend": (100, 300)}
    assert f"{expected.height}" in view._told.value
    view._choice.value = "champions"
    assert explorer.segment == "champions"
    assert view._chart.params.segment == "champions"
    assert explorer.selected.height == explorer.selected.filter(group="champions").height < expected.height
    brush(view)
    assert explorer.bounds == {}
    view._choice.value = ""
    assert explorer.segment is None
    assert explorer.selected.height == 2357


def test_what_is_chosen_in_python_is_shown(customers):
    explorer = cl.explore(customers)
    view = explorer._view
    explorer.choose("lost").select(total_spend=(0, 20))
    assert view._choice.value == view._chart.params.segment == "lost"
    assert str(explorer.selected.height) in view._told.value
    assert repr(explorer) == (
        f"Explorer: {explorer.selected.height} customers of 2,357 selected; group 'lost', region total_spend 0 to 20"
    )
    assert explorer.select().bounds == {}


def test_a_rule_and_a_strategy_may_be_given(customers):
    rule = cl.strategies["value_tiers"].fit(customers)
    for given in (rule, cl.strategies["value_tiers"], "value_tiers"):
        assert cl.explore(customers, given).groups == ("vip", "ordinary", "value_low")


def test_what_is_wrong_is_said(customers):
    explorer = cl.explore(customers)
    with pytest.raises(ParamsError, match="no group 'champion'"):
        explorer.choose("champion")
    with pytest.raises(ParamsError, match=r"no column 'spend'"):
        explorer.select(spend=(0, 1))
    for ends in (5, (1,), ("a", "b"), (0, None)):
        with pytest.raises(ParamsError, match=r"total_spend is .*; give the lowest and the highest value"):
            explorer.select(total_spend=ends)
    assert explorer.select(total_spend=(200, 100)).bounds == {"total_spend": (100, 200)}
    with pytest.raises(ParamsError, match="`customers` is of type DataFrame"):
        cl.explore(customers.data)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_where_nobody_watches_a_picture_is_left(customers, lang):
    explorer = (
        cl.explore(customers, lang=lang).choose("champions").select(days_since_last=(0, 50), total_spend=(100, 500))
    )
    data, _ = explorer._repr_mimebundle_()
    assert frontend.VIEW not in data
    assert {VEGA_LITE, "text/plain"} < set(data)
    assert any(kind.startswith("image/") for kind in data)
    drawn = vl_convert.vegalite_to_svg(explorer.chart().to_dict(), allowed_base_urls=[])
    assert ("Champions: 224 of 2,357" if lang == "en" else "冠军客户：共2,357位客户中的224位") in drawn
    params = {each["name"]: each.get("value") for each in data[VEGA_LITE]["params"]}
    assert params["segment"] == "champions"
    assert set(params[BRUSH]) == {"x", "y"}


def test_the_widget_brings_all_of_its_program():
    """And leaves Altair's own widget as it is."""
    code = (
        "import altair as alt; from clvlab.charts.live import live; "
        "drawn = live(alt.Chart(alt.Data(values=[])).mark_point()); "
        "print('esm.sh' in drawn._esm[:2000], len(drawn._esm) > 500_000, 'esm.sh' in alt.JupyterChart._esm)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
