"""People in the console: their accounts, where they work, and what those who are staff may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.ui.templatetags.ui import badge

from .. import services
from ..access import actor_of
from ..actors import CONSOLE, Can
from ..console.words import RIGHTS
from ..models import User
from ..queries import rights_of
from .base import ConsoleAdmin, act, may
from .memberships import PlaceRows, save_members


class NewPersonForm(forms.ModelForm):
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )

    class Meta:
        model = User
        fields = ("email", "name")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if password := data.get("password"):
            try:
                validate_password(password, User(email=data.get("email", ""), name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data


class PersonForm(forms.ModelForm):
    language = forms.ChoiceField(
        label=_("Language"), required=False, choices=[("", _("The browser's")), *settings.LANGUAGES]
    )
    rights = forms.MultipleChoiceField(
        label=_("May do in the console"),
        choices=[(can.value, words) for can, words in RIGHTS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("For staff who are not superusers. Each page and each act asks for its own right."),
    )

    class Meta:
        model = User
        fields = ("email", "name", "language", "is_staff", "is_superuser")
        labels = {"is_superuser": _("May do everything")}
        help_texts = {"is_superuser": _("Whatever is ticked below; and makes other people staff.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "rights" in self.fields:
            held = rights_of(self.instance) if self.instance.pk else set()
            self.initial["rights"] = [can.value for can in RIGHTS if CONSOLE[can] in held]


class KindFilter(admin.SimpleListFilter):
    title = _("Who")
    parameter_name = "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("staff", gettext("Agency staff")), ("off", gettext("Switched off"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return {"staff": queryset.filter(is_staff=True), "off": queryset.filter(is_active=False)}.get(
            self.value() or "", queryset
        )


def _is_above(request: HttpRequest, person: User | None) -> bool:
    """Staff, for those who do not make staff."""
    return person is not None and (person.is_staff or person.is_superuser) and not may(request, Can.MAKE_STAFF)


@admin.register(User)
class UserAdmin(ConsoleAdmin):
    sees, makes, changes = Can.SEE_ACCOUNTS, Can.KEEP_ACCOUNTS, Can.KEEP_ACCOUNTS
    makes_label = _("New person")
    looks_for = _("Name or e-mail address")
    has_history = True
    explains = _("One account for each person, with a role in any number of organizations.")
    empty_icon = "users"
    empty_title = _("Nobody here")
    form = PersonForm
    list_display = ("name_or_address", "email", "places", "state", "last_login")
    list_filter = (KindFilter,)
    search_fields = ("email", "name")
    ordering = ("email",)
    inlines = (PlaceRows,)
    actions = ("deactivate", "reactivate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("memberships__organization")

    @admin.display(description=_("Name"), ordering="name")
    def name_or_address(self, row: User) -> str:
        return str(row)

    @admin.display(description=_("Works in"))
    def places(self, row: User) -> str:
        return ", ".join(str(one.organization) for one in row.memberships.all() if one.is_active)

    @admin.display(description=_("State"))
    def state(self, row: User) -> str:
        if not row.is_active:
            return badge(gettext("Switched off"), "neutral", "ban")
        if row.is_staff:
            return badge(gettext("Agency staff"), "info", "shield-check")
        return badge(gettext("Active"), "good", "circle-check")

    @admin.display(description=_("Password"))
    def password_known(self, row: User) -> str:
        return gettext("set") if row.has_usable_password() else gettext("none yet")

    # Forms

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **({} if change else {"form": NewPersonForm}), **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ("email", "name", "password")})]
        fieldsets: list[Any] = [
            (None, {"fields": ("state", "password_known", "proven_by", "last_login", "created_at")}),
            (_("Account"), {"fields": ("name", "email", "language")}),
        ]
        if may(request, Can.MAKE_STAFF) and obj.pk != request.user.pk:  # nobody changes their own rights
            fieldsets.append((_("Agency staff"), {"fields": ("is_staff", "is_superuser", "rights")}))
        return fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("state", "password_known", "proven_by", "last_login", "created_at")
        return fixed if obj is None or may(request, Can.RESCUE_ACCOUNTS) else (*fixed, "email")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only who makes staff changes staff: whoever sets somebody's password can be them."""
        return super().has_change_permission(request, obj) and not _is_above(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        data = form.cleaned_data
        if not change:
            made = services.make_account(email=data["email"], name=data["name"], password=data["password"])
            obj.pk = made.pk
            return
        person = User.objects.get(pk=obj.pk)
        account = {name: data[name] for name in ("email", "name", "language") if name in form.changed_data}
        if account:
            services.update_account(person, **account)
        if {"is_staff", "is_superuser", "rights"} & set(form.changed_data):
            rights = [Can(one) for one in data["rights"]]
            services.set_staff(person, is_staff=data["is_staff"], is_superuser=data["is_superuser"], rights=rights)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        for formset in formsets:
            save_members(formset)

    def acts_on(self, request: HttpRequest, row: User) -> list[dict[str, Any]]:
        if _is_above(request, row) or row.pk == request.user.pk:
            return []
        address = reverse("admin:organizations_user_password", args=[row.pk])
        rescue = {"label": gettext("New password"), "icon": "key", "href": address}
        return ([rescue] if may(request, Can.RESCUE_ACCOUNTS) else []) + super().acts_on(request, row)

    # Passwords

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.password_view)
        return [path("<int:pk>/password/", view, name="organizations_user_password"), *super().get_urls()]

    def password_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        person = get_object_or_404(User, pk=pk)
        if not (self.has_view_permission(request) and may(request, Can.RESCUE_ACCOUNTS)) or _is_above(request, person):
            raise PermissionDenied
        form = SetPasswordForm(person, request.POST or None)
        if request.method == "POST" and form.is_valid():
            services.give_password(person, form.cleaned_data["new_password1"], by=actor_of(request))
            messages.success(request, gettext("The new password holds. They are signed out everywhere."))
            return redirect(self.page_of(person.pk))
        context = {"title": gettext("New password"), "form": form, "original": person, "opts": self.opts}
        return TemplateResponse(
            request, "admin/organizations/password.html", {**self.admin_site.each_context(request), **context},
            status=422 if form.errors else 200,
        )  # fmt: skip

    # Switching off

    @act(_("Deactivate"), needs=Can.SWITCH_ACCOUNTS, icon="user-x", when=lambda row: row.is_active)
    def deactivate(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        done = self.each(request, rows, services.switch_off)
        if done:
            words = ngettext(
                "%(count)s person is signed out everywhere. What they did stays.",
                "%(count)s people are signed out everywhere. What they did stays.",
                done,
            )
            messages.success(request, words % {"count": done})

    @act(_("Let them sign in again"), needs=Can.SWITCH_ACCOUNTS, icon="user-check", when=lambda row: not row.is_active)
    def reactivate(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        done = self.each(request, rows, services.switch_on)
        words = ngettext("%(count)s person can sign in again.", "%(count)s people can sign in again.", done)
        messages.success(request, words % {"count": done})
