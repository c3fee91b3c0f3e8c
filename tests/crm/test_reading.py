"""A run over what a CRM holds: kept in files, equal to the same data as files, without what is not needed."""

import re
import sys
from contextlib import closing
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import yaml
from click.testing import CliRunner
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.cli import main
from clvlab.crm.connect import connect
from clvlab.crm.fakes.retailer import LABELS
from clvlab.crm.fakes.trial import CREDENTIALS, trial
from clvlab.crm.reading import read
from clvlab.crm.transport import Transport
from clvlab.customers import read_attributes
from clvlab.errors import DataError, ParamsError
from clvlab.inputs import attribute_tables, read_log
from clvlab.params import ReportParams

TODAY = date(2026, 2, 2)
WON = {"Stage": ["Closed Won"]}
SECTIONS = ("summary", "segments", "value", "base_health", "cohorts")


def params_of(folder, server, where=WON, **source):
    where = {"where": where} if where is not None else {}
    crm = {"crm": "zoho", "orders": "Deals", "login": server.url, "api": server.url} | source
    return ReportParams(name="shop", source=crm, as_of="2025-12-31", output=str(folder), reading=where)


def read_now(given, today=TODAY):
    with closing(connect(given, Transport(sleep=lambda _: None))) as crm:
        return read(given, crm, today), crm.reads


def test_the_report_is_that_of_the_same_data_as_files(shop, tmp_path):
    over_crm, _ = read_now(params_of(tmp_path, shop))
    deals = [it for it in shop.modules["Deals"].records.values() if it["Stage"] == "Closed Won"]
    pl.DataFrame(
        {
            "customer_id": [it["Account_Name"]["id"] for it in deals],
            "date": [it["Closing_Date"] for it in deals],
            "amount": [it["Amount"] for it in deals],
            "order_id": [it["id"] for it in deals],
        }
    ).write_csv(tmp_path / "orders.csv")
    accounts = shop.modules["Accounts"].records.values()
    pl.DataFrame(
        {
            "customer_id": [it["id"] for it in accounts],
            "industry": [it["Industry"] for it in accounts],
            "province": [it["Billing_State"] for it in accounts],
        }
    ).write_csv(tmp_path / "customers.csv")
    over_files = ReportParams(
        name="plain",
        source=str(tmp_path / "orders.csv"),
        attributes=str(tmp_path / "customers.csv"),
        as_of="2025-12-31",
    )
    found, wanted = cl.analyse(over_crm), cl.analyse(over_files)
    for section in SECTIONS:
        assert found[section].keys() == wanted[section].keys()
        for name, table in wanted[section].items():
            assert_frame_equal(found[section][name], table, check_exact=True)
    ours = ["customer_id", "n_purchases", "total_spend", "group", "clv", "p_alive", "industry", "province"]
    assert_frame_equal(found.customers.select(ours), wanted.customers.select(ours))


def test_what_was_read_is_kept_and_a_run_is_one_over_it(zoho, tmp_path):
    given, accounts = read_now(params_of(tmp_path, zoho))
    folder = tmp_path / "shop" / ".crm"
    assert given.source == str(folder / "zoho_deals.parquet")
    assert given.attributes == (str(folder / "customers.parquet"), str(folder / "history.parquet"))
    assert [(it.module, it.rows) for it in accounts] == [("Deals", 4), ("Accounts", 450)]
    assert sorted(path.name for path in folder.iterdir()) == [
        "account.json",
        "customers.parquet",
        "history.parquet",
        "passing.parquet",
        "zoho_deals.parquet",
    ]
    log = read_log(given)
    assert log.data["amount"].to_list() == [10.0]
    counts = dict(log.quality.select("rule", "rows").iter_rows())
    assert counts == {"read": 4, "accepted": 1, "merged": 0, "filtered": 3}
    before = {path: path.read_bytes() for path in folder.glob("*.parquet")}
    read_now(params_of(tmp_path, zoho), date(2026, 3, 1))
    assert {path: path.read_bytes() for path in folder.glob("*.parquet")} == before


def test_stages_that_nothing_uses_are_told(zoho, tmp_path):
    given, _ = read_now(params_of(tmp_path, zoho, where=None))
    with pytest.warns(cl.errors.ClvlabWarning, match="the column 'Stage' is not used") as said:
        read_log(given)
    assert "states_unused" in [each.message.code for each in said]


def test_prospects_are_there_and_what_changes_has_its_day(zoho, tmp_path):
    given, _ = read_now(params_of(tmp_path, zoho))
    lasting, passing = attribute_tables(given, read_log(given))
    assert (lasting.is_dated, lasting.data.height) == (False, 450)
    assert passing.is_dated
    assert passing.as_of(date(2026, 2, 1)).is_empty()
    known = passing.as_of(TODAY)
    first = [str(4768000000000100001 + at) for at in range(2)]
    assert known.filter(pl.col("customer_id").is_in(first)).select("customer_id", "rating", "pipeline").rows() == [
        (first[0], "Active", None),
        (first[1], None, 20.0),
    ]


def test_the_history_grows_by_what_has_changed(zoho, tmp_path):
    path = tmp_path / "shop" / ".crm" / "history.parquet"
    read_now(params_of(tmp_path, zoho))
    rows = pl.read_parquet(path).height
    account = str(4768000000000100002)
    zoho.modules["Accounts"].records[account]["Rating"] = "Lost"
    [deal] = [it for it in zoho.modules["Deals"].records.values() if it["Stage"] == "Qualification"]
    deal["Stage"] = "Closed Lost"
    read_now(params_of(tmp_path, zoho), date(2026, 3, 1))
    history = pl.read_parquet(path)
    assert history.height == rows + 1
    assert history.tail(1).rows() == [(account, date(2026, 3, 1), "Lost", 0.0)]
    [table] = read_attributes(str(path))
    assert table.as_of(date(2026, 2, 28)).filter(customer_id=account)["pipeline"].to_list() == [20.0]
    assert table.as_of(date(2026, 3, 1)).filter(customer_id=account)["pipeline"].to_list() == [0.0]


def test_invoices_are_the_usual_purchases(zoho, tmp_path):
    given, _ = read_now(params_of(tmp_path, zoho, {"Status": ["Approved"]}, orders="Invoices"))
    assert read_log(given).data.height == 405
    given, _ = read_now(
        params_of(tmp_path, zoho, {"Status": ["Approved"]}, orders="Invoices", fields={"kind": "Owner"})
    )
    assert "kind" in attribute_tables(given, read_log(given))[0].columns


def test_a_crm_without_orders_is_told(zoho, tmp_path):
    zoho.modules["Deals"].records.clear()
    with pytest.raises(DataError, match="gives no record of Deals"):
        read_now(params_of(tmp_path, zoho))


def test_a_source_that_is_a_crm_is_read_by_the_command_line(zoho, tmp_path):
    with pytest.raises(ParamsError, match="which the command line reads before a run"):
        cl.analyse(params_of(tmp_path, zoho))
    with pytest.raises(ParamsError, match="The params name files as the source"):
        connect(ReportParams(name="x", source="cdnow", as_of="2025-12-31"))
    assert params_of(tmp_path, zoho).sources == ()


def test_wrong_keys_of_a_crm_are_told_by_name(zoho, tmp_path):
    with pytest.raises(ParamsError, match=r"`source.order_` is unknown. Did you mean 'orders'"):
        params_of(tmp_path, zoho, order_="Deals")
    with pytest.raises(ParamsError, match=r"`source.labels.grup` is unknown. Did you mean 'group'"):
        params_of(tmp_path, zoho, labels={"grup": "x"})


def test_without_what_calls_a_crm_it_is_told_what_to_install(zoho, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("clvlab.crm")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httpx", None)
    path = tmp_path / "crm.yaml"
    path.write_text(params_of(tmp_path, zoho).to_yaml(), encoding="utf-8")
    done = CliRunner().invoke(main, ["label", str(path)])
    assert (done.exit_code, "pip install 'clvlab[crm]'" in done.stderr) == (2, True)


DOCS = Path(__file__).parents[2] / "docs" / "how_to" / "zoho_crm.md"


def commands(text):
    """The lines that call clvlab, one by one, without those that need a shell."""
    return [line.split()[1:] for line in text.splitlines() if re.match(r"clvlab (report|label) [^$]*$", line)]


def test_a_trial_prints_what_the_documentation_says(zoho):
    """The same params but for the addresses, and the same commands."""
    printed, documented = trial(zoho.url), DOCS.read_text(encoding="utf-8")
    params = yaml.safe_load(re.search(r"<<END\n(.*?)END\n", printed, re.DOTALL).group(1))
    theirs = yaml.safe_load(re.search(r"```yaml\n(.*?)```", documented, re.DOTALL).group(1))
    assert (params["source"].pop("api"), params["source"].pop("login")) == (zoho.url, zoho.url)
    assert theirs["source"].pop("login") == "https://accounts.zoho.com"
    assert params == theirs
    assert commands(printed) == commands(documented)


def known_of(records):
    """What records have that is not empty, but for when they were changed."""
    return {
        key: {name: value for name, value in record.items() if value is not None and name != "Modified_Time"}
        for key, record in records.items()
    }


def test_the_whole_circle_as_documented_leaves_no_secret_and_nobodys_number(shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = DOCS.read_text(encoding="utf-8")
    params = re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1)
    here = params.replace("login: https://accounts.zoho.com", f"login: {shop.url}\n  api: {shop.url}")
    (tmp_path / "crm.yaml").write_text(here, encoding="utf-8")
    before = {key: dict(record) for key, record in shop.modules["Accounts"].records.items()}
    said = []
    for line in commands(text):
        done = CliRunner().invoke(main, line)
        assert done.exit_code == 0, (line, done.output)
        said.append(done.output)
        if line[-1] == "--apply" and "--undo" not in line:
            groups = {it[LABELS["group"]] for it in shop.modules["Accounts"].records.values()}
            assert {"champions", "lost"} <= groups
    assert known_of(shop.modules["Accounts"].records) == known_of(before)
    assert shop.ledger == []
    secrets = [*CREDENTIALS.values(), "1000.access."]
    private = [secret.encode() for secret in (*secrets, "@customer.example", "@retailer.example", "8800 1234")]
    files = [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        data = path.read_bytes()
        assert not [each for each in private if each in data], path
    assert not [each for each in private for text in said if each in text.encode()]
