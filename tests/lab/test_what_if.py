"""What-ifs: changed in Python, and by sliders and fields."""

import subprocess
import sys

import pytest

import clvlab as cl
from clvlab import frontend
from clvlab.customers import derive
from clvlab.errors import ParamsError


@pytest.fixture(scope="module")
def halves():
    return cl.split_holdout(cl.datasets.cdnow(sample=True), "1997-09-30", "1998-06-30", "week")


def test_it_keeps_what_was_changed(halves):
    one = cl.what_if("lifecycle5", *halves)
    assert one.numbers == {"active_days": 180, "churned_days": 365, "new_days": 90}
    assert one.moved == 0
    assert one.change(active_days=60).change(new_days=30) is one
    assert (one.strategy.clock.active_days, one.strategy.new_days) == (60, 30)
    assert one.moved > 0
    assert one.reset().strategy == cl.strategies["lifecycle5"]
    assert one.change({"active_days": 60}).numbers["active_days"] == 60
    assert repr(one).startswith("WhatIf: 'lifecycle5', 421 of 2,357 customers in another group; Gini of the holdout")


def test_without_a_holdout_it_says_so(halves):
    one = cl.what_if("value_tiers", halves[0])
    assert one.score.is_empty()
    assert repr(one).endswith("no holdout to judge by")
    assert "Without a holdout" in one.show().text


@pytest.mark.parametrize(("lang", "said"), [("en", "472 of 2,357 customers would"), ("zh", "2,357位客户中，有472位")])
def test_it_shows_itself_in_both_languages(halves, lang, said):
    one = cl.what_if("value_tiers", *halves, lang=lang).change(shares=(0.1, 0.3, 0.6))
    page = one._repr_html_()
    assert one.show().text.startswith(said)
    assert page.count("<table") == 2
    assert one.show("zh").text != one.show("en").text


def test_of_many_groups_the_matrix_is_left_out(halves):
    page = cl.what_if("value_lifecycle", *halves).change(new_days=300).show()
    assert page.html.count("<table") == 2
    many = cl.what_if(cl.grouping.cross(cl.strategies["rfm11"], cl.strategies["value_tiers"], name="own"), *halves)
    assert many.change(bounds=(20, 200)).show().html.count("<table") == 1


def test_fields_and_sliders_change_the_rule_and_follow_it(halves):
    one = cl.what_if("value_lifecycle", *halves)
    fields, page = one._view._fields, one._view._page
    before = page.value
    fields["active_days"].value = 60
    assert one.numbers["active_days"] == 60
    assert page.value != before
    fields["bounds"].value = "50, 100"
    assert one.numbers["bounds"] == (50, 100)
    assert fields["shares"].value == ""
    fields["shares"].value = "0.1，0.4，0.5"
    assert one.numbers["shares"] == (0.1, 0.4, 0.5)
    one.change(new_days=1000)
    assert (fields["new_days"].value, fields["new_days"].max) == (1000, 1000)
    one.reset()
    assert page.value == before
    assert fields["active_days"].value == 180


BAD = {
    "": "value_tiers does not take shares = None",
    "0.1, 0.2": "give 3 positive shares",
    "0.1, x": "“0.1, x” is not a number",
    "<b>": "“&lt;b&gt;” is not",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_value_is_told_and_nothing_is_changed(halves, text):
    one = cl.what_if("value_tiers", *halves)
    view = one._view
    view._fields["shares"].value = text
    assert BAD[text] in view._wrong.value
    assert one.moved == 0
    view._fields["shares"].value = "0.1, 0.3, 0.6"
    assert (view._wrong.value, one.moved) == ("", 472)


def test_what_an_empty_field_leaves_to_the_customers(halves):
    one = cl.what_if("purchase_behaviour", *halves)
    fields = one._view._fields
    assert fields["frequent"].value == ""
    fields["frequent"].value = "5"
    assert one.strategy.frequent == 5
    fields["frequent"].value = ""
    assert one.strategy.frequent is None


def test_conditions_are_called_by_what_they_bound(halves):
    known = derive(cl.datasets.cdnow(sample=True), halves[0], {"gap_cv"})
    fields = cl.what_if("loyalty", known)._view._fields
    assert fields["signs.2.bound"].description == "irregularity of gaps ≤"
    assert fields["points"].description == "Points of each tier"


def test_a_notebook_shows_the_widgets_where_somebody_watches_and_tables_elsewhere(halves, monkeypatch):
    one = cl.what_if("value_tiers", *halves)
    assert one._repr_mimebundle_() == {}
    monkeypatch.setattr(frontend, "is_watched", lambda: True)
    assert set(one._repr_mimebundle_()) == {frontend.VIEW}


def test_arguments_turned_round_are_told(halves):
    with pytest.raises(ParamsError, match="`calibration` is of type Holdout"):
        cl.what_if("value_tiers", halves[1], halves[0])
    with pytest.raises(ParamsError, match="no strategy 'value_tier'"):
        cl.what_if("value_tier", *halves)


def test_no_library_of_widgets_is_imported_before_somebody_asks_for_a_widget():
    code = (
        "import sys, clvlab as cl; log = cl.datasets.cdnow(sample=True); "
        "halves = cl.split_holdout(log, '1997-09-30', '1998-06-30'); cl.BgNbd.fit(halves[0]); "
        "cl.what_if('value_tiers', *halves).change(shares=(0.1, 0.3, 0.6)).table; "
        "print(sorted({'ipywidgets', 'anywidget'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
