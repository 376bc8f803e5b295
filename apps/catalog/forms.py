"""What people fill in about items."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.organizations.queries import current_organization
from apps.ui import pickers, text

from .models import Category, Item
from .services import LANGUAGES


def _auto(**more: Any) -> forms.TextInput:
    return forms.TextInput(attrs={"dir": "auto", **more})


class _Text(forms.CharField):
    """Text as it can be stored: what cannot be seen is left out."""

    def to_python(self, value: Any) -> str:
        return text.clean(super().to_python(value), 20_000)


class ItemForm(forms.Form):
    """An item; texts in the first language and in Arabic, attributes one per line ("color: navy")."""

    name = _Text(label=gettext_lazy("Name"), max_length=200, widget=_auto())
    description = _Text(
        label=gettext_lazy("Description"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
    name_ar = _Text(label=gettext_lazy("Name in Arabic"), max_length=200, required=False, widget=_auto(lang="ar"))
    description_ar = _Text(
        label=gettext_lazy("Description in Arabic"), max_length=10_000, required=False,
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto", "lang": "ar"}),
    )  # fmt: skip
    sku = _Text(label=gettext_lazy("SKU"), max_length=64, help_text=gettext_lazy("Your own number for it."))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Item.Kind.choices)
    category = forms.ModelChoiceField(
        label=gettext_lazy("Category"),
        queryset=Category.objects.none(),
        required=False,
        empty_label=gettext_lazy("None"),
    )
    price = forms.DecimalField(
        label=gettext_lazy("Price"), min_value=0, max_digits=14, decimal_places=2, required=False
    )
    currency = pickers.CodeField(label=gettext_lazy("Currency"), choices=pickers.currencies)
    stock = forms.IntegerField(
        label=gettext_lazy("In stock"), min_value=0, max_value=2_000_000_000, required=False,
        help_text=gettext_lazy("Empty: not counted."),
    )  # fmt: skip
    url = forms.URLField(label=gettext_lazy("Web page"), max_length=500, required=False, assume_scheme="https")
    attributes = _Text(
        label=gettext_lazy("Attributes"), max_length=10_000, required=False,
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto", "placeholder": gettext_lazy("color: navy\nsizes: 40, 41, 42")}),
        help_text=gettext_lazy("One per line. Several values are separated by commas."),
    )  # fmt: skip

    def __init__(self, *args: Any, item: Item | None = None, **kwargs: Any) -> None:
        self.item = item
        start = initial_of(item) if item else {"currency": current_organization().currency}
        kwargs["initial"] = start
        super().__init__(*args, **kwargs)
        self.fields["currency"].keep(start["currency"])  # type: ignore[attr-defined]
        self.fields["category"].queryset = Category.objects.all()  # type: ignore[attr-defined]

    def clean_attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for row in self.cleaned_data["attributes"].splitlines():
            if not row.strip():
                continue
            name, colon, said = row.partition(":")
            values = [_value(part) for part in said.replace("،", ",").split(",") if part.strip()]
            if not (colon and name.strip() and values):
                raise ValidationError(_("“%(row)s” is not a name, a colon and a value.") % {"row": row.strip()[:60]})
            found[text.line(name, 60)] = values if len(values) > 1 else values[0]
        return found

    def values(self) -> dict[str, Any]:
        """For services.create_item and update_item."""
        data = dict(self.cleaned_data)
        name, description = data.pop("name_ar"), data.pop("description_ar")
        kept = {k: v for k, v in (self.item.texts if self.item else {}).items() if k != "ar" and k in LANGUAGES}
        arabic = {k: v for k, v in (("name", name), ("description", description)) if v}
        return {**data, "texts": {**kept, "ar": arabic} if arabic else kept}


def _value(part: str) -> Any:
    said = text.western_digits(part.strip())
    if said.isascii() and said.isdigit() and len(said) < 15 and (said == "0" or not said.startswith("0")):
        return int(said)
    return part.strip()


def initial_of(item: Item) -> dict[str, Any]:
    arabic = item.texts.get("ar") or {}
    fields = ("name", "description", "sku", "kind", "category", "price", "currency", "stock", "url")
    rows = [
        f"{name}: {', '.join(map(str, given)) if isinstance(given, list) else given}"
        for name, given in item.attributes.items()
    ]
    return {
        **{name: getattr(item, name) for name in fields},
        "name_ar": arabic.get("name", ""),
        "description_ar": arabic.get("description", ""),
        "attributes": "\n".join(rows),
    }


class CategoryForm(forms.Form):
    name = _Text(label=gettext_lazy("Name"), max_length=120, widget=_auto())
    name_ar = _Text(label=gettext_lazy("Name in Arabic"), max_length=120, required=False, widget=_auto(lang="ar"))


class ImageForm(forms.Form):
    """A picture from this machine or from the web."""

    upload = forms.FileField(
        label=gettext_lazy("Picture"), required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp,image/gif"}),
    )  # fmt: skip
    url = forms.URLField(label=gettext_lazy("or its address"), max_length=500, required=False, assume_scheme="https")
    alt = _Text(label=gettext_lazy("What it shows"), max_length=200, required=False, widget=_auto())
