"""What a person types into the simulator."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .services import LARGEST_PICTURE, LONGEST_TEXT
from .wire import Ad


class SayForm(forms.Form):
    """One act of the customer: words, a tapped button, a picture, an ad."""

    text = forms.CharField(max_length=LONGEST_TEXT, required=False)
    button = forms.CharField(max_length=1000, required=False)
    image = forms.FileField(required=False)
    ad_title = forms.CharField(max_length=120, required=False)
    ad_ref = forms.CharField(max_length=120, required=False)

    def clean_image(self) -> bytes:
        given = self.cleaned_data["image"]
        if not given:
            return b""
        if given.size > LARGEST_PICTURE:
            raise forms.ValidationError(_("The picture is larger than 5 MB."))
        content: bytes = given.read()
        return content

    def ad(self) -> Ad | None:
        title, ref = self.cleaned_data["ad_title"], self.cleaned_data["ad_ref"]
        if not (title or ref):
            return None
        return Ad(id="120200000000001", title=title, ref=ref)


class CustomerForm(forms.Form):
    """Somebody new."""

    name = forms.CharField(label=_("Name"), max_length=80)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class ReactionForm(forms.Form):
    message = forms.CharField(max_length=512)
    emoji = forms.CharField(max_length=8, required=False)
