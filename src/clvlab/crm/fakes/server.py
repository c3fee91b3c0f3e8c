"""What fakes have in common: a server on loopback, a clock that can be moved, faults by script, a ledger, a log."""

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

_FIRST_MOMENT = datetime(2026, 2, 2, 9, tzinfo=UTC)
_MASK = "***"
_SECRETS = ("refresh_token", "client_secret", "client_id", "authorization", "access_token")


@dataclass(frozen=True)
class Request:
    """What a client asks: `values` are those of the query, and of a form, the last of each name."""

    method: str
    path: str
    values: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None
    raw: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What a server says; `body` is JSON, or bytes as they are, or nothing."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass
class Fault:
    """What goes wrong with the nth call of a method to a path, from 1 on, `times` in a row.

    Attributes
    ----------
    kind : answer instead of doing it, answer after it was done, cut the connection before or after it, only delay it
    """

    method: str
    path: str
    kind: Literal["before", "after", "cut_before", "cut_after", "delay"]
    nth: int = 1
    times: int = 1
    status: int = 500
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def meets(self, request: Request, count: int) -> bool:
        """Whether it is this call's turn."""
        is_meant = request.method == self.method and request.path.startswith(self.path)
        return is_meant and self.nth <= count < self.nth + self.times


class FakeServer:
    """A server on 127.0.0.1 at a free port, between `start` and `stop` or as a context.

    Attributes
    ----------
    now : the fake's own clock, which only `pass_time` moves
    ledger : side effects, each a name and what it befell: a test can say that nothing fired
    log : the requests, method and path with secrets masked
    costs : calls by method and path, without ids
    faults : what is to go wrong
    active : calls that are under way, by path
    """

    def __init__(self) -> None:
        self.now = _FIRST_MOMENT
        self.ledger: list[tuple[str, str]] = []
        self.log: list[str] = []
        self.requests: list[Request] = []
        self.costs: Counter[str] = Counter()
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self.active: Counter[str] = Counter()
        self._calls: Counter[int] = Counter()
        self._server: ThreadingHTTPServer | None = None

    def answer(self, request: Request) -> Answer:
        """What the system would say; a fake says what."""
        raise NotImplementedError

    def refuse_busy(self, request: Request) -> Answer | None:
        """An answer where too many calls are made at once."""
        del request
        return None

    def pass_time(self, **length: float) -> None:
        """Move the clock, as by `pass_time(minutes=10)`."""
        self.now += timedelta(**length)

    def keep_up(self) -> None:
        """Move the clock to that of the machine, for who tries by hand."""
        self.now = datetime.now(UTC)

    @property
    def url(self) -> str:
        """Where the server is."""
        assert self._server is not None, "start it first"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self, port: int = 0) -> "FakeServer":
        """Serve from a thread of its own."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> "FakeServer":
        return self if self._server else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def fault_of(self, request: Request) -> Fault | None:
        """What goes wrong with a call, if anything does; each call to a fault's path counts."""
        with self.lock:
            for place, fault in enumerate(self.faults):
                if request.method == fault.method and request.path.startswith(fault.path):
                    self._calls[place] += 1
                    if fault.meets(request, self._calls[place]):
                        return fault
        return None

    def note(self, request: Request) -> None:
        """Enter a call into the log."""
        shown = {name: _MASK if name.lower() in _SECRETS else value for name, value in request.values.items()}
        with self.lock:
            self.requests.append(request)
            self.log.append(f"{request.method} {request.path} {json.dumps(shown, sort_keys=True)}")


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # head and body in one packet: two would wait for each other's receipt

        def log_message(self, *_: object) -> None:
            """The fake has a log of its own."""

        def handle(self) -> None:
            with suppress(ConnectionError):  # of a client that was killed
                super().handle()

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def do_DELETE(self) -> None:
            self._serve()

        def _serve(self) -> None:
            request = self._request()
            fake.note(request)
            fault = fake.fault_of(request)
            with fake.lock:
                fake.active[request.path] += 1
                busy = fake.refuse_busy(request)
            try:
                if fault is not None and fault.seconds:
                    time.sleep(fault.seconds)
                answer = busy or self._answered(request, fault)
            finally:
                with fake.lock:
                    fake.active[request.path] -= 1
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self._send(answer)

        def _answered(self, request: Request, fault: Fault | None) -> Answer | None:
            kind = fault.kind if fault else "delay"
            if kind == "cut_before":
                return None
            if fault is not None and kind == "before":
                return Answer(fault.status, fault.body, fault.headers)
            with fake.lock:
                answer = fake.answer(request)
            if fault is not None and kind == "after":
                return Answer(fault.status, fault.body, fault.headers)
            return None if kind == "cut_after" else answer

        def _request(self) -> Request:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            if len(raw) < length:
                raise ConnectionError
            values = {name: given[-1] for name, given in parse_qs(parts.query, keep_blank_values=True).items()}
            body, kind = None, self.headers.get("Content-Type", "")
            if "urlencoded" in kind:
                values |= {name: given[-1] for name, given in parse_qs(raw.decode()).items()}
            elif "json" in kind and raw:
                body = json.loads(raw)
            headers = {name.lower(): value for name, value in self.headers.items()}
            return Request(self.command, parts.path, values, headers, body, raw)

        def _send(self, answer: Answer) -> None:
            is_raw = isinstance(answer.body, bytes)
            data = answer.body if is_raw else json.dumps(answer.body).encode()
            data = b"" if answer.body is None else data
            self.send_response(answer.status)
            headers = {"Content-Type": "application/octet-stream" if is_raw else "application/json", **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            if answer.status not in (204, 304):
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if answer.status not in (204, 304):
                self.wfile.write(data)

    return Handler
