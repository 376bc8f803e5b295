"""Connecting an account by token."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from .surfaces import Surface


class ConnectForm(forms.Form):
    """An account id, a token, and what else the channel wants to know."""

    external_id = forms.CharField(label=_("Account id"), max_length=120)
    name = forms.CharField(
        label=_("Name"),
        max_length=160,
        required=False,
        help_text=_("How your team calls it. Empty: as the platform says."),
    )
    token = forms.CharField(
        label=_("Access token"),
        max_length=2000,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text=_("Stored encrypted and never shown again."),
    )

    def __init__(self, *args: Any, surface: Surface, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.extra = tuple(surface.extra)
        for key, label in surface.extra.items():
            self.fields[key] = forms.CharField(label=label, max_length=60, required=False)
        self.fields["external_id"].label = surface.account_label
        self.fields["external_id"].help_text = surface.account_help

    def settings(self) -> dict[str, str]:
        """The further ids that were given."""
        return {key: value for key in self.extra if (value := self.cleaned_data[key].strip())}
