"""What a chart draws, taken apart: its layers, the rows of each, and the channels that read them."""

from clvlab.charts import theme
from clvlab.charts.picture import draw
from clvlab.wording import Words

EN, ZH = Words("en", "USD"), Words("zh", "CNY")


def layers(chart):
    """The unit specs of a chart, bottom to top, each with its own `rows`."""
    spec = chart.to_dict()
    units = spec.get("layer", [spec])
    return [{**unit, "rows": _rows(unit.get("data", spec.get("data", {})), spec)} for unit in units]


def _rows(data, spec):
    return spec.get("datasets", {}).get(data.get("name"), data.get("values", []))


def marks(chart):
    """The kind of mark of each layer."""
    return [unit["mark"]["type"] for unit in layers(chart)]


def layer(chart, mark):
    """The first layer of a kind of mark."""
    return next(unit for unit in layers(chart) if unit["mark"]["type"] == mark)


def channel(chart, mark, name):
    """A channel of that layer."""
    return layer(chart, mark)["encoding"][name]


def column(chart, mark, name):
    """What a layer's rows have in a column."""
    return [row[name] for row in layer(chart, mark)["rows"]]


def channels(unit):
    """Every channel definition of a unit, tooltips one by one."""
    for given in unit["encoding"].values():
        yield from given if isinstance(given, list) else [given]


def fields(unit):
    """The columns that a unit reads."""
    return {given["field"] for given in channels(unit) if "field" in given}


def axis_titles(chart):
    """channel -> the titles that its layers give it, where they give one."""
    found = {}
    for unit in layers(chart):
        for name in ("x", "y"):
            title = unit["encoding"].get(name, {}).get("title")
            if title is not None:
                found.setdefault(name, title)
    return found


def colours(chart, mark):
    """What each value of a layer's colour scale is drawn in."""
    scale = channel(chart, mark, "color")["scale"]
    return dict(zip(scale["domain"], scale["range"], strict=True))


def picture(chart):
    """The still picture of a chart at the width of a page."""
    spec = chart.to_dict()
    return draw({**spec, "config": theme.CONFIG, **({"width": 640} if spec.get("width") == "container" else {})})
