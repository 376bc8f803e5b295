"""Signing in for programs: e-mail and password (and a code, where a second factor is on) for a pair of tokens."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth import authenticate
from django.contrib.auth.models import update_last_login
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from .. import attempts, rest
from ..errors import Problem
from ..models import User
from ..queries import current_organization, membership_of
from ..signing_in import note_end, note_failure
from ..throttling import TokenThrottle
from ..tokens import end_family, refresh_for, renewed


class TokenRequest(rest.Serializer[Any]):
    """E-mail address and password; `otp` where two-factor sign-in is on."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=200, trim_whitespace=False, style={"input_type": "password"})
    otp = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class RefreshRequest(rest.Serializer[Any]):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4000)


class _OpenView(rest.APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (TokenThrottle,)


class TokenView(_OpenView):
    """Sign in: an access token for half an hour, and a refresh token for two weeks, for this organization only."""

    @extend_schema(
        request=TokenRequest,
        responses={
            200: inline_serializer(
                "TokenPair", {"access": serializers.CharField(), "refresh": serializers.CharField()}
            ),
            401: OpenApiResponse(description="wrong_credentials, otp_required, otp_wrong or not_a_member"),
            429: OpenApiResponse(description="throttled, or locked after repeated failures"),
        },
        auth=[],
        tags=["token"],
    )
    def post(self, request: Request) -> Response:
        form = TokenRequest(data=request.data)
        form.is_valid(raise_exception=True)
        user = _identify(request, **form.validated_data)
        if membership_of(user, current_organization()) is None:
            raise Problem("not_a_member", _("You do not work in this organization."), status=401)
        token = refresh_for(user, current_organization(), request._request)
        update_last_login(User, user)
        return Response({"access": str(token.access_token), "refresh": str(token)})


class RefreshView(_OpenView):
    """A new pair for a refresh token, which is worth nothing afterwards. Used twice, it signs the program out."""

    throttle_rates = {"token": "60/min"}

    @extend_schema(
        request=RefreshRequest,
        responses={
            200: inline_serializer(
                "RenewedPair", {"access": serializers.CharField(), "refresh": serializers.CharField()}
            ),
            401: OpenApiResponse(description="bad_token"),
        },
        auth=[],
        tags=["token"],
    )
    def post(self, request: Request) -> Response:
        form = RefreshRequest(data=request.data)
        form.is_valid(raise_exception=True)
        token = renewed(form.validated_data["refresh"], current_organization())
        if token is None:
            raise Problem("bad_token", _("This token is not valid here. Sign in again."), status=401)
        return Response({"access": str(token.access_token), "refresh": str(token)})


class RevokeView(_OpenView):
    """Sign a program out."""

    throttle_rates = {"token": "60/min"}

    @extend_schema(request=RefreshRequest, responses={204: None}, auth=[], tags=["token"])
    def post(self, request: Request) -> Response:
        """End the family of a refresh token, access tokens included; says nothing about one that was worth nothing."""
        form = RefreshRequest(data=request.data)
        form.is_valid(raise_exception=True)
        family = end_family(form.validated_data["refresh"], current_organization())
        if family is not None:
            note_end(family, event="signed_out")
        return Response(status=204)


def _identify(request: Request, email: str, password: str, otp: str) -> User:
    """Who it is, proven; Problem with its code otherwise. Wrong codes count like wrong passwords."""
    email = email.strip().lower()
    if not attempts.begin(request._request, email):
        raise Problem(
            "locked", _("Too many failed attempts for this address. Wait five minutes, then try again."), status=429
        )
    user = authenticate(request._request, username=email, password=password)
    if user is None:
        raise Problem("wrong_credentials", _("The e-mail address or the password is not right."), status=401)
    if is_mfa_enabled(user):
        if not otp:
            attempts.take_back(request._request, email)
            raise Problem("otp_required", _("Send the code of your authenticator app as `otp`."), status=401)
        if not _code_fits(user, otp.strip()):
            note_failure(email)
            raise Problem("otp_wrong", _("This code is not right, or was used before."), status=401)
    attempts.take_back(request._request, email)
    return user


def _code_fits(user: User, code: str) -> bool:
    for row in Authenticator.objects.filter(user=user):
        if row.type == Authenticator.Type.TOTP and TOTP(row).validate_code(code):
            return True
        if row.type == Authenticator.Type.RECOVERY_CODES and RecoveryCodes(row).validate_code(code):
            return True
    return False
