"""A Spark Connect server of PySpark's own scripts, for as long as it is needed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

TOKEN = "s3cret-token-100"
_SECONDS = 120
_SETTINGS = {
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.sql.session.timeZone": "Asia/Shanghai",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
}


@dataclass(frozen=True)
class Server:
    """A server that answers who has the token, once it has started."""

    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def address(self):
        return f"sc://localhost:{self.port}"

    def wait(self):
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.2)
        raise AssertionError(f"no server on port {self.port}:\n{self.log.read_text(encoding='utf-8')[-3000:]}")


@contextmanager
def starting(folder: Path) -> Iterator[Server]:
    """A server on a port of this machine alone, whose tables are in the folder."""
    from pyspark.find_spark_home import _find_spark_home

    home, port = Path(_find_spark_home()), _free_port()
    settings = {**_SETTINGS, "spark.connect.grpc.binding.port": str(port)}
    command = [home / "sbin" / "start-connect-server.sh", "--master", "local[2]"]
    command += [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    environment = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": TOKEN,
        "SPARK_LOCAL_DIRS": str(folder / "scratch"),
        "SPARK_NO_DAEMONIZE": "1",
    }
    with (folder / "log").open("wb") as log:
        # In a group of its own: the script starts others.
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL, process_group=0
        )
    try:
        yield Server(port, folder / "log", process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
