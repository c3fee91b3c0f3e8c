"""The recipe for a strategy: once registered and named it obeys the laws; a missing name is found."""

from tests.recipes.conftest import unmentioned

LAWS = (
    "tests/grouping/test_laws.py",
    "tests/grouping/test_registry.py",
    "tests/playbook/test_playbook.py",
    *("-k", "tenure or readmes or covers_every_group"),
)


def register(checkout):
    checkout.add_example("strategy.py", "src/clvlab/grouping/tenure.py")
    registry = "src/clvlab/grouping/__init__.py"
    checkout.insert(registry, "import Tags\n", "from clvlab.grouping.tenure import Tenure\n")
    checkout.insert(registry, "    Loyalty(),\n", "    Tenure(),\n")
    checkout.insert(
        "src/clvlab/grouping/README.md",
        "| `loyalty` | signs of a lasting relation, one point each | `gap_cv` |\n",
        "| `tenure` | days from first to last purchase | |\n",
    )


def name(checkout):
    checkout.append("src/clvlab/wording/strategies.yaml", "tenure: {en: Tenure, zh: 客龄}\n")
    checkout.append(
        "src/clvlab/wording/groups.yaml",
        "long_standing: {en: Long-standing, zh: 老客户}\nrecent_buyer: {en: Recent, zh: 近期客户}\n",
    )
    checkout.append(
        "src/clvlab/wording/actions.yaml",
        "long_standing: {en: Thank them., zh: 答谢老客户。}\nrecent_buyer: {en: Win an order., zh: 促成复购。}\n",
    )
    checkout.append("src/clvlab/playbook/playbook.yaml", "long_standing: *member\nrecent_buyer: *mass\n")


def test_a_strategy_that_is_registered_and_named_obeys_the_laws(checkout):
    register(checkout)
    name(checkout)
    done = checkout.test(*LAWS)
    assert done.returncode == 0, done.stdout
    assert unmentioned(checkout, "Add a strategy") == set()


def test_a_strategy_without_names_is_told_which_are_missing(checkout):
    register(checkout)
    done = checkout.test(*LAWS)
    assert done.returncode == 1
    for key in ("strategies.tenure", "groups.long_standing", "groups.recent_buyer"):
        assert key in done.stdout
