"""Organizations in the console: make, pause, budget, brand, host names, people, enter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.ui import pickers
from apps.ui.templatetags.ui import badge, money

from .. import services, staff
from ..actors import Can
from ..forms import EntryForm, NewOrganizationForm
from ..hosts import address_of, client_address
from ..models import Domain, Organization
from ..queries import about
from ..schemas import SchemaError
from .base import ConsoleAdmin, Rows, act, may
from .memberships import MemberRows, save_members


class OrganizationForm(forms.ModelForm):
    timezone = pickers.PickField(label=gettext_lazy("Time zone"), choices=pickers.timezones)
    currency = pickers.CodeField(label=gettext_lazy("Currency"), choices=pickers.currencies)
    country = pickers.CodeField(label=gettext_lazy("Country"), choices=pickers.countries, required=False)

    class Meta:
        model = Organization
        fields = (
            "name", "trade", "ai_budget_usd", "message_budget", "accent", "sender_name", "sender_email", "language",
            "timezone", "currency", "country",
        )  # fmt: skip
        widgets = {"accent": forms.TextInput(attrs={"type": "color"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"timezone", "currency", "country"} & self.fields.keys():
            self.fields[name].keep(getattr(self.instance, name))  # type: ignore[attr-defined]


class DomainForm(forms.ModelForm):
    class Meta:
        model = Domain
        fields = ("domain", "is_primary")
        labels = {"domain": gettext_lazy("Host name"), "is_primary": gettext_lazy("Links lead here")}


class DomainRows(Rows):
    """Host names at which it is found. Who takes one away breaks the links that lead there."""

    model = Domain
    form = DomainForm
    sees, changes = Can.SEE_ORGANIZATIONS, Can.KEEP_DOMAINS
    fields = ("domain", "is_primary", "proof")
    readonly_fields = ("proof",)
    explains = gettext_lazy("Nothing is served at a name until it is proven that it leads to this server.")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.changes)

    @admin.display(description=gettext_lazy("Proven by"))
    def proof(self, row: Domain) -> str:
        return str(row.get_proven_by_display()) if row.is_proven else _("not yet")


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("active", _("Active")), ("paused", _("Paused"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Organization]) -> QuerySet[Organization]:
        wanted = {"active": True, "paused": False}.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(is_active=wanted)


@admin.register(Organization)
class OrganizationAdmin(ConsoleAdmin):
    sees, makes, changes = Can.SEE_ORGANIZATIONS, Can.MAKE_ORGANIZATIONS, Can.CHANGE_ORGANIZATION
    makes_label = gettext_lazy("New organization")
    looks_for = gettext_lazy("Name, short name, host name or an owner's e-mail address")
    has_history = True
    explains = gettext_lazy("Every business that works with Frontdesk here.")
    empty_icon = "building-store"
    empty_title = gettext_lazy("No organizations yet")
    empty_text = gettext_lazy("Make the first one: its owner gets an invitation by mail.")
    form = OrganizationForm
    list_display = ("name", "slug", "state", "language", "budget", "message_budget", "created_at")
    list_filter = (StateFilter, "language")
    search_fields = ("name",)  # see get_search_results
    readonly_fields = ("slug", "state", "created_at")
    inlines = (DomainRows, MemberRows)
    actions = ("pause", "resume")
    fieldsets = (
        (None, {"fields": ("slug", "state", "created_at")}),
        (gettext_lazy("Name and trade"), {"fields": ("name", "trade")}),
        (gettext_lazy("Budgets"), {"fields": ("ai_budget_usd", "message_budget")}),
        (gettext_lazy("Branding"), {"fields": ("accent", "sender_name", "sender_email")}),
        (gettext_lazy("Region"), {"fields": ("language", "timezone", "currency", "country")}),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Organization], search_term: str
    ) -> tuple[QuerySet[Organization], bool]:
        words = search_term.replace("\x00", "").strip()[:100]
        return (queryset.filter(about(words)) if words else queryset), False

    @admin.display(description=gettext_lazy("State"), ordering="is_active")
    def state(self, row: Organization) -> str:
        return (
            badge(_("Active"), "good", "circle-check") if row.is_active else badge(_("Paused"), "warn", "player-pause")
        )

    @admin.display(description=gettext_lazy("Monthly AI budget"), ordering="ai_budget_usd")
    def budget(self, row: Organization) -> str:
        return money(row.ai_budget_usd, "USD")

    def get_urls(self) -> list[URLPattern]:
        enter = self.admin_site.admin_view(self.enter_view)
        return [path("<int:pk>/enter/", enter, name="organizations_organization_enter"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **more: Any) -> HttpResponse:
        """On the organization's own clock: this page speaks of it alone."""
        organization = self.get_object(request, object_id)
        with timezone.override(organization.zone if organization else None):
            response = super().change_view(request, object_id, *args, **more)
            return response.render() if isinstance(response, TemplateResponse) else response

    def acts_on(self, request: HttpRequest, row: Organization) -> list[dict[str, Any]]:
        door = reverse("admin:organizations_organization_enter", args=[row.pk])
        enter = {"label": _("Enter"), "icon": "door-enter", "href": door}
        shown = [enter] if row.is_active and may(request, Can.ENTER_ORGANIZATIONS) else []
        return shown + super().acts_on(request, row)

    # What is saved goes through the services, which ask for the right and tell the log.

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        if form.changed_data:
            services.update_organization(obj, **{name: form.cleaned_data[name] for name in form.changed_data})

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is not Domain:
            save_members(formset)
            return
        formset.save()
        changed = [one for one, names in formset.changed_objects if "domain" in names]
        for domain in (*formset.new_objects, *changed):
            if not services.claim_domain(domain):
                messages.warning(
                    request,
                    _("%(host)s does not lead to this server yet. Until it does, nothing is served there.")
                    % {"host": domain.domain},
                )

    # One form makes schema, host name and owner.
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewOrganizationForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                organization = services.create_organization(by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                _add_errors(form, error)
            except SchemaError as error:
                form.add_error(None, str(error))
            else:
                _announce(request, organization)
                return redirect(self.page_of(organization.pk))
        return self._page(request, "admin/organizations/new.html", _("New organization"), form=form)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            template,
            {**self.admin_site.each_context(request), "title": title, **context},
            status=422 if context["form"].errors else 200,
        )

    def enter_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, write it down, and open the tenant's door once."""
        if not (self.has_view_permission(request) and may(request, Can.ENTER_ORGANIZATIONS)):
            raise PermissionDenied
        organization = get_object_or_404(Organization, pk=pk)
        form = EntryForm(request.POST or None)
        context: dict[str, Any] = {"form": form, "organization": organization}
        title = _("Enter %(name)s") % {"name": organization.name}
        if not (request.method == "POST" and form.is_valid() and organization.is_active):
            return self._page(request, "admin/organizations/enter.html", title, **context)
        entry = staff.begin(
            request.user,  # type: ignore[arg-type]
            organization,
            reason=form.cleaned_data["reason"],
            address=client_address(request),
            made_with=request.credential,  # type: ignore[attr-defined]
        )
        door = reverse("organizations:enter", args=[staff.token_for(entry)], urlconf="config.urls_tenant")
        context["door"] = address_of(organization.host) + door
        # Not a redirect: browsers hold those to the form's own host (form-action in the security policy).
        return self._page(request, "admin/organizations/door.html", title, **context)

    @act(gettext_lazy("Pause"), needs=Can.PAUSE_ORGANIZATIONS, icon="player-pause", when=lambda row: row.is_active)
    def pause(self, request: HttpRequest, rows: QuerySet[Organization]) -> None:
        done = self.each(request, rows, services.pause_organization)
        words = ngettext(
            "%(count)s organization is paused: nobody can sign in there, and what customers write is kept.",
            "%(count)s organizations are paused: nobody can sign in there, and what customers write is kept.",
            done,
        )
        messages.success(request, words % {"count": done})

    @act(
        gettext_lazy("Switch on again"),
        needs=Can.PAUSE_ORGANIZATIONS,
        icon="player-play",
        when=lambda row: not row.is_active,
    )
    def resume(self, request: HttpRequest, rows: QuerySet[Organization]) -> None:
        done = self.each(request, rows, services.resume_organization)
        words = ngettext("%(count)s organization is on again.", "%(count)s organizations are on again.", done)
        messages.success(request, words % {"count": done})


def _announce(request: HttpRequest, organization: Organization) -> None:
    messages.success(request, _("%(name)s is ready.") % {"name": organization.name})
    invitation = organization.invitations.order_by("-id").first()
    if invitation and invitation.mail_problem:
        messages.warning(
            request,
            _("The invitation could not be mailed to %(email)s: %(why)s")
            % {"email": invitation.email, "why": invitation.mail_problem},
        )


def _add_errors(form: Any, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, list(error.messages))
        return
    for name, sentences in error.message_dict.items():
        form.add_error(name if name in form.fields else None, sentences)
