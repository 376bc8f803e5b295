"""The chat's settings page, the script and the chat page: who may, what they say, what hostile settings do."""

from __future__ import annotations

import pytest

from apps.organizations.models import Organization
from apps.webchat import queries, services
from apps.webchat.widget import Widget, widget_of

pytestmark = pytest.mark.django_db
PAGE = "/dashboard/settings/chat/"


def test_the_page_saves_what_the_chat_says(acme, alice, client_for):
    client = client_for(alice)
    assert "/widget.js" in client.get(PAGE).content.decode()
    told = {
        "title": "Acme helps", "position": "start", "sites": "shop.example\n\n*.acme.example, other.example",
        "greeting_en": "Hi", "greeting_ar": "أهلا", "starters_en": "One?\nTwo?", "starters_ar": "",
    }  # fmt: skip
    assert client.post(PAGE, told).status_code == 302
    assert widget_of(queries.chat_account()) == Widget(
        title="Acme helps", position="start", sites=["shop.example", "*.acme.example", "other.example"],
        greeting={"en": "Hi", "ar": "أهلا"}, starters={"en": ["One?", "Two?"]},
    )  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        {"sites": "not a site"}, {"sites": "x.example\n" * 2000}, {"position": "top"}, {"title": "x" * 61},
        {"starters_en": "1\n2\n3\n4\n5"}, {"starters_ar": "x" * 81}, {"greeting_en": "x" * 501}, {"title": "nul\x00"},
    ],
)  # fmt: skip
def test_bad_settings_are_told_and_not_kept(acme, alice, client_for, bad):
    answer = client_for(alice).post(PAGE, {"position": "end", **bad})
    assert answer.status_code == 422
    assert widget_of(queries.chat_account()) == Widget()


def test_who_may_see_it(acme, bob, victor, charlie, client_for):
    for user in (bob, victor, charlie):
        assert client_for(user).get(PAGE).status_code == 403
        assert client_for(user).post(f"{PAGE}switch/", {"on": "0"}).status_code == 403
    assert client_for(None).get(PAGE).status_code == 302
    assert queries.is_on(queries.chat_account())


def test_off_and_on_again(acme, alice, client_for):
    client = client_for(alice)
    client.post(f"{PAGE}switch/", {"on": "0"})
    assert not queries.is_on(queries.chat_account())
    assert client.get("/chat/").status_code == 404
    assert "switched off" in client.get("/widget.js").content.decode()
    assert client.get(PAGE).status_code == 200
    client.post(f"{PAGE}switch/", {"on": "1"})
    assert client.get("/chat/").status_code == 200


def test_only_named_sites_may_frame_it(acme, client_for):
    client = client_for(None)
    assert "frame-ancestors *" in client.get("/chat/?embed=1")["Content-Security-Policy"]
    services.save_widget(queries.chat_account(), Widget(sites=["shop.example"]))
    answer = client.get("/chat/?embed=1")
    assert "frame-ancestors 'self' https://shop.example http://shop.example" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert not answer.cookies
    assert client.get("/widget.js")["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_names_cannot_break_out_of_the_script(acme, client_for):
    hostile = "</script><b>\"';alert(1)//\u2028"
    Organization.objects.filter(pk=acme.pk).update(name=hostile)
    services.save_widget(queries.chat_account(), Widget(title=hostile, greeting={"en": hostile}))
    for path in ("/widget.js", "/chat/", "/chat/?embed=1"):
        said = client_for(None).get(path).content.decode()
        assert "<b>" not in said
        assert "\u2028" not in said or path != "/widget.js"
    assert "alert(1)//\\u2028" in client_for(None).get("/widget.js").content.decode()


@pytest.mark.parametrize(
    ("query", "language"), [("?lang=ar", "ar"), ("?lang=AR-eg", "ar"), ("?lang=xx", "en"), ("", "en")]
)
def test_it_speaks_the_page_around_its_language(acme, client_for, query, language):
    assert f'<html lang="{language}"' in client_for(None).get(f"/chat/{query}").content.decode()
