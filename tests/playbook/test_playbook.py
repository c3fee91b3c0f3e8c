"""The playbook: the shipped one covers every group, a user's says what is otherwise, all that is wrong is said."""

from datetime import date
from importlib.resources import files

import pytest
import yaml

from clvlab.analysis.small_groups import SMALL
from clvlab.errors import ParamsError
from clvlab.playbook import CADENCES, Playbook, shipped, shipped_groups
from clvlab.wording import LANGUAGES
from tests.test_wording import group_codes

SHIPPED = yaml.safe_load(files("clvlab.playbook").joinpath("playbook.yaml").read_text(encoding="utf-8"))
FIELDS = ["cadence", "capacity", "channel", "metric", "owner", "review"]


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "ours.yaml"
        path.write_text(text, encoding="utf-8")
        return Playbook.load(path)

    return load_text


# The shipped one


def test_it_covers_every_group_of_every_strategy_and_no_other():
    # Small groups together are what a page shows of groups that each have an entry.
    assert shipped_groups() == group_codes() - {SMALL}


@pytest.mark.parametrize("group", SHIPPED)
def test_it_says_all_of_a_group_in_both_languages(group):
    assert sorted(SHIPPED[group]) == FIELDS
    for key in ("channel", "owner", "metric"):
        texts = SHIPPED[group][key]
        assert set(texts) == set(LANGUAGES)
        assert texts["en"] == texts["en"].strip() != ""
        assert texts["en"].isascii()
        assert any("\u4e00" <= character <= "\u9fff" for character in texts["zh"])
        assert not set(texts["zh"]) & set(",.;:()")


def test_it_states_each_way_and_each_owner_alike_everywhere():
    for key in ("channel", "owner", "metric"):
        pairs = {(entry[key]["en"], entry[key]["zh"]) for entry in SHIPPED.values()}
        assert len({en for en, _ in pairs}) == len({zh for _, zh in pairs}) == len(pairs)


def test_without_a_file_it_holds():
    assert Playbook.load(None) is shipped()
    entry = shipped().entry("champions")
    assert (entry.owner["en"], entry.owner["zh"]) == ("Account manager", "客户经理")
    assert (entry.cadence, entry.review, entry.capacity, entry.action) == ("month", "quarter", None, None)


def test_a_group_that_it_does_not_name_has_the_default():
    assert shipped().entry("Hangzhou") == shipped().entry("everyone")
    assert shipped().entry("cluster_3").owner["en"] == "Marketing"


def test_a_crossing_is_treated_as_its_first_part_that_is_named():
    assert shipped().entry("vip × lost") == shipped().entry("vip")
    assert shipped().entry("cluster_3 × lost") == shipped().entry("lost")
    assert shipped().entry("cluster_3 × Bern") == shipped().entry("everyone")


def test_a_group_of_the_users_own_that_is_called_as_one_of_ours_is_not_ours():
    assert shipped().entry("lost", is_own=True) == shipped().entry("everyone") != shipped().entry("lost")


# The user's own


def test_what_it_states_counts_and_all_else_is_as_shipped(load):
    ours = load("champions: {owner: Ms Li, capacity: 40, action: {en: Invite them., zh: 邀请。}}")
    entry, before = ours.entry("champions"), shipped().entry("champions")
    assert dict(entry.owner) == {"en": "Ms Li", "zh": "Ms Li"}
    assert entry.capacity == 40
    assert dict(entry.action) == {"en": "Invite them.", "zh": "邀请。"}
    assert (entry.channel, entry.cadence, entry.metric) == (before.channel, before.cadence, before.metric)
    assert ours.entry("loyal") == shipped().entry("loyal")
    assert ours.named == ["champions"]


def test_its_default_goes_before_the_shipped_groups_and_behind_its_own(load):
    ours = load("default: {owner: Ms Li, cadence: year}\nlost: {cadence: none}\nBern: {capacity: 5}")
    assert [ours.entry(code).owner["en"] for code in ("lost", "vip", "Bern", "Basel")] == ["Ms Li"] * 4
    assert [ours.entry(code).cadence for code in ("lost", "vip", "Bern", "Basel")] == ["none", "year", "year", "year"]
    assert [ours.entry(code).capacity for code in ("lost", "Bern")] == [None, 5]
    assert ours.entry("vip").channel == shipped().entry("vip").channel


def test_no_limit_can_be_stated(load):
    ours = load("default: {capacity: 5}\nvip: {capacity: null}")
    assert (ours.entry("vip").capacity, ours.entry("loyal").capacity) == (None, 5)


@pytest.mark.parametrize(
    ("review", "day", "then"),
    [
        ("quarter", date(1998, 6, 30), date(1998, 9, 30)),
        ("month", date(2024, 1, 31), date(2024, 2, 29)),
        ("month", date(2024, 1, 30), date(2024, 2, 29)),
        ("half-year", date(2023, 8, 31), date(2024, 2, 29)),
        ("year", date(2024, 5, 15), date(2025, 5, 15)),
        ("none", date(2024, 5, 15), None),
    ],
)
def test_the_day_of_review_is_so_much_later_and_the_end_of_a_month_stays_one(load, review, day, then):
    assert load(f"vip: {{review: {review}}}").entry("vip").review_after(day) == then


# What is wrong with it


def test_every_problem_is_said_at_once_with_where_what_was_found_and_the_nearest_that_is_known(load):
    with pytest.raises(ParamsError) as caught:
        load(
            "champions: {cadense: month, capacity: -1}\n"
            "lost: {cadence: weekly, owner: 7}\n"
            "vip: call them\n"
            "loyal: {channel: {en: Mail}, metric: {en: a, zh: b, fr: c}, action: ''}\n"
        )
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("ours.yaml: 8 problems with the playbook:")
    assert set(lines[1:]) == {
        "  - `champions.cadense` is unknown. Did you mean 'cadence'?",
        "  - `champions.capacity` is -1: input should be greater than or equal to 0.",
        "  - `lost.cadence` is 'weekly': input should be 'month', 'quarter', 'half-year', 'year' or 'none'.",
        "  - `lost.owner` is 7: input should be a valid string.",
        "  - `vip` is 'call them': input should be a valid dictionary.",
        "  - `loyal.channel.zh` is missing.",
        "  - `loyal.metric.fr` is unknown.",
        "  - `loyal.action` is '': string should have at least 1 character.",
    }


def test_a_group_that_is_there_twice_is_refused(load):
    with pytest.raises(ParamsError, match="the key 'vip' is there more than once"):
        load("vip: {owner: A}\nvip: {owner: B}")


@pytest.mark.parametrize("text", ["", "- vip", "vip", "{}"])
def test_a_file_without_groups_is_refused(load, text):
    with pytest.raises(ParamsError, match=r"holds no playbook\. Write groups"):
        load(text)


def test_a_file_that_is_no_yaml_or_not_there_is_refused(load, tmp_path):
    with pytest.raises(ParamsError, match="is not plain YAML"):
        load("vip: [")
    with pytest.raises(ParamsError, match=r"none\.yaml: No such file"):
        Playbook.load(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("vip: {owner: Müller}".encode("latin-1"))
    with pytest.raises(ParamsError, match="not text in UTF-8"):
        Playbook.load(tmp_path / "latin.yaml")


def test_cadences_are_those_of_the_file():
    assert {entry[key] for entry in SHIPPED.values() for key in ("cadence", "review")} == set(CADENCES)
