"""Invite people by mail; the link is a secret that is stored only as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from email.utils import formataddr

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.jobs import clock

from ..actors import Can
from ..hosts import address_of
from ..mailing import admit_mail, travels
from ..models import Invitation, Membership, Organization, Role, User
from ..permissions import needs
from ..proof import Proof, ProvenBy, columns
from .addresses import give_up_address, is_here
from .people import add_member

log = structlog.get_logger(__name__)
GOOD_FOR = timedelta(days=7)
NO_SERVER = gettext_noop("This server has no mail provider yet; mails are only written to files.")


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@needs(Can.MANAGE_PEOPLE, fresh=True)
def invite(
    organization: Organization, *, email: str, role: Role, by: User | None, by_role: Role = Role.OWNER
) -> tuple[Invitation, str]:
    """Ask somebody to join; (invitation, the link's address). Asking again replaces the open invitation.

    The mail is tried at once; whether it left stands in the invitation, and the link works in any case. Only where it
    did not leave may the link be shown to the inviter (`link_to_show`): whoever has it may take the address.
    """
    if not by_role.includes(role):
        raise ValidationError({"role": _("You can invite people up to your own role.")})
    return open_invitation(organization, email=email, role=role, by=by)


def open_invitation(organization: Organization, *, email: str, role: Role, by: User | None) -> tuple[Invitation, str]:
    """The step of `invite` that asks nobody: a new organization's owner is invited by whoever may make it."""
    email = email.strip().lower()
    validate_email(email)
    if Membership.objects.filter(organization=organization, user__email__iexact=email, is_active=True).exists():
        raise ValidationError({"email": _("This person already works here.")})
    token = secrets.token_urlsafe(32)
    now = clock.now()
    with transaction.atomic():
        Organization.objects.select_for_update().get(pk=organization.pk)
        _open(organization).filter(email=email).update(revoked_at=now)
        invitation = Invitation.objects.create(
            organization=organization,
            email=email,
            role=role,
            token_hash=hash_token(token),
            invited_by=by,
            expires_at=now + GOOD_FOR,
        )
    link = link_for(organization, token)
    send_invitation(invitation, link)
    return invitation, link


def link_to_show(invitation: Invitation, link: str) -> str:
    """The link for the inviter's eyes: only where no mail could carry it; "" otherwise."""
    return link if invitation.mail_problem else ""


def link_for(organization: Organization, token: str) -> str:
    return address_of(organization.host) + reverse(
        "organizations:invitation", args=[token], urlconf=settings.ROOT_URLCONF
    )


def send_invitation(invitation: Invitation, link: str) -> bool:
    """Mail the link; False and a sentence in the invitation where the mail could not be handed over."""
    organization = invitation.organization
    if not admit_mail(invitation.email, organization):
        invitation.mail_problem = _("Too many mails were asked for in the last hour. Hand the link over yourself.")
        invitation.save(update_fields=["mail_problem"])
        return False
    with translation.override(organization.language), timezone.override(organization.zone):
        context = {"invitation": invitation, "organization": organization, "link": link}
        mail = EmailMessage(
            subject=_("Join %(organization)s on Frontdesk") % {"organization": organization.name},
            body=render_to_string("organizations/mail/invitation.txt", context),
            from_email=formataddr((organization.name, settings.DEFAULT_FROM_EMAIL)),
            to=[invitation.email],
        )
    try:
        mail.send()
    except Exception as error:  # noqa: BLE001  every mail provider fails in its own way
        log.warning("invitation.not_mailed", error=f"{type(error).__name__}: {error}"[:300])
        invitation.mail_problem = f"{type(error).__name__}: {error}"[:300]
    else:
        sent = travels()
        invitation.mailed_at = clock.now() if sent else None
        invitation.mail_problem = "" if sent else NO_SERVER
    invitation.save(update_fields=["mailed_at", "mail_problem"])
    return not invitation.mail_problem


@needs(Can.MANAGE_PEOPLE)
def revoke_invitation(invitation: Invitation) -> None:
    """Make the link worth nothing."""
    _open(invitation.organization).filter(pk=invitation.pk).update(revoked_at=clock.now())


def find_invitation(organization: Organization, token: str) -> Invitation | None:
    """The open invitation behind a link's token, here; None if it was used, revoked, replaced or has expired."""
    found = _open(organization).filter(token_hash=hash_token(token)).select_related("invited_by").first()
    return found if found and found.expires_at > clock.now() else None


@transaction.atomic
def accept_invitation(invitation: Invitation, user: User) -> Membership:
    """Let the invited person in, once; ValidationError for anybody else, and for who only claims to be that person."""
    if not user.is_proven and not is_here(user, invitation.organization):
        raise ValidationError(_("Confirm your e-mail address first: your profile sends you a link."))
    return _let_in(invitation, user)


def _let_in(invitation: Invitation, user: User) -> Membership:
    locked = _open(invitation.organization).select_for_update().filter(pk=invitation.pk).first()
    if locked is None or locked.expires_at <= clock.now():
        raise ValidationError(_("This invitation is no longer open. Ask for a new one."))
    if user.email.lower() != locked.email:
        raise ValidationError(_("This invitation is for somebody else. Sign out first."))
    membership = add_member(invitation.organization, user, role=Role(locked.role))
    if not membership.is_active:  # they worked here before, and are asked back
        membership.is_active, membership.role = True, locked.role
        membership.save(update_fields=["is_active", "role"])
    locked.accepted_at = clock.now()
    locked.save(update_fields=["accepted_at"])
    return membership


@transaction.atomic
def join(invitation: Invitation, *, password: str, name: str) -> User:
    """Make the invited person's account and let them in.

    A link that went by mail proves the address; one that the inviter was shown does not, and so the address is only
    claimed. An account that merely claimed a proven address gives it up.
    """
    proof = Proof(ProvenBy.MAIL, clock.now()) if went_by_mail(invitation) else None
    known = User.objects.select_for_update().filter(email__iexact=invitation.email).first()
    if known is not None:
        if known.is_proven or proof is None:
            raise ValidationError(_("You have an account already. Sign in, and you come back here to join."))
        give_up_address(known)
    user = User.objects.create_user(invitation.email, password, name=name, **columns(proof))
    _let_in(invitation, user)
    return user


def went_by_mail(invitation: Invitation) -> bool:
    """Whether nobody but the mailbox was given the link."""
    return invitation.mailed_at is not None and not invitation.mail_problem


def _open(organization: Organization) -> QuerySet[Invitation]:
    return Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None)
