"""Tries to prove who one is, counted before anything is proven: pages and API together, per account and per address.

A try is counted when it begins and taken back when it succeeds, so a hundred at the same moment are a hundred. None of
it asks which host was called, and an IPv6 network counts as one address.

Somebody who only knows an account's e-mail address can use its tries up. Whoever has signed in before on this device
has tries of their own there, so nobody is locked out of their own desk by strangers.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, AuthenticationFailed, Throttled
from rest_framework.request import Request
from rest_framework.settings import api_settings

from .hosts import counted_address
from .signing_in import note_failure
from .throttling import count, parse, peek, uncount, whose

FAILURES, WITHIN = 5, 300  # wrong passwords or codes of one account, then a pause of five minutes
FAILURES_AT, WITHIN_AT = 20, 60  # of one address, whatever the accounts
COOKIE = "__Host-device" if settings.HTTPS else "device"
_REMEMBERED = 180 * 24 * 3600
_SALT = "known-device"


def account_of(http: HttpRequest, login: str) -> str:
    """Under which name an account's tries count: its own, or its own on a device that it has signed in from."""
    who = whose(login)
    return f"{who}@{device}" if (device := _device(http, who)) else who


def begin(http: HttpRequest, login: str) -> bool:
    """Count a try; whether it may go on. The first one that may not is told in the log."""
    used, _left = count(f"signin:{account_of(http, login)}", WITHIN)
    used_at, _left = count(f"signin-at:{counted_address(http)}", WITHIN_AT)
    if used == FAILURES + 1:
        note_failure(login, event="locked_out")
    return used <= FAILURES and used_at <= FAILURES_AT


def take_back(http: HttpRequest, login: str) -> None:
    """It was no failure: the password was right."""
    uncount(f"signin:{account_of(http, login)}", WITHIN)
    uncount(f"signin-at:{counted_address(http)}", WITHIN_AT)


def remember_device(http: HttpRequest, response: HttpResponse, login: str) -> None:
    """After a sign-in: this browser is one that the account knows."""
    who = whose(login)
    mark = signing.dumps([who, _device(http, who) or secrets.token_hex(8)], salt=_SALT)
    response.set_cookie(COOKIE, mark, max_age=_REMEMBERED, secure=settings.HTTPS, httponly=True, samesite="Lax")


def _device(http: HttpRequest, who: str) -> str:
    try:
        owner, device = signing.loads(http.COOKIES.get(COOKIE, "")[:1000], salt=_SALT, max_age=_REMEMBERED)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(device) if owner == who else ""


def admit_credentials(request: Request) -> None:
    """Before a key or token is looked at: raises Throttled where an address brings too many, or too many wrong ones."""
    if not request.headers.get("Authorization"):
        return
    limits = api_settings.DEFAULT_THROTTLE_RATES
    address = counted_address(request._request)
    most, seconds = parse(str(limits["credentials"]))
    used, left = count(f"credentials:{address}", seconds)
    most_wrong, seconds_wrong = parse(str(limits["wrong_credentials"]))
    if used > most or peek(f"wrong-credentials:{address}", seconds_wrong) >= most_wrong:
        raise Throttled(wait=left)


def note_wrong_credentials(request: Request, error: APIException) -> None:
    if isinstance(error, AuthenticationFailed):
        _most, seconds = parse(str(api_settings.DEFAULT_THROTTLE_RATES["wrong_credentials"]))
        count(f"wrong-credentials:{counted_address(request._request)}", seconds)
