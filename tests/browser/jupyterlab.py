"""JupyterLab without a network, as the tests of notebooks drive it."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import nbformat
import pytest

import clvlab

SECONDS = 120
COMMAND = "name => { window.done = false; jupyterapp.commands.execute(name).then(() => { window.done = true }) }"


def command(page, name):
    """Give JupyterLab a command and wait until it is done."""
    page.evaluate(COMMAND, name)
    page.wait_for_function("window.done", timeout=1000 * SECONDS)


def run_all(page, path):
    """Run all cells, and return the outputs that were saved."""
    for name in ("notebook:run-all-cells", "docmanager:save"):
        command(page, name)
    return [output for cell in nbformat.read(path, 4).cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a port of this machine, with settings of its own: address, folder of notebooks, of settings."""
    folder = tmp_path_factory.mktemp("lab")
    notebooks, settings = folder / "notebooks", folder / "settings"
    notebooks.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": notebooks,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
        "IdentityProvider.token": "",
        "LabApp.user_settings_dir": settings,
        "LabApp.workspaces_dir": folder / "workspaces",
        "LabApp.expose_app_in_browser": True,
    }
    homes = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    environment = {name: str(folder / name) for name in homes} | {"PYTHONPATH": str(Path(clvlab.__file__).parents[1])}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, server)
        yield address, notebooks, settings
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address, server):
    """Return when the server answers."""
    for _ in range(SECONDS * 2):
        assert server.poll() is None, "JupyterLab did not start"
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=5):
                return
        except URLError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not answer within {SECONDS} seconds")


@pytest.fixture(scope="module")
def visit_lab(browser, lab):
    """Open a notebook under a theme; at the end, nothing may have gone wrong on any page."""
    address, _, settings = lab
    contexts, troubles = [], []

    def local(route):
        if route.request.url.startswith((f"{address}/", "data:", "blob:")):
            route.continue_()
        else:
            troubles.append(f"asked for {route.request.url}")
            route.abort()

    def visit(name, colours):
        keep = settings / "@jupyterlab" / "apputils-extension"
        keep.mkdir(parents=True, exist_ok=True)
        themes, news = {"theme": f"JupyterLab {colours.title()}"}, {"fetchNews": "false", "checkForUpdates": False}
        (keep / "themes.jupyterlab-settings").write_text(json.dumps(themes))
        (keep / "notification.jupyterlab-settings").write_text(json.dumps(news))
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        contexts.append(context)
        context.route("**/*", local)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        page.goto(f"{address}/lab/workspaces/{name}-{colours}/tree/{name}.ipynb")
        opened = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        page.wait_for_function(opened, timeout=1000 * SECONDS)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not troubles, troubles
