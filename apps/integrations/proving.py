"""Who may have an account's webhooks: only whom the platform has named as its owner (organizations/proof.py).

not proven          connected, waiting for proof: nothing is routed here; asked again and again
proven              the route is made, with by what and when; shown again by every check, every night
proof gone or old   goes on being routed (the messages of an owner whose token ran out are still theirs), but
                    yields to the first who proves it, and is told
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.jobs import clock
from apps.jobs import services as jobs
from apps.organizations.models import AccountRoute, Organization
from apps.organizations.proof import Proof, ProvenBy, columns
from apps.organizations.queries import current_organization

from .models import ConnectedAccount
from .surfaces import SURFACES, Checkup

# A holder that was last proven longer ago than this yields to whoever has a proof; checks are nightly.
FRESH_FOR = timedelta(days=3)
PROVE, DISPLACED = "integrations.prove", "integrations.displaced"
# Proof is asked for again after a minute, then ever later; after a day with the nightly check only.
SOONEST, LATEST, GIVE_UP = timedelta(minutes=1), timedelta(hours=2), timedelta(days=1)

ELSEWHERE = gettext_noop("This account is connected elsewhere. Disconnect it there first, or ask the agency.")
NOT_PROVEN = gettext_noop("The platform has not confirmed that this account belongs to this sign-in. We ask again.")
NOT_ASKED = gettext_noop("The platform was not asked yet whether this account is yours. We ask soon.")
TAKEN = gettext_noop(
    "Another organization has proven to the platform that this account is theirs, so its messages go there now. "
    "If it is yours, connect it again with a token of its own."
)


class Elsewhere(Exception):
    """Another organization has the account, and has proven it lately."""


def also_routed(channel: str, settings: dict[str, Any]) -> list[str]:
    return [str(settings[key]) for key in SURFACES[channel].also_routed if settings.get(key)]


def ids_of(account: ConnectedAccount) -> set[str]:
    """Every id under which webhooks for this account come."""
    return {account.external_id, *also_routed(account.channel, account.settings)}


def is_routed(account: ConnectedAccount) -> bool:
    """Whether all webhooks for this account come here."""
    ids = ids_of(account)
    return _mine(account.channel, ids).count() == len(ids)


def must_be_free(channel: str, ids: list[str]) -> None:
    """ValidationError where another organization has proven one of these ids lately; its proof is then looked at again."""
    for route in _routes(channel, ids).exclude(organization=current_organization()).select_related("organization"):
        if _is_firm(route):
            jobs.schedule("integrations.check", schema=route.organization.schema_name)
            raise ValidationError({"external_id": _(ELSEWHERE)})


def settle(account: ConnectedAccount, checkup: Checkup) -> Checkup | None:
    """Let the routes follow what was shown just now; None where all is proven, else what stands in the way."""
    ids = ids_of(account)
    if not ids <= checkup.owns:
        if checkup.refused:  # it was theirs, and is not any more as far as these credentials go
            _mine(account.channel, ids).exclude(proven_at=None).update(**columns(None))
        return Checkup(ok=False, code="not-proven", problem=NOT_PROVEN) if checkup.ok else checkup
    try:
        take_routes(account, Proof.now(checkup.by))
    except Elsewhere:
        return Checkup(ok=False, code="elsewhere", problem=ELSEWHERE)
    return None


@transaction.atomic
def take_routes(account: ConnectedAccount, proof: Proof) -> None:
    """Make webhooks for this account come here, displacing whoever has no firm proof; raises Elsewhere."""
    now = ConnectedAccount.objects.select_for_update().filter(pk=account.pk).first()
    if now is None or now.state == ConnectedAccount.State.DISCONNECTED or now.credentials != account.credentials:
        return  # what was proven is not what is connected any more
    for external_id in sorted(ids_of(account)):
        _take(account.channel, external_id, proof)


def _take(channel: str, external_id: str, proof: Proof) -> None:
    organization = current_organization()
    route, made = AccountRoute.objects.select_for_update(of=("self",)).get_or_create(
        channel=channel, external_id=external_id, defaults={"organization": organization, **columns(proof)}
    )
    if made:
        return
    if route.organization_id != organization.pk:
        if _is_firm(route):
            raise Elsewhere
        holder = Organization.objects.get(pk=route.organization_id)
        jobs.schedule(DISPLACED, f"{channel}:{external_id}", schema=holder.schema_name)
    AccountRoute.objects.filter(pk=route.pk).update(organization=organization, **columns(proof))


def let_go(account: ConnectedAccount) -> None:
    """Route nothing here any more, but for what another account of this organization needs too."""
    others = ConnectedAccount.objects.filter(channel=account.channel).exclude(pk=account.pk)
    needed = {one for other in others.exclude(state=ConnectedAccount.State.DISCONNECTED) for one in ids_of(other)}
    _mine(account.channel, ids_of(account) - needed).delete()


def next_try(account: ConnectedAccount) -> datetime | None:
    """When proof is asked for again; None once only the nightly check does."""
    now = clock.now()
    waited = now - (account.waiting_since or now)
    return now + min(max(waited, SOONEST), LATEST) if waited < GIVE_UP else None


def _routes(channel: str, ids: Any) -> Any:
    return AccountRoute.objects.filter(channel=channel, external_id__in=ids)


def _mine(channel: str, ids: Any) -> Any:
    return _routes(channel, ids).filter(organization=current_organization())


def _is_firm(route: AccountRoute) -> bool:
    """Whether the holder's proof still stands against somebody else's."""
    proof = route.proof
    if proof is None:
        return False
    return proof.by in {ProvenBy.OURS, ProvenBy.SIMULATOR} or proof.at > clock.now() - FRESH_FOR
