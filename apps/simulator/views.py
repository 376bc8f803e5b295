"""The phone on the screen: choose or invent a customer, write as them, see what arrives."""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.conversations.adapters.registry import ADAPTERS
from apps.integrations.models import ConnectedAccount
from apps.organizations.access import actor_of, member_required
from apps.organizations.actors import Can
from apps.organizations.models import Role
from apps.organizations.queries import current_organization

from . import doors, queries, services
from .forms import CustomerForm, ReactionForm, SayForm
from .models import Phone
from .screen import screen, worker_problem
from .stage import stage
from .starters import starters
from .switch import when_switched_on

CHANNELS = ("whatsapp", "facebook", "instagram", "webchat")
SHOWN_PHONES = 12
NAMES = {
    "en": ("Mona Saleh", "Daniel Reed", "Priya Nair", "Lucas Meyer", "Grace Okafor", "Omar Haddad"),
    "ar": ("منى صالح", "سامي حداد", "ليلى منصور", "عمر الكعبي", "نور الدين", "هند المرزوقي"),
}
_TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"')
EMOJIS = ("❤️", "👍")


@require_GET
@when_switched_on
@member_required(Can.PLAY)
def entry(_request: HttpRequest) -> HttpResponse:
    """The first channel that is connected here, else the first."""
    connected = (channel for channel in CHANNELS if queries.simulated_account(channel))
    return redirect("simulator:channel", next(connected, CHANNELS[0]))


@require_GET
@when_switched_on
@member_required(Can.PLAY)
def channel(request: HttpRequest, channel: str) -> HttpResponse:
    """One channel's phone: the customer asked for, else the newest, else a form for a new one."""
    account = _account(channel, needed=False)
    phones = list(queries.phones(account)[:SHOWN_PHONES]) if account else []
    wanted = request.GET.get("customer", "")
    phone = _chosen(account, phones, wanted) if account else None
    context: dict[str, Any] = {
        "channel": channel,
        "channels": CHANNELS,
        "account": account,
        "phones": phones,
        "phone": phone,
        "form": _customer_form(),
        "worker_problem": worker_problem(),
    }
    if account and phone:
        context |= _live(request, account, phone) | {"starters": starters(phone)}
    return render(request, "simulator/phone.html", context)


def _chosen(account: ConnectedAccount, phones: list[Phone], wanted: str) -> Phone | None:
    if wanted == "new":
        return None
    if not wanted:
        return phones[0] if phones else None
    return _phone(account, int(wanted)) if wanted.isdecimal() and len(wanted) < 18 else None


def _customer_form(data: Any = None) -> CustomerForm:
    language = "ar" if (get_language() or "").startswith("ar") else "en"
    return CustomerForm(data, initial={"name": secrets.choice(NAMES[language]), "language": language})


def _account(channel: str, *, needed: bool = True) -> ConnectedAccount | None:
    if channel not in CHANNELS:
        raise Http404
    found = queries.simulated_account(channel)
    if found is None and needed:
        raise Http404
    return found


def _phone(account: ConnectedAccount, phone_id: int) -> Phone:
    return get_object_or_404(queries.phones(account), pk=phone_id)


def _line(channel: str, phone_id: int) -> tuple[ConnectedAccount, Phone, services.Customer]:
    account = _account(channel)
    assert account is not None
    phone = _phone(account, phone_id)
    return account, phone, services.Customer(id=phone.person, name=phone.name, language=phone.language)


def _live(request: HttpRequest, account: ConnectedAccount, phone: Phone) -> dict[str, Any]:
    """Both sides of a phone as they are now."""
    shown = screen(phone)
    return {
        "account": account,
        "channel": account.channel,
        "phone": phone,
        "screen": shown,
        "stage": stage(shown, actor_of(request)),
        "emojis": EMOJIS if account.channel != "webchat" else (),
        "limits": ADAPTERS[account.channel].LIMITS,
    }


@require_POST
@when_switched_on
@member_required(Can.PLAY)
def connect(_request: HttpRequest, channel: str) -> HttpResponse:
    if channel not in CHANNELS:
        raise Http404
    services.connect(channel)
    return redirect("simulator:channel", channel)


@require_POST
@when_switched_on
@member_required(Can.PLAY)
def new(request: HttpRequest, channel: str) -> HttpResponse:
    account = _account(channel)
    assert account is not None
    form = _customer_form(request.POST)
    if not form.is_valid():
        context = {"channel": channel, "channels": CHANNELS, "account": account, "form": form, "phone": None,
                   "phones": queries.phones(account)[:SHOWN_PHONES], "worker_problem": worker_problem()}  # fmt: skip
        return render(request, "simulator/phone.html", context, status=422)
    phone = services.start(account, name=form.cleaned_data["name"], language=form.cleaned_data["language"])
    return redirect(_address(phone))


def _address(phone: Phone) -> str:
    return f"{reverse('simulator:channel', args=[phone.channel])}?customer={phone.pk}"


@require_GET
@when_switched_on
@member_required(Can.PLAY)
def thread(request: HttpRequest, channel: str, phone_id: int) -> HttpResponse:
    """Both sides, for a page that asks each second; 204 while they are as `have` says. Looking at it is reading it."""
    account, phone, customer = _line(channel, phone_id)
    services.see(account, customer)
    response = _shown(request, _live(request, account, phone))
    if response.headers["Phone-State"] == request.GET.get("have"):
        return HttpResponse(status=204)
    return response


def _shown(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The parts that live, named by what they show; the tokens in their forms differ each time and show nothing."""
    response = render(request, "simulator/phone.html#live", context, status=status)
    named = hashlib.blake2b(_TOKEN.sub(b"", response.content), digest_size=8)
    response.headers["Phone-State"] = named.hexdigest()
    return response


@require_POST
@when_switched_on
@member_required(Can.PLAY)
def say(request: HttpRequest, channel: str, phone_id: int) -> HttpResponse:
    account, phone, customer = _line(channel, phone_id)
    form = SayForm(request.POST, request.FILES)
    problem = ""
    if form.is_valid():
        given = form.cleaned_data
        try:
            picture = services.keep_picture(given["image"]) if given["image"] else ""
            services.say(account, customer, given["text"], button=given["button"], image=picture, referral=form.ad())
        except ValidationError as error:
            problem = " ".join(error.messages)
        except doors.NotTaken as error:
            problem = _("The webhook was not taken: %(answer)s") % {"answer": error}
    else:
        problem = " ".join(str(message) for errors in form.errors.values() for message in errors)
    return _answer(request, account, phone, problem)


@require_POST
@when_switched_on
@member_required(Can.PLAY)
def react(request: HttpRequest, channel: str, phone_id: int) -> HttpResponse:
    account, phone, customer = _line(channel, phone_id)
    form = ReactionForm(request.POST)
    problem = ""
    if form.is_valid():
        try:
            services.react(account, customer, form.cleaned_data["message"], form.cleaned_data["emoji"])
        except ValidationError as error:
            problem = " ".join(error.messages)
        except doors.NotTaken as error:
            problem = _("The webhook was not taken: %(answer)s") % {"answer": error}
    else:
        problem = " ".join(str(message) for errors in form.errors.values() for message in errors)
    return _answer(request, account, phone, problem)


def _answer(request: HttpRequest, account: ConnectedAccount, phone: Phone, problem: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        if problem:
            messages.error(request, problem)
        return redirect(_address(phone))
    return _shown(request, _live(request, account, phone) | {"problem": problem}, status=422 if problem else 200)


@require_GET
@member_required(Role.VIEWER)
def picture(_request: HttpRequest, picture_id: uuid.UUID) -> HttpResponse:
    """A picture that a made-up customer sent, for this organization's people."""
    found = queries.find_picture(picture_id)
    if found is None or found.organization_id != current_organization().pk:
        raise Http404
    response = HttpResponse(bytes(found.content), content_type=found.mime)
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
