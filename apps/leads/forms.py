"""What people fill in: our own pages, and the forms on other people's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from apps.organizations.models import User
from apps.organizations.queries import current_organization
from apps.ui import text

from . import details
from .models import Activity, Form, Lead, Stage

KINDS: dict[str, Any] = {
    "text": gettext_lazy("Short text"),
    "long": gettext_lazy("Long text"),
    "email": gettext_lazy("Email address"),
    "phone": gettext_lazy("Phone number"),
    "select": gettext_lazy("Choice"),
    "checkbox": gettext_lazy("Tick box"),
}
# Fields that mean something to us; any other name is a question of the form's own.
KNOWN: dict[str, tuple[Any, str]] = {
    "name": (gettext_lazy("Name"), "text"),
    "email": (gettext_lazy("Email address"), "email"),
    "phone": (gettext_lazy("Phone number"), "phone"),
    "company": (gettext_lazy("Company"), "text"),
    "message": (gettext_lazy("Message"), "long"),
}


class _Detail(forms.CharField):
    """A contact detail: checked the same way wherever it comes from."""

    def __init__(self, *, detail: str, **kwargs: Any) -> None:
        self.detail = detail
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        given = text.clean(super().clean(text.clean(value, 1000)), 400)
        if not given:
            return ""
        try:
            country = (current_organization().country,) if self.detail == "phone" else ()
            return str(getattr(details, self.detail)(given, *country))
        except details.Refused as refusal:
            raise ValidationError(str(refusal)) from refusal


def _widget(kind: str, autocomplete: str) -> forms.TextInput:
    attributes = {"autocomplete": autocomplete, "dir": "ltr" if kind in ("email", "tel") else "auto"}
    widget = forms.TextInput(attrs=attributes)
    widget.input_type = kind
    return widget


class DetailsForm(forms.Form):
    """Who somebody is."""

    name = _Detail(detail="name", label=gettext_lazy("Name"), required=False, widget=_widget("text", "off"))
    phone = _Detail(detail="phone", label=gettext_lazy("Phone"), required=False, widget=_widget("tel", "off"))
    email = _Detail(detail="email", label=gettext_lazy("Email address"), required=False, widget=_widget("email", "off"))
    company = _Detail(detail="company", label=gettext_lazy("Company"), required=False, widget=_widget("text", "off"))

    @classmethod
    def of(cls, lead: Lead, data: Any = None) -> DetailsForm:
        return cls(data, initial={name: getattr(lead, name) for name in details.NAMES})


class NewLeadForm(DetailsForm):
    stage = forms.ChoiceField(label=gettext_lazy("Stage"), choices=Stage.choices, initial=Stage.NEW)
    owner = forms.ChoiceField(label=pgettext_lazy("of a lead", "Owner"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, *args: Any, members: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.members = {str(user.pk): user for user in members}
        choices = [("", _("Nobody yet")), *((key, str(user)) for key, user in self.members.items())]
        self.fields["owner"].choices = choices  # type: ignore[attr-defined]

    def clean_owner(self) -> User | None:
        return self.members.get(self.cleaned_data["owner"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not any(data.get(name) for name in details.NAMES):
            raise ValidationError(_("Give a name, a phone number or an email address."))
        return data


class ActivityForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("What"),
        choices=[
            ("note", gettext_lazy("Note")),
            ("call", Activity.Kind.CALL.label),
            ("meeting", Activity.Kind.MEETING.label),
            ("email", Activity.Kind.EMAIL.label),
        ],
    )
    text = forms.CharField(
        label=gettext_lazy("What happened"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "placeholder": gettext_lazy("What happened?")}),
    )


# Building forms ---------------------------------------------------------------------------------------------------


_SAID = ("title", "button", "thanks")


def _arabic() -> forms.TextInput:
    return forms.TextInput(attrs={"dir": "auto", "lang": "ar"})


class BuilderForm(forms.ModelForm):
    """A form's own texts; its questions are `questions`, a formset."""

    class Meta:
        model = Form
        fields = ("name", "title", "button", "thanks", "language", "is_active")
        labels = {"language": gettext_lazy("Language")}
        widgets = {
            "thanks": forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
            "title": forms.TextInput(attrs={"dir": "auto"}),
        }
        help_texts = {
            "name": gettext_lazy("For you: visitors do not see it."),
            "title": gettext_lazy("Shown above the form."),
            "button": gettext_lazy("Empty: Send."),
            "thanks": gettext_lazy("Shown after the form was sent."),
        }

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("The visitor's")), ("en", "English"), ("ar", "العربية")],
        help_text=gettext_lazy("The visitor's: that of the page around it, or of their browser."),
    )
    title_ar = forms.CharField(label=gettext_lazy("Title in Arabic"), max_length=160, required=False, widget=_arabic())
    button_ar = forms.CharField(label=gettext_lazy("Button in Arabic"), max_length=60, required=False, widget=_arabic())
    thanks_ar = forms.CharField(
        label=gettext_lazy("Thank-you text in Arabic"), max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "lang": "ar"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = self.instance.texts.get("ar") or {}
        self.initial.update({f"{name}_ar": said.get(name, "") for name in _SAID})

    def values(self) -> dict[str, Any]:
        """What submissions.save_form takes, but for the questions."""
        data = dict(self.cleaned_data)
        arabic = {name: said for name in _SAID if (said := data.pop(f"{name}_ar"))}
        kept = {code: said for code, said in self.instance.texts.items() if code != "ar"}
        return {**data, "texts": {**kept, "ar": arabic} if arabic else kept}


class QuestionForm(forms.Form):
    """One row of the builder."""

    label = forms.CharField(
        label=pgettext_lazy("of a question", "Label"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    name = forms.ChoiceField(
        label=gettext_lazy("Field"), required=False,
        choices=[*((key, value[0]) for key, value in KNOWN.items()), ("", gettext_lazy("A question of your own"))],
    )  # fmt: skip
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=list(KINDS.items()), required=False)
    options = forms.CharField(
        label=gettext_lazy("Choices"), required=False, max_length=2000,
        widget=forms.TextInput(attrs={"dir": "auto", "placeholder": gettext_lazy("Separated by commas")}),
    )  # fmt: skip
    label_ar = forms.CharField(label=gettext_lazy("Label in Arabic"), max_length=120, required=False, widget=_arabic())
    options_ar = forms.CharField(
        label=gettext_lazy("Choices in Arabic"), required=False, max_length=2000,
        widget=forms.TextInput(attrs={"dir": "auto", "lang": "ar", "placeholder": gettext_lazy("In the same order")}),
    )  # fmt: skip
    required = forms.BooleanField(label=gettext_lazy("Must be filled in"), required=False)


QuestionSet = forms.formset_factory(
    QuestionForm, extra=2, max_num=20, absolute_max=30, can_delete=True, can_order=False
)


def questions_of(form: Form) -> list[dict[str, Any]]:
    """A form's fields as the builder shows them."""
    return [
        {
            **one,
            "name": one["name"] if one["name"] in KNOWN else "",
            "options": ", ".join(one.get("options", [])),
            "label_ar": _texts(one, "ar").get("label", ""),
            "options_ar": "، ".join(_texts(one, "ar").get("options", [])),
        }
        for one in form.fields
    ]


def _texts(one: Mapping[str, Any], language: str) -> dict[str, Any]:
    return (one.get("texts") or {}).get(language) or {}


def _listed(typed: str | None) -> list[str]:
    return [part.strip() for part in re.split(r"[,،\n]", typed or "") if part.strip()]


def fields_from(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The builder's rows as a form's fields."""
    found = []
    for row in rows:
        if row.get("DELETE") or not (row.get("label") or row.get("name")):
            continue
        known = KNOWN.get(row.get("name") or "")
        arabic = {"label": row.get("label_ar") or "", "options": _listed(row.get("options_ar"))}
        found.append({
            "name": row.get("name") or "",
            "label": row.get("label") or "",
            "kind": known[1] if known and row.get("kind") in ("", "text", None) else row.get("kind") or "text",
            "required": bool(row.get("required")),
            "options": _listed(row.get("options")),
            "texts": {"ar": arabic},
        })  # fmt: skip
    return checked_fields(found)


def checked_fields(fields: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Fields with unique names, and choices where the kind needs them; ValidationError otherwise."""
    checked: list[dict[str, Any]] = []
    for given in fields:
        label = text.line(given["label"], 120)
        taken = {one["name"] for one in checked}
        name = given.get("name") or next(n for n in (f"question_{i}" for i in range(1, 100)) if n not in taken)
        if name in taken:
            raise ValidationError(_("%(name)s is there twice.") % {"name": label or name})
        one = {
            "name": name,
            # A question with a meaning of its own needs no words: it is asked in each visitor's language.
            "label": label or ("" if name in KNOWN else name),
            "kind": given.get("kind") or "text",
            "required": bool(given.get("required")),
        }
        if one["kind"] == "select":
            options = [text.line(option, 120) for option in given.get("options") or [] if option.strip()]
            one["options"] = list(dict.fromkeys(options))
            if len(set(options)) < 2:
                raise ValidationError(_("%(name)s needs at least two choices.") % {"name": one["label"] or name})
        if texts := _checked_texts(one, given.get("texts") or {}):
            one["texts"] = texts
        checked.append(one)
    if not {"email", "phone"} & {one["name"] for one in checked}:
        raise ValidationError(_("Ask for an email address or a phone number, or nobody can be reached."))
    return checked


def _checked_texts(one: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a question says in further languages; choices are told by their place, so there must be as many."""
    found: dict[str, dict[str, Any]] = {}
    for code, said in given.items():
        label = text.line(said.get("label", ""), 120)
        options = [text.line(option, 120) for option in said.get("options") or []]
        if options and len(options) != len(one.get("options", [])):
            raise ValidationError(
                _("%(name)s needs as many choices in every language.") % {"name": one["label"] or one["name"]}
            )
        words = {key: value for key, value in (("label", label), ("options", options)) if value}
        if words:
            found[code] = words
    return found


def label_of(one: Mapping[str, Any], language: str) -> str:
    """What a question is called: as written for this language, as written, or as everybody calls it."""
    known = KNOWN.get(one["name"])
    return str(_texts(one, language).get("label") or one["label"] or (known[0] if known else one["name"]))


# Filled in by visitors --------------------------------------------------------------------------------------------


class HostedForm(forms.Form):
    """A form as its visitor sees it."""

    def __init__(self, form: Form, *args: Any, language: str = "en", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in form.fields:
            self.fields[one["name"]] = _hosted_field(one, language)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not data.get("email") and not data.get("phone"):
            raise ValidationError(_("Leave an email address or a phone number, so that we can answer."))
        return data


class _Text(forms.CharField):
    def to_python(self, value: Any) -> str:
        return text.clean(super().to_python(value), 6000)


def _hosted_field(one: Mapping[str, Any], language: str) -> forms.Field:
    name, kind = one["name"], one["kind"]
    common: dict[str, Any] = {"label": label_of(one, language), "required": one.get("required", False)}
    if name in details.NAMES:
        tokens = {
            "name": ("text", "name"),
            "email": ("email", "email"),
            "phone": ("tel", "tel"),
            "company": ("text", "organization"),
        }
        return _Detail(detail=name, widget=_widget(*tokens[name]), max_length=400, **common)
    if kind == "select":
        options = one.get("options", [])
        choices = [("", "–"), *zip(options, _texts(one, language).get("options") or options, strict=True)]
        return forms.ChoiceField(choices=choices, **common)
    if kind == "checkbox":
        return forms.BooleanField(**common)
    if kind == "long":
        return _Text(max_length=5000, widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}), **common)
    return _Text(max_length=500, widget=_widget({"email": "email", "phone": "tel"}.get(kind, "text"), "off"), **common)
