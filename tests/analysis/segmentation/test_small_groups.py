"""Groups by attribute of fewer than ten customers are shown as one, large enough not to be told from the total."""

from itertools import combinations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clvlab as cl
from clvlab.analysis.segmentation import (
    clusters,
    movement,
    profiles,
    rules,
    segments,
    structure,
    summary,
    validation,
    value,
)
from clvlab.analysis.segmentation.context import Backtest, Context
from clvlab.analysis.segmentation.first_screen import first_screen
from clvlab.analysis.small_groups import SMALL, SMALLEST, is_by_attribute, too_small
from clvlab.customers import read_attributes
from clvlab.models import Terms, ValueModels
from clvlab.models.mean_spend import MeanSpend
from clvlab.params import ReportParams
from clvlab.wording import Words
from tests.analysis.pages import is_chinese, sentences_of
from tests.analysis.segmentation.logs import nbd, valued
from tests.analysis.segmentation.test_validation import choice

# City -> customers, and what each of them spends a purchase.
CITIES = {"Ulm": (30, 10.0), "Bonn": (20, 20.0), "Trier": (12, 30.0), "Aue": (3, 1000.0), "Calw": (1, 5000.0)}
DAYS = ("2024-02-01", "2024-06-01", "2024-08-20", "2024-12-01")
SECTIONS = {
    "summary": summary,
    "segments": segments,
    "structure": structure,
    "movement": movement,
    "clusters": clusters,
    "value": value,
    "profiles": profiles,
    "validation": validation,
}


@pytest.fixture(scope="module")
def context():
    """Customers of Aue and Calw, four in all, are far richer than others. All buy four times or once."""
    people = [(f"{city}{i}", city, spend) for city, (n, spend) in CITIES.items() for i in range(n)]
    rows = [(who, day, spend) for at, (who, _, spend) in enumerate(people) for day in DAYS[: 1 if at % 2 else 4]]
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    params = ReportParams(
        name="cities",
        source="rows",
        as_of="2024-12-31",
        time_unit="day",
        holdout="100 days",
        strategy={"attribute": "city"},
    )
    found = Context(params, log)
    vars(found)["attributes"] = read_attributes(
        pl.DataFrame([row[:2] for row in people], schema=["customer_id", "city"], orient="row")
    )
    calibration, holdout = found.halves
    models = ValueModels(nbd(1.0, 100.0), MeanSpend(10.0), Terms(found.horizon))
    vars(found)["backtest"] = Backtest(calibration, holdout, models, choice())
    return valued(found, nbd(1.0, 100.0), 10.0)


def test_four_customers_of_two_cities_are_shown_with_the_next_larger_city(context):
    section = segments.compute(context)
    groups = section["groups"].filter(pl.col("customers") > 0)
    assert dict(groups.select("group", "customers").rows()) == {"Ulm": 30, "Bonn": 20, SMALL: 16}
    together = groups.filter(group=SMALL)
    # Six of Trier, two of Aue buy four times, as many of Trier and one of Aue once, as does who is in Calw.
    assert together["spend"].item() == pytest.approx(30 * 30 + 9 * 1000 + 5000)
    assert groups["share_spend"].sum() == pytest.approx(1)
    assert (
        "“Small groups together” are 3 groups: groups of fewer than 10 customers, and those that it takes to hide "
        "them, are not shown by themselves."
    ) in sentences_of("segments", section, context.params)
    assert is_chinese(sentences_of("segments", section, context.params, "zh"))


def test_no_table_of_any_section_has_a_small_group(context):
    """Nor has a pair of a group and something else; the rules alone say which values there are."""
    hidden = {"Trier", "Aue", "Calw"}
    made = {name: module.compute(context) for name, module in SECTIONS.items()}
    made["summary"] = first_screen(context, made)
    seen = set()
    for name, section in made.items():
        for kind, table in section.items():
            for column in {"group", "before", "after", "value"}.intersection(table.columns):
                assert not hidden & set(table[column].cast(pl.String)), (name, kind)
                seen.add((name, kind))
    assert {
        ("summary", "actions_by_change"),
        ("segments", "groups"),
        ("value", "by_group"),
        ("profiles", "attributes"),
    } <= seen
    assert {("movement", "moves"), ("movement", "balance"), ("validation", "by_group")} <= seen
    assert made["value"]["by_group"].filter(group=SMALL)["customers"].to_list() == [16]
    assert made["movement"]["moves"]["customers"].min() >= SMALLEST
    assert hidden < set(rules.compute(context)["strategy"]["group"])


def test_the_customer_table_has_every_group(context):
    assert set(context.table["group"]) == set(CITIES)
    assert context.own_groups == {"Ulm", "Bonn"}
    assert Words("en", own_groups=context.own_groups).group(SMALL) == "Small groups together"


def test_groups_of_behaviour_stay_as_they_are(context):
    behaviour = Context(context.params.model_copy(update={"strategy": "rfm11"}), context.log)
    assert not behaviour.is_by_attribute
    assert not behaviour.small


@pytest.mark.parametrize(
    "name", ["rfm11", "rfm8", "value_tiers", "lifecycle_alive", "loyalty", "potential", "clusters"]
)
def test_groups_of_behaviour_are_told_by_what_they_read(name):
    assert not is_by_attribute(cl.strategies[name].needs)


@pytest.mark.parametrize("name", ["region", "demographics", "psychographics", "preference", "satisfaction"])
def test_groups_by_attribute_are_told_by_what_they_read(name):
    assert is_by_attribute(cl.strategies[name].needs)
    assert is_by_attribute(cl.grouping.cross(cl.strategies["hiatus"], cl.strategies[name]).needs)


def test_one_buyer_among_many_prospects_is_a_small_group():
    assert too_small([("a", 40, 40), ("b", 30, 1), ("c", 20, 0)]) == {"a", "b", "c"}
    assert too_small([("a", 40, 40), ("c", 20, 0), ("d", 4, 0)]) == {"c", "d"}


SIZES = st.integers(1, 25).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(st.lists(SIZES, min_size=1, max_size=7))
def test_nothing_small_is_shown_nor_left_over(sizes):
    """Each group that is shown is large; so are those shown as one, as long as there is anybody else."""
    groups = [(str(place), *size) for place, size in enumerate(sizes)]
    small = too_small(groups)
    for code, customers, buyers in groups:
        assert code in small or (customers >= SMALLEST and not 0 < buyers < SMALLEST)
    if small and len(small) < len(groups):
        together = [sum(size) for size in zip(*(group[1:] for group in groups if group[0] in small), strict=True)]
        assert together[0] >= SMALLEST
        assert not 0 < together[1] < SMALLEST


@given(st.lists(st.integers(1, 40), min_size=2, max_size=6))
def test_the_total_less_what_is_shown_tells_of_no_small_group(sizes):
    groups = [(str(place), size, size) for place, size in enumerate(sizes)]
    n_of, small = dict(zip(map(str, range(len(sizes))), sizes, strict=True)), too_small(groups)
    shown = [{code} for code in n_of if code not in small] + ([set(small)] if small else [])
    for n in range(len(shown)):
        for taken in combinations(shown, n):
            rest = set(n_of).difference(*taken)
            assert len(rest) > 1 or n_of[next(iter(rest))] >= SMALLEST
