"""FIELD_ENCRYPTION_KEYS was replaced: what none of the keys opens is shown as such, stays as it is, and stops nothing else."""

from __future__ import annotations

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from cryptography.fernet import Fernet
from django.db import connection
from django.urls import reverse

from apps.conversations.adapters import Refused
from apps.conversations.surfaces import plain
from apps.integrations import services as integrations
from apps.integrations.models import ConnectedAccount
from apps.jobs import clock
from apps.organizations.encryption import Sealed
from apps.webhooks_outbox import services as outbox
from apps.webhooks_outbox.delivering import HOLD
from apps.webhooks_outbox.models import Attempt, Endpoint
from tests.routes import triable
from tests.samples import Samples
from tests.test_walls import ask
from tests.vendors.graph import Graph
from tests.vendors.receiver import Receiver


@pytest.fixture
def lose_the_keys(settings):
    """Another server than the one which wrote the secrets; called, it gets the old key back."""
    before = settings.FIELD_ENCRYPTION_KEYS

    def back() -> None:
        settings.FIELD_ENCRYPTION_KEYS = [*settings.FIELD_ENCRYPTION_KEYS, *before]

    def lose() -> object:
        settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        return back

    return lose


@pytest.fixture
def page(acme, settings):
    with Graph() as graph:
        graph.add_page("1001", token="good-token", name="Acme page")
        settings.META_GRAPH_URL = graph.url
        yield integrations.connect_account(channel="facebook", external_id="1001", token="good-token")


def test_no_page_fails(acme, alice, client_for, lose_the_keys):
    samples = Samples(acme)
    TOTP.activate(alice, generate_totp_secret())
    RecoveryCodes.activate(alice)
    client = client_for(alice)
    paths = [(route.name, route.path(samples)) for route in triable() if not route.is_api]
    lose_the_keys()
    found = {name: ask(client, "get", path) for name, path in paths}
    # The person's own second factor, counted on that page, is all that cannot be shown without.
    assert {name for name, status in found.items() if status >= 500} <= {"mfa_index"}
    answer = client.get(reverse("mfa_index"))
    assert (answer.status_code, "cannot read your second factor" in answer.content.decode()) == (503, True)


def test_an_account_needs_its_token_anew_and_loses_nothing(alice, client_for, page, lose_the_keys):
    back = lose_the_keys()
    account = ConnectedAccount.objects.get(pk=page.pk)
    assert (account.state, account.problem_code, bool(account.credentials)) == ("attention", "sealed", False)
    with pytest.raises(Refused, match="keys"):
        plain(account)
    client = client_for(alice)
    for path in ("/dashboard/", "/dashboard/channels/", f"/dashboard/channels/{page.pk}/"):
        assert "cannot read this account" in client.get(path).content.decode(), path
    # The nightly check writes it down; the proof that the account is ours stands, and so does the ciphertext.
    assert not integrations.check_account(account).ok
    account.save()
    assert integrations.proving.is_routed(account)
    assert integrations.queries.route_of(account).proven_at
    back()
    account = ConnectedAccount.objects.get(pk=page.pk)
    assert account.credentials == {"token": "good-token"}
    assert integrations.check_account(account).ok
    assert ConnectedAccount.objects.get(pk=page.pk).state == "connected"


def test_a_token_given_anew_replaces_what_cannot_be_read(page, lose_the_keys):
    lose_the_keys()
    again = integrations.connect_account(channel="facebook", external_id="1001", token="good-token")
    assert (again.pk, again.state, again.credentials) == (page.pk, "connected", {"token": "good-token"})


def test_events_wait_until_their_endpoint_has_a_secret(acme, alice, client_for, settings, run_due_jobs, lose_the_keys):
    with Receiver([]) as receiver:
        settings.OUTBOX_ALLOWED_PRIVATE_HOSTS = [receiver.place]
        made = outbox.create_endpoint(url=receiver.url, description="Our CRM")
        lose_the_keys()
        endpoint = Endpoint.objects.get(pk=made.pk)
        assert isinstance(endpoint.secrets, Sealed)
        delivery = outbox.send_test(endpoint)
        run_due_jobs(kinds=["events.relay", outbox.DELIVER])
        assert not receiver.requests  # nothing goes out unsigned
        delivery.refresh_from_db()
        assert (delivery.state, Attempt.objects.count()) == ("pending", 0)
        page = f"/dashboard/webhooks/{endpoint.uuid}/"
        assert "cannot read this endpoint" in client_for(alice).get(page).content.decode()
        assert (
            "cannot read this endpoint"
            in client_for(alice).post(reverse("webhooks_outbox:reveal", args=[endpoint.uuid])).content.decode()
        )
        receiver.secrets.append(outbox.rotate_secret(endpoint))
        assert len(Endpoint.objects.get(pk=made.pk).secrets) == 1
        with clock.frozen(clock.now() + 2 * HOLD):
            run_due_jobs(kinds=[outbox.DELIVER])
        delivery.refresh_from_db()
        assert (delivery.state, len(receiver.requests)) == ("delivered", 1)


def test_a_sealed_value_is_written_back_as_it_was(page, lose_the_keys):
    def stored() -> bytes:
        with connection.cursor() as cursor:
            cursor.execute("SELECT credentials FROM integrations_connectedaccount WHERE id = %s", [page.pk])
            return bytes(cursor.fetchone()[0])

    before = stored()
    lose_the_keys()
    ConnectedAccount.objects.get(pk=page.pk).save()
    assert stored() == before
