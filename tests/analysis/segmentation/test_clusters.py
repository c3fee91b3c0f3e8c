"""Clusters: two kinds of customers that nobody could confuse, by hand; and what is said where there are none."""

import pytest

from clvlab.analysis.segmentation import clusters, rules
from tests.analysis.pages import is_chinese, page_of, sentences_of
from tests.analysis.segmentation.logs import context_of, nbd, valued

AS_OF = "2024-12-31"
# Eight who bought once for 10 long ago; four who bought three times for 200 each of late.
RARE = [(f"r{i}", "2024-01-01", 10.0) for i in range(8)]
GOOD = [(f"g{i}", day, 200.0) for i in range(4) for day in ("2024-12-01", "2024-12-11", "2024-12-21")]


def context(*rows, **given):
    return valued(context_of(*(rows or (*RARE, *GOOD)), as_of=AS_OF, **given), nbd(1.0, 100.0), 20.0)


@pytest.fixture(scope="module")
def plain():
    return context(n_clusters=2)


@pytest.fixture(scope="module")
def section(plain):
    return clusters.compute(plain)


def test_the_clusters_by_hand(section):
    good, rare = section["clusters"].iter_rows(named=True)
    assert (good["group"], good["customers"], good["spend"]) == ("cluster_1", 4, 2400)
    assert (rare["group"], rare["customers"], rare["spend"]) == ("cluster_2", 8, 80)
    assert (good["share_customers"], good["share_spend"]) == (pytest.approx(1 / 3), pytest.approx(2400 / 2480))
    assert (good["order_value"], rare["order_value"]) == (200, 10)
    assert (good["median_days_since_last"], rare["median_days_since_last"]) == (10, 365)
    assert (good["median_purchases"], rare["median_purchases"]) == (3, 1)


def test_who_is_where_by_hand(section):
    assert section["overlap"].rows() == [("cluster_1", "active", 4, 1.0), ("cluster_2", "inactive", 8, 1.0)]


def test_a_cluster_that_two_groups_share():
    late = [("r0", "2024-07-10", 0.01)]  # 174 days ago
    overlap = clusters.compute(context(*RARE, *GOOD, *late, n_clusters=2))["overlap"]
    assert overlap.rows() == [
        ("cluster_1", "active", 4, 1.0),
        ("cluster_2", "active", 1, 0.125),
        ("cluster_2", "inactive", 7, 0.875),
    ]


@pytest.mark.parametrize(
    ("n_clusters", "lead"),
    [
        (2, "Customers who are alike in recency, frequency and spend, in 2 clusters, as the parameters ask."),
        (
            5,
            "Customers who are alike in recency, frequency and spend, in 2 clusters: the parameters ask for 5, but "
            "no more customers differ from each other.",
        ),
    ],
)
def test_the_sentences_by_hand(n_clusters, lead):
    asked = context(n_clusters=n_clusters)
    section = clusters.compute(asked)
    told = sentences_of("clusters", section, asked.params)
    assert told == [lead, "“Cluster 1” accounts for 33% of the customers who have bought and 97% of spend"]
    assert is_chinese(sentences_of("clusters", section, asked.params, "zh"))
    assert section["clusters"].height == 2


def test_the_number_that_separates_best_is_found_and_said():
    varied = [(f"r{i}", "2024-01-01", 10.0 + i / 10) for i in range(8)]
    asked = context(*varied, *GOOD)
    lead = sentences_of("clusters", clusters.compute(asked), asked.params)[0]
    assert lead == (
        "Given no rule, the data fall into 2 clusters of customers who are alike in recency, frequency and spend; "
        "this is the number that separates them best."
    )


@pytest.mark.parametrize("n_clusters", [None, 3])
def test_customers_who_are_all_alike_are_one_cluster(n_clusters):
    asked = context(*[(f"c{i:02d}", "2024-06-01", 10.0) for i in range(12)], n_clusters=n_clusters)
    section = clusters.compute(asked)
    assert section["clusters"]["customers"].to_list() == [12]
    assert sentences_of("clusters", section, asked.params)[0] == (
        "These customers are so much alike in recency, frequency and spend that they form a single cluster."
    )
    assert is_chinese(sentences_of("clusters", section, asked.params, "zh"))


def test_money_that_adds_up_to_nothing_is_not_shared():
    asked = context(*RARE, *GOOD, ("r0", "2024-06-01", -2480.0), n_clusters=2)
    section = clusters.compute(asked)
    assert section["clusters"]["share_spend"].null_count() == 2
    assert (
        sentences_of("clusters", section, asked.params)[1]
        == "“Cluster 1” accounts for 33% of the customers who have bought"
    )
    assert is_chinese(sentences_of("clusters", section, asked.params, "zh"))


@pytest.mark.parametrize(("customers", "found"), [(9, False), (10, True)])
def test_ten_customers_are_enough_and_nine_are_not(customers, found):
    asked = context(*[*RARE, *GOOD][: 8 + 3 * (customers - 8)], n_clusters=2)
    assert ("clusters" in clusters.compute(asked)) == found


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_amounts_there_are_none(lang):
    asked = context_of(*(row[:2] for row in (*RARE, *GOOD)), as_of=AS_OF, columns="customer_id date")
    section = clusters.compute(asked)
    assert not section
    assert sentences_of("clusters", section, asked.params, lang) == [
        {
            "en": "Clusters need spend and at least 10 customers; this log does not have both.",
            "zh": "聚类需要消费金额且至少10位客户，本数据不具备。",
        }[lang]
    ]
    assert "clusters" not in rules.compute(asked)


def test_who_returned_all_is_in_no_cluster():
    asked = context(*RARE, *GOOD, ("p", "2024-06-01", -4.0), n_clusters=2)
    section = clusters.compute(asked)
    assert section["clusters"]["customers"].sum() == 12
    assert section["overlap"]["customers"].sum() == 12
    assert asked.table.filter(customer_id="p")["cluster"].to_list() == ["returned_all"]


def test_every_customer_of_the_table_is_in_the_cluster_that_the_exports_say(plain, section):
    counted = plain.table.group_by("cluster").len().sort("cluster")
    assert counted.rows() == list(section["clusters"].select("group", "customers").iter_rows())


def test_the_table_reads_as_computed(section, plain):
    table = page_of("clusters", section, plain.params)[-1].splitlines()
    assert table[0] == "Clusters, most valuable first"
    assert table[2].split()[:6] == ["Cluster", "1", "4", "33.3%", "2,400", "96.8%"]
    assert table[3].split()[:6] == ["Cluster", "2", "8", "66.7%", "80", "3.2%"]
