"""The bench's notebooks, run as they are, and in Chinese with other parameters: they show what the package says.

What it shows as a table is compared with the text of the same table.
"""

import re
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import yaml

import clvlab as cl
from clvlab.charts.notebook import VEGA_LITE
from clvlab.reporting.execution import execute

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHARACTER = "[\u4e00-\u9fff]"
LINES = {"customer_id": "Customer No.", "date": "Order date", "amount": "Amount (CNY)", "channel": "Sold by"}
CHANGED = {
    "01_know_your_data": {"source": "cdnow_sample", "currency": "USD"},
    "02_customers_and_rfm": {"as_of": "1997-12-31", "time_unit": "month", "strategy": "rfm8", "group": "key_value"},
    "03_value_models": {"cutoff": "1997-12-31", "time_unit": "month", "horizon": "6 months", "margin": 0.3},
    "04_groupings": {
        "cutoff": "1997-12-31",
        "strategies": ["abc", "spend_tiers"],
        "n_rounds": 20,
        "before": "rfm8",
        "after": "rfm11",
        "bounds_of": "abc",
    },
    "05_bring_your_own_data": {"source": "orders_export.csv", "columns": LINES, "reading": {}, "folder": "other"},
    "06_one_customer": {"source": "cdnow_sample", "customer_id": "1516", "currency": "USD"},
}
CHARTS = {"01": 1, "02": 5, "03": 4, "04": 3, "05": 0, "06": 2}
"""How many charts a notebook draws."""


def shown(notebook):
    """What the cells show: texts of tables and objects, what is printed, titles of charts."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    data = [output["data"] for output in outputs if "data" in output]
    return SimpleNamespace(
        texts=[each["text/plain"] for each in data],
        printed="".join(output["text"] for output in outputs if output.get("name") == "stdout"),
        charts=[each[VEGA_LITE] for each in data if VEGA_LITE in each],
        html=[each["text/html"] for each in data if "text/html" in each],
    )


@pytest.fixture(params=["en", "zh"])
def lang(request):
    return request.param


@pytest.fixture
def run(lang, tmp_path, monkeypatch):
    """Runs a notebook in a folder of its own: what it shows, every chart and table in the language of the run."""
    monkeypatch.chdir(tmp_path)

    def shows(name):
        cl.datasets.untidy_export(tmp_path, "en")
        notebook, parameters = {"en": (NOTEBOOKS, {}), "zh": (NOTEBOOKS / "zh", CHANGED[name])}[lang]
        out = tmp_path / "out.ipynb"
        execute(notebook / f"{name}.ipynb", out, parameters, environment={}, on_cell=len, stderr=StringIO())
        seen = shown(nbformat.read(out, 4))
        assert len(seen.charts) == CHARTS[name[:2]]
        # The export that notebook 5 reads is Chinese in either language.
        if not name.startswith("05"):
            check_language(seen, lang)
        return seen

    return shows


def check_language(seen, lang):
    for chart in seen.charts:
        assert bool(re.search(CHARACTER, str(chart.get("title") or chart["description"]))) == (lang == "zh")
    if lang == "en":
        assert not re.search(CHARACTER, "\n".join([*seen.texts, *seen.html, seen.printed]))
        return
    # Objects have one text for a prompt; what a notebook shows of them is beside it.
    tables = [text for text in seen.texts if not re.match(r"(Explorer|WhatIf|CustomerFile): ", text)]
    assert all(re.search(CHARACTER, text.partition("\n")[0]) for text in tables)
    assert all(re.search(CHARACTER, html) for html in seen.html)


def given(name, lang, **defaults):
    """The parameters of a run."""
    return SimpleNamespace(**(defaults | (CHANGED[name] if lang == "zh" else {})))


def test_1_accounts_for_every_row_and_shows_those_that_were_refused(run, lang, tmp_path):
    seen = run("01_know_your_data")
    if lang == "en":
        assert seen.printed.startswith("Verdict: ready\n")
        [quality] = [text for text in seen.texts if text.startswith("Where rows went  ") and "Read " in text]
        assert re.search(r"Read +13,059 +100.0% +CN¥11,555,743", quality)
        assert re.search(r"a total of other rows in place of a transaction +1 +0.0% +CN¥5,770,980", quality)
        assert any(re.search(r"Refused: no customer +3 +– +T0001 +2023/5/17", text) for text in seen.texts)
        log = cl.check_source(str(cl.datasets.untidy_export(tmp_path, "en")), "en").log
        assert sum(text.count("\nRefused: ") for text in seen.texts) == 8 + log.rejected.height == 25
    else:
        log = cl.datasets.cdnow(sample=True)
        assert "结论：" in seen.printed
        assert repr(cl.show(log.quality, lang="zh", currency="USD")) in seen.texts
        assert any(re.search(r"有购买的客户数，不少于 +500 +2,357 +是", text) for text in seen.texts)


def test_2_shows_the_customers_their_groups_and_whom_to_call(run, lang):
    seen = run("02_customers_and_rfm")
    asked = given(
        "02_customers_and_rfm", lang, as_of="1998-06-30", time_unit="week", strategy="rfm11", group="at_risk"
    )
    customers = cl.summarise_customers(cl.datasets.cdnow(sample=True), asked.as_of, asked.time_unit)
    rule = cl.strategies[asked.strategy].fit(customers)
    how = {"lang": lang, "currency": "USD"}
    assert repr(cl.show(customers.data, **how, most=8)) in seen.texts
    assert repr(cl.show(rule.card, lang=lang)) in seen.texts
    chosen = customers.data.join(rule.assign(customers), on="customer_id").filter(group=asked.group)
    assert chosen.height > 10
    best = chosen.sort("total_spend", descending=True)
    columns = ["customer_id", "group", "n_purchases", "total_spend", "last_purchase"]
    assert repr(cl.show(best.select(columns), **how, most=10)) in seen.texts
    [sizes] = [text for text in seen.texts if {"zh": "购买次数（中位）", "en": "Purchases (median)"}[lang] in text]
    counts = [int(re.findall(r" ([\d,]+) +\d+\.\d%", line)[0].replace(",", "")) for line in sizes.splitlines()[1:]]
    assert sum(counts) == 2_357


def test_3_fits_judges_chooses_and_values(run, lang):
    seen = run("03_value_models")
    asked = given("03_value_models", lang, cutoff="1997-09-30", time_unit="week", horizon="12 months", margin=1.0)
    log = cl.datasets.cdnow(sample=True)
    calibration, holdout = cl.split_holdout(log, asked.cutoff, "1998-06-30", asked.time_unit)
    choice, spend = cl.choose_model(calibration, holdout), cl.GammaGamma.fit(calibration)
    assert repr(cl.show(choice.model.confidence_intervals(), lang=lang)) in seen.texts
    validation = cl.validate(choice.model, spend, calibration, holdout)
    assert validation.explain(lang) in seen.printed
    assert choice.explain(lang) in seen.printed
    customers = cl.summarise_customers(log, "1998-06-30", asked.time_unit)
    final, of_spend = type(choice.model).fit(customers), cl.GammaGamma.fit(customers)
    value = cl.lifetime_value(final, of_spend, customers, asked.horizon, 0.10, asked.margin, interval=0.9)
    best = value.sort("clv", descending=True)
    assert repr(cl.show(best, lang=lang, currency="USD", most=10)) in seen.texts
    if lang == "en":
        # Fader, Hardie & Lee (2005): 1,882 purchases in the holdout.
        assert any(re.search(r"\nPurchases +1,882 ", text) for text in seen.texts)


def test_4_ranks_groupings_and_counts_who_moves(run, lang):
    seen = run("04_groupings")
    asked = given(
        *("04_groupings", lang),
        cutoff="1997-09-30",
        strategies=["rfm11", "rfm11_fixed", "value_tiers", "lifecycle5", "abc"],
        n_rounds=100,
        before="rfm11",
        after="rfm11_fixed",
        bounds_of="value_tiers",
    )
    log = cl.datasets.cdnow(sample=True)
    calibration, holdout = cl.split_holdout(log, asked.cutoff, "1998-06-30", "week")
    old, new = (cl.strategies[name].fit(calibration) for name in (asked.before, asked.after))
    moves = old.moves(new, calibration)
    assert repr(cl.show(moves, lang=lang, currency="USD")) in seen.texts
    others = old.assign(calibration)["group"] != new.assign(calibration)["group"]
    assert moves["customers"].sum() == others.sum() > 100
    board = cl.compare(asked.strategies, log, asked.cutoff, "1998-06-30", n_rounds=asked.n_rounds)
    ranks = board.ranking.select("strategy", "gini", "n_groups", "smallest", "knows", "equal", "recommended")
    assert repr(cl.show(ranks, lang=lang)) in seen.texts
    what_if = cl.what_if(asked.bounds_of, calibration, holdout, lang=lang)
    assert any(what_if.show().text in html or what_if.show().html in html for html in seen.html)


def test_5_maps_accounts_and_writes_what_to_run_next(run, lang):
    seen = run("05_bring_your_own_data")
    into = Path("my_log" if lang == "en" else "other")
    params = cl.ReportParams.load(into / "params.yaml")
    columns = {"en": "客户编号", "zh": "Customer No."}
    assert params.columns["customer_id"] == columns[lang]
    assert params.columns["channel"] == {"en": "成交方式", "zh": "Sold by"}[lang]
    assert params.lang == lang
    assert yaml.safe_load((into / "params.yaml").read_text(encoding="utf-8"))["currency"] == "CNY"
    quality = dict(cl.read_log(params).quality.select("rule", "rows").iter_rows())
    assert (quality["read"], quality["accepted"], quality["merged"]) == (
        13_059,
        *{"en": (13_028, 14), "zh": (13_042, 0)}[lang],
    )
    [account] = [text for text in seen.texts if {"en": "Read ", "zh": "读取 "}[lang] in text]
    assert re.search(rf"{quality['accepted']:,} +99", account)
    assert f"clvlab report '{into.name}/params.yaml'\nclvlab compare '{into.name}/params.yaml'\n" in seen.printed
    if lang == "en":
        assert "--- gb18030\n客户编号,订单编号,下单日期" in seen.printed


def test_6_shows_one_customer(run, lang):
    seen = run("06_one_customer")
    [file] = [text for text in seen.texts if text.startswith("CustomerFile")]
    who = re.match(r"CustomerFile: '(\d+)' as of ([\d-]+): (\d+) purchases", file)
    if lang == "zh":
        rows, day = cl.datasets.cdnow(sample=True).data, "1998-06-30"
        assert who[1] == CHANGED["06_one_customer"]["customer_id"]
    else:
        log = cl.check_source("orders_export.csv", "en").log
        rows, day = log.data, "2025-12-31"
    customers = cl.summarise_customers(cl.read_transactions(rows), day).data
    assert who[2] == day
    assert customers.filter(customer_id=who[1])["n_purchases"].item() == int(who[3])
    [page] = [html for html in seen.html if {"zh": "客户1516", "en": f"Customer {who[1]}"}[lang] in html]
    assert {"zh": "仍活跃概率", "en": "P(alive)"}[lang] in page
    assert any(f"\n{who[1]} " in text for text in seen.texts)
    shown = {"zh": r"仍活跃概率</dt><dd>(\d+)%", "en": r"P\(alive\)</dt><dd>(\d+)%"}[lang]
    model = cl.choose_model(cl.summarise_customers(cl.read_transactions(rows), day, "week")).model
    alive = model.p_alive(customers_in_weeks := cl.summarise_customers(cl.read_transactions(rows), day, "week"))
    place = customers_in_weeks.data["customer_id"].to_list().index(who[1])
    assert abs(int(re.search(shown, page)[1]) - 100 * alive[place]) < 5
