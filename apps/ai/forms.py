"""What people teach the persona, checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.ai.models import Intent, Note, Persona
from apps.ai.providers import gemini, openai

LANGUAGES = [("en", _("English")), ("ar", _("Arabic"))]
COLLECT = [("name", _("Name")), ("phone", _("Phone number")), ("email", _("E-mail address"))]
PROVIDERS = [("", _("None")), (openai.NAME, "OpenAI"), (gemini.NAME, "Google Gemini")]
_LONG = 8000


def _area(rows: int, **attributes: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "dir": "auto", **attributes})


class PersonaForm(forms.Form):
    is_on = forms.BooleanField(
        label=_("Answer customers"), required=False, help_text=_("When this is off, every message waits for a person.")
    )
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("How the assistant introduces itself."))
    tone = forms.CharField(
        label=_("Tone"),
        max_length=200,
        required=False,
        help_text=_("In a few words, such as: warm and brief, or: formal."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        choices=LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It answers in the customer's language when that is ticked, otherwise in the first one."),
    )
    greeting_en = forms.CharField(label=_("Greeting in English"), max_length=500, required=False, widget=_area(2))
    greeting_ar = forms.CharField(label=_("Greeting in Arabic"), max_length=500, required=False, widget=_area(2))
    hours = forms.CharField(
        label=_("Opening hours"),
        max_length=500,
        required=False,
        widget=_area(2),
        help_text=_("Quoted to customers as written."),
    )
    rules = forms.CharField(
        label=_("Rules"),
        max_length=_LONG,
        required=False,
        widget=_area(5),
        help_text=_(
            "What it must always or never do. Used by OpenAI and Gemini; the built-in assistant keeps to the catalog and your answers."
        ),
    )
    collect = forms.MultipleChoiceField(
        label=_("Details to ask for"), choices=COLLECT, required=False, widget=forms.CheckboxSelectMultiple
    )
    provider_1 = forms.ChoiceField(
        label=_("First model"),
        choices=PROVIDERS,
        required=False,
        help_text=_("Used when its key is set on the server."),
    )
    model_1 = forms.CharField(
        label=_("Name of the first model"),
        max_length=80,
        required=False,
        help_text=_(
            "Leave empty for the usual one. A model whose price is not known here counts against the budget at the "
            "dearest price there is."
        ),
    )
    provider_2 = forms.ChoiceField(
        label=_("Second model"),
        choices=PROVIDERS,
        required=False,
        help_text=_("Asked when the first one fails. The built-in assistant always stands last."),
    )
    model_2 = forms.CharField(label=_("Name of the second model"), max_length=80, required=False)

    @classmethod
    def initial_from(cls, persona: Persona) -> dict[str, Any]:
        """What the form shows for a persona."""
        greeting, rows = dict(persona.greeting or {}), [row for row in persona.providers or () if isinstance(row, dict)]
        shown: dict[str, Any] = {
            name: getattr(persona, name) for name in ("is_on", "name", "tone", "languages", "hours", "rules", "collect")
        }
        shown.update(greeting_en=greeting.get("en", ""), greeting_ar=greeting.get("ar", ""))
        for number in (1, 2):
            row = rows[number - 1] if len(rows) >= number else {}
            shown[f"provider_{number}"], shown[f"model_{number}"] = row.get("provider", ""), row.get("model", "")
        return shown

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if (
            data.get("provider_1")
            and data.get("provider_1") == data.get("provider_2")
            and data.get("model_1") == data.get("model_2")
        ):
            self.add_error("provider_2", _("This is the same as the first one."))
        return data

    def changes(self) -> dict[str, Any]:
        """The persona's fields as the form leaves them."""
        data = self.cleaned_data
        kept = {name: data[name] for name in ("is_on", "name", "tone", "languages", "hours", "rules", "collect")}
        kept["greeting"] = {code: data[f"greeting_{code}"] for code in ("en", "ar") if data[f"greeting_{code}"]}
        rows = [{"provider": data[f"provider_{n}"], "model": data[f"model_{n}"]} for n in (1, 2)]
        kept["providers"] = [{k: v for k, v in row.items() if v} for row in rows if row["provider"]]
        return kept


class IntentForm(forms.ModelForm):
    phrases = forms.CharField(
        label=_("What customers say"),
        max_length=_LONG,
        widget=_area(6),
        help_text=_(
            "One phrase per line, in any language. Three to ten different ones work best; typing errors are understood."
        ),
    )
    response_en = forms.CharField(label=_("Answer in English"), max_length=2000, required=False, widget=_area(3))
    response_ar = forms.CharField(label=_("Answer in Arabic"), max_length=2000, required=False, widget=_area(3))

    class Meta:
        model = Intent
        fields = ["name", "phrases", "response_en", "response_ar", "action", "is_active"]

    field_order = ["name", "phrases", "response_en", "response_ar", "action", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.field_order)
        if self.instance.pk:
            responses = dict(self.instance.responses or {})
            self.initial.update(
                phrases="\n".join(map(str, self.instance.phrases or ())),
                response_en=responses.get("en", ""),
                response_ar=responses.get("ar", ""),
            )

    def clean_phrases(self) -> list[str]:
        phrases = [line.strip() for line in self.cleaned_data["phrases"].splitlines() if line.strip()]
        if len(phrases) > 200:
            raise forms.ValidationError(_("At most 200 phrases."))
        if any(len(phrase) > 200 for phrase in phrases):
            raise forms.ValidationError(_("Each phrase may have at most 200 characters."))
        return phrases

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        answered = data.get("response_en") or data.get("response_ar")
        if not answered and not data.get("action"):
            self.add_error("response_en", _("Give an answer, or choose what should happen."))
        data["responses"] = {code: data[f"response_{code}"] for code in ("en", "ar") if data.get(f"response_{code}")}
        return data

    def changes(self) -> dict[str, Any]:
        names = ("name", "phrases", "responses", "action", "is_active")
        return {name: self.cleaned_data[name] for name in names}


class NoteForm(forms.ModelForm):
    text = forms.CharField(
        label=_("Text"), max_length=_LONG, widget=_area(6), help_text=_("Quoted to customers as written.")
    )
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)

    class Meta:
        model = Note
        fields = ["title", "text", "language", "is_active"]
        help_texts = {"title": _("What it is about, in the words customers use: Delivery, Returns, Our address.")}

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("title", "text", "language", "is_active")}
