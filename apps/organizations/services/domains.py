"""Host names that organizations are found at: only those proven to lead to this server.

Ours (`<slug>.<BASE_DOMAIN>`) are made here. A name of somebody's own is asked over HTTP for a riddle that only this
server can answer; until it does, nothing is served, linked or signed in at it.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

import httpx
import structlog
from django.conf import settings
from django.http import HttpResponse

from apps.egress.client import open_client, place_of
from apps.jobs import clock
from apps.jobs import services as jobs

from ..actors import Can
from ..hosts import address_of
from ..models import Domain
from ..permissions import needs
from ..proof import Proof, ProvenBy, columns

log = structlog.get_logger(__name__)
WELL_KNOWN = "/.well-known/frontdesk/"
TIMEOUT = 5.0
PROVE = "organizations.prove_domain"
# Between the times that a claimed name is asked; then no more, until somebody saves it anew.
PAUSES = [timedelta(minutes=1), timedelta(minutes=10), *(timedelta(hours=one) for one in (1, 4, 12, 24, 48))]


def answer(host: str, path: str) -> HttpResponse | None:
    """What this server says to the riddle in a path, for whatever name it is asked under; None for other paths."""
    riddle = path.removeprefix(WELL_KNOWN)
    if riddle == path or not (riddle.isascii() and riddle.isalnum() and len(riddle) <= 64):
        return None
    return HttpResponse(_solve(host, riddle), content_type="text/plain")


def prove_domain(domain: Domain) -> bool:
    """Ask the name itself; True, and written down, where it leads here."""
    riddle = secrets.token_hex(16)
    url = f"{address_of(domain.domain)}{WELL_KNOWN}{riddle}"
    try:
        with open_client(allowed={place_of(url)}, within=TIMEOUT, most=10_000) as client:
            found = client.get(url, timeout=TIMEOUT)
        solved = found.status_code == 200 and hmac.compare_digest(found.content, _solve(domain.domain, riddle).encode())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
        log.info("domain.not_reached", domain=domain.domain, error=type(error).__name__)
        return False
    if solved:
        Domain.objects.filter(pk=domain.pk, domain=domain.domain).update(**columns(Proof.now(ProvenBy.HOST)))
    return bool(solved)


@needs(Can.KEEP_DOMAINS)
def claim_domain(domain: Domain) -> bool:
    """A name that a person has just entered or changed: ours is proven as it is, any other has to answer, now or later."""
    ours = domain.domain == f"{domain.tenant.slug}.{settings.BASE_DOMAIN}"
    Domain.objects.filter(pk=domain.pk).update(**columns(Proof.now(ProvenBy.OURS) if ours else None))
    proven = ours or prove_domain(domain)
    if not proven:
        _ask_again(domain, 0)
    return proven


def prove_again(key: str) -> None:
    """Ask a name that is still claimed; `key` is what `_ask_again` made of it and of how often that was."""
    number, _colon, asked = key.partition(":")
    domain = Domain.objects.select_related("tenant").filter(pk=int(number), proven_at=None).first()
    if domain is not None and not prove_domain(domain):
        _ask_again(domain, int(asked) + 1)


def _ask_again(domain: Domain, asked: int) -> None:
    """People enter a name first and change its DNS then, which takes its time to get around."""
    if asked < len(PAUSES):
        at = clock.now() + PAUSES[asked]
        jobs.schedule(PROVE, f"{domain.pk}:{asked}", at=at, schema=domain.tenant.schema_name)


def _solve(host: str, riddle: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"domain:{host}:{riddle}".encode(), sha256).hexdigest()
