"""The walls between organizations, tried on every route there is.

The URL configuration itself says what there is, so a new route cannot be forgotten: it fails here until it
either guards itself (`@member_required`, `required_role`) or is listed below as open, with the reason, and until it is
known what a plausible value of each part of its address is (PARTS in routes.py).

    charlie, signed in at Acme's host, where he does not work      403, on every route
    charlie's token and Globex's key at Acme's host                401, on every route of the API
    charlie, at home at Globex, with each of Acme's ids            404, on every route with an id
    nobody, signed out                                             to the sign-in page, or 401
    a member below the role that a route asks for                  403
    the agency's console                                           for staff only
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.urls import reverse
from django_tenants.utils import tenant_context

from apps.organizations import services, staff
from apps.organizations.models import Membership, Organization, Role, User
from apps.organizations.tokens import token_for
from tests.routes import PUBLIC, TENANT, Route, routes, triable
from tests.samples import Samples

# Routes without a role, and why. Everything else must ask for one.
OPEN = {
    "account_": "signing in and out, one's own password: it is about the person, not the organization",
    "mfa_": "one's own second factor",
    "ui:brand": "colors, from the address alone",
    "ui:theme": "a cookie of one's own",
    "ui:language": "a cookie of one's own",
    "ui:style": "the style page shows no data; not there in production",
    "organizations:invitation": "the link's token opens it, for one address",
    "organizations:address": "the link proves the address of the person it was mailed to; see test_addresses.py",
    "organizations:ask-address": "mails somebody the link for their own address",
    "organizations:enter": "the console's token opens it, once",
    "organizations:logo": "the logo stands in the public chat window",
    "organizations-api:token-refresh": "the token itself is the proof; see test_api.py",
    "organizations-api:token-revoke": "the token itself is the proof; see test_credentials.py",
    "organizations-api:token": "this is how one signs in; tells nothing without the password",
    "schema": "what the API looks like is no secret",
    "docs": "what the API looks like is no secret",
    "dashboard:entry": "leads to the home page",
    "leads:hosted": "a form for customers",
    "leads:embed": "a form for customers",
    "catalog:image": "pictures of what is sold, for the chat window",
    "conversations:upload": "whoever has the address, which holds a random id: visitors, platforms; see test_uploads.py",
    "webchat:chat": "the chat's own page, for visitors",
    "webchat:script": "the script that puts the chat on a website",
    "webchat-api:visitors": "a visitor gets the token that opens the rest",
    "webchat-api:thread": "the visitor's own token opens it",
    "webchat-api:messages": "the visitor's own token opens it",
    "webchat-api:read": "the visitor's own token opens it",
    "webchat-api:typing": "the visitor's own token opens it",
    "webchat-api:files": "the visitor's own token opens it",
}
OPEN_PUBLIC = {
    "account_": OPEN["account_"],
    "mfa_": OPEN["mfa_"],
    "ui:": "look and feel",
    "schema": OPEN["schema"],
    "docs": OPEN["docs"],
    "webhook-": "platforms sign what they deliver",
    "metrics": "guarded by its own rules, see its tests",
    "catcher": "only its own address, which nobody can guess, opens it, see its tests",
    "simulator-graph": "the stand-in for Meta serves holders of a simulated account's token, see its tests",
}


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
        (route, method, route.path(samples))
        for route in triable()
        if not route.is_open(OPEN)
        for method in route.methods
    ]


def test_every_route_can_be_tried():
    missing = {
        f"{route.name} ({route.pattern}): what is a plausible {part!r}?"
        for route in routes(TENANT)
        for part in route.unknown_parts()
    }
    assert not missing, "Say so in PARTS of tests/routes.py:\n" + "\n".join(sorted(missing))


def test_every_route_is_guarded_or_open_for_a_reason():
    unknown = [
        f"{route.pattern} ({route.name})"
        for route in routes(TENANT)
        if not route.is_open(OPEN) and any(route.role(method) is None for method in route.methods)
    ]
    assert not unknown, "Ask for a role, or list these in OPEN with the reason:\n" + "\n".join(unknown)


@pytest.mark.parametrize(("urlconf", "reasons"), [(TENANT, OPEN), (PUBLIC, OPEN_PUBLIC)])
def test_no_reason_outlives_its_route(urlconf, reasons):
    found = routes(urlconf)
    idle = [listed for listed in reasons if not any(route.is_open({listed: ""}) for route in found)]
    assert not idle, f"No route bears these names any more: {idle}"


def test_a_stranger_who_is_signed_in_gets_nowhere(samples, charlie, client_for):
    wrong = try_all(
        guarded(samples), client_for(charlie, "acme"), lambda route, _m: {401, 403, 405} if route.is_api else {403, 405}
    )
    assert not wrong, "\n".join(wrong)


def _their_token(globex: Organization, charlie: User) -> str:
    return f"Bearer {token_for(charlie, globex)}"


def _their_key(globex: Organization, charlie: User) -> str:
    return f"Api-Key {services.create_api_key(globex, name='Shop', role=Role.OWNER, by=charlie, by_role=Role.OWNER)[1]}"


@pytest.mark.parametrize("proof", [_their_token, _their_key])
def test_what_opens_another_organization_opens_nothing_here(samples, globex, charlie, api_for, proof):
    client = api_for(None, "acme")
    client.credentials(HTTP_AUTHORIZATION=proof(globex, charlie))
    found = [entry for entry in guarded(samples) if entry[0].is_api]
    wrong = try_all(found, client, lambda _route, _m: {401})
    assert not wrong, "\n".join(wrong)
    client.defaults["HTTP_HOST"] = "globex.localhost"
    assert client.get("/api/leads/").status_code == HTTPStatus.OK  # it is a good one, where it belongs


def test_nobody_is_asked_to_sign_in(samples, client_for):
    wrong = try_all(guarded(samples), client_for(None, "acme"), lambda route, _m: {401} if route.is_api else {302, 405})
    assert not wrong, "\n".join(wrong)


def elsewhere(path: str) -> str:
    """The same address with an id that no organization has."""
    return re.sub(r"9\d{6}", "8000000", path)


def test_ids_of_another_organization_lead_nowhere(samples, globex, charlie, client_for, api_for):
    """One foreign id is enough, also beside an id of one's own."""
    pages, api = client_for(charlie, "globex"), api_for(charlie, "globex")
    with tenant_context(globex):
        own = Samples(globex)
        tries = [(route, route.path(own, **{part: samples})) for route in triable() for part in route.rows]
    wrong = []
    for route, path in tries:
        client = api if route.is_api else pages
        for method in route.methods:
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
    for route in triable():
        if not route.rows or "get" not in route.methods or route.name in LEADS_NOWHERE:
            continue
        path = route.path(samples)
        status = ask(api if route.is_api else pages, "get", path)
        if status == HTTPStatus.NOT_FOUND or status >= 500:
            lost.append(f"{path} ({route.name}): {status}")
    assert not lost, "\n".join(lost)


# Rows that exist, but whose page shows something the sample row has not got.
LEADS_NOWHERE = {
    "conversations:file": "the sample message has no attachment",
    "catalog:image": "the sample picture has no file",
    "conversations:upload": "the sample upload has no file",
}


@pytest.mark.parametrize("who", ["victor", "bob", "mona"])
def test_a_lower_role_is_not_enough(who, samples, acme, api_for, client_for, request):
    mona = User.objects.create_user("mona@example.com", "correct horse battery", name="Mona")
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
    # Of charlie's own: the list of places where he works, and the door to the one.
    own = {"organizations-public:mine", "organizations-public:front-door"} if who else set()
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
