"""The recipe for a model: its formulas are held to the laws of all models; what is left out is found."""

from tests.recipes.conftest import unmentioned

LAWS = "tests/models/test_purchase_model.py"


def register(checkout):
    checkout.add_example("model.py", "src/clvlab/models/geometric_nbd.py")
    imported = "from clvlab.models.geometric_nbd import GeometricNbd\n"
    part = "src/clvlab/models/__init__.py"
    checkout.insert(part, "from clvlab.models.gamma_gamma import GammaGamma\n", imported)
    checkout.insert(part, '    "GammaGamma",\n', '    "GeometricNbd",\n')
    checkout.insert("src/clvlab/__init__.py", '    "Nbd": "models",\n', '    "GeometricNbd": "models",\n')
    tried = "src/clvlab/models/value_models.py"
    checkout.insert(tried, "from clvlab.models.gamma_gamma import GammaGamma\n", imported)
    checkout.insert(tried, "(BgNbd, MbgNbd, ParetoNbd, ", "GeometricNbd, ")


def name(checkout):
    for catalogue in ("models", "methods"):
        checkout.append(f"src/clvlab/wording/{catalogue}.yaml", 'GeometricNbd: {en: "G/NBD", zh: "G/NBD"}\n')


def hold_to_the_laws(checkout):
    checkout.insert(
        "tests/models/laws.py",
        '    cl.Nbd(0.6, 8.0, time_unit="week"),\n',
        '    cl.GeometricNbd(0.6, 8.0, 0.3, time_unit="week"),\n',
    )


def test_a_model_that_is_listed_and_named_obeys_the_laws(checkout):
    register(checkout)
    name(checkout)
    hold_to_the_laws(checkout)
    done = checkout.test(LAWS, "-k", "GeometricNbd or tried")
    assert done.returncode == 0, done.stdout
    assert unmentioned(checkout, "Add a model") == set()


def test_a_model_without_names_and_laws_is_told_so(checkout):
    register(checkout)
    done = checkout.test(LAWS, "-k", "tried")
    assert done.returncode == 1
    for missing in ("clvlab.models.geometric_nbd.GeometricNbd", "models.GeometricNbd", "methods.GeometricNbd"):
        assert missing in done.stdout
