"""A group has one colour, whatever the list in which it is drawn."""

import polars as pl
import pytest

import clvlab as cl
from clvlab.charts import colours, segments, theme, value
from clvlab.charts.colours import CLUSTERS, HUES, NOBODYS, ORDERED, STEP, UNORDERED, group_colour
from clvlab.grouping.strategy import PROSPECT, UNKNOWN
from clvlab.wording import CROSSED, Words, catalogue
from tests.charts.drawn import EN, layers
from tests.charts.tables import BY_GROUP, GROUPS
from tests.charts.tables import CLUSTERS as CLUSTERED
from tests.grouping.customers import wide

WIDE = wide()


def lightness(colour):
    """Relative luminance of a colour, as WCAG defines it."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((lightness(one), lightness(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def between(first, last, share):
    """The colour so far on the way from one to another, as a scale of two colours gives it."""
    ends = [(int(first[place : place + 2], 16), int(last[place : place + 2], 16)) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(start + (end - start) * share):02x}" for start, end in ends)


def domain_and_range(chart):
    """What each group of a chart is drawn in."""
    coloured = (unit["encoding"].get("color", {}) for unit in layers(chart))
    scale = next(channel["scale"] for channel in coloured if "scale" in channel)
    return dict(zip(scale["domain"], scale["range"], strict=True))


@pytest.mark.parametrize("strategy", sorted(cl.strategies))
def test_the_groups_of_a_strategy_go_from_best_to_worst_along_the_scale(strategy):
    card = cl.strategies[strategy].fit(WIDE).card.filter(pl.col("rank").is_not_null())
    steps = [STEP[code] for code in card["group"] if code in STEP]
    assert steps == sorted(steps)
    ordered = not any(code.startswith("cluster_") or CROSSED in code for code in card["group"])
    assert len(steps) == card.height or not ordered
    if len(steps) > 1:
        assert steps[0] == 0
        assert steps[-1] == len(ORDERED) - 1 or strategy == "psychographics"


def test_every_code_on_the_scale_is_the_code_of_a_group_and_is_there_once():
    codes = [code for step in colours._STEPS for code in step.split()]
    assert len(codes) == len(set(codes))
    assert {f"groups.{code}" for code in codes} <= set(catalogue())


@pytest.mark.parametrize("code", ["champions", "lost", "cluster_1", "Hangzhou", PROSPECT])
def test_a_group_has_its_colour_in_every_list(code):
    lists = [[code], ["champions", code], [code, "lost", "loyal"], [*list(STEP)[:9], code]]
    tables = [pl.DataFrame({"group": list(dict.fromkeys(codes))}) for codes in lists]
    scales = [theme.group_scale(table, EN).to_dict() for table in tables]
    found = {scale["range"][scale["domain"].index(code)] for scale in scales}
    assert found == {group_colour(code)}


def test_a_group_has_its_colour_in_the_charts_of_several_sections():
    shares = domain_and_range(segments.shares(GROUPS, EN))
    values = domain_and_range(value.by_group(BY_GROUP, EN))
    assert shares["champions"] == values["champions"] == ORDERED[0]
    assert shares["lost"] == values["lost"] == ORDERED[-1]
    assert shares["loyal"] == group_colour("loyal")


def test_clusters_do_not_wear_the_colours_of_groups_with_an_order():
    drawn = domain_and_range(segments.shares(CLUSTERED, EN))
    assert drawn == {"cluster_1": CLUSTERS[0], "cluster_2": CLUSTERS[1]}
    assert not {*CLUSTERS, UNORDERED} & set(ORDERED)


@pytest.mark.parametrize(
    ("code", "colour"),
    [
        ("cluster_4", CLUSTERS[-1]),
        ("cluster_19", CLUSTERS[-1]),
        ("cluster_x", UNORDERED),
        ("random_2", UNORDERED),
        ("north", UNORDERED),
        ("上海", UNORDERED),
        (PROSPECT, NOBODYS),
        (UNKNOWN, NOBODYS),
        (f"vip{CROSSED}{UNKNOWN}", NOBODYS),
        (f"vip{CROSSED}active", ORDERED[0]),
        (f"value_low{CROSSED}churned", ORDERED[-1]),
        (f"vip{CROSSED}Hangzhou", UNORDERED),
    ],
)
def test_a_group_without_a_place_on_the_scale_has_another_hue(code, colour):
    assert group_colour(code) == colour


def test_own_groups_with_an_order_go_along_the_scale_and_those_without_have_hues():
    own = frozenset({"gold", "silver", "lead", "Ulm"})
    ordered = pl.DataFrame({"group": ["gold", "silver", "lead"], "place": [0.0, 0.5, 1.0]})
    assert theme.group_scale(ordered, Words("en", own_groups=own)).to_dict()["range"] == [
        ORDERED[0],
        ORDERED[2],
        ORDERED[6],
    ]
    unordered = ordered.with_columns(place=pl.lit(None, pl.Float64))
    colours = theme.group_scale(unordered, Words("en", own_groups=own)).to_dict()["range"]
    assert len(set(colours)) == 3
    assert set(colours) <= set(HUES)
    alone = theme.group_scale(unordered.tail(1), Words("en", own_groups=own)).to_dict()["range"]
    assert alone == colours[-1:]


def test_hues_are_none_of_the_scale():
    assert not set(HUES) & {*ORDERED, NOBODYS}
    assert len(set(HUES)) == 8


# Contrast, as WCAG asks for it: 4.5 for text, 3 for marks that carry meaning


@pytest.mark.parametrize("share", [place / 20 for place in range(21)])
def test_figures_on_a_map_can_be_read_on_each_of_its_shades(share):
    light = between(*theme.SEQUENTIAL, share)
    dark = between(*(theme.DARK_MAPS[colour] for colour in theme.SEQUENTIAL), share)
    assert contrast(light, theme.MAP_INK) >= 4.5
    assert contrast(dark, theme.DARK_MAPS[theme.MAP_INK]) >= 4.5


@pytest.mark.parametrize("colour", [theme.ACCENT, theme.SECOND, ORDERED[0], ORDERED[-1], CLUSTERS[0], *HUES])
def test_marks_stand_out_from_a_light_page_and_from_a_dark_one(colour):
    assert contrast(colour, theme.PAPER) >= 3
    assert contrast(theme.DARK.get(colour, colour), theme.DARK_MAPS[theme.PAPER]) >= 3


def test_every_colour_that_changes_in_the_dark_is_one_that_charts_use():
    used = {*ORDERED, *CLUSTERS, NOBODYS, theme.ACCENT, theme.SECOND, "#555555"}
    assert set(theme.DARK) <= used
