"""People in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from ..models import Membership, User

admin.site.unregister(Group)  # roles live in memberships; staff is staff


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")


class ChangeUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"


class MembershipInline(TabularInline):
    model = Membership
    extra = 0
    fields = ("organization", "role", "is_active")
    autocomplete_fields = ("organization",)
    can_delete = False  # switched off instead: the role stays known


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = ChangeUserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "places", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at")
    inlines = (MembershipInline,)
    actions = ("deactivate", "reactivate")
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "password")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("memberships__organization")

    @display(description=_("Organizations"))
    def places(self, row: User) -> str:
        return ", ".join(str(one.organization) for one in row.memberships.all() if one.is_active)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser makes staff: nobody raises themselves, or locks themselves out."""
        locked = [] if request.user.is_superuser else ["is_staff", "is_superuser"]
        if obj is not None and obj.pk == request.user.pk:
            locked = ["is_active", "is_staff", "is_superuser"]
        return (*self.readonly_fields, *locked)

    @admin.action(
        description=_("Deactivate: signed out everywhere at once, what they did stays"), permissions=["change"]
    )
    def deactivate(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        others = rows.exclude(pk=str(request.user.pk))
        if others.count() < rows.count():
            messages.warning(request, gettext("You cannot deactivate yourself."))
        self._switch(request, others.filter(is_active=True), on=False)

    @admin.action(description=_("Let them sign in again"), permissions=["change"])
    def reactivate(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        self._switch(request, rows.filter(is_active=False), on=True)

    def _switch(self, request: HttpRequest, rows: QuerySet[User], *, on: bool) -> None:
        """Row by row: each is a line in the activity log."""
        people = [person for person in rows if self.has_change_permission(request, person)]
        for person in people:
            person.is_active = on
            person.save(update_fields=["is_active"])
        done = ngettext("Done for %(count)s person.", "Done for %(count)s people.", len(people))
        messages.success(request, done % {"count": len(people)})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser changes staff: whoever sets somebody's password can be them."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or request.user.is_superuser or not (obj.is_staff or obj.is_superuser))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People are deactivated: their names stand in the history of tenants, out of reach from here."""
        return False


@admin.register(Membership)
class MembershipAdmin(ModelAdmin):
    list_display = ("user", "organization", "role", "is_active", "created_at")
    list_filter = ("role", "is_active", "organization")
    search_fields = ("user__email", "user__name", "organization__name")
    autocomplete_fields = ("user", "organization")
    list_select_related = ("user", "organization")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # switched off instead: the role stays known
