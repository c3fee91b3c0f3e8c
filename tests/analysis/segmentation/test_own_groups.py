"""A user's own groups may be called as ours are, and are taken for nothing but themselves."""

import polars as pl
import pytest

import clvlab as cl
from clvlab.analysis.segmentation import segments, value
from clvlab.analysis.segmentation.context import Context
from clvlab.customers import read_attributes
from clvlab.errors import ParamsError
from clvlab.grouping import find
from clvlab.grouping.strategy import PROSPECT, RETURNED_ALL, UNKNOWN
from clvlab.params import ReportParams
from clvlab.wording import Words
from tests.analysis.segmentation.logs import nbd, valued

AWKWARD = ("total", "prospect", "returned_all", "champions", "cluster_1", "lost × at_risk")


@pytest.fixture(scope="module")
def context():
    """Eleven customers of each awkward value, ten without a value; one of the prospects-to-be returned all."""
    ids = [f"c{i:02}" for i in range(11 * len(AWKWARD) + 10)]
    rows = [(who, day, 10.0) for who in ids for day in ("2024-06-01", "2024-09-01")]
    rows += [("c11", "2024-09-01", -20.0)]
    log = cl.read_transactions(pl.DataFrame(rows, schema=["customer_id", "date", "amount"], orient="row"))
    params = {"source": "rows", "as_of": "2024-12-31", "time_unit": "day", "holdout": None}
    found = Context(ReportParams(name="own", strategy={"attribute": "tier"}, **params), log)
    tiers = [tier for tier in AWKWARD for _ in range(11)] + [None] * 10
    vars(found)["attributes"] = read_attributes(pl.DataFrame({"customer_id": ids, "tier": tiers}))
    return valued(found, nbd(1.0, 100.0), 10.0)


def test_each_group_has_its_customers(context):
    groups = segments.compute(context)["groups"].filter(pl.col("customers") > 0)
    assert dict(groups.select("group", "customers").rows()) == {**dict.fromkeys(AWKWARD, 11), UNKNOWN: 10}


def test_the_values_of_all_groups_add_up(context):
    table = value.compute(context)["by_group"]
    assert table["share"].sum() == pytest.approx(1)
    assert table.filter(group="total")["customers"].to_list() == [11]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_they_are_named_as_the_user_named_them(context, lang):
    words = Words(lang, own_groups=context.rule.own)
    assert [words.group(code) for code in AWKWARD] == list(AWKWARD)
    assert words.group(UNKNOWN) == Words(lang).group(UNKNOWN) != UNKNOWN


def test_they_get_no_advice_that_is_meant_for_ours(context):
    words = Words("en", own_groups=context.rule.own)
    assert {words.action(code) for code in AWKWARD} == {words("actions.everyone")}
    assert Words("en").action("champions") != words.action("champions")


def test_a_rule_keeps_what_is_own_when_it_is_stored(context):
    stored = cl.grouping.rule_from_dict(context.rule.to_dict())
    assert stored.own == context.rule.own == set(AWKWARD)
    assert stored.assign(context.customers).equals(context.rule.assign(context.customers))


def test_shipped_mappings_and_maps_are_ours():
    assert not cl.strategies["region"].fit(_provinces()).own
    assert not cl.strategies["rfm11"].map.groups.keys() - set(cl.grouping.rfm_maps.shipped_codes())


def test_own_maps_mean_ours_only_by_the_names_of_segments(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("n_bins: 2\nscores: r_score\ngroups: {champions: '2', total: '1'}\n", encoding="utf-8")
    customers = pl.DataFrame(
        {"customer_id": list("ab"), "days_since_last": [1, 9], "n_purchases": [1, 2], "total_spend": [1.0, 2.0]}
    )
    summary = cl.CustomerSummary(customers, cutoff=None, time_unit="day")
    assert find(str(path)).fit(summary).own == {"total"}


@pytest.mark.parametrize("code", [PROSPECT, RETURNED_ALL])
def test_a_map_refuses_a_group_that_it_has_anyway(code):
    with pytest.raises(ParamsError, match=f"cannot have a group '{code}'"):
        cl.grouping.ScoreMap(2, ("r_score",), {code: ("2",), "rest": ("1",)})


@pytest.mark.parametrize("code", [UNKNOWN, "unmapped"])
def test_a_mapping_refuses_a_group_that_it_has_anyway(code):
    with pytest.raises(ParamsError, match=rf"cannot have a group '{code}'.*Call yours otherwise"):
        find({"attribute": "city", "groups": {code: ["Ulm"]}}).fit(_provinces().with_columns(_cities()))


def _provinces():
    return cl.CustomerSummary(pl.DataFrame({"customer_id": ["a"], "province": ["北京"]}), None, "day")


def _cities():
    return pl.DataFrame({"customer_id": ["a"], "city": ["Ulm"]})
