"""The journey of a message over the API."""

from __future__ import annotations

import html
import uuid

import pytest
from django.urls import reverse

from apps.conversations.models import Message
from apps.integrations.models import Delivery

pytestmark = pytest.mark.usefixtures("noon")


def test_a_journey_has_the_stations_of_its_page(says, settle, boots, alice, victor, charlie, api_for, client_for):
    says("facebook", "Do you have safety boots?")
    settle()
    trace = Message.objects.filter(direction="in").get().trace
    told = api_for(alice).get(f"/api/trace/{trace}/").json()
    kinds = [station["kind"] for station in told["stations"]]
    assert kinds[0] == "delivery"
    assert {"message", "lead", "generation", "decision", "send", "event"} <= set(kinds)
    decision = next(station for station in told["stations"] if station["kind"] == "decision")
    assert decision["reasons"][0]["sentence"]
    client = client_for(alice)
    page = client.get(f"/dashboard/trace/{trace}/", headers={"HX-Request": "true"}).content.decode()
    assert all(station["url"] in page for station in told["stations"])
    answer = Message.objects.filter(direction="out").get()
    story = reverse("conversations:story", args=[answer.conversation_id, answer.pk])
    assert client.get(f"/dashboard/trace/{trace}/").headers["Location"] == story
    mine = api_for(victor).get(f"/api/trace/{trace}/").json()
    assert not any(station["url"] for station in mine["stations"] if station["kind"] == "generation")
    assert api_for(charlie, "globex").get(f"/api/trace/{trace}/").status_code == 404
    assert api_for(None).get(f"/api/trace/{trace}/").status_code == 401


@pytest.mark.parametrize(("name", "sees"), [("victor", False), ("bob", False), ("alice", True)])
def test_what_a_platform_posted_is_for_managers(says, settle, request, api_for, client_for, name, sees):
    """Wherever a raw body is shown: the journey's page, the lists of what was kept; the API shows it to nobody else."""
    says("facebook", "Hello")
    settle()
    person, client = request.getfixturevalue(name), client_for(request.getfixturevalue(name))
    only_raw = '"messaging"'  # a word of the envelope, which nothing else shows
    delivery = Delivery.objects.get()
    assert only_raw in bytes(delivery.body).decode()
    Delivery.objects.filter(pk=delivery.pk).update(state="malformed")
    answers = [
        client.get(f"/dashboard/trace/{delivery.trace}/", headers={"HX-Request": "true"}),
        client.get("/dashboard/channels/kept/"),
        api_for(person).get(f"/api/channels/kept/{delivery.pk}/"),
    ]
    shown = [only_raw in html.unescape(answer.content.decode()).replace("\\", "") for answer in answers]
    assert shown == [sees] * 3, [answer.status_code for answer in answers]
    assert only_raw not in api_for(person).get(f"/api/trace/{delivery.trace}/").content.decode()


def test_no_such_journey(acme, alice, api_for):
    assert api_for(alice).get(f"/api/trace/{uuid.uuid4()}/").status_code == 404
    for strange in ("x", "0", str(uuid.uuid4())[:-1], "%00"):
        assert api_for(alice).get(f"/api/trace/{strange}/").status_code == 404
