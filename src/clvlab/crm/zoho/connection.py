"""Calls to Zoho CRM: with a token, to its own hosts alone, each refusal a sentence."""

import hashlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from clvlab.crm.credentials import credentials
from clvlab.crm.tokens import Token, TokenCache
from clvlab.crm.transport import Reply, Transport, checked_url
from clvlab.errors import DataError, ParamsError, TryLaterError
from clvlab.params.source import ZohoSource
from clvlab.sources.faults import fault

SECRETS = ("ZOHO_CLIENT_ID", "ZOHO_CLIENT_SECRET", "ZOHO_REFRESH_TOKEN")
LOGIN = "https://accounts.zoho.com"
API_HOSTS = frozenset(
    f"{kind}.zohoapis.{end}"
    for kind in ("www", "sandbox")
    for end in ("com", "eu", "in", "com.au", "com.cn", "jp", "sa", "ca")
)
"""Where an access token may be sent, besides the address that the parameters give."""
_GONE = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE", "INVALID_OAUTHTOKEN"})


class Connection:
    """The connection to one organisation, whose `organisation` is a digest.

    Parameters
    ----------
    source
        as the parameters of a run have it
    transport
        what calls; one of its own by default
    """

    def __init__(self, source: ZohoSource, transport: Transport | None = None) -> None:
        self._secrets = credentials(SECRETS)
        self._login = checked_url(source.get("login", LOGIN), "login")
        self._api = checked_url(source["api"], "api") if "api" in source else None
        self._version = source.get("version", "v8")
        self._transport = transport or Transport()
        digest = hashlib.sha256(self._secrets["ZOHO_REFRESH_TOKEN"].text.encode()).hexdigest()
        self.organisation = digest[:32]
        self._cache = TokenCache(self._secrets["ZOHO_CLIENT_ID"].text, digest, self._login, self._api or "")

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self._transport.sleep(seconds)

    def call(
        self,
        method: str,
        path: str,
        *,
        values: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        host: Callable[[str], str] = str,
        **how: Any,
    ) -> Reply:
        """A call with a token; one that is gone is renewed once. A path from the root is one of the host."""

        def with_token(token: Token) -> Reply:
            return self._transport.call(
                method,
                f"{host(token.domain)}{self._place(path)}",
                headers={**headers, "Authorization": f"Zoho-oauthtoken {token.secret.text}"},
                values=values,
                body=body,
                is_busy=_is_busy,
                **how,
            )

        reply = self._cache.used(self._renewed, with_token, _is_gone)
        if reply is None:
            raise fault("crm_token_refused", DataError, host=self._api or self._login, check="`source.login`")
        _refuse_access(reply, path)
        return reply

    def _place(self, path: str) -> str:
        """Where something is on its host: what is done in bulk is apart from all else."""
        if path.startswith("/"):
            return path
        bulk = "bulk/" if path.startswith("bulk/") else ""
        return f"/crm/{bulk}{self._version}/{path.removeprefix(bulk)}"

    def _renewed(self) -> Token:
        secrets = {name: secret.text for name, secret in self._secrets.items()}
        form = {
            "grant_type": "refresh_token",
            "client_id": secrets["ZOHO_CLIENT_ID"],
            "client_secret": secrets["ZOHO_CLIENT_SECRET"],
            "refresh_token": secrets["ZOHO_REFRESH_TOKEN"],
        }
        reply = self._transport.call("POST", f"{self._login}/oauth/v2/token", form=form)
        found = reply.body if isinstance(reply.body, dict) else {}
        if found.get("error") == "Access Denied":
            raise fault("crm_token_throttled", TryLaterError)
        if "access_token" not in found:
            reason = str(found.get("error", f"HTTP {reply.status}"))
            variables = ", ".join(SECRETS)
            raise fault("crm_login", ParamsError, reason=reason, host=self._login, variables=variables, place="login")
        return self._cache.keep(found["access_token"], self._domain(found), float(found.get("expires_in", 3600)))

    def _domain(self, found: Mapping[str, Any]) -> str:
        """Where the token may be sent: where the parameters say, else where the reply says, if that is Zoho's."""
        if self._api is not None:
            return self._api
        domain = str(found.get("api_domain", "")).rstrip("/")
        if domain.removeprefix("https://") not in API_HOSTS:
            raise fault("crm_foreign_host", DataError, host=domain)
        return domain


def _is_gone(reply: Reply) -> bool:
    return reply.status == 401 and code_of(reply) in _GONE


def _is_busy(reply: Reply) -> bool:
    """Too many calls at once; TryLaterError where it is those of the day that are used up."""
    if reply.status != 429:
        return False
    if reply.headers.get("X-API-CREDITS-REMAINING") == "0":
        raise fault("crm_quota", TryLaterError)
    return True


def _refuse_access(reply: Reply, path: str) -> None:
    code = code_of(reply)
    if code == "OAUTH_SCOPE_MISMATCH":
        raise fault("crm_scope", ParamsError, path=path)
    if code == "NO_PERMISSION" and reply.status in (401, 403):
        raise fault("crm_permission", ParamsError, path=path)


def code_of(reply: Reply) -> str:
    """By which code an answer says what it is; empty where it has none."""
    return str(reply.body.get("code", "")) if isinstance(reply.body, dict) else ""


def wrong(reply: Reply, what: str) -> DataError:
    """An answer that we did not count on, by its code alone: its words may hold what customers are called."""
    return fault("crm_refused", DataError, what=what, status=reply.status, reason=code_of(reply) or "?")
