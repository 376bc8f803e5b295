"""Who looks after a lead, and the tags they put on it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from apps.events import record
from apps.organizations.actors import Can
from apps.organizations.errors import Problem
from apps.organizations.models import Membership, User
from apps.organizations.permissions import needs
from apps.organizations.queries import current_organization
from apps.ui import text

from ..events import LeadOwnerChanged, LeadTagged, LeadUntagged
from ..models import Activity, Lead, Tag
from .base import lock, write_line


@needs(Can.WORK_LEADS)
@transaction.atomic
def set_owner(lead: Lead, owner: User | None, *, by: str) -> bool:
    """Give a lead to a member of the organization, or to nobody; True if that changed anything."""
    if owner is not None and not is_member(owner):
        raise Problem("not_a_member", _("This person is not a member of the organization."))
    lock(lead)
    before = lead.owner_id
    if before == (owner.pk if owner else None):
        return False
    lead.owner = owner
    lead.save(update_fields=["owner"])
    write_line(lead, Activity.Kind.OWNER, str(owner or ""), data={"from": before, "to": lead.owner_id}, by=by)
    record(LeadOwnerChanged(lead_id=lead.pk, owner_id=lead.owner_id, before_id=before), actor=by)
    return True


def is_member(user: User) -> bool:
    return Membership.objects.filter(organization=current_organization(), user=user, is_active=True).exists()


@needs(Can.WORK_LEADS)
@transaction.atomic
def add_tag(lead: Lead, name: str, *, by: str) -> Tag:
    """Tags are known by their name, whatever its case and spelling."""
    wanted = text.line(name, 50)
    if not wanted:
        raise Problem("bad_tag", _("Give the tag a name."))
    tag = find_tag(wanted) or Tag.objects.get_or_create(name=wanted)[0]
    _link, new = Lead.tags.through.objects.get_or_create(lead_id=lead.pk, tag_id=tag.pk)
    if new:
        record(LeadTagged(lead_id=lead.pk, tag=tag.name), actor=by)
    return tag


@needs(Can.WORK_LEADS)
@transaction.atomic
def set_tags(lead: Lead, names: Iterable[str], *, by: str) -> None:
    """Exactly these."""
    wanted = {add_tag(lead, name, by=by).pk for name in names}
    for tag in lead.tags.exclude(pk__in=wanted):
        remove_tag(lead, tag.name, by=by)


def find_tag(name: str) -> Tag | None:
    wanted = text.normalize(name, 50)
    return next((tag for tag in Tag.objects.all() if text.normalize(tag.name) == wanted), None)


@needs(Can.WORK_LEADS)
@transaction.atomic
def remove_tag(lead: Lead, name: str, *, by: str) -> bool:
    tag = find_tag(name)
    if tag is None or not Lead.tags.through.objects.filter(lead_id=lead.pk, tag_id=tag.pk).delete()[0]:
        return False
    record(LeadUntagged(lead_id=lead.pk, tag=tag.name), actor=by)
    return True
