"""The audit log: who changed what, when, from where; people, keys, agency staff and automations alike.

Each app registers what is worth a line in the log, in its AppConfig.ready():

    from apps.organizations import audit
    audit.register(Persona)
    audit.register(Endpoint, exclude=["last_delivery_at"])

Entries are auditlog's LogEntry, in the schema that was active: a tenant's own log, or the agency's.
`additional_data` says who acted ({"actor": "api_key:2", "name": "Shop"}), with the vocabulary of the journal:
user, staff (agency staff inside a tenant), api_key, automation (a job), command, system.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import structlog
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.signals import pre_save
from django.dispatch import Signal
from django.http import HttpRequest

from .access import actor_of
from .actors import Kind
from .encryption import EncryptedJSONField
from .hosts import client_address

MASK = "•••"
# After a note: its instance and entry. auditlog tells of changed fields by `post_log`, in the same words.
told = Signal()
_SECRET_NAMES = ("password", "secret", "token", "key_hash", "token_hash", "credentials")
_acting: ContextVar[HttpRequest | str | None] = ContextVar("acting", default=None)


def register(model: type[models.Model], *, exclude: Iterable[str] = (), mask: Iterable[str] = ()) -> None:
    """Log every creation, change and deletion of `model`; fields that hold secrets are masked by themselves."""
    names = [field.name for field in model._meta.fields]
    secret = [
        field.name
        for field in model._meta.fields
        if isinstance(field, EncryptedJSONField)
        or (any(word in field.name for word in _SECRET_NAMES) and not isinstance(field, models.IntegerField))
    ]
    auditlog.register(
        model,
        exclude_fields=[name for name in exclude if name in names],
        mask_fields=[*mask, *secret],
        mask_callable="apps.organizations.audit.masked",
        m2m_fields={field.name for field in model._meta.many_to_many if field.name not in set(exclude)},
    )


def masked(value: str) -> str:
    """What stands in the log for a secret."""
    return MASK if value and value != "None" else value


@contextmanager
def acting(who: HttpRequest | str) -> Iterator[None]:
    """Inside the block, changes are `who`'s: a request (whoever it turns out to be from) or "automation:…"."""
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


def request_of_now() -> HttpRequest | None:
    """The request that is being answered; None in jobs, commands and tests."""
    who = _acting.get()
    return who if isinstance(who, HttpRequest) else None


def note(instance: models.Model, *, action: int = LogEntry.Action.ACCESS, event: str = "", **data: Any) -> None:
    """A line about something that changes no field: somebody came in, something was looked at.

    `event`: what happened, a name from EVENTS of log.py. Proxies are told under their own name ("API key").
    """
    entry = LogEntry.objects.log_create(
        instance,
        force_log=True,
        action=action,
        changes=data or None,
        content_type=ContentType.objects.get_for_model(instance, for_concrete_model=False),
        **({"additional_data": {"event": event}} if event else {}),
    )
    told.send(sender=type(instance), instance=instance, log_entry=entry)


def _who() -> tuple[dict[str, str], Any, str | None]:
    """(additional data, user, address) of whoever acts now."""
    who = _acting.get()
    if isinstance(who, str):
        return {"actor": who}, None, None
    if who is not None:
        actor = actor_of(who)
        if actor.kind is Kind.VISITOR:
            return {"actor": "visitor"}, None, client_address(who)
        name = who.credential if actor.kind is Kind.KEY else actor.user  # type: ignore[attr-defined]
        return {"actor": str(actor), "name": str(name)}, actor.user, client_address(who)
    job = structlog.contextvars.get_contextvars().get("job")
    if job:
        return {"actor": f"automation:{job}"}, None, None
    if Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1:
        return {"actor": f"command:{sys.argv[1]}"}, None, None
    return {"actor": "system"}, None, None


def _sign(instance: LogEntry, **_kwargs: Any) -> None:
    if instance.pk is None:
        data, user, address = _who()
        instance.additional_data = {**data, **(instance.additional_data or {})}
        instance.actor, instance.actor_email = user, getattr(user, "email", None)
        instance.remote_addr = address


def start() -> None:
    """Sign every entry from now on."""
    pre_save.connect(_sign, sender=LogEntry, dispatch_uid="organizations.audit")
