import re
import subprocess
import sys
from pathlib import Path

import pytest

import clvlab as cl
from clvlab import grouping
from clvlab.errors import ParamsError

README = (Path(grouping.__file__).parent / "README.md").read_text(encoding="utf-8")


def test_the_list_of_strategies_is_the_readmes():
    table = re.findall(r"^\| (`.*?) \|", README, flags=re.MULTILINE)
    assert [name for row in table for name in re.findall(r"`(\w+)`", row)] == list(cl.strategies)


@pytest.mark.parametrize("name", list(cl.strategies))
def test_a_strategy_stands_under_its_own_name(name):
    assert cl.strategies[name].name == name
    assert grouping.find(name) is cl.strategies[name]


def test_the_list_cannot_be_changed_by_accident():
    with pytest.raises(TypeError):
        cl.strategies["mine"] = cl.strategies["rfm11"]


def test_importing_the_strategies_loads_no_scikit_learn():
    probe = "import sys, clvlab; clvlab.strategies['clusters']; print('sklearn' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "False\n"
    )


def test_all_that_is_exported_is_there_in_order():
    assert all(hasattr(grouping, name) for name in grouping.__all__)
    assert grouping.__all__ == sorted(
        grouping.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)
    )


def test_the_last_four_are_the_baselines():
    assert list(cl.strategies)[-4:] == ["one_group", "random_groups", "hiatus", "last_year_spend"]


def test_groupings_by_personal_attributes_are_sensitive_and_no_others():
    personal = {"age", "gender", "income_band", "occupation", "education", "interests"}
    sensitive = {name for name, strategy in cl.strategies.items() if strategy.sensitive}
    assert sensitive == {name for name, strategy in cl.strategies.items() if strategy.needs & personal}


def test_no_strategy_reads_what_only_the_future_knows():
    assert not {c for s in cl.strategies.values() for c in s.needs if c.startswith("holdout")}


@pytest.mark.parametrize("wrong", ["", "rfm 11", "RFM11", "own.csv", "maps/own.yaml.txt"])
def test_what_is_neither_a_name_nor_a_map_is_refused_with_all_names(wrong):
    with pytest.raises(ParamsError, match=r"There is no strategy .* Known: rfm11, .*; or the path of an RFM map"):
        grouping.find(wrong)


@pytest.mark.parametrize("suffix", ["yaml", "yml"])
def test_a_map_of_the_users_own_is_found_by_its_path_and_named_after_its_file(tmp_path, suffix):
    path = tmp_path / f"own.{suffix}"
    path.write_text('n_bins: 2\nscores: [r_score]\ngroups: {warm: "2", cold: "1"}\n', encoding="utf-8")
    assert grouping.find(str(path)).name == "own"


def test_an_attribute_is_a_grouping_by_its_values_or_by_groups_of_them():
    by_value = grouping.find({"attribute": "Country"})
    assert (by_value.name, by_value.needs, by_value.keep_unmapped) == ("Country", {"Country"}, True)
    by_group = grouping.find({"attribute": "Country", "groups": {"islands": ["UK", "EIRE"]}})
    assert (by_group.mapping, by_group.keep_unmapped) == ((("islands", ("UK", "EIRE")),), False)


def test_scores_run_to_as_many_as_the_map_has():
    assert grouping.find("rfm11", 5) is cl.strategies["rfm11"]
    with pytest.raises(ParamsError, match=r"the map of rfm11_125 has scores from 1 to 5\. Set `rfm: \{n_bins: 5\}`"):
        grouping.find("rfm11_125", 4)


def test_a_strategy_without_a_map_takes_any_number_of_scores():
    assert grouping.find("value_rfm", 4).n_bins == 4
    assert grouping.find("abc", 4) is cl.strategies["abc"]
