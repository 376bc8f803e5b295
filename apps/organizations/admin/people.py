"""People in the console."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
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


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = ChangeUserForm
    add_form = NewUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "created_at")
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("email", "name", "language", "password")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser makes staff: nobody raises themselves."""
        locked = () if request.user.is_superuser else ("is_staff", "is_superuser")
        return (*self.readonly_fields, *locked)

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
