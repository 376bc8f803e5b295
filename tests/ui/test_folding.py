"""What is known when a template is loaded is remembered; what is shown is what Django would have shown."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.template import Context, Engine
from django.urls import set_urlconf
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from apps.ui.folding import Folded
from apps.ui.remembering import per_language

LIBRARIES = {"i18n": "django.templatetags.i18n", "ui": "apps.ui.templatetags.ui", "l10n": "django.templatetags.l10n"}
TEMPLATES = [
    "{{ text }} {{ safe }} {{ number }} {{ negative }} {{ money }} {{ share }} {{ yes }} {{ nothing }} {{ missing }}",
    "{{ person.name }} {{ person.tags.0 }} {{ person.fields.city }} {{ person.fields.items }} {{ person.missing.deep }}",
    "{{ person.shout }} {{ person.danger }} {{ person.gone }}|{{ kind.label }} {{ lazy }} {{ text|upper }} {{ text.upper }}",
    "{% autoescape off %}{{ text }}{{ number }}{{ share }}{% endautoescape %}",
    "{% load l10n %}{% localize off %}{{ share }} {{ number }}{% endlocalize %}",
    "{% load i18n %}<a>{% translate 'Save' %}</a>{% translate 'Cancel' as no %}{# a note #}<b title='{{ no }}'>{{ no }}</b>",
    "{% load i18n %}{% translate word %} {% translate word as said %}{{ said }} {% blocktranslate with n=word %}{{ n }}{% endblocktranslate %}",
    "{% load ui %}{% icon 'check' %}{% icon name %}{% status state %}{% channel_mark 'whatsapp' %}{% keys 'a' 'b' %}",
    "{% for one in many %}{% if one > 1 and person.name != 'x' %}{{ one }}{% elif one %}-{% else %}0{% endif %}{% endfor %}",
    "{% with many.1 as number %}{{ number }}{% endwith %}{{ forloop.counter }}",
    "{% url 'leads:detail' number %} {% url 'leads:list' %} {% url 'leads:detail' number as there %}{{ there }}",
    "{% url 'leads:detail' negative as there %}[{{ there }}] {% url 'no:such' number as there %}[{{ there }}]",
]


class Gone(ObjectDoesNotExist):
    pass


class Person:
    name = "Amira & <b>Sons</b>"
    tags = ["<first>"]
    fields = {"city": "Köln", "items": "a key, no method"}

    def shout(self) -> str:
        return self.name.upper()

    def danger(self) -> str:
        raise AssertionError("must not be called from a template")

    danger.alters_data = True  # type: ignore[attr-defined]

    @property
    def gone(self) -> str:
        raise Gone


def _shown(source: str, *loader: str) -> str:
    sources = ("django.template.loaders.locmem.Loader", {"page": source})
    engine = Engine(loaders=[(*loader, [sources])] if loader else [sources], libraries=LIBRARIES)
    values = {
        "text": "a < b & 'c'", "safe": mark_safe("<i>"), "number": 1234567, "negative": -5, "money": Decimal("12.50"),
        "share": 0.25, "yes": True, "nothing": None, "person": Person(), "lazy": gettext_lazy("Save"), "many": [0, 1, 2],
        "name": "x", "word": "Save", "state": "read", "kind": Person,
    }  # fmt: skip
    page = engine.get_template("page")
    first = page.render(Context(values))
    assert page.render(Context(values)) == first, "the second time it is remembered, and the same"
    return str(first)


@pytest.fixture(autouse=True)
def _routes() -> None:
    set_urlconf("config.urls_tenant")


def test_a_word_that_is_a_value_is_translated():
    with translation.override("ar"):
        said = _shown("{% load i18n %}{% translate word %}", "apps.ui.folding.Loader")
        assert said == translation.gettext("Save") != "Save"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("source", TEMPLATES)
def test_a_template_shows_what_django_would_have_shown(source, language):
    with translation.override(language):
        assert _shown(source, "apps.ui.folding.Loader") == _shown(source)


def test_what_stands_in_a_template_is_made_once_for_each_language():
    engine = Engine(
        loaders=[("apps.ui.folding.Loader", [("django.template.loaders.locmem.Loader", {
            "page": "{% load i18n ui %}<p>{% icon 'check' %}{% translate 'Save' %}</p>{{ name }}",
        })])],
        libraries=LIBRARIES,
    )  # fmt: skip
    page = engine.get_template("page")
    words, _value = page.nodelist
    assert isinstance(words, Folded)
    english = page.render(Context({"name": "A"}))
    with translation.override("ar"):
        arabic = page.render(Context({"name": "A"}))
    assert "Save" in english
    assert "Save" not in arabic
    assert page.render(Context({"name": "B"})) == english[:-1] + "B"
    assert len(words.made) == 2


def test_a_string_that_is_safe_is_not_taken_for_one_that_is_not():
    shown = per_language(lambda text: f"{type(text).__name__}")
    assert [shown("<b>"), shown(mark_safe("<b>"))] == ["str", "SafeString"]
