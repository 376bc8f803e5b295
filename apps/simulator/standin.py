"""Meta's Graph API for simulated accounts: it checks what Meta checks, and answers as Meta answers.

    POST /<version>/<page, account or number id, or "me">/messages
    GET  /<version>/<id>?fields=…            the account itself, a person's profile, a media id
    GET, POST /<version>/<id>/subscribed_apps
    GET  /<version>/<id>/conversations?user_id=…
    GET  /media/<picture id>                 the file behind an address that a platform handed out

A message that was accepted lies on a phone (PhoneMessage); a moment later a job tells the product through signed
webhooks what became of it. A token of no simulated account opens nothing, so no real account is ever served here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.conversations.adapters.messenger import SURFACE
from apps.conversations.adapters.reading import identifier, mapping, plain, text
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.jobs import services as jobs

from . import queries, rules
from .models import Phone, PhoneMessage
from .rules import GraphError
from .wire import wire

TELL = "simulator.tell"
# Meta tells a moment after it has answered, never before.
A_MOMENT = timedelta(seconds=1)
_LONGEST_BODY = 1_000_000


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes
    mime: str = "application/json"


def answer(method: str, path: str, query: dict[str, str], authorization: str, body: bytes) -> Answer:
    """Answer one request; `path` begins after the stand-in's own address. Never raises for what it was sent."""
    if method == "GET" and (match := re.fullmatch(r"/media/([0-9a-f-]{36})", path)):
        return _file(match[1])
    try:
        return _json(200, _answer(method, path, query, authorization, body))
    except GraphError as error:
        return _json(error.status, error.as_json())


def _json(status: int, value: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(value).encode())


def _file(picture_id: str) -> Answer:
    found = queries.find_picture(picture_id)
    if found is None:
        return Answer(404, b"URL signature expired", "text/plain")
    return Answer(200, bytes(found.content), found.mime)


def _answer(method: str, path: str, query: dict[str, str], authorization: str, body: bytes) -> dict[str, Any]:
    match = re.fullmatch(r"/v\d{1,3}\.\d{1,2}/([^/]{1,200})(?:/([a-z_]{1,40}))?", path)
    if not match:
        raise GraphError(2500, "Unknown path components")
    if "access_token" in query:
        raise GraphError(190, "The token was sent in the address", status=401)
    kind, _space, token = authorization.partition(" ")
    if kind != "Bearer" or not token:
        raise GraphError(2500, "An active access token must be used to query information about the current user.")
    with queries.account_of(token) as found:
        if found is None:
            raise GraphError(190, "Invalid OAuth access token - Cannot parse access token", status=401)
        _organization, account = found
        _check_proof(query, token)
        return _Asked(account, method, match[1], query).answer(match[2] or "", body)


def _check_proof(query: dict[str, str], token: str) -> None:
    proof = query.get("appsecret_proof")
    if proof is None:
        return
    fits = (hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest() for secret in _secrets())
    if not any(hmac.compare_digest(one.encode(), proof.encode("utf-8", "replace")) for one in fits):
        raise GraphError(100, "Invalid appsecret_proof provided in the API argument")


def _secrets() -> list[str]:
    return [secret for secret in settings.FACEBOOK_APP_SECRET if secret]


@dataclass(frozen=True)
class _Asked:
    """One request by somebody who holds an account's token; the account's tenant is active."""

    account: ConnectedAccount
    method: str
    node: str
    query: dict[str, str]

    @property
    def is_own(self) -> bool:
        """Whether the node is the account, under any of its ids."""
        own = {self.account.external_id, "me", *(str(self.account.settings.get(key)) for key in ("page_id", "waba_id"))}
        return self.node in own

    def answer(self, edge: str, body: bytes) -> dict[str, Any]:
        if edge == "" and self.method == "GET":
            return self._node()
        if not self.is_own:
            raise GraphError(100, f"Unsupported request. Object with ID '{self.node[:60]}' does not exist", subcode=33)
        if edge == "messages" and self.method == "POST":
            return self._take(body)
        if edge == "subscribed_apps" and self.method in {"GET", "POST"}:
            return self._subscription()
        if edge == "conversations" and self.method == "GET":
            return self._conversations()
        if edge == "phone_numbers" and self.method == "GET" and self.node == self.account.settings.get("waba_id"):
            return {"data": [{"id": self.account.external_id}]}
        raise GraphError(2500, f"Unknown path components: /{edge}")

    def _subscription(self) -> dict[str, Any]:
        if self.method == "POST":
            return {"success": True}
        app: dict[str, Any] = {"id": settings.FACEBOOK_APP_ID or "1", "name": "Frontdesk"}
        if self.account.channel == "whatsapp":
            return {"data": [{"whatsapp_business_api_data": app}]}
        return {"data": [app | {"subscribed_fields": list(SURFACE.subscribed_fields)}]}

    def _node(self) -> dict[str, Any]:
        picture = queries.find_picture(self.node)
        if picture is not None and self.account.channel == "whatsapp":
            address = queries.picture_address(picture.pk)
            size = len(picture.content)
            return {"id": self.node, "url": address, "mime_type": picture.mime, "file_size": size,
                    "messaging_product": "whatsapp"}  # fmt: skip
        if self.is_own:
            name, number = self.account.name or "Simulated", "+1 555-010-0199"
            known = {"name": name, "username": "simulated", "verified_name": name, "display_phone_number": number,
                     "quality_rating": "GREEN", "code_verification_status": "VERIFIED"}  # fmt: skip
            if self.account.channel == "instagram" and self.node != self.account.external_id:
                return self._page(known)
            own = self.account.external_id if self.node == "me" else self.node
            return {"id": own} | self._asked_for(known)
        phone = Phone.objects.filter(account=self.account.external_id, person=self.node[:120]).first()
        if phone is None or self.account.channel == "whatsapp":
            raise GraphError(100, f"Unsupported get request. Object with ID '{self.node[:60]}' does not exist",
                             subcode=33)  # fmt: skip
        first, _space, last = phone.name.partition(" ")
        known = {"name": phone.name, "first_name": first, "last_name": last, "username": _username(phone),
                 "locale": {"ar": "ar_AR"}.get(phone.language, "en_US")}  # fmt: skip
        return {"id": self.node} | self._asked_for(known)

    def _page(self, known: dict[str, str]) -> dict[str, Any]:
        """The page that an Instagram account is linked to; its token is the page's."""
        linked = {"id": self.account.external_id, "name": known["name"], "username": known["username"]}
        more = (
            {"instagram_business_account": linked}
            if "instagram_business_account" in self.query.get("fields", "")
            else {}
        )
        return {"id": str(self.account.settings.get("page_id") or "me"), "name": known["name"], **more}

    def _asked_for(self, known: dict[str, str]) -> dict[str, str]:
        wanted = self.query.get("fields", "name").split(",")
        return {key: value for key, value in known.items() if key in wanted}

    def _take(self, body: bytes) -> dict[str, Any]:
        posted = _decoded(body)
        phone = rules.recipient(self.account, posted)
        with transaction.atomic():
            message = PhoneMessage.objects.create(
                phone=phone, external_id=wire(self.account.channel).new_id(), payload=plain(posted), at=clock.now()
            )
            jobs.schedule(TELL, str(message.pk), at=clock.now() + A_MOMENT)
        if self.account.channel != "whatsapp":
            return {"recipient_id": phone.person, "message_id": message.external_id}
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": phone.person, "wa_id": phone.person}],
            "messages": [{"id": message.external_id, "message_status": "accepted"}],
        }

    def _conversations(self) -> dict[str, Any]:
        person = self.query.get("user_id", "")[:120]
        phone = Phone.objects.filter(account=self.account.external_id, person=person).first()
        if phone is None or self.account.channel == "whatsapp":
            return {"data": []}
        newest = [self._item(message) for message in phone.messages.order_by("-id")[:20]]
        return {"data": [{"id": f"t_{person}", "messages": {"data": newest, "paging": {}}}] if newest else []}

    def _item(self, message: PhoneMessage) -> dict[str, Any]:
        inner = message.payload if message.sent else mapping(message.payload.get("message"))
        more: dict[str, Any] = {"attachments": {"data": [{}]}} if "attachment" in inner or inner.get("image") else {}
        return {
            "id": message.external_id,
            "created_time": message.at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "from": {"id": message.phone.person if message.sent else self.account.external_id},
            "message": text(inner.get("text")),
            **more,
        }


def _decoded(body: bytes) -> dict[str, Any]:
    if len(body) > _LONGEST_BODY:
        raise GraphError(100, "The body is too large", status=413)
    try:
        posted = json.loads(body)
    except (ValueError, RecursionError):
        posted = None
    if not isinstance(posted, dict):
        raise GraphError(100, "The body is no JSON object")
    return posted


def _username(phone: Phone) -> str:
    return identifier(re.sub(r"\W+", ".", phone.name.lower()).strip("."))
