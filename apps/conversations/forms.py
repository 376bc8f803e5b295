"""What people fill in around conversations."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.ui import pickers

from . import services
from .models import CannedReply, MessageTemplate

REPLY, NOTE, TEMPLATE = "reply", "note", "template"


class SendForm(forms.Form):
    """What the composer sends. `token` is the same for both clicks of a double click."""

    mode = forms.ChoiceField(choices=[(REPLY, ""), (NOTE, ""), (TEMPLATE, "")], required=False)
    text = forms.CharField(required=False, strip=False, max_length=services.LONGEST_TEXT)
    token = forms.CharField(required=False, max_length=64)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=2**62)
    template = forms.IntegerField(required=False, min_value=1, max_value=2**62)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        return text.encode("utf-8", "replace").decode().strip()

    def clean_mode(self) -> str:
        return self.cleaned_data["mode"] or REPLY

    @property
    def variables(self) -> list[str]:
        values = self.data.getlist("variable") if hasattr(self.data, "getlist") else []
        return [str(one).replace("\x00", "").encode("utf-8", "replace").decode()[:1000] for one in values[:20]]


def snooze_presets(now: datetime | None = None) -> list[tuple[str, Any, datetime]]:
    """(name, words, time): sensible times to look again, in the reader's time zone."""
    local = timezone.localtime(now or clock.now())

    def morning(days: int) -> datetime:
        day = local.date() + timedelta(days=days)
        return timezone.make_aware(datetime.combine(day, time(9)), local.tzinfo)

    return [
        ("hour", gettext_lazy("In an hour"), local + timedelta(hours=1)),
        ("later", gettext_lazy("In three hours"), local + timedelta(hours=3)),
        ("tomorrow", gettext_lazy("Tomorrow at 9"), morning(1)),
        ("days", gettext_lazy("In three days"), morning(3)),
        ("week", gettext_lazy("In a week"), morning(7)),
    ]


class SnoozeForm(forms.Form):
    """Until when: one of the presets, or a time of one's own."""

    preset = forms.CharField(required=False, max_length=20)
    until = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        presets = {name: at for name, _words, at in snooze_presets()}
        chosen = presets.get(data.get("preset", "")) or data.get("until")
        if chosen is None:
            raise ValidationError(_("Choose until when."))
        return {**data, "until": chosen}


class CannedReplyForm(forms.ModelForm):  # not subscriptable at run time
    class Meta:
        model = CannedReply
        fields = ("shortcut", "text", "language")
        help_texts = {
            "shortcut": gettext_lazy(
                "Typed after a slash in the composer, for example “hours”. Letters, digits and hyphens."
            ),
            "language": gettext_lazy("Leave it open if the reply fits every language."),
        }
        widgets = {
            "text": forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
            "shortcut": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        }

    language = forms.ChoiceField(
        label=gettext_lazy("Language"), required=False, choices=[("", pgettext_lazy("language", "Any")), ("en", "English"), ("ar", "العربية")],
    )  # fmt: skip

    def clean_shortcut(self) -> str:
        return str(self.cleaned_data["shortcut"]).lstrip("/")

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"]).encode("utf-8", "replace").decode()
        if len(text) > services.LONGEST_TEXT:
            raise ValidationError(
                _("This is too long: at most %(limit)s characters.") % {"limit": services.LONGEST_TEXT}
            )
        return text


# The languages in which WhatsApp takes templates, by its own codes.
TEMPLATE_LANGUAGES = tuple(
    "af sq ar az bn bg ca zh_CN zh_HK zh_TW hr cs da nl en en_GB en_US et fil fi fr ka de el gu ha he hi hu id ga it ja kn"
    " kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb fa pl pt_BR pt_PT pa ro ru sr sk sl es es_AR es_ES es_MX sw sv ta te th tr"
    " uk ur uz vi zu".split()
)


class TemplateForm(forms.ModelForm):  # not subscriptable at run time
    class Meta:
        model = MessageTemplate
        fields = ("account", "name", "language", "category", "body")
        help_texts = {
            "name": gettext_lazy("Exactly as the platform knows it, for example order_update."),
            "language": gettext_lazy("Exactly the one in which the platform approved it."),
            "body": gettext_lazy("The approved text. Placeholders are written {{1}}, {{2}} and so on."),
        }
        widgets = {"body": forms.Textarea(attrs={"rows": 6, "dir": "auto"})}

    language = pickers.PickField(label=gettext_lazy("Language"), choices=lambda: pickers.languages(TEMPLATE_LANGUAGES))
    category = forms.ChoiceField(
        label=gettext_lazy("Category"), choices=[("utility", gettext_lazy("Utility")), ("marketing", gettext_lazy("Marketing")), ("authentication", gettext_lazy("Sign-in code"))],
    )  # fmt: skip

    def __init__(self, *args: Any, accounts: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].keep(self.instance.language)  # type: ignore[attr-defined]
        field = self.fields["account"]
        field.label = _("Account")
        field.queryset = ConnectedAccount.objects.none() if accounts is None else accounts  # type: ignore[attr-defined]
        field.empty_label = None  # type: ignore[attr-defined]
