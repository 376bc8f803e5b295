"""Connecting an account by token."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ConnectForm(forms.Form):
    """An account id and a token; for WhatsApp also the business account, which holds the templates."""

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
    business_account = forms.CharField(
        label=_("WhatsApp business account id"), max_length=60, required=False, help_text=_("Needed for templates.")
    )

    def __init__(self, *args: object, channel: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if channel != "whatsapp":
            del self.fields["business_account"]
