"""Countries, currencies, languages and time zones as choices, named and sorted in the reader's language.

The names are those of CLDR. A flag stands after the name, so that typing the first letters finds an entry in a native list.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _

Choices = list[tuple[str, Any]]


def countries() -> Choices:
    return list(_countries(get_language() or "en"))


def currencies() -> Choices:
    return list(_currencies(get_language() or "en"))


def languages(codes: tuple[str, ...]) -> Choices:
    """These languages; a code may carry a region ("pt_BR")."""
    return list(_languages(get_language() or "en", codes))


def timezones() -> Choices:
    """Grouped by region, each by its main city."""
    return list(_timezones(get_language() or "en"))


def flag(country: str) -> str:
    """ "AE" → 🇦🇪"""
    return "".join(chr(0x1F1E6 + ord(letter) - ord("A")) for letter in country)


def _locale(language: str) -> Any:
    from babel import Locale  # half a megabyte of names: only for pages with such a list

    return Locale.parse(language.replace("-", "_"))


def _sorted(rows: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(rows, key=lambda row: row[1].casefold().removeprefix("ال")))


@lru_cache(maxsize=8)
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    named = _locale(language).territories
    known = [code for code in named if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES]
    return _sorted([(code, f"{named[code]} {flag(code)}") for code in known])


@lru_cache(maxsize=8)
def _currencies(language: str) -> tuple[tuple[str, str], ...]:
    from babel.numbers import get_territory_currencies

    named = _locale(language).currencies
    used = {code for country, _name in _countries("en") for code in get_territory_currencies(country)}
    return _sorted([(code, f"{named[code]} ({code})" if code in named else code) for code in used])


@lru_cache(maxsize=8)
def _languages(language: str, codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    from babel import Locale

    return _sorted([(code, str(Locale.parse(code).get_display_name(language) or code)) for code in codes])


@lru_cache(maxsize=8)
def _timezones(language: str) -> tuple[tuple[str, Any], ...]:
    from babel.dates import get_timezone_location

    locale = _locale(language)
    regions: dict[str, dict[str, str]] = {}
    for name in sorted(available_timezones()):
        region, _slash, place = name.partition("/")
        if region in _REGIONS and place:
            city = get_timezone_location(name, locale=locale, return_city=True)
            shown = (
                city if language == "en" or not city.isascii() else name
            )  # not every city has a name in every language
            regions.setdefault(region, {}).setdefault(shown, name)
    with override(language):
        groups = [
            (str(_REGIONS[region]), _sorted([(name, shown) for shown, name in cities.items()]))
            for region, cities in regions.items()
        ]
    return (("UTC", "UTC"), *groups)


_REGIONS = {
    "Africa": _("Africa"),
    "America": _("America"),
    "Antarctica": _("Antarctica"),
    "Arctic": _("Arctic"),
    "Asia": _("Asia"),
    "Atlantic": _("Atlantic"),
    "Australia": _("Australia"),
    "Europe": _("Europe"),
    "Indian": _("Indian Ocean"),
    "Pacific": _("Pacific"),
}
_NOT_COUNTRIES = {"EU", "EZ", "UN", "XA", "XB", "QO", "ZZ", "AC", "CP", "DG", "EA", "IC", "TA", "CQ"}


class PickField(forms.ChoiceField):
    """One of a list; a value that was stored before the list existed stays among the choices."""

    def keep(self, value: str) -> None:
        listed: Choices = list(self.choices)  # type: ignore[arg-type]  # resolved by now, whatever was given
        rows = [row for code, label in listed for row in (label if isinstance(label, tuple) else [(code, label)])]
        if value and value not in dict(rows):
            self.choices = [(value, value), *listed]


class CodeField(PickField):
    """A country's or currency's code, in capital letters whatever was sent."""

    def to_python(self, value: Any) -> str:
        return super().to_python(value).strip().upper()
