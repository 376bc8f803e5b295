"""A person's sign-ins: end one, or all the others."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django_tenants.utils import get_public_schema_name, schema_context, tenant_context

from .. import audit, credentials, signing_in
from ..actors import Actor, Can
from ..models import Credential
from ..permissions import acting, needs


@needs(Can.BE_ONESELF)
def end_sign_in(number: int, *, by: Actor | None = None) -> Credential | None:
    """End one of one's own sign-ins wherever it is; None where it is none of theirs, or over already."""
    person = acting(by).user
    found: Credential | None = credentials.sign_ins_of(person).filter(pk=number).first() if person else None
    if found is None or not credentials.end(found, Credential.Ended.ENDED):
        return None
    _tell(found)
    return found


@needs(Can.BE_ONESELF)
def end_other_sign_ins(*, by: Actor | None = None) -> int:
    """End all of one's own sign-ins but the one in use; how many there were."""
    person, request = acting(by).user, audit.request_of_now()
    ended = credentials.end_others(person, but=getattr(request, "credential", None)) if person else []
    for one in ended:
        _tell(one)
    return len(ended)


def _tell(credential: Credential) -> None:
    """In the log of the place where somebody was signed in, whichever it was ended from."""
    place: AbstractContextManager[Any] = (
        tenant_context(credential.organization)
        if credential.organization is not None
        else schema_context(get_public_schema_name())
    )
    with place:
        signing_in.note_end(credential)
