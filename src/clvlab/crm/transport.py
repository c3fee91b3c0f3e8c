"""Calls over HTTP: repeated where that may help, each failure a sentence, and no secret in any of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.sources.faults import fault

_ATTEMPTS, _LONGEST_WAIT = 6, 30.0
_TIMEOUT = 60.0
_OUTAGE = frozenset({500, 502, 503, 504})
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its JSON (None where it has no body; the bytes of a file), and the headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


class LostReplyError(Exception):
    """A call that must not be repeated has no answer that tells whether it had its effect."""


class _OutageError(Exception):
    """Worth another attempt, after so many seconds at least; the reason names no secret."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Transport:
    """Calls to the hosts of one CRM.

    Parameters
    ----------
    sleep
        what waits between attempts
    timeout
        for how long to wait for an answer, in seconds
    """

    def __init__(self, *, sleep: Callable[[float], None] = time.sleep, timeout: float = _TIMEOUT) -> None:
        self._client = httpx.Client(follow_redirects=False, timeout=timeout)
        self.sleep = sleep

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        is_file: bool = False,
        is_busy: Callable[[Reply], bool] = lambda _: False,
        busy_for: float = 0.0,
        may_repeat: bool = True,
    ) -> Reply:
        """The answer to a call; what a busy or failing system answers is asked for again.

        Where a file is asked for, its bytes are the body of an answer with HTTP 200. A busy system is left alone for
        `busy_for` seconds at least.

        Raises
        ------
        TryLaterError : the system does not answer, however often it is asked
        DataError : what answers is no CRM
        LostReplyError : the call must not be repeated, and its answer is lost
        """
        asked = {"headers": headers, "params": values, "data": form, "json": body, "files": files}
        attempts = Retrying(
            retry=retry_if_exception_type(_OutageError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_wait,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return attempts(self._once, method, url, asked, is_file, is_busy, busy_for, may_repeat)
        except _OutageError as error:
            host = urlsplit(url).netloc
            raise fault("crm_outage", TryLaterError, host=host, attempts=_ATTEMPTS, reason=str(error)) from None

    def _once(
        self,
        method: str,
        url: str,
        asked: Mapping[str, Any],
        is_file: bool,
        is_busy: Callable[[Reply], bool],
        busy_for: float,
        may_repeat: bool,
    ) -> Reply:
        try:
            answer = self._client.request(method, url, **asked)
        except httpx.ConnectError:
            raise _OutageError("no connection") from None
        except httpx.TransportError as error:
            if not may_repeat:
                raise LostReplyError from None
            raise _OutageError(type(error).__name__) from None
        if answer.status_code in _OUTAGE:
            if not may_repeat:
                raise LostReplyError
            raise _OutageError(f"HTTP {answer.status_code}")
        found = answer.content if is_file and answer.status_code == 200 else _json(answer)
        reply = Reply(answer.status_code, found, answer.headers)
        if is_busy(reply):
            raise _OutageError("busy", busy_for)
        return reply

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _wait(state: RetryCallState) -> float:
    """Seconds until the next attempt: more from one to the next, by chance, so that not all come at once."""
    error = state.outcome.exception() if state.outcome else None
    least = error.seconds if isinstance(error, _OutageError) else 0.0
    return least + wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT)(state)


def _json(answer: httpx.Response) -> Any:
    """The body; None without one, DataError where it is not JSON or the host refers to another."""
    host = urlsplit(str(answer.url)).netloc
    if answer.has_redirect_location:
        raise fault("crm_redirect", DataError, host=host, status=answer.status_code)
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError:
        raise fault("crm_not_json", DataError, host=host, status=answer.status_code) from None


def checked_url(url: str, key: str) -> str:
    """A base address without its last slash: https, but for this machine, without a user and without a query.

    Raises
    ------
    ParamsError : it is none
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)
    if not is_safe or not parts.hostname or parts.username or parts.password or parts.query or parts.fragment:
        raise fault("crm_url", ParamsError, place=key)
    return url.rstrip("/")
