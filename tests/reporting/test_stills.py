import json
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from clvlab.reporting.stills import Drawings, figure, still_picture
from tests.reporting.conftest import SPEC

HOSTILE = "<script>alert(1)</script>]]>&\"'\x00\u202e=1+1"


def svg_of(picture):
    assert picture.uri.startswith("data:image/svg+xml,")
    return unquote(picture.uri.removeprefix("data:image/svg+xml,"))


def with_rows(rows, **changes):
    return {**SPEC, "datasets": {"data-1": rows}, **changes}


def test_title_and_subtitle_leave_the_drawing():
    made = figure(0, SPEC)
    assert (made.title, made.subtitle, made.description) == (("Two bars",), ("a and b",), "Bars of a and b")
    assert "title" not in made.spec
    assert "title" in SPEC


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("One", (("One",), ())),
        (["Two", "lines"], (("Two", "lines"), ())),
        (None, ((), ())),
        ({"text": "T"}, (("T",), ())),
    ],
)
def test_titles_come_in_every_form_of_vega_lite(title, expected):
    made = figure(0, {**SPEC, "title": title})
    assert (made.title, made.subtitle) == expected


def test_chart_without_a_text_alternative_fails_loudly():
    with pytest.raises(ValueError, match=r"Chart 3 \(Two bars\) has no description"):
        figure(2, {**SPEC, "description": ""})


def test_small_picture_is_svg_of_the_text_width():
    picture = still_picture(SPEC)
    root = ElementTree.fromstring(svg_of(picture))
    assert root.get("width") == str(picture.width)
    assert 640 <= picture.width < 720


def test_the_page_has_the_width_and_the_title_that_a_notebook_has_otherwise():
    published = {"width": "container", "autosize": None, "title": SPEC["title"]}
    shown = {"width": 720, "autosize": {"type": "fit-x"}, "title": {"text": ["Two", "bars"]}}
    made = figure(0, {**SPEC, **shown, "usermeta": {"dark": {}, "published": published}})
    assert made.title == ("Two bars",)
    assert made.spec == {**figure(0, SPEC).spec, "usermeta": {"dark": {}}}
    assert made.picture == figure(0, SPEC).picture


def test_hostile_text_leaves_the_svg_well_formed_and_without_script():
    svg = svg_of(figure(0, with_rows([{"x": HOSTILE, "y": 1}])).picture)
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(svg).iter()}
    assert tags <= {"svg", "g", "path", "rect", "text", "line", "defs", "clipPath"}


def test_same_spec_gives_the_same_bytes():
    assert still_picture(SPEC) == still_picture(json.loads(json.dumps(SPEC)))


def test_data_and_config_are_stored_once_for_all_charts():
    drawings = Drawings.of([figure(place, SPEC) for place in range(3)])
    assert len(drawings.shared) == 2
    first, *others = drawings.charts
    assert all(other == first for other in others)
    assert drawings.shared[first["datasets"]["data-1"]] == SPEC["datasets"]["data-1"]
    assert drawings.shared[first["config"]] == SPEC["config"]


def test_embedded_json_cannot_end_its_script_and_reads_back():
    drawings = Drawings.of([figure(0, with_rows([{"x": f"</script><!--{HOSTILE}\u2028", "y": 1}]))])
    text = drawings.to_json()
    assert "<" not in text
    assert "\u2028" not in text
    assert json.loads(text)["shared"]["s1"][0]["x"] == f"</script><!--{HOSTILE}\u2028".replace("\0", "\ufffd")


def test_a_chart_that_needs_room_gets_it_in_its_picture_as_well():
    made = figure(0, {**SPEC, "usermeta": {"dark": {}, "narrowest": 900}})
    assert made.narrowest == 900
    assert made.picture.width >= 900
    assert made.spec["usermeta"] == {"dark": {}}
