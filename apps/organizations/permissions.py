"""Each verb of a service says once what it takes, and asks whoever acts:

    @needs(Can.REMOVE_LEADS)
    @transaction.atomic
    def delete_lead(lead: Lead, *, by: str) -> None: ...

Who acts is the `by` (or `actor`) it is called with, where that is an Actor (access.actor_of gives one); else the request
that is being answered; and outside of requests the product itself. A name alone ("user:7") gives no rights: inside a
request it must be the request's own. `fresh=True`: a person must have given a password or a code lately.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from .access import actor_of
from .actors import Actor, Can, Kind, NotAllowed, inner
from .audit import request_of_now
from .models import Credential, Membership, User
from .queries import current_organization
from .roles import Role

Verb = TypeVar("Verb", bound=Callable[..., Any])
_PEOPLE = ("user:", "staff:", "api_key:")
# In whose name the product itself acts while it answers a request: what a customer's words bring about, and its rules.
_INNER = ("customer", "bot", "rules", "system", "app", "visitor", "automation", "command")


@dataclass(frozen=True)
class Needed:
    """What a verb declared."""

    can: Can
    fresh: bool = False


def needs(can: Can, *, fresh: bool = False) -> Callable[[Verb], Verb]:
    """Declare what a verb takes; it is asked before anything else happens."""

    def declare(verb: Verb) -> Verb:
        @wraps(verb)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            acting(kwargs.get("by") or kwargs.get("actor")).must(can, fresh=fresh)
            return verb(*args, **kwargs)

        guarded.needs = Needed(can, fresh)  # type: ignore[attr-defined]
        return cast("Verb", guarded)

    return declare


def acting(who: object = None) -> Actor:
    """The actor behind what a service was given, or whoever acts now."""
    if isinstance(who, Actor):
        return who
    request = request_of_now()
    if request is None:
        return inner(str(who or "system"))
    now = actor_of(request)
    if not who or str(who) == now or (isinstance(who, User) and now.user is not None and now.user.pk == who.pk):
        return now
    if isinstance(who, User) or str(who).partition(":")[0] not in _INNER:
        raise NotAllowed("not_a_member")  # in the name of somebody else
    return inner(str(who))


def remembered(name: str) -> Actor:
    """Who began what goes on in the background, with what they may do by now."""
    kind, _colon, number = name.partition(":")
    if f"{kind}:" not in _PEOPLE:
        return inner(name)
    organization, key = current_organization(), int(number) if number.isdecimal() and len(number) < 19 else 0
    if kind == "user":
        member = Membership.objects.filter(
            organization=organization, user_id=key, is_active=True, user__is_active=True
        ).first()
        return Actor(name, Kind.MEMBER, role=Role(member.role)) if member else Actor(name, Kind.STRANGER)
    rows = Credential.objects.filter(organization=organization).select_related("user", "membership")
    if kind == "api_key":
        found = rows.filter(kind=Credential.Kind.API_KEY, pk=key).first()
        return Actor(name, Kind.KEY, role=found.worth if found else None)
    found = rows.filter(kind=Credential.Kind.STAFF_ENTRY, user_id=key).order_by("-id").first()
    return Actor(name, Kind.STAFF, role=found.worth if found else None)
