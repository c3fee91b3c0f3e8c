import polars as pl
import pytest

import clvlab as cl
from clvlab.errors import ParamsError
from clvlab.grouping import Attribute, Locality, ValueRule, read_values
from clvlab.grouping.attributes import shipped_values
from tests.grouping.customers import groups, table

PROVINCES = {
    "north": "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 河南",
    "south": "广东 广西 海南 湖北 湖南 香港 澳门",
    "east": "上海 江苏 浙江 安徽 福建 江西 山东 台湾",
    "west": "重庆 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆",
}


def test_every_province_has_its_region():
    provinces = {province: region for region, names in PROVINCES.items() for province in names.split()}
    assert len(provinces) == 34
    customers = table(customer_id=list(map(str, range(34))), province=list(provinces))
    assert groups(cl.strategies["region"].assign(customers)) == list(provinces.values())


@pytest.mark.parametrize(
    ("written", "region"),
    [("广西壮族自治区", "south"), (" shaanxi", "west"), ("Shanxi", "north"), ("SHANGHAI", "east"), ("华东", "east")],
)
def test_a_province_is_known_in_full_in_english_and_by_its_large_area(written, region):
    assert groups(cl.strategies["region"].assign(table(province=[written]))) == [region]


def test_what_no_mapping_knows_is_a_bucket_and_what_is_blank_is_unknown():
    customers = table(province=["Bavaria", " ", None, "北京"])
    assert groups(cl.strategies["region"].assign(customers)) == ["unmapped", "unknown", "unknown", "north"]


def test_industries_are_mapped_and_others_keep_their_own_name():
    customers = table(industry=["家居", "Commercial lighting", "工业照明行业", "Hotels", "hotels", "Hotels"])
    assert groups(cl.strategies["industry"].assign(customers)) == [
        "industry_home",
        "industry_commercial",
        "industry_industrial",
        *["Hotels"] * 3,
    ]


def test_the_lighting_retailers_regions_and_industries_are_all_mapped():
    log = cl.datasets.lighting(n_customers=200, seed=3, lang="zh")
    customers = cl.summarise_customers(log, cutoff="2025-12-31", attributes=log.attributes)
    assert set(cl.strategies["region"].assign(customers)["group"]) <= {"north", "south", "east", "west"}
    industries = {"industry_home", "industry_commercial", "industry_industrial"}
    assert set(cl.strategies["industry"].assign(customers)["group"]) <= industries


def test_rare_values_and_values_first_seen_later_are_other():
    rule = Attribute("city", max_groups=1, name="city").fit(table(city=["Ulm", "Ulm", "Aue"]))
    assert groups(rule.assign(table(city=["ulm", "Aue", "Bonn", None]))) == ["Ulm", "other", "other", "unknown"]


def test_values_of_any_type_are_groups():
    assert groups(Attribute("vip", name="vip").assign(table(vip=[True, False, None]))) == ["true", "false", "unknown"]
    categories = pl.Series(["b", "a"], dtype=pl.Categorical)
    assert groups(Attribute("kind", name="kind").assign(table(kind=categories))) == ["b", "a"]


def test_local_customers_live_where_the_firm_does():
    customers = table(city=["广州", "深圳", "广州", None])
    assert groups(Locality().assign(customers)) == ["local", "remote", "local", "unknown"]
    assert groups(Locality(home=("深圳", "佛山")).assign(customers)) == ["remote", "local", "remote", "unknown"]


def test_a_users_mapping_from_yaml(tmp_path):
    path = tmp_path / "branches.yaml"
    path.write_text("甲: [广州, [深圳, Shenzhen]]\n乙: [北京]\n", encoding="utf-8")
    strategy = Attribute("city", read_values(path), keep_unmapped=False, name="branch")
    assert groups(strategy.assign(table(city=["shenzhen", "北京", "Ulm"]))) == ["甲", "乙", "unmapped"]


def test_a_value_in_two_groups_is_refused():
    with pytest.raises(ParamsError, match="two groups: ulm"):
        ValueRule("city", (("a", ("Ulm", "Aue")), ("b", ("ulm",))), otherwise="other")


def test_a_mapping_of_another_shape_is_refused():
    with pytest.raises(ParamsError, match="list of values for each group"):
        read_values({"a": "Ulm"})


def test_values_that_are_called_other_or_unknown_join_those_groups():
    customers = table(city=["Other", "unknown", "UNKNOWN ", "Ulm"])
    rule = Attribute("city", name="city").fit(customers)
    assert groups(rule.assign(customers)) == ["other", "unknown", "unknown", "Ulm"]
    assert rule.card["group"].to_list() == ["Ulm", "other", "unknown"]


@pytest.mark.parametrize("name", ["regions", "industries"])
def test_shipped_mappings_name_no_value_twice(name):
    values = [value.lower() for _, values in shipped_values(name) for value in values]
    assert len(values) == len(set(values))


@pytest.mark.parametrize("numbers", [[1.0, 2.0, 7.0], [1, 2, 7]])
def test_a_mapping_meets_numbers_as_they_are_written(numbers):
    by_number = Attribute("tier", mapping=(("gold", ("1",)), ("silver", ("2",))), keep_unmapped=False, name="t")
    assert groups(by_number.assign(table(tier=numbers))) == ["gold", "silver", "unmapped"]
