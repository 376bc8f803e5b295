"""The form behind the chat's settings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .widget import LONGEST_STARTER, MOST_SITES, MOST_STARTERS, Widget, read_site

# Each language in its own words, as in the language menu.
_OWN = {"en": "English", "ar": "العربية"}


class WidgetForm(forms.Form):
    """One greeting and one set of questions per language of the product."""

    title = forms.CharField(
        label=_("Title"),
        max_length=60,
        required=False,
        help_text=_("Stands at the top. Empty: the organization's name."),
    )
    position = forms.ChoiceField(
        label=_("Corner of the page"),
        choices=[("end", _("Bottom, at the end of the line")), ("start", _("Bottom, at the start of the line"))],
        help_text=_("The end of the line is right in English and left in Arabic."),
    )
    sites = forms.CharField(
        label=_("Websites"),
        required=False,
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "example.com", "dir": "ltr"}),
        help_text=_("One per line; *.example.com covers all that end so. Empty: any website may show the chat."),
    )

    def __init__(self, *args: Any, shown: Widget, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].initial = shown.title
        self.fields["position"].initial = shown.position
        self.fields["sites"].initial = "\n".join(shown.sites)
        for code, name in settings.LANGUAGES:
            language = _OWN.get(code, name)
            self.fields[f"greeting_{code}"] = forms.CharField(
                label=_("First words (%(language)s)") % {"language": language},
                max_length=500,
                required=False,
                initial=shown.greeting.get(code, ""),
                widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
            )
            self.fields[f"starters_{code}"] = forms.CharField(
                label=_("Questions to tap (%(language)s)") % {"language": language},
                max_length=(LONGEST_STARTER + 2) * MOST_STARTERS,
                required=False,
                initial="\n".join(shown.starters.get(code, [])),
                widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
                help_text=_("One per line, four at most. A visitor taps instead of typing."),
            )

    @property
    def said(self) -> list[forms.BoundField]:
        """The fields of what the chat says."""
        return [self[f"{name}_{code}"] for code, _name in settings.LANGUAGES for name in ("greeting", "starters")]

    def clean_sites(self) -> list[str]:
        lines = [line for line in self.cleaned_data["sites"].replace(",", "\n").splitlines() if line.strip()]
        if len(lines) > MOST_SITES:
            raise ValidationError(_("At most %(n)s websites.") % {"n": MOST_SITES})
        return list(dict.fromkeys(read_site(line) for line in lines))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for code, _name in settings.LANGUAGES:
            lines = [line.strip() for line in data.get(f"starters_{code}", "").splitlines() if line.strip()]
            if len(lines) > MOST_STARTERS:
                self.add_error(f"starters_{code}", _("At most four questions."))
            if any(len(line) > LONGEST_STARTER for line in lines):
                self.add_error(f"starters_{code}", _("A question to tap has at most 80 characters."))
            data[f"starters_{code}"] = lines
        return data

    def as_widget(self) -> Widget:
        data = self.cleaned_data
        languages = [code for code, _name in settings.LANGUAGES]
        return Widget(
            title=data["title"],
            position=data["position"],
            sites=data["sites"],
            greeting={code: data[f"greeting_{code}"] for code in languages if data[f"greeting_{code}"]},
            starters={code: data[f"starters_{code}"] for code in languages if data[f"starters_{code}"]},
        )
