"""What happens around signing in: credentials begin and end, and the log is told. allauth and Django tell by signals."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from auditlog.models import LogEntry
from django.contrib.auth import signals as auth
from django.db import models
from django.http import HttpRequest
from django_tenants.utils import get_public_schema_name

from apps.jobs.connection import connection

from . import audit, credentials
from .models import Credential, Membership, SignIn, StaffEntry, User

Ended = Credential.Ended


def note_sign_in(credential: Credential) -> None:
    """A line for somebody who has just signed in; strangers to an organization leave none in its log."""
    if credential.organization_id is None or credential.membership_id is not None:
        audit.note(_as_sign_in(credential), event="signed_in", device=credential.device)


def note_end(credential: Credential, *, event: str = "session_ended") -> None:
    """A line for a sign-in that is over; agency staff that goes has a word of its own."""
    if credential.kind == Credential.Kind.STAFF_ENTRY:
        event = "staff_left"
    audit.note(
        _as_sign_in(credential), action=LogEntry.Action.UPDATE, event=event, user=str(credential.user or ""),
        device=credential.device,
    )  # fmt: skip


def _as_sign_in(credential: Credential) -> Credential:
    """The same row under the name that people know it by."""
    named = StaffEntry if credential.kind == Credential.Kind.STAFF_ENTRY else SignIn
    row = named.__new__(named)
    row.__dict__ = credential.__dict__
    return row


def note_failure(email: str, event: str = "sign_in_failed") -> None:
    """A line for a refused attempt on an account that belongs here; of others' accounts nobody here learns anything."""
    user = User.objects.filter(email__iexact=email.replace("\x00", "").strip()[:254]).first()
    if user is not None and _belongs_here(user):
        audit.note(user, event=event)


def _belongs_here(user: User) -> bool:
    if connection.schema_name == get_public_schema_name():
        return True
    return Membership.objects.filter(user=user, organization__schema_name=connection.schema_name).exists()


def _begun(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    if not hasattr(request, "tenant"):  # no request of ours: its session gets a credential when it is first used
        return
    entry = getattr(request, "staff_entry", None)
    credential = credentials.open_session(request, user, entry=entry)
    request.credential = credential  # type: ignore[attr-defined]
    if entry is None:
        note_sign_in(credential)


def _over(request: HttpRequest | None, **_kwargs: Any) -> None:
    credential = getattr(request, "credential", None)
    if credential is not None and credentials.end(credential, Ended.SIGNED_OUT):
        note_end(credential, event="signed_out")
    if request is not None:
        request.credential = None  # type: ignore[attr-defined]


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    given = next((str(credentials[name]) for name in ("email", "username", "login") if credentials.get(name)), "")
    if request is not None and given:
        note_failure(given)


def _code_failed(user: User, **_kwargs: Any) -> None:
    note_failure(user.email)


def _proven_again(request: HttpRequest, user: User, **kwargs: Any) -> None:
    credential = getattr(request, "credential", None)
    if kwargs.get("reauthenticated") and credential is not None and credential.user_id == user.pk:
        credentials.renew_proof(credential)


def _password(event: str) -> Any:
    def changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
        """The new epoch began when the password was stored; this browser goes on."""
        credential = getattr(request, "credential", None)
        audit.note(user, action=LogEntry.Action.UPDATE, event=event)
        user.refresh_from_db(fields=["epoch"])
        if credential is not None and credential.user_id == user.pk:
            credentials.keep(credential, user)
        for ended in credentials.end_stale(user):
            note_end(ended)

    return changed


def _second_factor(event: str) -> Any:
    def changed(request: HttpRequest, user: User, authenticator: models.Model, **_kwargs: Any) -> None:
        credential = getattr(request, "credential", None)
        audit.note(user, action=LogEntry.Action.UPDATE, event=event, kind=str(getattr(authenticator, "type", "")))
        for ended in credentials.new_epoch(user, credential):
            note_end(ended)

    return changed


_KEPT = (
    (auth.user_logged_in, _begun), (auth.user_logged_out, _over), (auth.user_login_failed, _failed),
    (mfa.authentication_failed, _code_failed), (account.authentication_step_completed, _proven_again),
    (account.password_changed, _password("password_changed")), (account.password_reset, _password("password_reset")),
    (mfa.authenticator_added, _second_factor("second_factor_added")),
    (mfa.authenticator_removed, _second_factor("second_factor_removed")),
    (mfa.authenticator_reset, _second_factor("recovery_codes_renewed")),
)  # fmt: skip


def start() -> None:
    """Listen from now on."""
    for number, (signal, receiver) in enumerate(_KEPT):
        signal.connect(receiver, dispatch_uid=f"organizations.signing_in.{number}", weak=False)
