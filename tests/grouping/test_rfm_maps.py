from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import RfmCube, RfmSegments, ScoreMap, find, shipped_map
from tests.grouping.customers import groups, table

GRID = """
    new            potential_loyalist potential_loyalist champions champions
    promising      potential_loyalist potential_loyalist loyal     loyal
    about_to_sleep about_to_sleep     need_attention     loyal     loyal
    hibernating    hibernating        at_risk            at_risk   cant_lose
    lost           lost               at_risk            at_risk   cant_lose
"""  # recency 5 to 1 downwards, frequency 1 to 5 rightwards

SIZES_125 = {
    "champions": 7,
    "loyal": 8,
    "potential_loyalist": 24,
    "new": 7,
    "promising": 16,
    "need_attention": 8,
    "about_to_sleep": 8,
    "at_risk": 22,
    "cant_lose": 8,
    "hibernating": 11,
    "lost": 6,
}


def test_grid_has_its_published_cells():
    expected = {
        f"{recency}{frequency}": code
        for recency, row in zip((5, 4, 3, 2, 1), GRID.strip().splitlines(), strict=True)
        for frequency, code in enumerate(row.split(), start=1)
    }
    assert shipped_map("rfm11").group_of() == expected


def test_125_map_has_its_published_sizes_and_samples():
    shipped = shipped_map("rfm11_125")
    assert {code: len(cells) for code, cells in shipped.groups.items()} == SIZES_125
    group_of = shipped.group_of()
    # Copies of this map in circulation lose 125 or give 231, 241 and 251 twice.
    samples = {"555": "champions", "511": "new", "525": "promising", "125": "at_risk", "231": "about_to_sleep"}
    assert {cell: group_of[cell] for cell in samples} == samples


def test_fixed_days_of_recency_do_not_rank_everyone_anew():
    customers = table(days_since_last=[30, 90, 180, 365, 366], n_purchases=[1] * 5, total_spend=[5.0] * 5)
    rule = cl.strategies["rfm11_fixed"].fit(customers)
    assert rule.thresholds.recency == (365, 180, 90, 30)
    assert groups(rule.assign(customers)) == ["new", "promising", "about_to_sleep", "hibernating", "lost"]


@pytest.mark.parametrize("name", ["rfm11", "rfm11_125"])
def test_segments_of_cdnow(cdnow, name):
    found = set(cl.strategies[name].assign(cdnow)["group"])
    assert {"champions", "loyal"} <= found
    if name == "rfm11":
        assert "new" not in found


def test_nobody_of_cdnow_is_new_for_nobody_bought_first_of_late(cdnow):
    one_time = cdnow.data.filter(cdnow.data["n_purchases"] == 1)
    recent = cl.score_rfm(cdnow).filter(cl.score_rfm(cdnow)["r_score"] == 5)
    assert one_time["days_since_last"].min() > 365
    assert not set(one_time["customer_id"]) & set(recent["customer_id"])


def test_card_names_each_cell_range_and_thresholds_their_units(cdnow):
    rule = cl.strategies["rfm11"].fit(cdnow)
    conditions = dict(rule.card.select("group", "condition").iter_rows())
    assert conditions["champions"] == "r_score 5, f_score 4-5"
    assert conditions["at_risk"] == "r_score 1-2, f_score 3-4"
    assert conditions["prospect"] == "n_purchases == 0"
    assert rule.thresholds.frequency == (2, 3, 4, 6)


def test_cells_of_three_scores_are_told_as_ranges():
    three = ScoreMap(
        2, ("r_score", "f_score", "m_score"), {"a": ("222", "221", "122"), "b": ("211", "212", "121", "111", "112")}
    )
    assert three.condition("a") == "r_score 2, f_score 2, m_score 1-2; r_score 1, f_score 2, m_score 2"


def test_a_users_own_map_from_yaml(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text('n_bins: 2\nscores: [m_score]\ngroups:\n  大客户: "2"\n  小客户: "1"\n', encoding="utf-8")
    customers = table(days_since_last=[1, 2, 3], n_purchases=[1, 1, 0], total_spend=[5.0, 50.0, 0.0])
    strategy = find(str(path))
    assert strategy.name == "two"
    assert groups(strategy.assign(customers)) == ["小客户", "大客户", "prospect"]


def test_a_users_own_map_from_a_mapping_with_fixed_bounds():
    own = ScoreMap.read({"n_bins": 2, "scores": ["r_score"], "groups": {"warm": [2], "cold": 1}})
    strategy = RfmSegments(own, recency_bounds=(30,), name="own")
    customers = table(days_since_last=[30, 31], n_purchases=[1, 1], total_spend=[5.0, 5.0])
    assert groups(strategy.assign(customers)) == ["warm", "cold"]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"a": "11 12", "b": "21"}, "missing: 22"),
        ({"a": "11 12 21", "b": "21 22"}, r"more than once: 21 \(a, b\)"),
        ({"a": "11 12 12", "b": "21 22"}, r"more than once: 12 \(a, a\)"),
        ({"a": "11 12", "b": "21 22 23"}, r"not a cell of this map: 23 \(b\)"),
        ({"a": "11 12", "b": "12 23"}, "missing: 21, 22\n.*more than once.*\n.*not a cell"),
    ],
)
def test_a_map_that_does_not_cover_each_cell_once_names_the_cells(cells, message):
    with pytest.raises(ParamsError, match=message):
        ScoreMap.read({"n_bins": 2, "scores": ["r_score", "f_score"], "groups": cells})


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        ({"bins": 2, "scores": ["r_score"], "groups": {}}, "keys n_bins, scores and groups .* found bins"),
        ({"n_bins": 2, "scores": ["r_score"], "groups": ["11"]}, "group: its cells"),
        ({"n_bins": "5", "scores": ["r_score"], "groups": {}}, "n_bins is '5'"),
        ({"n_bins": 2, "scores": ["r_score"], "groups": {"prospect": "1 2"}}, "cannot have a group 'prospect'"),
        ({"n_bins": 10, "scores": ["r_score"], "groups": {}}, "2 to 9"),
        ({"n_bins": 2, "scores": ["recency"], "groups": {}}, "Choose among r_score"),
        ({"n_bins": 2, "scores": [], "groups": {}}, "Choose among r_score"),
    ],
)
def test_a_map_of_another_shape_is_refused(stored, message):
    with pytest.raises(ParamsError, match=message):
        ScoreMap.read(stored)


@pytest.mark.parametrize(
    ("text", "message"),
    [("- a list", "holds a list"), ("a: [", "cannot be read as YAML"), (None, "No such file")],
)
def test_a_file_that_holds_no_map_is_refused_by_name(tmp_path, text, message):
    path = tmp_path / "own.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ParamsError, match=f"own.yaml.*{message}"):
        find(str(path))


def test_an_unknown_strategy_names_the_nearest():
    with pytest.raises(ParamsError, match="Did you mean 'rfm11'"):
        find("rfm12")


CUBE = table(
    days_since_last=[1, 1, 1, 1, 9, 9, 9, 9],
    n_purchases=[5, 1, 5, 1, 5, 1, 5, 1],
    total_spend=[90.0, 90.0, 10.0, 10.0, 90.0, 90.0, 10.0, 10.0],
)


def test_cube_reads_recent_often_and_much_as_the_canon_does():
    assert groups(cl.strategies["rfm8"].assign(CUBE)) == [
        "key_value",  # 111
        "key_develop",  # 101
        "general_value",  # 110
        "general_develop",  # 100
        "key_recall",  # 011
        "key_retain",  # 001
        "general_recall",  # 010
        "general_retain",  # 000
    ]


def test_cube_calls_one_time_buyers_low_where_they_are_the_majority(cdnow):
    assigned = cl.strategies["rfm8"].assign(cdnow)
    once = assigned.filter(cdnow.data["n_purchases"] == 1)
    assert set(once["group"]) == {"key_develop", "key_retain", "general_develop", "general_retain"}


def test_cube_cuts_at_the_mean_on_request_and_then_calls_most_low_in_spend(cdnow):
    def share_high_spend(strategy):
        assigned = strategy.assign(cdnow)["group"]
        return assigned.str.starts_with("key_").mean()

    assert share_high_spend(RfmCube()) == pytest.approx(0.5, abs=0.01)
    assert share_high_spend(RfmCube("mean", name="rfm8_mean")) < 0.3


def test_cube_refuses_another_centre():
    with pytest.raises(ParamsError, match="median or mean"):
        RfmCube("mode")


def score_map(n_bins, scores, **cells):
    return ScoreMap(n_bins, scores, {code: tuple(given.split()) for code, given in cells.items()})


RF = ("r_score", "f_score")


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ("33", "r_score 3, f_score 3"),
        ("32 33", "r_score 3, f_score 2-3"),
        ("31 33", "r_score 3, f_score 1; r_score 3, f_score 3"),
        ("13 23 33", "r_score 1-3, f_score 3"),
        ("13 33", "r_score 3, f_score 3; r_score 1, f_score 3"),
        ("11 12 21 22", "r_score 1-2, f_score 1-2"),
        ("11 22", "r_score 2, f_score 2; r_score 1, f_score 1"),
    ],
)
def test_cells_are_told_as_ranges(cells, text):
    rest = " ".join(f"{r}{f}" for r in "123" for f in "123" if f"{r}{f}" not in cells.split())
    told = score_map(3, RF, some=cells, rest=rest).condition("some")
    assert sorted(told.split("; ")) == sorted(text.split("; "))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=9, max_size=9))
def test_the_ranges_that_are_told_are_the_cells_of_the_group(owners):
    cells = [f"{r}{f}" for r in "123" for f in "123"]
    own = ScoreMap(3, RF, {g: tuple(c for c, o in zip(cells, owners, strict=True) if o == g) for g in set(owners)})
    for code in own.groups:
        told = set()
        for product_of_ranges in own.condition(code).split("; "):
            spans = [span.split()[1].split("-") for span in product_of_ranges.split(", ")]
            rs, fs = (range(int(span[0]), int(span[-1]) + 1) for span in spans)
            told |= {f"{r}{f}" for r in rs for f in fs}
        assert told == set(own.groups[code])


def test_a_group_without_cells_is_told_as_nothing():
    assert score_map(2, ("r_score",), all="1 2", none="").condition("none") == ""


def test_a_map_reads_back_what_it_writes():
    own = score_map(2, RF, good="22 21", bad="11 12")
    assert ScoreMap.read(own.to_dict()) == own
    assert own.group_of() == {"22": "good", "21": "good", "11": "bad", "12": "bad"}


def test_a_map_cannot_be_changed_once_it_is_checked():
    with pytest.raises(TypeError):
        score_map(2, ("r_score",), warm="2", cold="1").groups["warm"] = ("1", "2")


@pytest.mark.parametrize("scores", [("r_score", "m_score"), ("m_score", "r_score")])
def test_scores_are_written_in_the_order_of_the_map(scores):
    cells = {"first": ("21",), "rest": ("11", "12", "22")}
    customers = table(days_since_last=[1, 9, 1, 9], n_purchases=[1] * 4, total_spend=[5.0, 50.0, 50.0, 5.0])
    found = groups(RfmSegments(ScoreMap(2, scores, cells), name="own").assign(customers))
    # Recent and poor where recency is written first; long ago and rich where spend is.
    assert found.index("first") == (0 if scores[0] == "r_score" else 1)
    assert found.count("first") == 1


def test_fixed_bounds_of_all_three_scores_leave_nothing_to_the_data():
    every = score_map(2, ("r_score", "f_score", "m_score"), best="222", rest="221 212 211 122 121 112 111")
    own = RfmSegments(every, recency_bounds=(30,), frequency_bounds=(2,), spend_bounds=(100,), name="own")
    one = table(days_since_last=[30], n_purchases=[2], total_spend=[100.0])
    assert groups(own.assign(one)) == ["best"]
    assert own.fit(one) == own.fit(CUBE)


def test_bounds_that_do_not_fit_the_map_are_refused():
    with pytest.raises(ParamsError, match=r"recency_bounds is \[30, 60\]; for n_bins=2 give 1 distinct"):
        RfmSegments(score_map(2, ("r_score",), warm="2", cold="1"), recency_bounds=(30, 60), name="own").fit(CUBE)


LEVELS = {(True, True): "value", (True, False): "develop", (False, True): "recall", (False, False): "retain"}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99), st.integers(1, 9), st.integers(0, 99)), min_size=2, max_size=20))
@pytest.mark.parametrize("centre", ["median", "mean"])
def test_the_cube_is_what_it_is_in_plain_words(centre, rows):
    days, purchases, spend = (list(column) for column in zip(*rows, strict=True))
    customers = table(
        customer_id=list(map(str, range(len(rows)))), days_since_last=days, n_purchases=purchases, total_spend=spend
    )
    if centre == "mean":
        highs = [(d < mean(days), p > mean(purchases), s > mean(spend)) for d, p, s in rows]
    else:
        highs = [(r == 2, f == 2, m == 2) for _, r, f, m in cl.score_rfm(customers, n_bins=2).rows()]
    expected = [("key_" if much else "general_") + LEVELS[recent, often] for recent, often, much in highs]
    assert groups(RfmCube(centre, name="own").assign(customers)) == expected


def test_segments_of_real_customers_are_those_that_their_scores_name(cdnow):
    for name in ("rfm11", "rfm11_125"):
        rule = find(name).fit(cdnow)
        scores = rule.thresholds.score(cdnow)
        cells = ("".join(str(row[score]) for score in rule.map.scores) for row in scores.iter_rows(named=True))
        named = rule.map.group_of()
        assert groups(rule.assign(cdnow)) == [named[cell] for cell in cells]
