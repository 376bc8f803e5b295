"""Pages on which a manager connects channels and sees whether they work."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.organizations.access import actor_of, member_required
from apps.organizations.actors import Can
from apps.organizations.models import Role
from apps.organizations.queries import current_organization

from . import notices, queries, services
from .forms import ConnectForm
from .models import ConnectedAccount
from .surfaces import SURFACES


@member_required(Role.MANAGER)
def account_list(request: HttpRequest) -> HttpResponse:
    """Every account with its health, and what else can be connected."""
    context = {
        "accounts": [(account, SURFACES.get(account.channel)) for account in queries.accounts()],
        "connectable": [surface for surface in SURFACES.values() if surface.signed],
        "kept": queries.kept_deliveries()[:100].count(),
    }
    return render(request, "integrations/account_list.html", context)


@member_required(Can.HOLD_SECRETS, fresh=True)
def connect(request: HttpRequest, channel: str) -> HttpResponse:
    """Connect an account of a channel by token, or give a connected one a new token."""
    surface = SURFACES.get(channel)
    if surface is None or not surface.signed:
        raise Http404
    form = ConnectForm(request.POST or None, surface=surface, initial={"external_id": request.GET.get("account", "")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            account = services.connect_account(
                channel=channel,
                external_id=data["external_id"],
                token=data["token"],
                name=data["name"],
                settings=form.settings(),
                user=request.user,  # type: ignore[arg-type]
                actor=actor_of(request),
            )
        except ValidationError as error:
            form.add_error(None, error) if not hasattr(error, "error_dict") else _add(form, error)
        else:
            _tell(request, account)
            return redirect("integrations:detail", account.pk)
    webhook = request.build_absolute_uri(f"/webhook/{channel}/").replace(f"//{current_organization().slug}.", "//")
    context = {"form": form, "surface": surface, "webhook": webhook}
    return render(request, "integrations/connect.html", context, status=422 if form.errors else 200)


def _add(form: ConnectForm, error: ValidationError) -> None:
    for name, sentences in error.message_dict.items():
        form.add_error(name if name in form.fields else None, sentences)


def _tell(request: HttpRequest, account: ConnectedAccount) -> None:
    if account.state == ConnectedAccount.State.CONNECTED:
        messages.success(request, _("%(name)s is connected.") % {"name": account})
    elif account.state == ConnectedAccount.State.WAITING:
        messages.warning(
            request,
            _("%(name)s is stored and waits for proof that it is yours; until then nothing arrives here. %(why)s")
            % {"name": account, "why": _(account.problem)},
        )
    else:
        messages.warning(
            request,
            _("%(name)s is stored, but needs attention: %(why)s") % {"name": account, "why": _(account.problem)},
        )


@member_required(Role.MANAGER)
def account_detail(request: HttpRequest, account_id: int) -> HttpResponse:
    """One account: health, last traffic, what can be done."""
    account = queries.get_account(account_id)
    context = {
        "account": account,
        "surface": SURFACES.get(account.channel),
        "route": queries.route_of(account),
        "notices": [notices.told(notice) for notice in queries.notices_of(account)],
    }
    return render(request, "integrations/account_detail.html", context)


@require_POST
@member_required(Role.MANAGER)
def check(request: HttpRequest, account_id: int) -> HttpResponse:
    """Ask the platform now."""
    account = queries.get_account(account_id)
    checkup = services.check_account(account, subscribe=True)
    if checkup.ok:
        messages.success(request, _("%(name)s works.") % {"name": account})
    else:
        messages.warning(request, _(checkup.problem))
    return redirect("integrations:detail", account.pk)


@require_POST
@member_required(Role.MANAGER)
def disconnect(request: HttpRequest, account_id: int) -> HttpResponse:
    """Forget the credentials; conversations stay."""
    account = queries.get_account(account_id)
    services.disconnect_account(account, actor=actor_of(request))
    messages.success(request, _("%(name)s is disconnected. Its conversations stay.") % {"name": account})
    return redirect("integrations:list")


@member_required(Role.MANAGER)
def kept(request: HttpRequest) -> HttpResponse:
    """What arrived and could not be read or applied, with its reason; nothing is thrown away."""
    page = Paginator(queries.kept_deliveries(), 25).get_page(request.GET.get("page"))
    rows = [(delivery, queries.readable(bytes(delivery.body))) for delivery in page]
    return render(request, "integrations/kept.html", {"page": page, "rows": rows})


@require_POST
@member_required(Role.MANAGER)
def retry_kept(request: HttpRequest, delivery_id: int) -> HttpResponse:
    """Try a kept delivery again."""
    if not services.retry_delivery(delivery_id):
        raise Http404
    messages.success(request, _("It is being read again."))
    return redirect(reverse("integrations:kept"))
