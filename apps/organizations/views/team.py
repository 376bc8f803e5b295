"""Who works here: list, invite, change role, let go, let in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.jobs import clock
from apps.ui.toasts import toast

from .. import queries, services
from ..access import actor_of, member_required, person_of, role_of
from ..actors import Can
from ..forms import InviteForm, RoleForm, roles_up_to
from ..models import Membership, Role


@member_required(Role.VIEWER)
def team(request: HttpRequest) -> HttpResponse:
    """Everybody sees who works here; managers change it."""
    return render(request, "organizations/team.html", _context(request))


def _context(request: HttpRequest, form: InviteForm | None = None, **more: Any) -> dict[str, Any]:
    held = role_of(request) or Role.VIEWER
    manages = held.includes(Role.MANAGER)
    people = [
        (member, manages and held.includes(Role(member.role)))
        for member in queries.members(queries.current_organization())
        if manages or member.is_active
    ]
    return {
        "here": [row for row in people if row[0].is_active],
        "gone": [row for row in people if not row[0].is_active],
        "invitations": queries.open_invitations(queries.current_organization()) if manages else [],
        "manages": manages,
        "roles": roles_up_to(held),
        "form": form or InviteForm(held=held),
        "now": clock.now(),
        **more,
    }


@require_POST
@member_required(Can.MANAGE_PEOPLE)
def invite(request: HttpRequest) -> HttpResponse:
    """Invite somebody; the page shows the link once where no mail could carry it."""
    held = role_of(request) or Role.VIEWER
    form = InviteForm(request.POST, held=held)
    if form.is_valid():
        try:
            invitation, link = services.invite(
                queries.current_organization(),
                email=form.cleaned_data["email"],
                role=Role(form.cleaned_data["role"]),
                by=request.user,  # type: ignore[arg-type]
                by_role=held,
            )
        except ValidationError as error:
            form.add_error(None, _flat(error))
        else:
            return render(
                request,
                "organizations/team.html",
                _context(request, invited=invitation, link=services.link_to_show(invitation, link)),
            )
    return render(request, "organizations/team.html", _context(request, form), status=422)


def _flat(error: ValidationError) -> list[str]:
    return list(error.messages)


@require_POST
@member_required(Can.MANAGE_PEOPLE)
def resend_invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """A new link by mail; the old one ends."""
    old = queries.get_invitation(queries.current_organization(), invitation_id)
    held = role_of(request) or Role.VIEWER
    try:
        invitation, link = services.invite(
            queries.current_organization(),
            email=old.email,
            role=Role(old.role),
            by=person_of(request),
            by_role=held,
        )
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("organizations:team")
    return render(
        request,
        "organizations/team.html",
        _context(request, invited=invitation, link=services.link_to_show(invitation, link)),
    )


@require_POST
@member_required(Can.MANAGE_PEOPLE)
def revoke_invitation(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """The link is worth nothing from now on."""
    invitation = queries.get_invitation(queries.current_organization(), invitation_id)
    services.revoke_invitation(invitation)
    messages.success(request, _("The invitation of %(email)s is revoked.") % {"email": invitation.email})
    return redirect("organizations:team")


@require_POST
@member_required(Can.MANAGE_PEOPLE)
def change_role(request: HttpRequest, user_id: int) -> HttpResponse:
    """Give a member another role, up to one's own."""
    member = queries.get_member(queries.current_organization(), user_id)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _answer(request, _("There is no such role."), tone="bad")
    role = Role(form.cleaned_data["role"])
    return _try(
        request,
        lambda: services.change_role(member, role, by=actor_of(request)),
        _("%(name)s is now: %(role)s.") % {"name": member.user, "role": role.label},
    )


@require_POST
@member_required(Can.MANAGE_PEOPLE)
def deactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let somebody work here no longer; it can be taken back."""
    member = queries.get_member(queries.current_organization(), user_id)
    return _try(
        request,
        lambda: services.deactivate_member(member, by=actor_of(request)),
        _("%(name)s can no longer sign in here.") % {"name": member.user},
        undo=reverse("organizations:reactivate", args=[user_id]),
    )


@require_POST
@member_required(Can.MANAGE_PEOPLE)
def reactivate(request: HttpRequest, user_id: int) -> HttpResponse:
    """Let somebody in again, in their old role."""
    member = queries.get_member(queries.current_organization(), user_id)
    return _try(
        request,
        lambda: services.reactivate_member(member, by=actor_of(request)),
        _("%(name)s can sign in here again.") % {"name": member.user},
    )


def _try(request: HttpRequest, act: Callable[[], Membership], done: str, undo: str = "") -> HttpResponse:
    try:
        act()
    except ValidationError as error:
        return _answer(request, " ".join(error.messages), tone="bad")
    return _answer(request, done, undo=undo)


def _answer(request: HttpRequest, sentence: str, *, tone: str = "good", undo: str = "") -> HttpResponse:
    """The list again with what was done: in place for htmx, as a page for everybody else."""
    if request.htmx:  # type: ignore[attr-defined]
        page = render(request, "organizations/team.html#people", _context(request))
        return toast(page, sentence, tone=tone, undo_url=undo)
    (messages.success if tone == "good" else messages.error)(request, sentence)
    return redirect("organizations:team")
