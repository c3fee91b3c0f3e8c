"""Calls over HTTP: repeated where that may help, each failure a sentence, and no secret in any of them."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.sources.faults import fault

_ATTEMPTS, _LONGEST_WAIT = 6, 30.0
_TIMEOUT = 60.0
_OUTAGE = frozenset({500, 502, 503, 504})
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Reply:
    """An answer: its status, its JSON (None where it has no body), and the headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


class LostReplyError(Exception):
    """A call that must not be repeated has no answer that tells whether it had its effect."""


class _OutageError(Exception):
    """Worth another attempt; the reason names no secret."""


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
        self._sleep = sleep

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        values: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        is_busy: Callable[[Reply], bool] = lambda _: False,
        may_repeat: bool = True,
    ) -> Reply:
        """The answer to a call; what a busy or failing system answers is asked for again.

        Raises
        ------
        TryLaterError : the system does not answer, however often it is asked
        DataError : what answers is no CRM
        LostReplyError : the call must not be repeated, and its answer is lost
        """
        asked = {"headers": headers, "params": values, "data": form, "json": body}
        attempts = Retrying(
            retry=retry_if_exception_type(_OutageError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.5, max=_LONGEST_WAIT),
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return attempts(self._once, method, url, asked, is_busy, may_repeat)
        except _OutageError as error:
            host = urlsplit(url).netloc
            raise fault("crm_outage", TryLaterError, host=host, attempts=_ATTEMPTS, reason=str(error)) from None

    def _once(
        self,
        method: str,
        url: str,
        asked: Mapping[str, Any],
        is_busy: Callable[[Reply], bool],
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
        reply = Reply(answer.status_code, _json(answer), answer.headers)
        if is_busy(reply):
            raise _OutageError(f"HTTP {answer.status_code}")
        return reply

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


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
