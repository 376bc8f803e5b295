"""What became of an attempt, and what is wrong with an endpoint, in words that say what to do."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_ERRORS = {
    "timeout": gettext_lazy("No answer within 20 seconds."),
    "unknown_host": gettext_lazy("The host name does not exist."),
    "forbidden_address": gettext_lazy("The host leads to a private address, which we do not call."),
    "tls": gettext_lazy("The server's certificate could not be verified."),
    "connection": gettext_lazy("The connection was refused or broken off."),
    "protocol": gettext_lazy("The answer was not valid HTTP."),
    "invalid_address": gettext_lazy("The address cannot be called."),
    "unexpected": gettext_lazy("The attempt failed for an unexpected reason."),
    "endpoint_disabled": gettext_lazy("Canceled when the endpoint was disabled."),
}
_PROBLEMS = {
    "gone": gettext_lazy("It answered 410 Gone, so nothing more is sent to it."),
    "failing": gettext_lazy("Every attempt failed for five days, so nothing more is sent to it."),
    "sealed": gettext_lazy(
        "The keys with which this server keeps secrets have changed, so it cannot read this endpoint's signing secret. "
        "Events wait meanwhile. Rotate the secret and give the new one to the receiver."
    ),
}
_ADDRESSES = {
    "invalid": gettext_lazy("Enter a complete address, such as https://example.com/hooks."),
    "scheme": gettext_lazy("The address must begin with https:// or http://."),
    "credentials": gettext_lazy("Leave name and password out of the address; every delivery is signed instead."),
    "long": gettext_lazy("The address is too long: 500 characters at most."),
    "port": gettext_lazy("This port is not for web servers. Use 443, 80 or one above 1023."),
    "private": gettext_lazy("This address is not on the public internet, so it cannot be called from here."),
}


def of_attempt(status: int | None, error: str) -> str:
    """One sentence; empty for a success or for an attempt that was not made yet."""
    if error:
        return str(_ERRORS.get(error, _ERRORS["unexpected"]))
    if status is None or 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return _("It answered %(status)s, a redirect. Redirects are not followed: enter the final address.") % {
            "status": status
        }
    if status == 410:
        return _("It answered 410 Gone.")
    if status == 429:
        return _("It answered 429: too many requests. We slowed down.")
    if status in (401, 403):
        return _("It answered %(status)s: access denied. Check how the receiver verifies signatures.") % {
            "status": status
        }
    return _("It answered %(status)s; only 2xx counts as received.") % {"status": status}


def of_endpoint(problem: str) -> str:
    return str(_PROBLEMS.get(problem, "")) if problem else ""


def host_of(url: str) -> str:
    """Where an endpoint is, without its path and query: those may hold a secret of its owner."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def of_address(code: str) -> str:
    return str(_ADDRESSES.get(code, _ADDRESSES["invalid"]))
