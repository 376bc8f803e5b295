"""Who works where, as rows on the page of an organization and on that of a person."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from .. import services
from ..actors import Can
from ..models import Membership, Organization, Role, User
from .base import Rows


class Members(BaseInlineFormSet):
    """What services refuse is said beside the row; `save_members` asks them again, with the rows locked."""

    def clean(self) -> None:
        super().clean()
        for form in self.initial_forms:
            if form.has_changed() and not form.errors:
                self._keep_an_owner(form)

    def _keep_an_owner(self, form: Any) -> None:
        member, now = Membership.objects.get(pk=form.instance.pk), form.cleaned_data
        owned = member.role == Role.OWNER and member.is_active
        stays = now.get("role", member.role) == Role.OWNER and now.get("is_active", member.is_active)
        if not owned or stays:
            return
        place = {"organization": member.organization_id, "user__is_active": True}
        here = {one.instance.pk: _is_owner(one) for one in self.initial_forms if one is not form}
        becoming = [pk for pk, is_owner in here.items() if is_owner]
        staying = Membership.objects.filter(role=Role.OWNER, is_active=True).exclude(pk__in=[member.pk, *here])
        if not (staying.filter(**place).exists() or Membership.objects.filter(pk__in=becoming, **place).exists()):
            form.add_error(None, _("An organization needs an owner. Make somebody else an owner first."))


def _is_owner(form: Any) -> bool:
    return form.cleaned_data.get("role") == Role.OWNER and bool(form.cleaned_data.get("is_active"))


def save_members(formset: Any) -> None:
    """New members come in; of known ones, the role and whether they are in at all are changed by the services.

    Who becomes an owner first: then whoever was one may go.
    """
    changed = [form for form in formset.initial_forms if form.has_changed()]
    formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
    for form in sorted(changed, key=lambda form: not _is_owner(form)):
        member = Membership.objects.select_related("user", "organization").get(pk=form.instance.pk)
        role, is_active = Role(form.cleaned_data["role"]), form.cleaned_data["is_active"]
        if is_active and not member.is_active:
            services.reactivate_member(member)
        if role != member.role:
            services.change_role(member, role)
        if not is_active and member.is_active:
            services.deactivate_member(member)
    for form in formset.extra_forms:
        if form.has_changed():
            row = form.instance
            services.let_in(row.organization, row.user, role=Role(row.role))


class _NewMember(forms.ModelForm):
    """Somebody is named by what people know of them, not chosen from a list of everybody."""

    named: str  # the field that names the other side

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.named in self.fields:
            self.fields[self.named].disabled = True  # who it is stays; what they may do changes
            self.initial[self.named] = getattr(self.instance, self.named)

    @property
    def other(self) -> dict[str, Any]:
        """Who or what a known row names, for its heading."""
        row = getattr(self.instance, self.named)
        return {
            "row": row,
            "meta": row._meta,
            "known_as": getattr(row, {"user": "email", "organization": "slug"}[self.named]),
        }

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if not role:
            raise ValidationError(_("Choose a role."))
        return role


class _ByAddress(_NewMember):
    named = "user"
    user = forms.ModelChoiceField(
        User.objects.all(),
        to_field_name="email",
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        error_messages={
            "invalid_choice": _("Nobody has this address yet. Make the person first, or let an owner invite them.")
        },
    )


class _BySlug(_NewMember):
    named = "organization"
    organization = forms.ModelChoiceField(
        Organization.objects.all(),
        to_field_name="slug",
        label=_("Short name of the organization"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        error_messages={"invalid_choice": _("No organization has this short name.")},
    )


class _MembershipRows(Rows):
    model = Membership
    formset = Members
    sees, changes = Can.SEE_ORGANIZATIONS, Can.MANAGE_PEOPLE
    explains = _("Somebody who is switched off here keeps their role for when they come back.")


class MemberRows(_MembershipRows):
    """The people of an organization."""

    form = _ByAddress
    fields = ("user", "role", "is_active")
    verbose_name_plural = _("People who work here")


class PlaceRows(_MembershipRows):
    """The organizations of a person."""

    form = _BySlug
    fields = ("organization", "role", "is_active")
    verbose_name_plural = _("Works in")
