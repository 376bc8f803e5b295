"""What somebody is known under: proven to be theirs, or claimed. Only what is proven says who somebody is."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.permissions import needs
from apps.organizations.proof import Proof, ProvenBy, columns
from apps.ui import text

from .. import numbers
from ..models import Activity, Identity, Lead, Merge
from .base import lock, write_line

CONTACT = ("email", "phone")
LONGEST = Identity._meta.get_field("value").max_length or 254


def comparable(kind: str, value: str) -> str:
    """An address or number as identities hold it."""
    return numbers.key(value) if kind == "phone" else value.lower()[:LONGEST]


def certified_number(told: str) -> str:
    """What a platform says is somebody's number, in E.164, or ""; its ids for numbers are full ones without a plus."""
    try:
        return numbers.read(told if told.startswith("+") else f"+{told}") if told else ""
    except ValueError:
        return ""


def claim(lead: Lead, kind: str, value: str) -> bool:
    """Keep what was said beside what is known; True if that is new."""
    held = comparable(kind, value)
    if Identity.objects.filter(lead=lead, kind=kind, account="", value=held).exists():
        return False
    Identity.objects.create(lead=lead, kind=kind, value=held)
    return True


def prove(lead: Lead, kind: str, value: str, by: ProvenBy) -> bool:
    """This address or number is this person's; False where somebody else's was proven before."""
    held = comparable(kind, value)
    found = Identity.objects.filter(kind=kind, account="", value=held, proven_at__isnull=False).first()
    if found is not None:
        return found.lead_id == lead.pk
    try:
        with transaction.atomic():
            Identity.objects.create(lead=lead, kind=kind, value=held, **columns(Proof.now(by)))
    except IntegrityError:  # somebody else's, a moment ago
        return False
    Identity.objects.filter(lead=lead, kind=kind, account="", value=held, proven_at=None).delete()
    return True


def is_proven(lead: Lead, attribute: str) -> bool:
    """Whether the address or number that a lead shows is proven to be theirs."""
    value = getattr(lead, attribute)
    if attribute not in CONTACT or not value:
        return False
    return Identity.objects.filter(
        lead=lead, kind=attribute, account="", value=comparable(attribute, value), proven_at__isnull=False
    ).exists()


def is_told_by_platform(lead: Lead, attribute: str, value: str) -> bool:
    """Whether what a lead shows is what a platform calls them, and `value` says no more than that."""
    if attribute != "name":
        return False
    current = text.normalize(lead.name).split()
    told = any(text.normalize(one.profile.get("name", "")).split() == current for one in lead.identities.all()[:50])
    return told and not set(current) < set(text.normalize(value).split())


def came_together(one: Identity, other: Identity) -> bool:
    """Whether two ids of a lead are one person's as platforms say, and not because somebody merged two records."""
    if one.lead_id != other.lead_id:
        return False
    for moved in Merge.objects.filter(kept=one.lead_id, undone_at=None).values_list("moved", flat=True):
        brought = moved.get("identities", ())
        if (one.pk in brought) != (other.pk in brought):
            return False
    return True


def withdraw(lead: Lead, kind: str, value: str) -> None:
    """It was wrong: forget who said or entered it. What a platform certifies stays."""
    Identity.objects.filter(
        lead=lead, kind=kind, account="", value=comparable(kind, value), proven_by__in=["", ProvenBy.TEAM]
    ).delete()


@needs(Can.WORK_LEADS)
@transaction.atomic
def confirm_detail(lead: Lead, attribute: str, *, by: str) -> None:
    """A person has made sure that the address or number a lead shows is theirs."""
    lock(lead)
    value = getattr(lead, attribute, "")
    if attribute not in CONTACT or not value:
        raise Problem("nothing_to_confirm", _("There is nothing here to confirm."))
    if is_proven(lead, attribute):
        return
    if not prove(lead, attribute, value, ProvenBy.TEAM):
        raise Problem(
            "proven_elsewhere", _("This is proven to be somebody else's. Merge the two records if they are one.")
        )
    write_line(lead, Activity.Kind.CAPTURE, data={"confirmed": attribute}, by=by)
