import re
import subprocess
import sys
from pathlib import Path

import pytest

import clvlab as cl
from clvlab import grouping

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
