"""A PostgreSQL server of the system's own binaries, for as long as it is needed."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

PASSWORD = "s3cret/Pässwort@100%"
USER = "shopkeeper"
_ACCOUNTS = ("postgres", "nobody")
"""As whom the server runs where the tests are root's, as whom it does not start."""


@dataclass(frozen=True)
class Server:
    """Where a server answers, and the file that has all statements that it was given."""

    port: int
    log: Path

    def url(self, user=USER, password=PASSWORD):
        return f"postgresql://{quote(user)}:{quote(password, safe='')}@127.0.0.1:{self.port}/postgres"


def binaries():
    """The folder of the newest version that is installed."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").is_file()]
    assert found, "PostgreSQL is missing: run `make services`, which installs the package postgresql"
    return max(found, key=lambda path: int(path.parent.name))


@contextmanager
def served() -> Iterator[Server]:
    """A server on a port of this machine alone, which asks for a password."""
    folder = Path(tempfile.mkdtemp(prefix="clvlab-postgresql-"))
    account = _account()
    try:
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        if account is not None:
            for path in (folder, folder / "password"):
                os.chown(path, account["user"], account["group"])
        command = binaries()
        options = {"cwd": folder, "check": True, "capture_output": True, **(account or {})}
        data, port, log = folder / "data", _free_port(), folder / "log"
        how = ["-U", USER, "--pwfile", folder / "password", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync"]
        subprocess.run([command / "initdb", "-D", data, *how], **options)
        flags = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c log_statement=all"
        subprocess.run([command / "pg_ctl", "-D", data, "-l", log, "-o", flags, "-w", "start"], **options)
        try:
            yield Server(port, log)
        finally:
            subprocess.run([command / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], **options)
    finally:
        shutil.rmtree(folder)


def _account():
    if os.geteuid() != 0:
        return None
    known = {each.pw_name: each for each in pwd.getpwall()}
    entry = next(known[name] for name in _ACCOUNTS if name in known)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
