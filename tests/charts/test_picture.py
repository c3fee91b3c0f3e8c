import base64
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from clvlab.charts.picture import draw, printable

BARS = {
    "data": {"values": [{"x": "a", "y": 1}, {"x": "b", "y": 2}]},
    "mark": "bar",
    "encoding": {"x": {"field": "x", "type": "nominal"}, "y": {"field": "y", "type": "quantitative"}},
    "width": 300,
}


def many(name):
    """Enough marks for an SVG of more than 100 KB."""
    return {**BARS, "mark": "point", "data": {"values": [{"x": name, "y": place} for place in range(1500)]}}


def test_a_small_picture_is_svg_whose_width_is_told():
    picture = draw(BARS)
    assert picture.mime == "image/svg+xml"
    assert ElementTree.fromstring(picture.data).get("width") == str(picture.width)
    assert 300 < picture.width < 360
    assert unquote(picture.uri) == f"data:image/svg+xml,{picture.data}"


def test_a_large_picture_is_png_at_twice_the_size():
    picture = draw(many("a"))
    assert picture.uri == f"data:image/png;base64,{picture.data}"
    png = base64.b64decode(picture.data)
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == pytest.approx(2 * picture.width, abs=2)


def test_a_large_picture_with_chinese_text_stays_svg():
    picture = draw(many("冠军"))
    assert picture.mime == "image/svg+xml"
    assert "冠军" in picture.data


def test_text_that_has_no_colour_of_its_own_is_drawn():
    text = draw({**BARS, "config": {"axis": {"labelColor": "currentColor"}}}).data
    assert 'fill="currentColor"' in text


def test_data_at_an_address_are_not_fetched():
    with pytest.raises(ValueError, match="not allowed"):
        draw({**BARS, "data": {"url": "http://127.0.0.1:9/rows.csv"}})


def test_what_xml_forbids_is_replaced_wherever_it_is():
    assert printable({"a\0": ["b\x1f", 1, None]}) == {"a\ufffd": ["b\ufffd", 1, None]}
    ElementTree.fromstring(draw({**BARS, "title": "\0"}).data)
