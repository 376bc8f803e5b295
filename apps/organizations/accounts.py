"""Sign-in rules on top of allauth."""

from __future__ import annotations

from email.utils import formataddr
from typing import Any
from urllib.parse import quote

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from . import attempts, encryption
from .hosts import address_of, client_address
from .mailing import admit_mail

log = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves: people are invited, or made by the agency."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        if getattr(request, "tenant", None) is None:
            return reverse("admin:index") if request.user.is_staff else reverse("organizations-public:front-door")
        return reverse("dashboard:home")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        if getattr(request, "tenant", None) is None:
            return reverse("organizations-public:mine")
        return reverse("organizations:profile")

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "unknown"

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Failures count per person: counted per Host header, each port and organization would give new tries."""
        return attempts.account_of(request, _login_of(credentials))

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Tries count together with the API's, before a password is hashed."""
        if not attempts.begin(request, _login_of(credentials)):
            raise self.validation_error("too_many_login_attempts")
        super().pre_authenticate(request, **credentials)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            attempts.take_back(request, _login_of(credentials))
        return user

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **options: Any) -> HttpResponse:
        """Signed in, second factor and all: from now on this browser has tries of its own."""
        response: HttpResponse = super().post_login(request, user, **options)
        attempts.remember_device(request, response, str(user.email))  # type: ignore[attr-defined]
        return response

    def get_from_email(self) -> str:
        """The organization's name on the agency's address."""
        tenant = getattr(allauth_context.request, "tenant", None)
        return formataddr((tenant.name, settings.DEFAULT_FROM_EMAIL)) if tenant else settings.DEFAULT_FROM_EMAIL

    def get_reset_password_from_key_url(self, key: str) -> str:
        """At the organization's own address: a Host header may name another port, or another name of this machine."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        tenant = getattr(allauth_context.request, "tenant", None)
        domain = tenant.get_primary_domain() if tenant else None
        return address_of(domain.domain if domain else settings.BASE_DOMAIN) + path.replace("UID-KEY", quote(key))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail that cannot be sent is logged for the agency; the page answers the same, so it tells nobody anything."""
        if not admit_mail(email, getattr(allauth_context.request, "tenant", None)):
            log.warning("mail.too_many", template=template_prefix)
            return
        try:
            super().send_mail(template_prefix, email, context)
        except Exception as error:  # noqa: BLE001  every mail provider fails in its own way
            log.error("mail.failed", template=template_prefix, error=f"{type(error).__name__}: {error}"[:300])


def _login_of(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email", credentials.get("username", "")))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seeds of authenticator apps are ciphertext at rest, under the same keys as all other credentials."""

    def encrypt(self, text: str) -> str:
        return encryption.encrypt(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        try:
            return str(encryption.decrypt(encrypted_text.encode()))
        except encryption.CannotDecrypt:
            raise encryption.SealedFactor(encryption.SEALED_FACTOR) from None

    def get_totp_label(self, user: AbstractBaseUser) -> str:
        return str(user.email)  # type: ignore[attr-defined]
