"""Whose an e-mail address is: proven by a link that only the mailbox was sent, else claimed.

A claimed address signs in where its owner was let in, and nothing more: no password is reset by it, no invitation of
another organization and no new organization matches it, and whoever proves the address takes it.
"""

from __future__ import annotations

from datetime import timedelta
from email.utils import formataddr

import structlog
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from ..hosts import address_of
from ..mailing import admit_mail, travels
from ..models import Membership, Organization, User
from ..proof import Proof, ProvenBy, columns

log = structlog.get_logger(__name__)
SALT = "organizations.address"
GOOD_FOR = timedelta(days=2)


def is_here(user: User, organization: Organization) -> bool:
    """Whether somebody works or worked in an organization: it let them in itself, whatever their address is worth."""
    return Membership.objects.filter(user=user, organization=organization).exists()


def ask_to_confirm(user: User, organization: Organization) -> None:
    """Mail the owner of an address the link that proves it; ValidationError where no mail leaves."""
    if not travels():
        raise ValidationError(_("This server sends no mail yet, so an address cannot be confirmed."))
    if not admit_mail(user.email, organization):
        raise ValidationError(_("Too many mails were asked for in the last hour. Try again later."))
    token = signing.dumps([user.pk, user.email], salt=SALT)
    link = address_of(organization.host) + reverse("organizations:address", args=[token], urlconf=settings.ROOT_URLCONF)
    mail = EmailMessage(
        subject=_("Confirm your e-mail address"),
        body=render_to_string("organizations/mail/address.txt", {"organization": organization, "link": link}),
        from_email=formataddr((organization.name, settings.DEFAULT_FROM_EMAIL)),
        to=[user.email],
    )
    try:
        mail.send()
    except Exception as error:
        log.warning("address.not_mailed", error=f"{type(error).__name__}: {error}"[:300])
        raise ValidationError(_("The mail could not be sent. Try again later.")) from error


def is_for(token: str, user: User) -> bool:
    """Whether a link was mailed to this very person, at the address they have now, in the last two days."""
    try:
        found = signing.loads(token, salt=SALT, max_age=GOOD_FOR)
    except signing.BadSignature:
        return False
    return bool(found == [user.pk, user.email])


def confirm_address(user: User, token: str) -> bool:
    """The link was opened by the person it was sent to: the address is theirs. False for any other link."""
    if not is_for(token, user):
        return False
    User.objects.filter(pk=user.pk).update(**columns(Proof.now(ProvenBy.MAIL)))
    return True


@transaction.atomic
def give_up_address(user: User) -> None:
    """Somebody else has proven the address that this account claims: it keeps what it did, and signs in no more."""
    user.email = f"claimed-{user.pk}@unproven.invalid"
    user.is_active = False
    user.set_unusable_password()
    user.save(update_fields=["email", "is_active", "password"])
