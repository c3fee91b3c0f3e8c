"""Access tokens between runs: CRMs punish who asks for a new one each time."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from clvlab.crm.credentials import Secret
from clvlab.crm.transport import Reply
from clvlab.errors import TryLaterError
from clvlab.sources.faults import fault

_MARGIN, _PATIENCE = 120.0, 60.0
"""Seconds that a token is good for at least, and that another process may take to ask for one."""


@dataclass(frozen=True)
class Token:
    """An access token, where it is good (a host, or a tenant), and until when (seconds since 1970)."""

    secret: Secret
    domain: str
    until: float


class TokenCache:
    """One token in a file that only its owner can read, outside the project; a lock keeps two from asking at once."""

    def __init__(self, *parts: str, clock: Callable[[], float] = time.time) -> None:
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
        self._path = home / "clvlab" / "crm" / f"{digest}.json"
        self._clock = clock

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the token."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = FileLock(self._path.with_suffix(".lock"), timeout=_PATIENCE)
        try:
            lock.acquire()
        except Timeout:
            raise fault("crm_token_locked", TryLaterError, seconds=_PATIENCE) from None
        try:
            yield
        finally:
            lock.release()

    def kept(self) -> Token | None:
        """The token, as long as it is good for a while."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            token = Token(Secret(found["token"]), found["domain"], float(found["until"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return token if token.until > self._clock() + _MARGIN else None

    def keep(self, text: str, domain: str, lasts: float) -> Token:
        """Keep a token that is good for so many seconds."""
        token = Token(Secret(text), domain, self._clock() + lasts)
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump({"token": text, "domain": domain, "until": token.until}, file)
        new.replace(self._path)
        return token

    def drop(self) -> None:
        """Forget the token."""
        self._path.unlink(missing_ok=True)

    def used(
        self, renew: Callable[[], Token], call: Callable[[Token], Reply], is_gone: Callable[[Reply], bool]
    ) -> Reply | None:
        """The reply to a call with the token; one that is gone is renewed once. None where the new one is refused."""
        for _ in range(2):
            with self.locked():
                token = self.kept() or renew()
            reply = call(token)
            if not is_gone(reply):
                return reply
            self.drop()
        return None
