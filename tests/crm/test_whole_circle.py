"""The whole circle with each CRM: a report of it, labels into it, ten times killed, and all of it taken back."""

import io
import json
import multiprocessing
import os
import random
import signal
import time
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from click.testing import CliRunner
from polars.testing import assert_frame_equal

import clvlab as cl
from clvlab.cli import main
from clvlab.crm.connect import connect
from clvlab.crm.fakes import FakeFxiaoke, FakeServer, FakeZoho
from clvlab.crm.fakes.retailer import FXIAOKE_LABELS, LABELS
from clvlab.crm.fakes.trial import CREDENTIALS, FXIAOKE_CREDENTIALS, made_up
from clvlab.crm.reading import read
from clvlab.export import write
from clvlab.params import ReportParams

pytestmark = pytest.mark.usefixtures("few_futures")
CUSTOMERS = 2_000
DAY = "2025-12-31"
KILLS = 10
PRIVATE = ("@customer.example", "@retailer.example", "8800 1234", "1000.access.")


@dataclass(frozen=True)
class Kind:
    """A CRM: what params have of it, where its records are, and which requests write.

    records, orders, attributes : of a server, what its records say, without the connector
    written : the ids of what a request writes
    """

    source: Mapping[str, Any]
    where: Mapping[str, Any]
    labels: Mapping[str, str]
    records: Callable[[Any], Mapping[str, dict[str, Any]]]
    orders: Callable[[Any], list[tuple[str, str, float, str]]]
    attributes: Callable[[Any], list[dict[str, Any]]]
    written: Callable[[Any], list[str]]
    at_once: int


def orders_of_zoho(server: FakeZoho) -> list[tuple[str, str, float, str]]:
    deals = server.modules["Deals"].records.values()
    won = [each for each in deals if each["Stage"] == "Closed Won"]
    return [(each["Account_Name"]["id"], each["Closing_Date"], each["Amount"], each["id"]) for each in won]


def attributes_of_zoho(server: FakeZoho) -> list[dict[str, Any]]:
    return [
        {
            "customer_id": each["id"],
            "industry": each["Industry"],
            "customer_type": each["Account_Type"],
            "province": each["Billing_State"],
            "owner": each["Owner"]["id"],
        }
        for each in server.modules["Accounts"].records.values()
    ]


def orders_of_fxiaoke(server: FakeFxiaoke) -> list[tuple[str, str, float, str]]:
    sales = server.objects["SalesOrderObj"].records.values()
    in_force = [each for each in sales if each["life_status"] == "normal"]
    return [
        (each["account_id"], day_of(each["order_time"]), float(each["order_amount"]), each["_id"])
        for each in in_force
    ]


def day_of(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone(timedelta(hours=8))).date().isoformat()


def attributes_of_fxiaoke(server: FakeFxiaoke) -> list[dict[str, Any]]:
    fields = server.objects["AccountObj"].fields
    chosen = {
        "industry": "industry_level1",
        "customer_type": "account_type",
        "lead_source": "account_source",
        "province": "province",
    }
    return [
        {
            "customer_id": each["_id"],
            **{ours: fields[theirs].options.get(each[theirs]) for ours, theirs in chosen.items()},
            "owner": each["owner"][0],
        }
        for each in server.objects["AccountObj"].records.values()
    ]


def written_by_fxiaoke(request: Any) -> list[str]:
    return [request.body["data"]["object_data"]["_id"]] if request.path.endswith("/data/update") else []


KINDS = {
    "zoho": Kind(
        {"crm": "zoho", "orders": "Deals"},
        {"Stage": ["Closed Won"]},
        LABELS,
        lambda server: server.modules["Accounts"].records,
        orders_of_zoho,
        attributes_of_zoho,
        lambda request: [row["id"] for row in request.body["data"]] if request.method == "PUT" else [],
        100,
    ),
    "fxiaoke": Kind(
        {"crm": "fxiaoke"},
        {"life_status": ["normal"]},
        FXIAOKE_LABELS,
        lambda server: server.objects["AccountObj"].records,
        orders_of_fxiaoke,
        attributes_of_fxiaoke,
        written_by_fxiaoke,
        1,
    ),
}


GIVEN = {"as_of": DAY, "holdout": "39 weeks", "currency": "CNY"}


def params_of(kind: Kind, server: FakeServer, folder: Path) -> Path:
    """A params file of a run over the CRM."""
    addresses = {"api": server.url} | ({"login": server.url} if kind.source["crm"] == "zoho" else {})
    source = {**kind.source, **addresses, "labels": dict(kind.labels)}
    given = {"name": "crm", "source": source, "where": dict(kind.where), "output": str(folder / "reports"), **GIVEN}
    (folder / "crm.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    return folder / "crm.yaml"


def of_crm(params: Path) -> ReportParams:
    """The parameters of a run over what the CRM holds."""
    given = ReportParams.load(params)
    with closing(connect(given)) as crm:
        return read(given, crm, date.today())


def of_files(kind: Kind, server: FakeServer, folder: Path) -> ReportParams:
    """The parameters of a run over files of what the records say."""
    columns = ["customer_id", "date", "amount", "order_id"]
    pl.DataFrame(kind.orders(server), columns, orient="row").write_csv(folder / "orders.csv")
    pl.DataFrame(kind.attributes(server)).write_csv(folder / "customers.csv")
    sources = {"source": str(folder / "orders.csv"), "attributes": str(folder / "customers.csv")}
    return ReportParams(name="plain", output=str(folder / "reports"), **sources, **GIVEN)


def export(given: ReportParams) -> Path:
    """Write what a report exports; where to."""
    folder = given.folder / DAY
    write(cl.analyse(given), folder)
    return folder


def told(*line: Any) -> str:
    """What a command says; it ends well."""
    done = CliRunner().invoke(main, [str(each) for each in line])
    assert done.exit_code == 0, done.output
    return done.output


@dataclass(frozen=True)
class Circle:
    """A CRM, a report of it, and one of the same data as files."""

    kind: Kind
    server: Any
    params: Path
    ours: Path
    theirs: Path

    @property
    def labels(self) -> dict[str, tuple[Any, ...]]:
        """The labels of every record."""
        records = self.kind.records(self.server)
        return {key: tuple(each.get(name) for name in self.kind.labels.values()) for key, each in records.items()}

    @property
    def written(self) -> list[str]:
        """The id of each record that was written, as often as it was."""
        return [record for request in self.server.requests for record in self.kind.written(request)]


@pytest.fixture(scope="module", params=KINDS)
def circle(request, tmp_path_factory):
    kind, folder = KINDS[request.param], tmp_path_factory.mktemp("circle")
    with pytest.MonkeyPatch.context() as patch, made_up(request.param, CUSTOMERS) as server:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for name, value in (CREDENTIALS | FXIAOKE_CREDENTIALS).items():
            patch.setenv(name, value)
        params = params_of(kind, server, folder)
        yield Circle(kind, server, params, export(of_crm(params)), export(of_files(kind, server, folder)))


@pytest.fixture(autouse=True)
def surroundings():
    """Those of the circle, in place of those of each test."""


OF_THE_SOURCE = {"appendix_data.csv", "appendix_parameters.csv", "quality_attributes.csv", "quality_rows.csv"}
"""Tables that say where rows come from, and how many there were before some were left out."""


def test_every_exported_table_is_that_of_the_same_data_as_files(circle):
    tables = sorted(path.name for path in (circle.theirs / "tables").glob("*.csv"))
    assert len(tables) > 50
    assert sorted(path.name for path in (circle.ours / "tables").glob("*.csv")) == tables
    assert set(tables) > OF_THE_SOURCE
    for name in sorted(set(tables) - OF_THE_SOURCE):
        ours, theirs = (pl.read_csv(folder / "tables" / name) for folder in (circle.ours, circle.theirs))
        # Figures differ by the order in which they are added up.
        assert_frame_equal(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    accepted = [pl.read_csv(folder / "tables" / "quality_rows.csv") for folder in (circle.ours, circle.theirs)]
    ours, theirs = (table.filter(rule="accepted").select("rows", "amount").row(0) for table in accepted)
    assert ours == theirs
    assert ours[0] > 8_000
    customers = [pl.read_parquet(folder / "customers.parquet") for folder in (circle.ours, circle.theirs)]
    shared = [name for name in customers[1].columns if name in customers[0].columns]
    assert {"industry", "province", "group", "clv"} <= set(shared)
    assert_frame_equal(customers[0].select(shared), customers[1].select(shared), rel_tol=1e-9, abs_tol=1e-9)


def labelled(params: str, environment: Mapping[str, str]) -> None:
    """What a process does that is killed."""
    os.environ.update(environment)
    with redirect_stdout(io.StringIO()):
        main(["label", params, "--apply", "--most", str(2 * CUSTOMERS)], standalone_mode=False)


def killed(circle: Circle, processes: Any, after: int, seconds: float) -> None:
    """Write labels, and be killed after so many requests, and a moment."""
    process = processes.Process(target=labelled, args=(str(circle.params), dict(os.environ)))
    seen = len(circle.server.requests)
    process.start()
    while len(circle.server.requests) < seen + after:
        assert process.is_alive()
        time.sleep(0.001)
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    time.sleep(0.05)
    while sum(circle.server.active.values()):  # what the server has in hand, it does
        time.sleep(0.005)


def test_labels_are_written_ten_times_killed_and_taken_back(circle):
    server, before = circle.server, circle.labels
    assert "Nothing was written" in told("label", circle.params)
    assert (circle.written, server.ledger) == ([], [])
    reading = len(server.requests)
    told("label", circle.params)
    reading = len(server.requests) - reading
    processes, chance, states = multiprocessing.get_context("forkserver"), random.Random(17), []
    processes.set_forkserver_preload([__name__])
    most = CUSTOMERS // circle.kind.at_once // KILLS
    for _ in range(KILLS):
        killed(circle, processes, reading + chance.randint(0, most + 1), chance.random() / 200)
        states.append(circle.labels)
    told("label", circle.params, "--apply", "--most", 2 * CUSTOMERS)
    final = circle.labels
    assert sorted(circle.written) == sorted(before)
    assert all(state[key] in (before[key], final[key]) for state in states for key in before)
    assert len({json.dumps(state) for state in states}) > KILLS // 2
    customers = pl.read_parquet(circle.ours / "customers.parquet")
    groups = dict(customers.select("customer_id", "group").iter_rows())
    assert {key: values[0] for key, values in final.items()} == groups
    assert "Records with labels that change: 0" in told("label", circle.params)
    for undo in sorted((circle.ours.parent / ".labels").glob("*.undo.jsonl")):
        told("label", circle.params, "--undo", undo, "--apply", "--most", 2 * CUSTOMERS)
    assert circle.labels == before
    assert server.ledger == []


def contents(path: Path) -> bytes:
    """All that a file holds, also where it is packed."""
    data = path.read_bytes()
    if path.suffix == ".parquet":
        data += pl.read_parquet(path, glob=False).write_csv().encode()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            data += b"".join(packed.read(name) for name in packed.namelist())
    return data


def test_nothing_that_a_run_leaves_has_a_secret_or_how_to_reach_somebody(circle):
    secrets = (*CREDENTIALS.values(), *FXIAOKE_CREDENTIALS.values())
    private = [each.encode() for each in (*secrets, *PRIVATE) if len(each) > 4]
    files = [path for path in circle.ours.parent.rglob("*") if path.is_file()]
    assert {".parquet", ".csv", ".xlsx", ".json", ".jsonl"} <= {path.suffix for path in files}
    assert {".crm", ".labels"} <= {path.parent.name for path in files}
    for path in files:
        found = contents(path)
        assert not [each for each in private if each in found], path
