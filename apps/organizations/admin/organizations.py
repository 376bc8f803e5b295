"""Organizations in the console: make, pause, budget, brand, enter."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from .. import services, staff
from ..forms import EntryForm, NewOrganizationForm
from ..hosts import address_of, client_address
from ..models import Domain, Membership, Organization
from ..schemas import SchemaError

_WIDGETS = {
    "TextInput": UnfoldAdminTextInputWidget,
    "EmailInput": UnfoldAdminEmailInputWidget,
    "Select": UnfoldAdminSelectWidget,
}


def dressed(form: Any) -> Any:
    """A plain form in the console's clothes."""
    for bound in form.fields.values():
        widget = _WIDGETS.get(type(bound.widget).__name__)
        if widget is UnfoldAdminSelectWidget:
            bound.widget = widget(choices=bound.choices)
        elif widget:
            bound.widget = widget()
    return form


class DomainInline(TabularInline):
    model = Domain
    extra = 0
    fields = ("domain", "is_primary", "proven_by", "proven_at")
    readonly_fields = ("proven_by", "proven_at")


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    fields = ("user", "role", "is_active")
    autocomplete_fields = ("user",)
    can_delete = False  # switched off instead: the role stays known


@admin.register(Organization)
class OrganizationAdmin(ModelAdmin):
    list_display = ("name", "slug", "state", "ai_budget_usd", "message_budget", "created_at")
    list_filter = ("is_active", "language")
    search_fields = ("name", "slug")
    readonly_fields = ("slug", "schema_name", "created_at")
    inlines = (DomainInline, MembershipInline)
    actions = ("pause", "resume")
    actions_detail = ("enter",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "schema_name", "trade", "is_active", "created_at")}),
        (gettext_lazy("Budgets"), {"fields": ("ai_budget_usd", "message_budget")}),
        (gettext_lazy("Branding"), {"fields": ("accent", "sender_name", "sender_email")}),
        (gettext_lazy("Region"), {"fields": ("language", "timezone", "currency", "country")}),
    )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A host name that was entered or changed is only claimed; whether it leads here is asked at once."""
        super().save_formset(request, form, formset, change)
        if formset.model is not Domain:
            return
        for domain in (*formset.new_objects, *(one for one, _fields in formset.changed_objects)):
            if "domain" in domain.__dict__ and not services.claim_domain(domain):
                messages.warning(
                    request,
                    _("%(host)s does not lead to this server yet. Until it does, nothing is served there.")
                    % {"host": domain.domain},
                )

    @display(description=gettext_lazy("State"), label={"on": "success", "off": "danger"})
    def state(self, row: Organization) -> tuple[str, str]:
        return ("on", _("Active")) if row.is_active else ("off", _("Paused"))

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                "<int:pk>/enter/",
                self.admin_site.admin_view(self.enter_view),
                name="organizations_organization_enter",
            ),
        ]
        return own + super().get_urls()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a tenant's schema does not go with a click; pause it

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **more: Any) -> HttpResponse:
        """On the organization's own clock: this page speaks of it alone."""
        organization = self.get_object(request, object_id)
        with timezone.override(organization.zone if organization else None):
            response = super().change_view(request, object_id, *args, **more)
            return response.render() if isinstance(response, TemplateResponse) else response

    # One form makes schema, host name and owner.
    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = dressed(NewOrganizationForm(request.POST or None))
        if request.method == "POST" and form.is_valid():
            try:
                organization = services.create_organization(by=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            except ValidationError as error:
                _add_errors(form, error)
            except SchemaError as error:
                form.add_error(None, str(error))
            else:
                self._announce(request, organization)
                return redirect("admin:organizations_organization_change", organization.pk)
        return self._page(request, "admin/organizations/new.html", _("New organization"), form=form)

    def _announce(self, request: HttpRequest, organization: Organization) -> None:
        self.log_addition(request, organization, "Created")
        messages.success(request, _("%(name)s is ready.") % {"name": organization.name})
        invitation = organization.invitations.order_by("-id").first()
        if invitation and invitation.mail_problem:
            messages.warning(
                request,
                _("The invitation could not be mailed to %(email)s: %(why)s")
                % {"email": invitation.email, "why": invitation.mail_problem},
            )

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            template,
            {**self.admin_site.each_context(request), "title": title, **context},
            status=422 if context["form"].errors else 200,
        )

    @action(description=gettext_lazy("Enter as staff"), icon="login", permissions=["change"])
    def enter(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return redirect("admin:organizations_organization_enter", object_id)

    def has_enter_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request)

    def enter_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask why, write it down, and open the tenant's door once."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        organization = get_object_or_404(Organization, pk=pk)
        form = dressed(EntryForm(request.POST or None))
        if request.method == "POST" and form.is_valid() and organization.is_active:
            entry = staff.begin(
                request.user,  # type: ignore[arg-type]
                organization,
                reason=form.cleaned_data["reason"],
                address=client_address(request),
                made_with=request.credential,  # type: ignore[attr-defined]
            )
            host = organization.host
            door = reverse("organizations:enter", args=[staff.token_for(entry)], urlconf="config.urls_tenant")
            # Not a redirect: browsers hold those to the form's own host (form-action in the security policy).
            return self._page(
                request,
                "admin/organizations/door.html",
                _("Enter %(name)s") % {"name": organization.name},
                form=form,
                organization=organization,
                door=address_of(host) + door,
            )
        return self._page(
            request,
            "admin/organizations/enter.html",
            _("Enter %(name)s") % {"name": organization.name},
            form=form,
            organization=organization,
        )

    @admin.action(description=gettext_lazy("Pause: nobody can sign in, webhooks are kept"))
    def pause(self, request: HttpRequest, rows: Any) -> None:
        self._switch(request, rows, on=False)

    @admin.action(description=gettext_lazy("Switch on again"))
    def resume(self, request: HttpRequest, rows: Any) -> None:
        self._switch(request, rows, on=True)

    def _switch(self, request: HttpRequest, rows: Any, *, on: bool) -> None:
        for organization in rows:
            organization.is_active = on
            organization.save(update_fields=["is_active"])
        messages.success(request, _("Done for %(count)s organizations.") % {"count": len(rows)})


def _add_errors(form: Any, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, list(error.messages))
        return
    for name, sentences in error.message_dict.items():
        form.add_error(name if name in form.fields else None, sentences)
