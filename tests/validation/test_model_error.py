"""The error of models that earlier predictions show, and intervals that allow for it: by hand, laws, simulation."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clvlab as cl
from clvlab.errors import DataError
from clvlab.models.numerics.mixture import central_reach
from clvlab.validation.backtest import Backtest
from clvlab.validation.model_error import SIZES, ModelError, honest_intervals, widened

LEVEL = 0.9
FIRST = date(2024, 1, 1)
NORMAL = 1.6448536


def prediction(place, ratio, *, part="total", name=None, days=30, predicted=1000.0, noise=0.05, customers=500):
    """A prediction `place` months on, of which `ratio` times as much came, its interval `noise` to either side."""
    half, origin = 0.5, FIRST + timedelta(days=30 * place)
    reach = np.exp(NORMAL * noise)
    return {
        "origin": origin,
        "end": origin + timedelta(days=days),
        "method": "BgNbd",
        "what": "purchases",
        "part": part,
        "name": name,
        "customers": customers,
        "actual": predicted * ratio,
        "predicted": predicted,
        "half_purchase": half,
        "low": (predicted + half) / reach - half,
        "high": (predicted + half) * reach - half,
    }


def table(*rows):
    return pl.DataFrame(list(rows), schema_overrides={"name": pl.String})


def reach(row):
    """By which factor the honest interval reaches up and down."""
    return row["honest_high"] / row["predicted"], row["predicted"] / row["honest_low"]


def last(rows):
    return honest_intervals(rows, LEVEL).sort("origin").row(-1, named=True)


def test_the_typical_size_is_half_t():
    """P(|t| < 1) is 0.577 with two degrees of freedom."""
    error = ModelError.typical(0.1)
    assert error.weights.sum() == pytest.approx(1)
    assert error.weights[SIZES < 0.1].sum() == pytest.approx(0.577, abs=0.02)


def test_a_known_size_is_found_among_the_noise():
    random, n = np.random.default_rng(1), 400
    noise = np.full(n, 0.1)
    errors = random.normal(0, np.hypot(0.3, 0.1), n)
    assert ModelError.typical(0.2).after(errors, noise, n, n).size == pytest.approx(0.3, abs=0.03)
    chance = ModelError.typical(0.2).after(random.normal(0, 0.1, n), noise, n, n)
    assert chance.size < 0.04


def test_overlapping_predictions_count_for_fewer():
    errors, noise = np.full(8, 0.5), np.full(8, 0.05)
    apart = ModelError.typical(0.2).after(errors, noise, 8, 8.0)
    once = ModelError.typical(0.2).after(errors, noise, 8, 1.0)
    same = ModelError.typical(0.2).after(errors[:1], noise[:1], 1, 1.0)
    assert once.size == pytest.approx(same.size)
    assert apart.size > once.size


def test_the_reach_of_a_mixture_holds_the_level():
    random = np.random.default_rng(2)
    deviations, weights = np.array([[0.5, 1.0, 3.0]]), np.array([[0.5, 0.3, 0.2]])
    drawn = random.normal(0, random.choice(deviations[0], 200_000, p=weights[0]))
    assert (np.abs(drawn) < central_reach(deviations, weights, 0.9)).mean() == pytest.approx(0.9, abs=0.003)


def test_without_a_past_the_interval_is_the_typical_one():
    row = last(table(prediction(0, 1.0, noise=1e-6)))
    assert (row["seen"], row["independent"]) == (0, 0.0)
    # A normal whose deviation is half-t with two degrees of freedom, of scale 0.2, holds 90 % within 0.52.
    assert reach(row) == pytest.approx((np.exp(0.52),) * 2, rel=0.03)


def test_large_misses_widen_the_interval_and_hits_narrow_it():
    hits = last(table(*(prediction(place, 1.0) for place in range(6))))
    misses = last(table(*(prediction(place, 1.5) for place in range(6))))
    unknown = last(table(prediction(0, 1.0)))
    assert reach(hits)[0] < reach(unknown)[0] < reach(misses)[0]
    assert (hits["seen"], hits["independent"]) == (5, 5.0)
    assert misses["honest_high"] > 1500


def test_honest_intervals_hold_those_of_the_model():
    rows = table(*(prediction(place, ratio) for place, ratio in enumerate([1.0, 0.7, 1.3, 1.0])))
    found = honest_intervals(rows, LEVEL)
    assert (found["honest_low"] < found["low"]).all()
    assert (found["honest_high"] > found["high"]).all()


def test_an_interval_knows_no_prediction_that_had_not_ended():
    """Three months ahead: the third origin knows none, the fourth the first alone."""
    rows = [prediction(place, 1.0, days=90) for place in range(4)]
    assert honest_intervals(table(*rows), LEVEL)["seen"].to_list() == [0, 0, 0, 1]
    surprised = [*rows[:1], *(row | {"actual": 5000.0} for row in rows[1:])]
    assert last(table(*surprised))["honest_high"] == last(table(*rows))["honest_high"]


def test_an_error_that_overlaps_in_time_is_counted_in_part():
    """Origins a month apart, three months ahead: of five, the first two have ended, and are worth 1 + 1/3."""
    row = last(table(*(prediction(place, 1.0, days=90) for place in range(5))))
    assert (row["seen"], row["independent"]) == (2, pytest.approx(4 / 3))


def test_the_error_of_a_longer_horizon_is_larger_by_the_root_of_time():
    """Four times as long as what was seen: twice as far to either side, in the logarithm."""
    seen = [prediction(place, ratio, noise=0.0) for place, ratio in enumerate([1.3, 0.9, 1.1, 1.0])]
    short = reach(last(table(*seen, prediction(5, 1.0, noise=0.0))))
    long = reach(last(table(*seen, prediction(5, 1.0, days=120, noise=0.0))))
    assert np.log(long) == pytest.approx(2 * np.log(short), rel=1e-3)


def test_a_group_that_was_missed_is_trusted_less_than_the_others():
    rows = [prediction(place, 1.1) for place in range(5)]
    rows += [prediction(place, 1.1, part="group", name="loyal") for place in range(5)]
    rows += [prediction(place, 2.0, part="group", name="lost") for place in range(5)]
    found = {row["name"]: row for row in honest_intervals(table(*rows), LEVEL).rows(named=True) if row["seen"] == 4}
    assert reach(found["lost"])[0] > 1.5 * reach(found["loyal"])[0]


def test_a_group_that_buys_nothing_has_an_interval_from_0_up():
    rows = [prediction(place, 0.0, part="group", name="lost", predicted=3.0, noise=0.5) for place in range(3)]
    row = last(table(*rows))
    assert 0 <= row["honest_low"] < 3 < row["honest_high"] < np.inf


def test_money_in_another_currency_has_the_same_interval():
    rows = table(*(prediction(place, ratio) for place, ratio in enumerate([1.2, 0.8, 1.0])))
    money = ["actual", "predicted", "low", "high", "half_purchase"]
    yen = honest_intervals(rows.with_columns(pl.col(money) * 160), LEVEL)
    for end in ("honest_low", "honest_high"):
        assert yen[end].to_list() == pytest.approx((honest_intervals(rows, LEVEL)[end] * 160).to_list())


def test_what_is_widened_today_is_what_the_last_origin_will_have_said():
    rows = table(*(prediction(place, ratio) for place, ratio in enumerate([1.2, 0.8, 1.1, 1.0])))
    today = rows.tail(1).select("part", "name", "customers", "predicted", "low", "high", "half_purchase")
    found = Backtest((FIRST,), rows.head(3), pl.DataFrame(), pl.DataFrame(), LEVEL)
    row = found.widened(today, "BgNbd", "purchases", 30).row(0, named=True)
    expected = last(rows)
    for column in ("honest_low", "honest_high", "seen", "independent"):
        assert row[column] == pytest.approx(expected[column])


def test_intervals_hold_what_a_common_error_brings():
    """Logs whose periods are off by 25 % in common: the model's intervals hold rarely, honest ones as they say."""
    random, held, alone = np.random.default_rng(3), [], []
    for _ in range(100):
        ratios = np.exp(random.normal(0, np.hypot(0.25, 0.05), 8))
        rows = table(*(prediction(place, ratio) for place, ratio in enumerate(ratios)))
        today = widened(rows.tail(1), rows.head(7), 30, LEVEL)
        row = today.with_columns(rows.tail(1)["actual"]).row(0, named=True)
        held.append(row["honest_low"] <= row["actual"] <= row["honest_high"])
        alone.append(row["low"] <= row["actual"] <= row["high"])
    assert 0.85 < np.mean(held) < 0.97
    assert np.mean(alone) < 0.4


def test_coverage_counts_what_was_held():
    rows = table(*(prediction(place, ratio) for place, ratio in enumerate([1.3, 1.0, 1.0, 4.0])))
    found = Backtest((FIRST,), rows, pl.DataFrame(), pl.DataFrame(), LEVEL).coverage().row(0, named=True)
    assert (found["predictions"], found["model"], found["honest"]) == (4, 0.5, 0.75)
    assert found["model_width"] == pytest.approx(NORMAL * 0.05, rel=0.01)


def test_intervals_of_a_backtest_are_those_of_the_model():
    log = cl.datasets.cdnow(sample=True)
    found = cl.backtest(log, ["bg_nbd"], ["1997-09-30"], "13 weeks", groups=cl.strategies["rfm8"].assign, level=LEVEL)
    customers = cl.summarise_customers(log, "1997-09-30", "week")
    groups = cl.strategies["rfm8"].assign(customers)
    model, spend = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers)
    value = cl.value_intervals(model, spend, customers, "13 weeks", groups=groups, level=LEVEL)
    ours = found.sums.filter(pl.col("what") == "spend", pl.col("method") == "BgNbd", pl.col("part") != "cohort")
    ours = ours.with_columns(group=pl.col("name").fill_null("total")).join(value, on="group")
    assert len(ours) == len(value)
    # Two simulations of a few hundred futures.
    wide = ours.filter(pl.col("customers") > 100)
    assert wide["high"].to_list() == pytest.approx(wide["clv_high"].to_list(), rel=0.15)
    assert found.sums.filter(method="average")["low"].null_count() == found.sums.filter(method="average").height


def test_without_intervals_there_is_nothing_to_widen():
    with pytest.raises(DataError, match="Ask for them"):
        Backtest((FIRST,), table(prediction(0, 1.0)), pl.DataFrame(), pl.DataFrame()).honest_intervals()


def test_widened_reads_the_kind_of_each_row():
    rows = [prediction(place, 1.5, part="cohort", name="2024-01-01") for place in range(3)]
    rows += [prediction(place, 1.5) for place in range(2)]
    today = table(prediction(4, 1.0), prediction(4, 1.0, part="cohort", name="2024-01-01")).drop(
        "actual", "origin", "end"
    )
    found = widened(today, table(*rows), 30, LEVEL)
    # The third cohort is without a total that could tell what was common.
    assert found["seen"].to_list() == [2, 2]


def test_a_part_has_the_error_of_the_total_and_its_own():
    """As normal deviations of 0.3 and 0.4 make one of 0.5; sizes are in steps of 7 %, which add a little spread."""
    common, own = (ModelError((size == SIZES).astype(float)) for size in (SIZES[80], SIZES[90]))
    both = common.and_own(own)
    assert both.weights.sum() == pytest.approx(1)
    assert both.size == pytest.approx(np.hypot(SIZES[80], SIZES[90]), rel=0.005)
    assert both.weights[:91].sum() == 0


def test_what_all_parts_have_in_common_is_no_error_of_their_own():
    """Months that were off by half, groups that were off as the month was: next to nothing is a group's own."""
    months = [1.5, 0.6, 1.4, 0.7, 1.6]
    rows = [prediction(place, ratio, noise=0.01) for place, ratio in enumerate(months)]
    rows += [prediction(place, ratio, part="group", name="a", noise=0.01) for place, ratio in enumerate(months)]
    total, group = honest_intervals(table(*rows), LEVEL).filter(origin=rows[4]["origin"]).rows(named=True)
    wider = reach(group)[0] / reach(total)[0]
    assert wider > 1
    assert wider < 1.1
    apart = [prediction(place, 2 - ratio, part="group", name="a", noise=0.01) for place, ratio in enumerate(months)]
    total, group = honest_intervals(table(*rows[:5], *apart), LEVEL).filter(origin=rows[4]["origin"]).rows(named=True)
    assert reach(group)[0] > 1.5 * reach(total)[0]


SHARES = st.floats(0.01, 1e4)
NOISES = st.floats(0.0, 1.5)
RATIOS = st.floats(0.0, 10.0)
GROUPS = st.lists(st.tuples(SHARES, NOISES, st.lists(RATIOS, min_size=4, max_size=4)), min_size=1, max_size=6)


@given(GROUPS, NOISES, st.sampled_from([15, 30, 90]))
@settings(max_examples=60, deadline=None)
def test_the_ends_of_the_total_lie_between_the_sums_of_those_of_its_groups(groups, noise, days):
    """Of any base: groups of any size and chance, that missed as they like; and the error in common is in each."""
    rows = []
    for place in range(4):
        own = [
            prediction(place, ratios[place], part="group", name=str(name), predicted=share, noise=each)
            for name, (share, each, ratios) in enumerate(groups)
        ]
        actual, predicted = (sum(row[column] for row in own) for column in ("actual", "predicted"))
        rows += [*own, prediction(place, actual / predicted, predicted=predicted, noise=noise)]
    earlier, today = table(*rows).filter(pl.col("origin") < rows[-1]["origin"]), table(*rows[-len(groups) - 1 :])
    found = widened(today, earlier, days, LEVEL)
    assert found["name"].to_list() == today["name"].to_list()
    total, parts = found.row(-1, named=True), found.head(-1)
    slack = 1e-9 * total["honest_high"]
    assert parts["honest_low"].sum() <= total["honest_low"] + slack
    assert parts["honest_high"].sum() >= total["honest_high"] - slack
    least = (total["honest_high"] + 0.5) / (total["predicted"] + 0.5)
    assert ((parts["honest_high"] + 0.5) / (parts["predicted"] + 0.5) >= least * (1 - 1e-9)).all()


def test_where_no_model_could_be_fitted_there_is_no_interval_to_judge():
    rows = table(prediction(0, 1.0)).clear()
    assert honest_intervals(rows, LEVEL).is_empty()
    assert Backtest((FIRST,), rows, pl.DataFrame(), pl.DataFrame(), LEVEL).coverage().is_empty()
