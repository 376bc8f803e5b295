"""The walls between organizations, tried on every route there is.

The URL configuration itself says what there is, so a new route cannot be forgotten: it fails here until it
either guards itself (`@member_required`, `required_role`) or is listed below as open, with the reason.

    charlie, signed in at Acme's host, where he does not work      403, on every route
    charlie, at home at Globex, with Acme's ids                    404, on every route with an id
    nobody, signed out                                             to the sign-in page, or 401
    a member below the role that a route asks for                  403
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Model
from django.urls import URLPattern, get_resolver, reverse

from apps.ai import models as ai
from apps.catalog import models as catalog
from apps.conversations import models as conversations
from apps.integrations import models as integrations
from apps.leads import models as leads
from apps.organizations import services, staff
from apps.organizations.access import RolePermission
from apps.organizations.models import ApiKey, Invitation, Membership, Role
from apps.webhooks_outbox import models as outbox
from tests.samples import Samples

TENANT, PUBLIC = settings.ROOT_URLCONF, settings.PUBLIC_SCHEMA_URLCONF

# Routes without a role, and why. Everything else must ask for one.
OPEN = {
    "account_": "signing in and out, one's own password: it is about the person, not the organization",
    "mfa_": "one's own second factor",
    "ui:brand": "colors, from the address alone",
    "ui:theme": "a cookie of one's own",
    "ui:language": "a cookie of one's own",
    "ui:style": "the style page shows no data; not there in production",
    "organizations:invitation": "the link's token opens it, for one address",
    "organizations:enter": "the console's token opens it, once",
    "organizations:logo": "the logo stands in the public chat window",
    "organizations-api:token": "this is how one signs in; tells nothing without the password",
    "schema": "what the API looks like is no secret",
    "docs": "what the API looks like is no secret",
    "dashboard:entry": "leads to the home page",
    "leads:hosted": "a form for customers",
    "leads:embed": "a form for customers",
    "catalog:image": "pictures of what is sold, for the chat window",
    "conversations:chat": "the website chat is for customers",
    "conversations:widget": "the website chat is for customers",
}
OPEN_PUBLIC = {
    "account_": OPEN["account_"],
    "mfa_": OPEN["mfa_"],
    "ui:": "look and feel",
    "set_language": "a cookie of one's own",
    "webhook-": "platforms sign what they deliver",
    "metrics": "guarded by its own rules, see its tests",
    "health": "for load balancers; tells nothing but yes or no",
}

# What stands for a plausible value of each part of an address: a model (its row's key), or a plain value.
PARTS: dict[str, Any] = {
    "lead_id": leads.Lead,
    "bulk_id": leads.BulkChange,
    "form_id": leads.Form,
    "leads:key": (leads.Form, "key"),
    "conversation_id": conversations.Conversation,
    "message_id": conversations.Message,
    "reply_id": conversations.CannedReply,
    "template_id": conversations.MessageTemplate,
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
    "user_id": (Membership, "user_id"),
    "invitation_id": Invitation,
    "key_id": ApiKey,
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
            return list(actions)
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
        return wanted.get(method.upper(), wanted["*"])

    def is_open(self, reasons: dict[str, str]) -> bool:
        return any(self.name.startswith(prefix) for prefix in reasons)

    def names_a_row(self) -> bool:
        return any(part not in NO_ROW or f"{self.app}:{part}" in PARTS for part in self.parts)

    @property
    def app(self) -> str:
        return self.name.partition(":")[0].removesuffix("-api")

    def path(self, samples: Samples, urlconf: str) -> str:
        return reverse(self.name, kwargs={part: self._value(part, samples) for part in self.parts}, urlconf=urlconf)

    def _value(self, part: str, samples: Samples) -> Any:
        found = PARTS.get(f"{self.app}:{part}", PARTS.get(part))
        if found is None and part in {"pk", "id"} and self.view_class is not None:
            found = (self.view_class.queryset.model, self.view_class.lookup_field)
        assert found is not None, f"{self.name}: add to PARTS in tests/test_walls.py what a plausible {part!r} is"
        if isinstance(found, tuple):
            return getattr(samples.of(found[0]), found[1])
        if isinstance(found, type) and issubclass(found, Model):
            return samples.of(found).pk
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


@pytest.fixture
def samples(acme):
    return Samples(acme)


def ask(client: Any, method: str, path: str) -> int:
    """The status of one request, whose effects are taken back; rate limits do not count here."""
    cache.clear()
    extra = {"content_type": "application/json"} if path.startswith("/api/") and method != "get" else {}
    tenant = connection.tenant
    with transaction.atomic():
        status = getattr(client, method)(path, **extra).status_code
        transaction.set_rollback(True)
    connection.set_tenant(tenant)
    return status


def try_all(found: list[tuple[Route, str, str]], client: Any, expected: Any) -> list[str]:
    """What answered otherwise than `expected(route, method)` allows."""
    wrong = []
    for route, method, path in found:
        status = ask(client, method, path)
        allowed = expected(route, method)
        if status not in allowed:
            wrong.append(f"{method.upper()} {path} ({route.name}): {status}, not {sorted(allowed)}")
    return wrong


def guarded(samples: Samples) -> list[tuple[Route, str, str]]:
    return [
        (route, method, route.path(samples, TENANT))
        for route in routes(TENANT)
        if not route.is_open(OPEN)
        for method in route.methods
    ]


def test_every_route_is_guarded_or_open_for_a_reason():
    unknown = [
        f"{route.pattern} ({route.name})"
        for route in routes(TENANT)
        if not route.is_open(OPEN) and any(route.role(method) is None for method in route.methods)
    ]
    assert not unknown, "Ask for a role, or list these in OPEN with the reason:\n" + "\n".join(unknown)


def test_a_stranger_who_is_signed_in_gets_nowhere(samples, charlie, client_for):
    wrong = try_all(
        guarded(samples), client_for(charlie, "acme"), lambda route, _m: {401, 403, 405} if route.is_api else {403, 405}
    )
    assert not wrong, "\n".join(wrong)


def test_a_token_of_another_organization_gets_nowhere(samples, charlie, api_for):
    client = api_for(charlie, "globex")
    client.defaults["HTTP_HOST"] = "acme.localhost"
    found = [entry for entry in guarded(samples) if entry[0].is_api]
    wrong = try_all(found, client, lambda _route, _m: {401})
    assert not wrong, "\n".join(wrong)


def test_nobody_is_asked_to_sign_in(samples, client_for):
    wrong = try_all(guarded(samples), client_for(None, "acme"), lambda route, _m: {401} if route.is_api else {302, 405})
    assert not wrong, "\n".join(wrong)


def elsewhere(path: str) -> str:
    """The same address with an id that no organization has."""
    return re.sub(r"9\d{6}", "8000000", path)


def test_ids_of_another_organization_lead_nowhere(samples, globex, charlie, client_for, api_for):
    pages, api = client_for(charlie, "globex"), api_for(charlie, "globex")
    wrong = []
    for route in routes(TENANT):
        if not route.names_a_row():
            continue
        path = route.path(samples, TENANT)
        for method in route.methods:
            client = api if route.is_api else pages
            status = ask(client, method, path)
            if status == HTTPStatus.BAD_REQUEST and ask(client, method, elsewhere(path)) == status:
                continue  # it looked at the body first: an id that exists nowhere gets the same answer
            if status not in {404, 405}:
                wrong.append(f"{method.upper()} {path} ({route.name}): {status}")
    assert not wrong, "\n".join(wrong)


def test_the_same_ids_lead_somewhere_at_home(samples, alice, client_for, api_for):
    """Otherwise the test above would prove nothing."""
    pages, api = client_for(alice, "acme"), api_for(alice, "acme")
    lost = []
    for route in routes(TENANT):
        if not route.names_a_row() or "get" not in route.methods or route.name in LEADS_NOWHERE:
            continue
        path = route.path(samples, TENANT)
        status = ask(api if route.is_api else pages, "get", path)
        if status == HTTPStatus.NOT_FOUND or status >= 500:
            lost.append(f"{path} ({route.name}): {status}")
    assert not lost, "\n".join(lost)


# Rows that exist, but whose page shows something the sample row has not got.
LEADS_NOWHERE = {
    "conversations:file": "the sample message has no attachment",
    "catalog:image": "the sample picture has no file",
}


@pytest.mark.parametrize("who", ["victor", "bob", "mona"])
def test_a_lower_role_is_not_enough(who, samples, acme, api_for, client_for, request):
    mona = services.people.User.objects.create_user("mona@example.com", "correct horse battery", name="Mona")
    services.add_member(acme, mona, role=Role.MANAGER)
    user = mona if who == "mona" else request.getfixturevalue(who)
    held = Role(Membership.objects.get(user=user, organization=acme).role)
    found = [
        (route, method, path)
        for route, method, path in guarded(samples)
        if (role := route.role(method)) is not None and not held.includes(role)
    ]
    assert who == "mona" or found
    pages = [entry for entry in found if not entry[0].is_api]
    api = [entry for entry in found if entry[0].is_api]
    wrong = try_all(pages, client_for(user, "acme"), lambda _r, _m: {403, 405})
    wrong += try_all(api, api_for(user, "acme"), lambda _r, _m: {403})
    assert not wrong, "\n".join(wrong)


def test_invitations_and_staff_links_open_only_their_own_house(acme, globex, alice, dana, client_for):
    _invitation, link = services.invite(acme, email="new@example.com", role=Role.AGENT, by=alice)
    path = "/" + link.split("/", 3)[3]
    assert client_for(None, "acme").get(path).status_code == HTTPStatus.OK
    assert client_for(None, "globex").get(path).status_code == HTTPStatus.GONE
    entry = staff.begin(dana, acme, reason="Look", address=None)
    path = reverse("organizations:enter", args=[staff.token_for(entry)], urlconf=TENANT)
    assert client_for(None, "globex").get(path).status_code == HTTPStatus.GONE
    assert client_for(None, "acme").get(path).status_code == HTTPStatus.FOUND


# The public host ----------------------------------------------------------------------------------------------------


def _public() -> list[tuple[Route, str, str]]:
    found = []
    for route in routes(PUBLIC):
        if route.is_open(OPEN_PUBLIC):
            continue
        path = "/" + re.sub(r"\(\?P<\w+>(?:[^()]|\([^()]*\))*\)|<[^>]+>", "1", route.pattern).replace("\\", "")
        found += [(route, method, path) for method in ("get", "post")]
    return found


@pytest.mark.parametrize("who", [None, "charlie"])
def test_the_console_is_for_staff(who, public, client_for, request):
    user = request.getfixturevalue(who) if who else None
    client = client_for(user, None)
    # Of charlie's own: the list of places where he works.
    own = {"organizations-public:mine"} if who else set()
    wrong = try_all(
        [entry for entry in _public() if entry[0].name not in own],
        client,
        lambda route, _m: {302, 403, 404, 405},
    )
    assert not wrong, "\n".join(wrong)
    redirected = client.get("/admin/")
    assert redirected.status_code in {302, 403}


def test_the_console_is_not_on_a_tenants_host(acme, dana, client_for):
    assert client_for(dana, "acme").get("/admin/").status_code == HTTPStatus.NOT_FOUND
    assert client_for(dana, "acme").get("/organizations/").status_code == HTTPStatus.NOT_FOUND


def test_tenant_pages_are_not_on_the_public_host(public, alice, client_for):
    client = client_for(alice, None)
    for path in ("/dashboard/", "/api/leads/", "/dashboard/settings/"):
        assert client.get(path).status_code == HTTPStatus.NOT_FOUND
