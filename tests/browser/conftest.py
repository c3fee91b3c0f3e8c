import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import sync_playwright

from tests.browser.jupyterlab import lab, visit_lab

__all__ = ["lab", "visit_lab"]

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EVERY_EDITION = "report params/cdnow.yaml -p name=cdnow-editions -p edition=both -p lang=both"
REPORTS = {
    "english": (EVERY_EDITION, "report.html"),
    "chinese": (EVERY_EDITION, "report.zh.html"),
    "comparison-chinese": (
        "compare params/compare_cdnow.yaml -p lang=zh -p name=compare-zh -p rounds=50",
        "report.html",
    ),
}
PASSED_ON = {
    "stakeholder-english": (EVERY_EDITION, "stakeholder/report.html"),
    "stakeholder-chinese": (EVERY_EDITION, "stakeholder/report.zh.html"),
}
"""Name -> the command that publishes a page, and where it is next to the one that the command names."""


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium, the system's own."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    assert executable, "chromium is missing: run `make browser`, which finds or installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session", params=REPORTS)
def report(request):
    """A published page on CDNOW; made now unless it is up to date."""
    arguments, page = {**REPORTS, **PASSED_ON}[request.param]
    command = [sys.executable, "-c", "from clvlab.cli import main; main()", *arguments.split()]
    kept = ROOT / "build" / "browser"
    kept.mkdir(parents=True, exist_ok=True)
    with FileLock(kept / f"{Path(command[4]).stem}.lock"):  # of two processes, one finds what the other has made
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return (ROOT / done.stdout.strip()).parent / page


@contextmanager
def visits(browser, report):
    """Open the report without a network; at the end, nothing may have gone wrong on the page."""
    contexts, troubles = [], []

    def requested(request):
        if not request.url.startswith(("file:", "data:")):
            troubles.append(f"asked for {request.url}")

    def visit(*, width=1400, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", requested)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.goto(report.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def visit(browser, report):
    """Open the report, to do something with it."""
    with visits(browser, report) as visit:
        yield visit


@pytest.fixture(scope="module")
def show(browser, report):
    """Open the report for several tests, which leave it as it is."""
    with visits(browser, report) as visit:
        yield visit
