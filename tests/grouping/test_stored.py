import pytest

from clvlab.errors import ParamsError
from clvlab.grouping.stored import read_list, read_mapping
from clvlab.shipped import shipped


def test_a_mapping_is_taken_as_it_is():
    given = {"north": ["北京"]}
    assert read_mapping(given) is given


def test_a_file_is_read_by_its_path_or_its_name(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("north: [北京, 天津]\nsouth: [广州]\n", encoding="utf-8")
    assert read_mapping(path) == read_mapping(str(path)) == {"north": ["北京", "天津"], "south": ["广州"]}


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"", "holds a NoneType"), (b"- a\n- b\n", "holds a list"), (b"word", "holds a str"), (b"7", "holds a int")],
)
def test_a_file_that_holds_something_else_is_refused_by_name(tmp_path, content, found):
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    with pytest.raises(ParamsError, match=rf"own\.yaml' {found}; a mapping of keys to values is needed"):
        read_mapping(path)


@pytest.mark.parametrize("content", [b"a: [", b"a: b: c", b"\xff\xfe\x00", b"a: !!python/object/apply:os.getcwd []"])
def test_a_file_that_is_not_plain_yaml_is_refused_by_name(tmp_path, content):
    path = tmp_path / "own.yaml"
    path.write_bytes(content)
    with pytest.raises(ParamsError, match=r"own\.yaml' cannot be read as YAML"):
        read_mapping(path)


def test_a_file_that_is_not_there_or_a_folder_is_refused_by_name(tmp_path):
    with pytest.raises(ParamsError, match=r"none\.yaml' cannot be read as YAML: .*No such file"):
        read_mapping(tmp_path / "none.yaml")
    with pytest.raises(ParamsError, match="Is a directory"):
        read_mapping(tmp_path)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("rfm11", {"n_bins", "scores", "groups"}),
        ("rfm11_125", {"n_bins", "scores", "groups"}),
        ("regions", {"north", "south", "east", "west"}),
        ("industries", {"industry_home", "industry_commercial", "industry_industrial"}),
    ],
)
def test_what_the_package_ships_is_found_by_its_name(name, keys):
    assert set(shipped("grouping", "maps", f"{name}.yaml")) == keys


@pytest.mark.parametrize(
    ("given", "entries"),
    [
        (["54", "55"], ["54", "55"]),
        ([54, 55], ["54", "55"]),
        ("54 55\n  45", ["54", "55", "45"]),
        (54, ["54"]),
        ("", []),
        ([], []),
    ],
)
def test_a_list_may_be_a_text_of_words_or_a_single_value(given, entries):
    assert read_list(given) == entries
