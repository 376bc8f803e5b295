"""The API keeps to its description, and programs made from the description can use all of it.

What no description names is refused by its name, in every body and every query: see apps/organizations/rest.py.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from openapi_spec_validator import OpenAPIV30SpecValidator

from apps.organizations import rest
from apps.organizations.tokens import token_for
from tests.routes import triable
from tests.samples import Samples

SURPRISE = "surprise"
# Views of libraries: the description itself.
LIBRARIES = {"schema", "docs"}


def api_routes() -> list[Any]:
    return [route for route in triable() if route.is_api and route.name not in LIBRARIES]


def test_views_are_built_on_the_strict_ones():
    loose = [r.name for r in api_routes() if not issubclass(r.view_class, rest.KnownNamesOnly)]
    assert not loose, loose


def test_names_that_are_not_described_are_refused_by_name(acme, alice, api_for):
    samples = Samples(acme)
    client = api_for(alice)
    wrong = []
    for route in api_routes():
        if "Visitor" in str(getattr(route.view_class, "authentication_classes", "")):
            continue  # tests/webchat has a visitor
        path = route.path(samples)
        for method in route.methods:
            tries = [("query", getattr(client, method)(f"{path}?{SURPRISE}=1"))]
            if method != "get":
                tries.append(("body", getattr(client, method)(path, {SURPRISE: 1}, format="json")))
            for where, answer in tries:
                if answer.status_code == 405:
                    continue  # the router's, not a method of this view
                told = answer.status_code == 400 and SURPRISE in answer.json().get("fields", {})
                # Files come as forms, not as JSON.
                if not told and not (where == "body" and answer.status_code == 415):
                    wrong.append(
                        f"{method} {path} took a {where} with {SURPRISE}: {answer.status_code} {answer.content!r:.200}"
                    )
    assert not wrong, "\n".join(wrong)


def test_an_endpoint_cannot_be_made_with_a_misspelt_name(acme, alice, api_for):
    """`events` is called `types` here; taken in silence, the endpoint would get every event."""
    made = api_for(alice).post("/api/webhooks/endpoints/", {"url": "https://example.com/x", "events": ["*"]})
    assert made.status_code == 400
    assert set(made.json()["fields"]) == {"events"}
    assert not api_for(alice).get("/api/webhooks/endpoints/").json()["results"]


def test_all_that_is_wrong_is_told_at_once_and_in_bounds(acme, bob, api_for):
    many = {f"x{n}" * 100: 1 for n in range(500)}
    fields = api_for(bob).post("/api/leads/", {"email": "nope", "id": 1, **many}).json()["fields"]
    assert "id" in fields
    assert len(fields) <= rest.NAMED + 1
    assert all(len(name) <= 80 for name in fields)
    assert set(api_for(bob).post("/api/leads/", {"owner": "x", "nme": "Sara"}).json()["fields"]) == {"owner", "nme"}


def test_a_named_field_that_is_only_shown_says_so(acme, alice, api_for):
    answer = api_for(alice).patch("/api/system/organization/", {"slug": "x"}).json()
    assert answer["fields"]["slug"] == ["This is shown here, and cannot be set."]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client made from the description by a public generator: package, operations it left out, description."""
    folder = tmp_path_factory.mktemp("client")
    description = folder / "schema.json"
    call_command("spectacular", "--format", "openapi-json", urlconf=settings.ROOT_URLCONF, file=str(description))
    described = json.loads(description.read_text())
    made = subprocess.run(
        [Path(sys.executable).with_name("openapi-python-client"), "generate", "--path", description,
         "--output-path", folder / "frontdesk_client", "--meta", "none", "--config", _plain(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    assert "WARNING" not in made.stdout, made.stdout
    sys.path.insert(0, str(folder))
    yield folder / "frontdesk_client", described
    sys.path.remove(str(folder))


def _plain(folder: Path) -> Path:
    """No formatter is run over what is made."""
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    return config


def test_the_description_is_valid_openapi(generated):
    _package, described = generated
    assert not [error.message for error in OpenAPIV30SpecValidator(described).iter_errors()]


def test_every_operation_is_in_the_generated_client(generated):
    package, described = generated
    wanted = {
        op["operationId"] for methods in described["paths"].values() for op in methods.values() if "operationId" in op
    }
    made = {module.stem for module in package.glob("api/*/*.py")}
    assert len(wanted) > 80
    assert wanted - made == set()


@pytest.fixture
def program(generated, acme, alice) -> Any:
    """The generated client, talking to the whole application with Alice's token."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    client = importlib.import_module("frontdesk_client").Client(base_url="http://acme.localhost")
    application = get_wsgi_application()

    def here(environ: Any, start_response: Any) -> Any:
        tenant = connection.tenant
        try:
            return application(environ, start_response)
        finally:
            connection.set_tenant(tenant)

    client.set_httpx_client(
        httpx.Client(
            base_url="http://acme.localhost",
            transport=httpx.WSGITransport(app=here),
            headers={"Authorization": f"Bearer {token_for(alice, acme)}"},
        )
    )
    yield client
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
def test_a_generated_client_works(program):
    api = "frontdesk_client.api"
    models = importlib.import_module("frontdesk_client.models")

    def operation(tag: str, name: str) -> Any:
        return importlib.import_module(f"{api}.{tag}.{name}")

    made = operation("leads", "leads_create").sync(client=program, body=models.NewLeadRequest(name="Sara"))
    assert (made.name, made.stage.value) == ("Sara", "new")
    moved = operation("leads", "leads_stage").sync(
        str(made.id), client=program, body=models.StageInputRequest(stage=models.StageEnum("qualified"))
    )
    assert moved.stage.value == "qualified"
    page = operation("conversations", "conversations_list").sync(client=program)
    assert page.results == []
    refused = operation("leads", "leads_create").sync_detailed(client=program, body=models.NewLeadRequest(name=""))
    assert refused.status_code == 400
    assert refused.parsed.code == "invalid"
