"""The Graph API over HTTP: one client for Messenger, Instagram and WhatsApp.

The token travels in the Authorization header, never in an address, so that no log or error shows it; with
an app secret in the account's settings each call carries `appsecret_proof` (developers.facebook.com,
"Secure Graph API requests").

What failed decides what may be done next:

    nothing reached them (connect failed)                      -> Unreachable
    the request left and no answer, or a fault of theirs, came -> Unknown
    they answered no (a Graph error object, or a 4xx)          -> Refused, with its reason
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from apps.conversations.adapters import Account, Media, Reason, Refused, Unknown, Unreachable, reasons
from apps.conversations.adapters.reading import mapping, sequence, text
from apps.egress.client import Client, open_client, place_of

VERSION = "v25.0"
CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 15.0
# Meta's own hosts; only they, and the account's base address, are sent a token or fetched from.
MEDIA_HOSTS = (".facebook.com", ".fbcdn.net", ".fbsbx.com", ".cdninstagram.com", ".whatsapp.net")

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
_clients: dict[tuple[int, str], Client] = {}
_stand_in: ContextVar[Client | None] = ContextVar("graph_stand_in", default=None)


@contextmanager
def answered_by(origin: str, transport: httpx.BaseTransport) -> Iterator[None]:
    """Inside the block, calls to `origin` (scheme, host, port) go to `transport` instead of the network."""
    scheme, host = urlsplit(origin)[:2]
    with open_client(instead={f"{scheme}://{host}": transport}) as instead:
        token = _stand_in.set(instead)
        try:
            yield
        finally:
            _stand_in.reset(token)


def client(account: Account) -> Client:
    """This process's client: connections are kept alive, and never shared across a fork.

    The operator chose the base address, so it may be a private one; no other may.
    """
    if (instead := _stand_in.get()) is not None:
        return instead
    base = place_of(account.base_url)
    found = _clients.get((os.getpid(), base))
    if found is None:
        found = _clients[os.getpid(), base] = open_client(allowed={base})
    return found


def get(account: Account, path: str, **params: Any) -> dict[str, Any]:
    return call(account, "GET", path, params=params)


def post(account: Account, path: str, body: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    return call(account, "POST", path, params=params, body=body)


def call(
    account: Account, method: str, path: str, *, params: dict[str, Any], body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The answer's JSON object; raises Refused, Unreachable or Unknown."""
    if secret := account.settings.get("app_secret"):
        proof = hmac.new(str(secret).encode(), account.token.encode(), hashlib.sha256).hexdigest()
        params = params | {"appsecret_proof": proof}
    response = _ask(account, method, address(account, path), params=params, json=body)
    return _answer(account, response)


def address(account: Account, path: str) -> str:
    """`path` below the account's base address, which may name the version itself."""
    base = account.base_url.rstrip("/")
    if not re.search(r"/v\d+\.\d+$", base):
        base = f"{base}/{account.settings.get('api_version') or VERSION}"
    return f"{base}/{quote(path.lstrip('/'), safe='/')}"


def _ask(account: Account, method: str, url: str, **request: Any) -> httpx.Response:
    try:
        return client(account).request(
            method, url, headers={"Authorization": f"Bearer {account.token}"}, timeout=_timeout(account), **request
        )
    except _NOT_SENT as error:
        raise Unreachable(reasons.local("connect", type(error).__name__)) from error
    except (ValueError, httpx.LocalProtocolError) as error:  # a token or an address that cannot be sent at all
        raise Refused(reasons.local("http-401", type(error).__name__)) from error
    except httpx.HTTPError as error:
        raise Unknown(reasons.local("no-answer", type(error).__name__)) from error


def _timeout(account: Account) -> httpx.Timeout:
    return httpx.Timeout(float(account.settings.get("read_timeout") or READ_TIMEOUT), connect=CONNECT_TIMEOUT)


def _answer(account: Account, response: httpx.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    error = mapping(answer).get("error")
    if isinstance(error, dict):
        secrets = (account.token, str(account.settings.get("app_secret") or ""))
        reason = reasons.from_error(error, secrets)
        if reason.code.split("/")[0] in reasons.AMBIGUOUS:
            raise Unknown(replace(reasons.local("ambiguous", reason.details), code=reason.code))
        raise Refused(_with_wait(reason, response))
    if response.is_success and isinstance(answer, dict):
        return answer
    if response.is_success or response.status_code >= 500:
        raise Unknown(reasons.local("ambiguous", f"HTTP {response.status_code}"))
    name = {401: "http-401", 429: "http-429"}.get(response.status_code, "http-4xx")
    raise Refused(_with_wait(reasons.local(name, f"HTTP {response.status_code}"), response))


def _with_wait(reason: Reason, response: httpx.Response) -> Reason:
    """The reason with the waiting time that the platform itself asks for, where it does."""
    if reason.permanent:
        return reason
    return replace(reason, retry_after=_asked_wait(response) or reason.retry_after)


def _asked_wait(response: httpx.Response) -> timedelta | None:
    seconds = response.headers.get("Retry-After", "")
    if seconds.isdecimal() and len(seconds) < 7:
        return timedelta(seconds=int(seconds))
    try:
        usage = json.loads(response.headers.get("X-Business-Use-Case-Usage", "{}"))
    except ValueError:
        return None
    minutes = [
        wait
        for uses in mapping(usage).values()
        for use in sequence(uses)
        if isinstance(wait := mapping(use).get("estimated_time_to_regain_access"), int) and 0 < wait < 10_000
    ]
    return timedelta(minutes=max(minutes)) if minutes else None


def download(account: Account, url: str, limit: int, *, authorized: bool) -> Media:
    """The bytes at `url` on one of Meta's hosts, at most `limit`; raises like `call`."""
    if not _is_theirs(account, url):
        raise Refused(reasons.local("media-host"))
    headers = {"Authorization": f"Bearer {account.token}"} if authorized else {}
    try:
        with client(account).stream("GET", url, headers=headers, timeout=_timeout(account)) as response:
            if response.status_code >= 500:
                raise Unknown(reasons.local("ambiguous", f"HTTP {response.status_code}"))
            if not response.is_success:
                raise Refused(reasons.local("131052", f"HTTP {response.status_code}"))
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > limit:
                    raise Refused(reasons.local("media-size"))
            mime = text(response.headers.get("Content-Type", "").split(";")[0], 200)
            return Media(content=bytes(content), mime=mime)
    except _NOT_SENT as error:
        raise Unreachable(reasons.local("connect", type(error).__name__)) from error
    except httpx.HTTPError as error:
        raise Unknown(reasons.local("no-answer", type(error).__name__)) from error


def _is_theirs(account: Account, url: str) -> bool:
    try:
        there, base = urlsplit(str(httpx.URL(url))), urlsplit(account.base_url)
        if (there.scheme, there.netloc) == (base.scheme, base.netloc):
            # Below the base only: beside it there may be other things that this machine serves, to itself.
            return f"{there.path}/".startswith(f"{base.path.rstrip('/')}/")
        return there.scheme == "https" and f".{there.hostname or ''}".endswith(MEDIA_HOSTS)
    except (ValueError, httpx.InvalidURL):
        return False
