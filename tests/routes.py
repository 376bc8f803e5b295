"""Every address of the product as its URL configuration knows it, with a plausible value for each part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.urls import URLPattern, get_resolver, reverse
from django_tenants.utils import tenant_context

from apps.ai import models as ai
from apps.catalog import models as catalog
from apps.conversations import models as conversations
from apps.integrations import models as integrations
from apps.leads import models as leads
from apps.organizations.access import RolePermission, role_for
from apps.organizations.models import ApiKey, Invitation, Membership, Role, SignIn
from apps.simulator import models as simulator
from apps.webhooks_outbox import models as outbox
from tests.samples import Samples

TENANT, PUBLIC = settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF


def _phone(samples: Samples) -> simulator.Phone:
    """A made-up customer needs the account on which they write."""
    account = samples.of(integrations.ConnectedAccount)
    account.settings = {"simulated": True}
    account.save()
    phone = samples.of(simulator.Phone)
    phone.organization, phone.account = samples.organization, account.external_id
    phone.save()
    return phone


# What stands for a plausible value of each part of an address: a model (its row's key), a model and the name of another
# of its fields, a function that makes the row, or a plain value. "app:part" wins over "part".
PARTS: dict[str, Any] = {
    "lead_id": leads.Lead,
    "bulk_id": leads.BulkChange,
    "merge_id": leads.Merge,
    "form_id": leads.Form,
    "leads:key": (leads.Form, "key"),
    "conversation_id": conversations.Conversation,
    "message_id": conversations.Message,
    "reply_id": conversations.CannedReply,
    "template_id": conversations.MessageTemplate,
    "upload_id": conversations.Upload,
    "conversations:name": (conversations.Upload, "name"),
    "position": 0,
    "account_id": integrations.ConnectedAccount,
    "integrations:delivery_id": integrations.Delivery,
    "webhooks_outbox:delivery_id": (outbox.Delivery, "uuid"),
    "endpoint_id": (outbox.Endpoint, "uuid"),
    "item_id": catalog.Item,
    "image_id": catalog.ItemImage,
    "category_id": catalog.Category,
    "note_id": ai.Note,
    "intent_id": ai.Intent,
    "generation_id": ai.Generation,
    "phone_id": _phone,
    "picture_id": simulator.Picture,
    "trace_id": (integrations.Delivery, "trace"),
    "user_id": (Membership, "user_id"),
    "invitation_id": Invitation,
    "key_id": ApiKey,
    "sign_in_id": SignIn,
    "channel": "facebook",
    "stage": "new",
    "uidb36": "1",
    "key": "set-password",
    "token": "x" * 43,
}
NO_ROW = {"channel", "stage", "position", "uidb36", "key", "token"}  # parts that name no row


@dataclass
class Route:
    """One address of one URL configuration."""

    name: str
    pattern: str
    callback: Any
    parts: list[str] = field(default_factory=list)

    @property
    def view_class(self) -> Any:
        return getattr(self.callback, "cls", None) or getattr(self.callback, "view_class", None)

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")

    @property
    def methods(self) -> list[str]:
        actions = getattr(self.callback, "actions", None)
        if actions:
            return [method for method in actions if method != "head"]
        if self.is_api and self.view_class is not None:
            return [m for m in ("get", "post", "put", "patch", "delete") if hasattr(self.view_class, m)]
        return ["get", "post"]

    def role(self, method: str) -> Role | None:
        """The role this route says it asks for; None: it says nothing."""
        if not self.is_api or self.view_class is None:
            return getattr(self.callback, "required_role", None)
        if not any(issubclass(p, RolePermission) for p in getattr(self.view_class, "permission_classes", ())):
            return None
        own = getattr(self.callback, "initkwargs", {}).get("required_role") or getattr(
            self.view_class, "required_role", {}
        )
        wanted = {**RolePermission.default, **own}
        return role_for(wanted.get(method.upper(), wanted["*"]))

    def is_open(self, reasons: dict[str, str]) -> bool:
        return any(self.name == listed or (listed[-1] in ":_-" and self.name.startswith(listed)) for listed in reasons)

    @property
    def rows(self) -> list[str]:
        """The parts of the address that name a row."""
        return [part for part in self.parts if part not in NO_ROW or f"{self.app}:{part}" in PARTS]

    @property
    def app(self) -> str:
        return self.name.partition(":")[0].removesuffix("-api")

    def plausible(self, part: str) -> Any:
        """What PARTS says about a part of this address; None: nothing."""
        found = PARTS.get(f"{self.app}:{part}", PARTS.get(part))
        if found is None and part in {"pk", "id"} and hasattr(self.view_class, "queryset"):
            return self.view_class.queryset.model, self.view_class.lookup_field
        return found

    def unknown_parts(self) -> list[str]:
        return [part for part in self.parts if self.plausible(part) is None]

    def path(self, samples: Samples, **other: Samples) -> str:
        """The address of sample rows; `other` says whose a part's row is instead."""
        values = {part: self._value(part, other.get(part, samples)) for part in self.parts}
        return reverse(self.name, kwargs=values, urlconf=TENANT)

    def _value(self, part: str, samples: Samples) -> Any:
        found = self.plausible(part)
        if isinstance(found, tuple):
            return getattr(samples.of(found[0]), found[1])
        if isinstance(found, type) and issubclass(found, Model):
            return samples.of(found).pk
        if callable(found):
            with tenant_context(samples.organization):
                return found(samples).pk
        return found


def routes(urlconf: str) -> list[Route]:
    """Every address, with the names under which it is found."""

    def walk(patterns: Any, before: str, spaces: str, parts: list[str]) -> Iterator[Route]:
        for one in patterns:
            text = before + str(one.pattern)
            own = [*parts, *one.pattern.converters, *(n for n in one.pattern.regex.groupindex if n not in parts)]
            names = list(dict.fromkeys(own))
            if isinstance(one, URLPattern):
                yield Route(f"{spaces}{one.name or ''}", re.sub(r"[\^$]", "", text), one.callback, names)
            else:
                yield from walk(one.url_patterns, text, f"{spaces}{one.namespace}:" if one.namespace else spaces, names)

    return list(walk(get_resolver(urlconf).url_patterns, "", "", []))


def triable() -> list[Route]:
    """The tenants' routes for which a plausible address is known; the first test below misses the others."""
    return [route for route in routes(TENANT) if not route.unknown_parts()]
