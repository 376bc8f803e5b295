"""Lists of countries, currencies, languages and zones; figures with a sign."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils.translation import override

from apps.ui import phrases, pickers


@pytest.mark.parametrize(
    ("language", "country", "currency", "city"),
    [
        ("en", "United Arab Emirates 🇦🇪", "United Arab Emirates Dirham (AED)", "Dubai"),
        ("ar", "الإمارات العربية المتحدة 🇦🇪", "درهم إماراتي (AED)", "دبي"),
    ],
)
def test_names_are_the_readers(language, country, currency, city):
    with override(language):
        assert dict(pickers.countries())["AE"] == country
        assert dict(pickers.currencies())["AED"] == currency
        zones = {name: shown for _region, rows in pickers.timezones()[1:] for name, shown in rows}
    assert zones["Asia/Dubai"] == city
    assert all(ZoneInfo(name) for name in zones)
    assert len(zones) > 300


def test_a_code_is_taken_in_small_letters_and_what_was_stored_stays_a_choice():
    class Form(forms.Form):
        currency = pickers.CodeField(choices=pickers.currencies)
        zone = pickers.PickField(choices=pickers.timezones)

    form = Form({"currency": " aed ", "zone": "Asia/Calcutta"})
    form.fields["zone"].keep("Asia/Calcutta")
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"currency": "AED", "zone": "Asia/Calcutta"}
    assert not Form({"currency": "AEDX", "zone": "Mars/Base"}).is_valid()


@pytest.mark.parametrize(
    ("said", "english", "arabic"),
    [
        (lambda: phrases.signed(10), "+10", "\u2066+10\u2069"),
        (lambda: phrases.signed(-10), "−10", "\u2066−10\u2069"),
        (lambda: phrases.signed(0), "0", "0"),
        (lambda: phrases.percent(-0.05), "−5%", "\u2066−5%\u2069"),
        (lambda: phrases.money(-3, "AED"), "−AED\u00a03.00", "\u2066−AED\u00a03.00\u2069"),
        (lambda: phrases.number(-1234.5), "−1,234.50", "\u2066−1,234.50\u2069"),
    ],
)
def test_a_sign_stays_before_its_figure_in_every_direction(said, english, arabic):
    assert said() == english
    with override("ar"):
        assert said() == arabic
