"""A whole report, read as a reader reads it: its sentences against customers.csv, its tables and each other."""

import re
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

import clvlab as cl
from clvlab import export
from clvlab.analysis.segmentation import SECTIONS
from clvlab.analysis.segmentation.watch import LIKELY
from clvlab.presentation import Report
from clvlab.validation.predictions import BASELINE_METHODS
from clvlab.wording import LANGUAGES, Words
from tests.analysis.pages import text_of

WORDS = Words("en", "CNY")
ACTIVE = 365


@pytest.fixture(scope="module")
def results():
    """400 customers of a lighting firm, some of whom only the attributes know."""
    return cl.analyse(
        {
            "name": "whole",
            "source": "lighting",
            "as_of": "2025-12-31",
            "holdout": "26 weeks",
            "strategy": "rfm11",
            "currency": "CNY",
            "n_clusters": 3,
            "export_ids": True,
        },
        log=cl.datasets.lighting(400, seed=5),
    )


@pytest.fixture(scope="module")
def customers(results, tmp_path_factory):
    """customers.csv, as a reader opens it."""
    folder = tmp_path_factory.mktemp("run")
    export.write(results, folder)
    (path,) = folder.rglob("customers.csv")
    return pl.read_csv(path, schema_overrides={"customer_id": pl.String})


@pytest.fixture(scope="module")
def both(results):
    """Language -> section -> what it shows."""
    return {
        lang: {section: [text_of(piece) for piece in report.pieces(section)] for section in SECTIONS}
        for lang in LANGUAGES
        for report in [Report(replace(results, params=results.params.model_copy(update={"lang": lang})))]
    }


@pytest.fixture(scope="module")
def pages(both):
    return both["en"]


def figures(pattern, texts):
    """The figures of the one sentence of this pattern."""
    found = [match for text in texts for match in re.finditer(pattern, text)]
    assert len(found) == 1, (pattern, texts)
    return [
        int(figure.replace(",", "")) if re.fullmatch(r"[\d,]+", figure) else figure for figure in found[0].groups()
    ]


def test_how_many_bought_is_said_alike_everywhere(pages, customers):
    buyers = customers.filter(pl.col("n_purchases") > 0)
    active = buyers.filter(pl.col("days_since_last") < ACTIVE).height
    share = f"{active / buyers.height:.0%}"
    expected = [buyers.height, active, share]
    assert figures(r"([\d,]+) customers bought between", pages["summary"]) == expected[:1]
    assert f"{WORDS.name('measures', 'active')}: {active}" in pages["summary"][2]
    assert figures(r"([\d,]+) customers have bought so far; ([\d,]+) \((\d+%)\)", pages["base_health"]) == expected


def test_prospects_are_counted_alike_everywhere(results, pages, customers):
    prospects = customers.filter(pl.col("n_purchases") == 0).height
    assert prospects > 0
    quality = figures(
        r"know ([\d,]+) customers who have bought nothing.*next to the ([\d,]+) who have", pages["quality"]
    )
    assert quality == [prospects, customers.height - prospects]
    groups = results["segments"]["groups"]
    assert groups.filter(group="prospect")["customers"].to_list() == [prospects]
    assert dict(results["base_health"]["headline"].iter_rows())["prospects"] == prospects


def test_a_group_that_is_said_to_be_empty_is_and_no_other(results, pages, customers):
    counted = dict(customers["group"].value_counts().iter_rows())
    names = {WORDS.group(code): code for code in results["segments"]["groups"]["group"]}
    said = [line for line in pages["segments"] if line.startswith("Groups without a customer")]
    empty = {name.strip(" .") for line in said for name in line.partition(":")[2].split(",")}
    assert {names[name] for name in empty} == set(names.values()) - set(counted)
    (table,) = (piece for piece in pages["segments"] if piece.startswith("Groups, best first"))
    for line in table.splitlines()[2:]:
        name, shown = re.split(r" {2,}", line)[:2]
        assert int(shown.replace(",", "")) == counted.get(names[name], 0), line


def test_the_largest_group_is_the_largest(pages, customers):
    groups, name, share = figures(
        r"into one of ([\d,]+) groups; the largest, “(.*)”, holds (\d+%) of customers",
        pages["segments"],
    )
    counts = customers["group"].value_counts(sort=True)
    assert groups == counts.height
    assert name == WORDS.group(counts["group"][0])
    assert share == f"{counts['count'][0] / customers.height:.0%}"


def test_movement_ends_where_the_segments_are(results, customers):
    balance = results["movement"]["balance"]
    assert (
        balance["opening"] - balance["moved_out"] + balance["arrived"] + balance["moved_in"] == balance["closing"]
    ).all()
    counted = dict(customers.filter(pl.col("n_purchases") > 0)["group"].value_counts().iter_rows())
    closing = dict(balance.select("group", "closing").iter_rows())
    assert {group: n for group, n in closing.items() if n} == counted


def test_what_is_expected_is_said_alike_and_lies_within_its_interval(results, pages, customers):
    money = r"(CN¥[\d.,]+[KM]?)"
    first = figures(rf"bring in about {money} \({money} to {money} with a probability", pages["summary"])
    second = figures(rf"all together about {money} \({money} to {money} with a probability of 90%\)", pages["value"])
    assert first == second
    lead = results["value"].findings["lead"].figures
    assert lead["low"] <= lead["total"] <= lead["high"]
    assert lead["total"] == pytest.approx(customers["clv"].sum(), rel=1e-6)
    groups = results["value"]["by_group"]
    assert ((groups["clv_low"] <= groups["clv"]) & (groups["clv"] <= groups["clv_high"])).all()
    # The total's interval is no wider than its groups' intervals added up.
    assert groups["clv_low"].sum() <= lead["low"]
    assert lead["high"] <= groups["clv_high"].sum()
    by_group = customers.drop_nulls("clv").group_by("group").agg(pl.col("clv").sum())
    assert dict(groups.select("group", "clv").iter_rows()) == pytest.approx(dict(by_group.iter_rows()), rel=1e-6)


def test_past_forecasts_are_one_record_on_every_page(pages):
    expected = figures(r"on (\d) past days, from .*, and looked (.*?) ahead\.", pages["validation"])
    assert figures(r"made again on (\d) past days, looking (.*?) ahead: its total", pages["outlook"]) == expected
    assert figures(r"allow for how far (\d) past forecasts over (.*?) missed", pages["value"]) == expected
    assert figures(r"allowing for how far (\d) past forecasts missed", pages["summary"]) == expected[:1]
    told = {
        section: re.findall(
            r"(?:more|less) was expected.*?than happened(?: \(\w+\))?, by ([\d.]+%) of what", " ".join(pages[section])
        )
        for section in ("summary", "validation", "value", "outlook")
    }
    assert set(told["validation"]) == set(told["summary"])
    assert set(told["value"]) == set(told["outlook"]) <= set(told["summary"])
    assert bool(told["value"]) == bool(told["summary"])


def test_the_most_valuable_group_is_the_same_on_every_page(results, customers):
    worth = customers.drop_nulls("clv").group_by("group").agg(sum=pl.col("clv").sum(), mean=pl.col("clv").mean())
    by_group = results["value"]["by_group"].sort("clv")
    assert by_group["group"][-1] == worth.sort("sum")["group"][-1]
    assert results["value"].findings["by_group"].figures["group"].code == worth.sort("mean")["group"][-1]


def test_the_group_at_risk_of_the_first_page_is_that_of_the_due_list(results, customers):
    stake, actions = results["summary"].findings["stake"].figures, results["summary"]["actions"]
    there = customers.filter(pl.col("p_alive") >= LIKELY).select("customer_id", in_group="group")
    at_risk = results.due.join(there, on="customer_id")
    sums = dict(at_risk.group_by("in_group").agg(pl.col("at_risk").sum()).iter_rows())
    # Every group has a cadence but that of prospects, who have spent nothing.
    assert stake["total"] == pytest.approx(sum(sums.values()))
    assert dict(actions.select("group", "at_risk").iter_rows()) == pytest.approx(
        {code: sums[code] for code in sorted(sums, key=sums.get, reverse=True)[:3]}
    )
    assert stake["group"].code == actions["group"][0]


def test_what_is_at_risk_is_part_of_what_was_spent(results, customers):
    lead = results["watch"].findings["lead"].figures
    year = pl.col("date").is_between(results.params.as_of - timedelta(364), results.params.as_of)
    spent = results.log.accepted.filter(year).group_by("customer_id").agg(pl.col("amount").sum()).collect()
    steady = customers.filter(pl.col("n_purchases") >= 3).join(spent.filter(pl.col("amount") > 0), on="customer_id")
    assert lead["steady"] == steady.height
    assert lead["spend"] <= steady["amount"].sum() + 1e-6
    assert 0 < lead["overdue"] <= lead["steady"]
    assert 0 <= lead["at_risk"] <= lead["spend"] <= customers["total_spend"].sum()
    listed = results["watch"]["customers"]
    assert listed.height <= lead["overdue"]
    assert (listed["at_risk"] <= listed["spend_last_year"]).all()
    assert listed["at_risk"].sum() <= lead["at_risk"] + 1e-6


def test_above_and_below_are_what_the_figures_say(results, pages):
    error, direction, method, simple, simple_direction = figures(
        r"its total was ([\d.,]+%) (above|below) the actual purchases; with “(.*)”, .* been ([\d.,]+%) (above|below)",
        pages["validation"],
    )
    row = results["validation"]["totals"].filter(what="purchases").row(0, named=True)
    missed = {WORDS.name("methods", code): row[code] / row["actual"] - 1 for code in BASELINE_METHODS}
    assert method == min(missed, key=lambda name: abs(missed[name]))  # the nearest of them, as it says
    for percent, way, off in (
        (error, direction, row["model"] / row["actual"] - 1),
        (simple, simple_direction, missed[method]),
    ):
        assert (percent, way) == (f"{abs(off):,.1%}", "above" if off >= 0 else "below")
    for text in pages["validation"]:
        if match := re.search(r"Caution \(Purchases\): the model's total was .*% (above|below)", text):
            assert match[1] == direction


def test_a_report_that_warns_does_not_reassure(results, pages):
    cautions = [text for text in pages["validation"] if text.startswith("Caution")]
    assert bool(cautions) != any(text.startswith("Beyond chance") for text in pages["validation"])
    assert bool(cautions) == any(name.startswith("warning_") for name in results["validation"].findings)


def test_the_model_is_one_throughout(results, pages):
    (name,) = figures(r"customers are valued by (.*?), (?:chosen|as|the first)", pages["value"])
    (fitted,) = set(results["value"]["parameters"]["model"]) - {"GammaGamma"}
    assert name == WORDS.name("models", fitted)
    chosen = results["validation"].findings["choice"].figures["model"].code
    assert fitted == chosen or "fallback" in results["value"].findings


def test_clusters_are_those_of_the_customers(results, pages, customers):
    (k,) = figures(r"in ([\d,]+) clusters", pages["clusters"])
    counted = customers.filter(pl.col("n_purchases") > 0)["cluster"].value_counts()
    assert k == counted.height == results["clusters"]["clusters"].height
    assert dict(results["clusters"]["clusters"].select("group", "customers").iter_rows()) == dict(counted.iter_rows())


def test_shares_of_a_table_add_up(results):
    for section, table, column in (
        ("segments", "groups", "share_customers"),
        ("segments", "groups", "share_spend"),
        ("clusters", "clusters", "share_customers"),
        ("value", "by_group", "share"),
        ("value", "deciles", "share"),
        ("base_health", "orders", "share"),
    ):
        assert results[section][table][column].sum() == pytest.approx(1), (section, table, column)


def test_money_is_the_same_on_every_page(results, customers):
    spent = customers["total_spend"].sum()
    headline = dict(results["base_health"]["headline"].iter_rows())
    assert headline["revenue"] == pytest.approx(spent)
    assert results["segments"]["groups"]["spend"].sum() == pytest.approx(spent)
    assert results["base_health"]["months"].select(pl.sum_horizontal("new", "repeat").sum()).item() == pytest.approx(
        spent
    )


def test_both_languages_state_the_same_shares(both):
    chinese = both["zh"]
    for section, texts in both["en"].items():
        assert len(texts) == len(chinese[section]), section
        for english, other in zip(texts, chinese[section], strict=True):
            shares = [sorted(re.findall(r"[\d.,]+%", text)) for text in (english, other)]
            assert shares[0] == shares[1], (section, english, other)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_code_and_no_hyphen_for_a_minus(both, lang):
    for section, texts in both[lang].items():
        for text in texts:
            assert not re.search(r"[<>!=]=|[{}]|\bnan\b|\bNone\b|\d[eE][+-]\d|(?<=[\s(])-(?=[\d¥C])", text), (
                section,
                text,
            )


def test_cards_say_what_the_tables_of_groups_say(results):
    cards, groups = results["cards"]["cards"], results["segments"]["groups"].filter(pl.col("customers") > 0)
    for column in ("group", "customers", "share_customers", "share_spend", "p_alive", "p_buys_again"):
        assert cards[column].to_list() == groups[column].to_list()
    due = results["due"]["groups"]
    for column in ("group", "due", "held_back", "cadence", "review_on"):
        assert cards[column].to_list() == due[column].to_list()
    values = results["value"]["by_group"]
    told = cards.filter(pl.col("clv").is_not_null())
    for column in ("group", "clv", "clv_low", "clv_high"):
        assert told[column].to_list() == values[column].to_list()
    balance = dict(results["movement"]["balance"].select("group", "opening").iter_rows())
    assert {group: balance.get(group, 0) for group in cards["group"]} == dict(
        cards.select("group", "were").iter_rows()
    )


def test_gems_and_forecasts_are_of_the_customers_of_the_report(results, customers):
    buyers = customers.filter(pl.col("n_purchases") > 0)
    assert results["gems"]["quadrants"]["customers"].sum() == buyers.height
    assert results["gems"]["quadrants"]["clv"].sum() == pytest.approx(buyers["clv"].sum())
    kept = results["trust"]["forecasts"]
    assert kept["end"].max() == results.params.as_of
    assert kept["customers"].max() <= buyers.height
