import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError, MissingColumnsError, ParamsError
from clvlab.rfm import RECENCY_DAYS, RfmThresholds, score_rfm
from clvlab.shares import share_bounds
from tests.grouping.customers import table


def buyers(days, purchases, spend):
    return table(
        customer_id=[f"{i:03d}" for i in range(len(days))],
        days_since_last=days,
        n_purchases=purchases,
        total_spend=spend,
    )


TEN = buyers(
    days=[300, 200, 200, 150, 100, 90, 60, 30, 10, 1],
    purchases=[1, 1, 1, 1, 1, 2, 2, 3, 4, 9],
    spend=[10.0, 20, 30, 40, 50, 60, 70, 80, 90, 100],
)


@pytest.fixture(scope="module")
def cdnow():
    return cl.summarise_customers(cl.datasets.cdnow(), cutoff="1998-06-30", time_unit="week")


def test_one_time_buyers_of_cdnow_are_exactly_f_score_1_and_repeaters_fill_the_rest(cdnow):
    scored = cdnow.data.join(score_rfm(cdnow), on="customer_id")
    assert (scored["f_score"] == 1).equals((scored["n_purchases"] == 1).alias("f_score"))
    repeaters = scored.filter(pl.col("n_purchases") > 1)
    counts = dict(repeaters["f_score"].value_counts().iter_rows())
    assert sorted(counts) == [2, 3, 4, 5]
    assert min(counts.values()) > 1_500


@pytest.mark.parametrize("score", ["r_score", "m_score"])
def test_recency_and_spend_of_cdnow_use_all_scores_about_equally(cdnow, score):
    counts = dict(score_rfm(cdnow)[score].value_counts().iter_rows())
    assert sorted(counts) == [1, 2, 3, 4, 5]
    assert all(count == pytest.approx(len(cdnow) / 5, rel=0.05) for count in counts.values())


def test_scores_by_hand():
    scores = score_rfm(TEN, n_bins=5)
    assert scores.columns == ["customer_id", "r_score", "f_score", "m_score"]
    assert scores.dtypes[1:] == [pl.Int8] * 3
    # Two customers make a fifth. The one of 300 days is too few, the two of 200 are equal: three have score 1, and
    # the seven who remain fill four scores by twos, but for the last.
    assert scores["r_score"].to_list() == [1, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    # Five of ten bought once: score 1. Five remain for four scores: two purchases (2), then one customer each.
    assert scores["f_score"].to_list() == [1, 1, 1, 1, 1, 2, 2, 3, 4, 5]
    assert scores["m_score"].to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_scores_between_stay_unused_where_distinct_values_run_out():
    twice_at_most = buyers([5] * 6, [1, 1, 1, 1, 2, 2], [10.0] * 6)
    assert score_rfm(twice_at_most, n_bins=4)["f_score"].to_list() == [1, 1, 1, 1, 4, 4]


def test_money_equal_but_for_the_last_bits_scores_equal():
    noisy = buyers([5, 5, 5], [2, 2, 2], [0.1 + 0.2, 0.3, 0.3 - 1e-16])
    assert score_rfm(noisy, n_bins=3)["m_score"].n_unique() == 1


def test_prospects_have_no_scores():
    with_prospect = table(days_since_last=[3, None, 9], n_purchases=[2, 0, 1], total_spend=[50.0, 0.0, 20.0])
    assert score_rfm(with_prospect, n_bins=2).row(1) == ("b", None, None, None)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), 1.0])
def test_bounds_of_ones_own_are_distinct_numbers(odd):
    with pytest.raises(ParamsError, match=r"spend_bounds is .*give 2 distinct numbers"):
        score_rfm(buyers([5, 9], [1, 2], [3.0, 4.0]), n_bins=3, spend_bounds=[1.0, odd])


def test_fixed_recency_bounds_score_as_published():
    days = [0, 30, 31, 90, 91, 180, 181, 365, 366, 900]
    customers = buyers(days, [1] * 10, [10.0] * 10)
    scores = score_rfm(customers, recency_bounds=RECENCY_DAYS)
    assert scores["r_score"].to_list() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_fixed_bounds_of_frequency_and_spend_begin_their_scores():
    scores = score_rfm(TEN, n_bins=3, frequency_bounds=(2, 4), spend_bounds=(90, 30))
    assert scores["f_score"].to_list() == [1, 1, 1, 1, 1, 2, 2, 2, 3, 3]
    assert scores["m_score"].to_list() == [1, 1, 2, 2, 2, 2, 2, 2, 3, 3]


def test_thresholds_say_in_the_users_units_where_scores_begin():
    thresholds = RfmThresholds.fit(TEN, n_bins=5)
    assert thresholds.frequency == (2, 3, 4, 9)
    assert thresholds.spend == (30, 50, 70, 90)
    assert thresholds.recency == (150, 90, 30, 1)
    assert thresholds.table.row(0) == (5, 1.0, 9.0, 90.0)
    assert thresholds.table.row(-1) == (1, None, None, None)


def test_thresholds_are_kept_and_score_the_next_period_alike():
    thresholds = RfmThresholds.fit(TEN, n_bins=5)
    assert RfmThresholds.from_dict(thresholds.to_dict()) == thresholds
    later = buyers([95, 20], [8, 9], [29.99, 30.0])
    assert thresholds.score(later).rows() == [("000", 2, 4, 1), ("001", 4, 5, 2)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_bins": 11}, "only 10 customers have a purchase"),
        ({"n_bins": 1}, "must be 2 to 100"),
        ({"n_bins": "5"}, "n_bins is '5'"),
        ({"n_bins": 5, "recency_bounds": (30, 90)}, "give 4 distinct numbers"),
        ({"n_bins": 3, "spend_bounds": (10, 10)}, "give 2 distinct numbers"),
    ],
)
def test_wrong_bins_and_bounds_are_refused(arguments, message):
    with pytest.raises(ParamsError, match=message):
        score_rfm(TEN, **arguments)


def test_a_table_that_lacks_spend_is_refused():
    with pytest.raises(MissingColumnsError, match="total_spend"):
        score_rfm(table(days_since_last=[1], n_purchases=[1]))


@pytest.mark.parametrize("spend", [float("nan"), None])
def test_spend_that_is_not_known_is_refused(spend):
    lacking = table(days_since_last=[1, 2], n_purchases=[1, 1], total_spend=[5.0, spend])
    with pytest.raises(DataError, match="'b'"):
        score_rfm(lacking, n_bins=2)
    with pytest.raises(DataError, match="'b'"):
        RfmThresholds.fit(TEN).score(lacking)


def test_whole_amounts_score_as_any_other():
    whole = table(days_since_last=[1, 2], n_purchases=[1, 1], total_spend=[5, 7])
    assert score_rfm(whole, n_bins=2)["m_score"].to_list() == [1, 2]


values = st.lists(st.integers(-50, 50), min_size=1, max_size=60)
customers_rows = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.integers(0, 9)), min_size=3, max_size=40)


@settings(deadline=None)
@given(customers_rows)
def test_scores_rise_with_their_input_and_equals_score_equal(rows):
    days, purchases, spend = map(list, zip(*rows, strict=True))
    scores = score_rfm(buyers(days, purchases, spend), n_bins=3)
    inputs = {"r_score": [-d for d in days], "f_score": purchases, "m_score": spend}
    for score, read in inputs.items():
        pairs = sorted(set(zip(read, scores[score], strict=True)))
        assert len({value for value, _ in pairs}) == len(pairs)
        assert [s for _, s in pairs] == sorted(s for _, s in pairs)


@settings(deadline=None)
@given(customers_rows, st.randoms())
def test_scores_do_not_depend_on_the_order_of_customers(rows, random):
    shuffled = random.sample(rows, len(rows))
    scores, again = (score_rfm(buyers(*map(list, zip(*r, strict=True))), n_bins=3) for r in (rows, shuffled))
    by_input = dict(zip(rows, scores.drop("customer_id").rows(), strict=True))
    assert again.drop("customer_id").rows() == [by_input[row] for row in shuffled]


def test_bounds_that_do_not_fit_are_quoted_as_they_were_given():
    with pytest.raises(ParamsError, match=r"recency_bounds is \[30, 90\]; for n_bins=5 give 4 distinct numbers"):
        score_rfm(TEN, recency_bounds=(30, 90))


@pytest.mark.parametrize(
    ("values_", "shares", "bounds"),
    [
        ([1, 2, 3, 4], [1, 1], (3,)),
        ([1, 2, 3, 4], [3, 1], (4,)),
        ([1, 2, 3, 4], [1, 3], (2,)),
        ([4, 3, 2, 1], [1, 1], (3,)),
        ([1, 1, 1, 9], [1, 1], (9,)),
        ([-5, -5, 0, 0, 5], [1, 1, 1], (0, 5)),
        ([0.5, 0.25], [1, 1], (0.5,)),
        ([7, 7, 7], [1, 1, 1], ()),
        ([7], [1, 1], ()),
        ([], [1, 1], ()),
        ([1, 2, 3], [1], ()),
    ],
)
def test_bounds_by_hand(values_, shares, bounds):
    assert share_bounds(pl.Series(values_, dtype=pl.Float64), shares) == bounds


@settings(max_examples=30, deadline=None)
@given(values, st.lists(st.integers(1, 5), min_size=2, max_size=5), st.sampled_from([0.1, 3, 100]))
def test_only_the_proportions_of_the_shares_matter(numbers, shares, factor):
    series = pl.Series(numbers)
    assert share_bounds(series, shares) == share_bounds(series, [factor * share for share in shares])


@settings(max_examples=30, deadline=None)
@given(values, st.integers(2, 6), st.integers(2, 4))
def test_every_customer_so_many_times_over_changes_no_bound(numbers, n_bins, times):
    assert share_bounds(pl.Series(numbers * times), [1] * n_bins) == share_bounds(pl.Series(numbers), [1] * n_bins)


@settings(max_examples=30, deadline=None)
@given(customers_rows, st.sampled_from([0.01, 7.3, 1000.0]), st.integers(0, 400))
def test_neither_the_currency_nor_a_later_cutoff_changes_a_score(rows, factor, wait):
    days, purchases, spend = map(list, zip(*rows, strict=True))
    later = buyers([d + wait for d in days], purchases, [s * factor for s in spend])
    assert score_rfm(later, n_bins=3).equals(score_rfm(buyers(days, purchases, spend), n_bins=3))


@settings(max_examples=30, deadline=None)
@given(customers_rows, st.integers(1, 5))
def test_prospects_change_nobodys_score(rows, n_prospects):
    days, purchases, spend = map(list, zip(*rows, strict=True))
    blank = [None] * n_prospects
    with_them = buyers([*days, *blank], [*purchases, *[0] * n_prospects], [*spend, *[0] * n_prospects])
    scores = score_rfm(with_them, n_bins=3)
    assert scores[: len(rows)].equals(score_rfm(buyers(days, purchases, spend), n_bins=3))
    assert scores[len(rows) :].drop("customer_id").unique().rows() == [(None, None, None)]


def test_own_thresholds_score_as_the_scores_themselves():
    assert RfmThresholds.fit(TEN, n_bins=4).score(TEN).equals(score_rfm(TEN, n_bins=4))


def test_as_many_scores_as_customers_rank_them_one_by_one():
    four = buyers([9, 3, 7, 5], [1, 2, 3, 4], [40.0, 30.0, 20.0, 10.0])
    scores = score_rfm(four, n_bins=4)
    assert scores["r_score"].to_list() == [1, 4, 2, 3]
    assert scores["f_score"].to_list() == [1, 2, 3, 4]
    assert scores["m_score"].to_list() == [4, 3, 2, 1]


def test_one_customer_has_none_to_be_ranked_among_and_is_not_behind_in_recency():
    one = buyers([5], [1], [10.0])
    assert RfmThresholds.fit(one) == RfmThresholds((5.0,) * 4, (), ())
    assert RfmThresholds.fit(one).score(one).row(0) == ("000", 5, 1, 1)
    with pytest.raises(ParamsError, match="only 1 customers have a purchase"):
        score_rfm(one)


def test_nobody_bought():
    nobody = table(days_since_last=pl.Series([None], dtype=pl.Int64), n_purchases=[0], total_spend=[0.0])
    assert RfmThresholds.fit(nobody).score(nobody).row(0) == ("a", None, None, None)
    assert RfmThresholds.fit(nobody).table.rows() == [(1, None, None, None)]


@pytest.mark.parametrize("n_bins", [2, 100])
def test_scores_run_to_a_hundred(n_bins):
    many = buyers(list(range(100)), list(range(1, 101)), [float(i) for i in range(100)])
    assert score_rfm(many, n_bins=n_bins)["f_score"].max() == n_bins


@pytest.mark.parametrize("n_bins", [101, 0, -5, 2.0, None, True])
def test_other_numbers_of_scores_are_refused(n_bins):
    with pytest.raises(ParamsError, match="scores run from 1 to n_bins, which must be 2 to 100"):
        RfmThresholds.fit(TEN, n_bins=n_bins)


def test_huge_and_negative_money_is_ranked_as_any_other():
    extreme = buyers([1, 2, 3, 4], [1] * 4, [1e15, -1e15, 0.01, 0.0])
    assert score_rfm(extreme, n_bins=4)["m_score"].to_list() == [4, 1, 3, 2]


def test_fixed_bounds_hold_whoever_else_is_there_and_in_whatever_order_they_are_given():
    thresholds = RfmThresholds.fit(TEN, recency_bounds=RECENCY_DAYS, spend_bounds=(40, 10, 30, 20))
    assert thresholds.recency == (365, 180, 90, 30)
    assert thresholds.spend == (10, 20, 30, 40)
    one = buyers([400], [1], [0.0])
    assert RfmThresholds.fit(one, recency_bounds=(30, 365, 90, 180)).recency == thresholds.recency


def test_the_table_leaves_out_scores_that_nobody_could_reach():
    table_ = RfmThresholds(recency=(90,), frequency=(), spend=(50.0, 200.0)).table
    assert table_.rows() == [(3, None, None, 200.0), (2, 90.0, None, 50.0), (1, None, None, None)]
