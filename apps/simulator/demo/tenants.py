"""Build an organization from its file: people, persona, catalog, accounts, texts. Done again, it adds what is missing."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from typing import Any

from django_tenants.utils import tenant_context

from apps.ai.models import Intent, Note
from apps.ai.queries import persona
from apps.ai.services import save_intent, save_note, save_persona
from apps.catalog.models import Item
from apps.conversations.models import CannedReply, MessageTemplate
from apps.conversations.services import save_canned_reply, save_template
from apps.integrations.models import ConnectedAccount
from apps.leads.models import Form
from apps.leads.submissions import save_form
from apps.organizations.models import Organization, Role, User
from apps.organizations.services import add_member, create_organization
from apps.webhooks_outbox.models import Endpoint
from apps.webhooks_outbox.services import create_endpoint, pause

from ..services import connect
from . import catalogs

SLUGS = ("sanad", "averley", "saddle")
AGENCY = ("agency@frontdesk.example", "Dana Whitfield")
#: How long ago the organizations were set up.
AGE = timedelta(days=45)
_ABOUT = ("name", "trade", "language", "timezone", "currency", "country", "accent", "ai_budget_usd")


def read(slug: str) -> dict[str, Any]:
    """The file of one organization."""
    with (catalogs.DATA / f"{slug}.toml").open("rb") as file:
        return tomllib.load(file)


def owner_of(told: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = next(person for person in told["people"] if person["role"] == Role.OWNER)
    return found


def make(told: dict[str, Any], password: str) -> Organization:
    """The organization with its owner; the one that is there if an earlier attempt made it."""
    organization = Organization.objects.filter(slug=told["slug"]).first()
    owner = owner_of(told)
    if organization is None:
        organization = create_organization(
            slug=told["slug"],
            owner=_person(owner, password),
            **{name: told[name] for name in _ABOUT},
        )
    return organization


def is_ours(organization: Organization, told: dict[str, Any]) -> bool:
    """Whether an earlier start made it, rather than somebody who chose the same short name."""
    email = owner_of(told)["email"]
    return organization.name == told["name"] and organization.memberships.filter(user__email=email).exists()


def is_furnished(organization: Organization) -> bool:
    """Whether everything was put in: the catalog comes last."""
    with tenant_context(organization):
        return Item.objects.exists()


def furnish(organization: Organization, told: dict[str, Any], password: str) -> None:
    """People, persona, knowledge, catalog and texts."""
    for person in told["people"]:
        add_member(organization, _person(person, password), role=Role(person["role"]))
    with tenant_context(organization):
        save_persona(persona(), **told["persona"])
        for note in told["notes"]:
            _save_note(note)
        for intent in told["intents"]:
            save_intent(Intent.objects.filter(name=intent["name"]).first() or Intent(), **intent)
        for reply in told["canned"]:
            save_canned_reply(CannedReply.objects.filter(shortcut=reply["shortcut"]).first() or CannedReply(), **reply)
        if not Form.objects.filter(name=told["form"]["name"]).exists():
            save_form(Form(), **told["form"])
        if not Endpoint.objects.exists():
            # An address that leads nowhere, and paused: nothing leaves before somebody says where to.
            pause(create_endpoint(url="https://hooks.example.com/frontdesk", description="Example (paused)"))
        catalogs.load(told["items"], currency=told["currency"], website=told["website"])


def accounts(told: dict[str, Any]) -> dict[str, ConnectedAccount]:
    """The simulated accounts by channel; the tenant is active."""
    found = {one["channel"]: connect(one["channel"], name=one["name"]) for one in told["accounts"]}
    _register_templates(found["whatsapp"], told)
    return found


def _register_templates(whatsapp: ConnectedAccount, told: dict[str, Any]) -> None:
    for template in told["templates"]:
        known = MessageTemplate.objects.filter(
            account=whatsapp, name=template["name"], language=template["language"]
        ).first()
        if known is None:
            save_template(MessageTemplate(account=whatsapp), **template)


def make_agency(password: str) -> User:
    """Whoever signs in at /admin/ on the bare address; `password` is a hash, as everywhere here."""
    email, name = AGENCY
    known = User.objects.filter(email=email).first()
    return known or User.objects.create(email=email, password=password, name=name, is_staff=True, is_superuser=True)


def _person(person: dict[str, str], password: str) -> User:
    known = User.objects.filter(email=person["email"]).first()
    return known or User.objects.create(
        email=person["email"], password=password, name=person["name"], language=person.get("language", "")
    )


def _save_note(note: dict[str, str]) -> None:
    known = Note.objects.filter(title=note["title"]).first()
    save_note(known or Note(), **note)
