"""Choosing a range of days."""

from __future__ import annotations

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from .queries import Range

PRESETS = {"7": _("Last 7 days"), "30": _("Last 30 days"), "90": _("Last 90 days"), "365": _("Last 12 months")}
LONGEST = timedelta(days=731)


class RangeForm(forms.Form):
    """`days` (a preset) or `start` and `end`; nothing chosen means 30 days. Bad values never get in the way."""

    days = forms.ChoiceField(choices=list(PRESETS.items()), required=False)
    start = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        start, end = data.get("start"), data.get("end")
        if start and end and start > end:
            self.add_error("end", _("The end lies before the start."))
        elif start and end and end - start > LONGEST:
            self.add_error("start", _("Choose at most two years."))
        return data

    def range(self, today: date) -> Range:
        """The chosen days, or the last 30 where the choice cannot be used."""
        data = self.cleaned_data if self.is_valid() else {}
        if data.get("start") and data.get("end"):
            return Range(data["start"], data["end"])
        return Range(today - timedelta(days=int(data.get("days") or 30) - 1), today)
