"""The pages on a CRM, step by step as they are written, against a made-up one."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml
from click.testing import CliRunner

from clvlab.cli import main
from clvlab.crm.fakes.retailer import FXIAOKE_LABELS, LABELS
from clvlab.crm.fakes.trial import CREDENTIALS, FXIAOKE_CREDENTIALS, made_up, trial

HOW_TO = Path(__file__).parents[2] / "docs" / "how_to"
ADDRESSES = {
    "zoho": ({"login": "https://accounts.zoho.com"}, ("login", "api")),
    "fxiaoke": ({"api": "https://open.fxiaoke.com"}, ("api",)),
}
OF_CUSTOMERS = {
    "zoho": (lambda shop: shop.modules["Accounts"].records, LABELS["group"], {"Modified_Time"}),
    "fxiaoke": (
        lambda shop: shop.objects["AccountObj"].records,
        FXIAOKE_LABELS["group"],
        {"last_modified_time", "version"},
    ),
}
SECRETS = [
    *CREDENTIALS.values(),
    *(value for name, value in FXIAOKE_CREDENTIALS.items() if name != "FXIAOKE_USER_ID"),
    *("1000.access.", "access-1"),
]
PRIVATE = [each.encode() for each in (*SECRETS, "@customer.example", "@retailer.example", "8800 1234")]


def page(kind):
    return (HOW_TO / f"{kind}_crm.md").read_text(encoding="utf-8")


def params_in(text):
    return yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.DOTALL).group(1))


def commands(text):
    """The lines that call clvlab, one by one, without those that need a shell."""
    return [shlex.split(line)[1:] for line in text.splitlines() if re.match(r"clvlab (report|label) [^$]*$", line)]


@pytest.fixture(params=ADDRESSES)
def kind(request):
    return request.param


@pytest.fixture
def shop(kind):
    with made_up(kind, 300) as server:
        yield server


def test_a_trial_prints_what_the_page_says(kind, shop):
    """The same params but for the addresses, and the same commands."""
    printed = trial(kind, shop.url)
    given = yaml.safe_load(re.search(r"<<END\n(.*?)END\n", printed, re.DOTALL).group(1))
    theirs = params_in(page(kind))
    documented, here = ADDRESSES[kind]
    assert {name: given["source"].pop(name) for name in here} == dict.fromkeys(here, shop.url)
    assert {name: theirs["source"].pop(name) for name in documented} == documented
    assert given == theirs
    assert commands(printed) == commands(page(kind))


SERVED = {"zoho": ("en", "A made-up Zoho CRM answers at "), "fxiaoke": ("zh", "模拟的纷享销客在")}


def test_a_made_up_crm_is_served_by_hand(kind):
    lang, said = SERVED[kind]
    command = [sys.executable, "-c", "from clvlab.cli import main; main()", "crm", "fake", kind]
    command += ["--customers", "10", "--lang", lang]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as served:
        first = served.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+", first).group()
        printed = "".join(served.stdout.readline() for _ in trial(kind, url).splitlines())
        answer = httpx.post(f"{url}/oauth2.0/token" if kind == "fxiaoke" else f"{url}/oauth/v2/token", json={})
        served.send_signal(signal.SIGINT)
        assert served.wait(timeout=30) == 0
    assert first.startswith(said)
    assert printed == trial(kind, url)
    assert answer.json() == ({"error": "invalid_client"} if kind == "zoho" else answer.json() | {"errorCode": 10006})


def known_of(records, left):
    """What records have that is not empty, but for when they were changed."""
    return {
        key: {name: value for name, value in record.items() if value is not None and name not in left}
        for key, record in records.items()
    }


def test_the_whole_circle_as_documented_leaves_no_secret_and_nobodys_number(kind, shop, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params, (_, here) = params_in(page(kind)), ADDRESSES[kind]
    params["source"] |= dict.fromkeys(here, shop.url)
    (tmp_path / "crm.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")
    records, group, left = OF_CUSTOMERS[kind]
    before = {key: dict(record) for key, record in records(shop).items()}
    said = []
    for line in commands(page(kind)):
        done = CliRunner().invoke(main, line)
        assert done.exit_code == 0, (line, done.output)
        said.append(done.output)
        if line[-1] == "--apply" and "--undo" not in line:
            assert {"champions", "lost"} <= {it[group] for it in records(shop).values()}
    assert len(said) == 4
    assert known_of(records(shop), left) == known_of(before, left)
    assert shop.ledger == []
    files = [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        data = path.read_bytes()
        assert not [each for each in PRIVATE if each in data], path
    assert not [each for each in PRIVATE for text in said if each in text.encode()]


def test_the_page_is_of_variables_and_keys_that_there_are(kind):
    names = CREDENTIALS if kind == "zoho" else FXIAOKE_CREDENTIALS
    assert all(f"`{name}`" in page(kind) for name in names)
