"""What objects draw of themselves."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import vl_convert
from scipy import stats

import clvlab as cl
from clvlab.models.heterogeneity import UP_TO, heterogeneity, median_rate
from clvlab.pictures import _shares, alive

MODELS = {
    "bg_nbd": cl.BgNbd(0.243, 4.414, 0.793, 2.426, time_unit="week"),
    "pareto_nbd": cl.ParetoNbd(0.553, 10.58, 0.606, 11.67, time_unit="week"),
    "nbd": cl.Nbd(0.385, 12.07, time_unit="week"),
    "bg_cnbd_k": cl.BgCnbdK(0.6, 4.0, 0.7, 2.5, k=2, time_unit="week"),
}


@pytest.fixture(scope="module")
def halves():
    log = cl.datasets.cdnow(sample=True)
    return cl.split_holdout(log, cutoff="1997-09-30", end="1998-06-30", time_unit="week")


@pytest.fixture(scope="module")
def board():
    log = cl.datasets.cdnow(sample=True)
    return cl.compare(["rfm11", "abc"], log, cutoff="1997-09-30", end="1998-06-30", n_rounds=20)


def titles(chart):
    spec = chart.to_dict()
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    assert svg.count("<path") > 3
    assert spec["description"] == f"{spec['title']['text']}. {spec['title']['subtitle']}".replace(
        ". ", "。" if max(spec["description"]) > "\u2e80" else ". "
    )
    return spec["title"]["text"], spec["title"]["subtitle"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_log_draws_the_money_of_its_months(lang):
    log = cl.datasets.cdnow(sample=True)
    chart = log.plot(lang=lang)
    title, subtitle = titles(chart)
    drawn = pl.concat(pl.DataFrame(rows) for rows in chart.to_dict()["datasets"].values())
    assert drawn["value"].sum() == pytest.approx(log.data["amount"].sum())
    assert drawn["month"].n_unique() == 18
    assert "%" in title
    assert ("1998年6月30日" if lang == "zh" else "30 June 1998") in subtitle


def test_a_log_without_money_says_what_its_picture_lacks():
    log = cl.read_transactions(pl.DataFrame({"customer_id": ["a"], "date": ["2024-01-31"]}))
    with pytest.raises(cl.errors.ParamsError, match="Map the column `amount`"):
        log.plot()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("what", ["map", "orders", "concentration"])
def test_customers_draw_themselves(halves, what, lang):
    title, subtitle = titles(halves[0].plot(what, lang=lang))
    assert "%" in title
    assert ("1997年9月30日" if lang == "zh" else "30 September 1997") in subtitle


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("what", ["heterogeneity", "alive", "tracking", "frequency"])
@pytest.mark.parametrize("model", MODELS)
def test_models_draw_themselves(halves, model, what, lang):
    titles(MODELS[model].plot(what, *halves, lang=lang))


def test_a_rule_and_a_board_draw_themselves(halves, board):
    rule = cl.strategies["rfm11"].fit(halves[0])
    assert titles(rule.plot(halves[0]))[0] == "The group “Champions” accounts for 10% of customers and 33% of spend"
    assert titles(board.plot())[0].startswith("“RFM segments (recency × frequency)” predicts spend best")
    assert titles(board.plot(lang="zh"))[0].startswith("各分组中“RFM")


def test_shares_of_groups_by_hand():
    customers = cl.CustomerSummary(
        pl.DataFrame({"customer_id": list("abcd"), "n_purchases": [1, 1, 2, 9], "total_spend": [0.1, 0.2, 0.7, 3.0]}),
        cutoff=None,
        time_unit="day",
    )
    rule = cl.strategies["frequency_tiers"].fit(customers)
    found = _shares(rule, customers).filter(pl.col("customers") > 0)
    counts = rule.assign(customers)["group"].value_counts().sort("count")
    assert sorted(found["customers"]) == sorted(counts["count"])
    assert found["share_customers"].sum() == pytest.approx(1)
    assert found["share_spend"].to_list()[0] == pytest.approx(3.0 / 4.0)
    without = replace(customers, data=customers.data.drop("total_spend"))
    assert _shares(rule, without)["share_spend"].null_count() == len(_shares(rule, without))


@pytest.mark.parametrize("model", MODELS)
def test_shares_of_rates_add_up_to_what_is_drawn(model):
    for _, rows in heterogeneity(MODELS[model]).group_by("what"):
        assert rows["share"].sum() == pytest.approx(UP_TO)
        assert (rows["share"] >= 0).all()
        assert rows["above"][0] == 0
        assert rows["above"].to_list()[1:] == rows["up_to"].to_list()[:-1]


def test_shares_of_rates_are_those_of_the_distributions():
    found = heterogeneity(MODELS["bg_nbd"])
    chance, rate = found.filter(what="leaving_chance"), found.filter(what="rate")
    expected = np.diff(stats.beta(0.793, 2.426).cdf([0, *chance["up_to"]]))
    assert chance["share"].to_numpy() == pytest.approx(expected)
    assert rate["up_to"][-1] == pytest.approx(stats.gamma(0.243, scale=1 / 4.414).ppf(UP_TO))


def test_regular_buyers_buy_at_every_kth_event():
    """Events at twice the rate of which every second is a purchase are purchases at that rate."""
    twice = cl.BgCnbdK(0.6, 4.0, 0.7, 2.5, k=2, time_unit="week")
    once = cl.BgNbd(0.6, 8.0, 0.7, 2.5, time_unit="week")
    assert median_rate(twice) == pytest.approx(median_rate(once))


def test_p_alive_of_the_picture_is_that_of_the_model():
    model = MODELS["bg_nbd"]
    table = alive(model, 39.0, 3)
    one = table.filter(pl.col("frequency") == 2, pl.col("since") == 15.0)
    history = pl.DataFrame({"frequency": [2], "recency": [24.0], "T": [39.0]})
    assert one["p_alive"].item() == pytest.approx(model.p_alive(history)[0])
    by_silence = table.filter(frequency=3).sort("since")["p_alive"]
    assert by_silence.is_sorted(descending=True)


def test_what_is_wrong_is_said(halves):
    with pytest.raises(cl.errors.ParamsError, match=r"no picture 'trackin'. Did you mean 'tracking'\?"):
        MODELS["nbd"].plot("trackin")
    with pytest.raises(cl.errors.ParamsError, match="`holdout` is of type NoneType"):
        MODELS["nbd"].plot("tracking", halves[0])
    without = replace(halves[0], data=halves[0].data.drop("total_spend"))
    with pytest.raises(cl.errors.MissingColumnsError, match="total_spend"):
        without.plot("concentration")


def test_nothing_is_loaded_for_pictures_that_nobody_asks_for():
    """Nor is anything else that fitting and valuing do without."""
    code = (
        "import sys, clvlab as cl; log = cl.datasets.cdnow(sample=True); "
        "customers = cl.summarise_customers(log, cutoff='1997-09-30'); "
        "model, spend = cl.BgNbd.fit(customers), cl.GammaGamma.fit(customers); "
        "cl.lifetime_value(model, spend, customers, horizon='12 months'); cl.strategies['rfm11'].assign(customers); "
        "print(sorted({'altair', 'sklearn', 'papermill', 'clvlab.pictures'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
