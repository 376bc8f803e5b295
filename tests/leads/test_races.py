"""Several workers at once, on a database where commits are real."""

import threading

from django.db import connections
from django_tenants.utils import tenant_context

from apps.leads import services
from apps.organizations.models import Organization
from tests.jobs.committed import committed  # noqa: F401  fixture


def test_workers_who_meet_one_stranger_at_once_make_one_lead(committed):
    organization = Organization.objects.get(slug="acme")
    start = threading.Barrier(6)
    found, failed = [], []

    def worker(n):
        try:
            with tenant_context(organization):
                start.wait()
                value, other = ("a", "b") if n % 2 else ("b", "a")
                lead, _identity, created = services.find_or_create_by_identity(
                    "whatsapp", "race", value, aliases=[other]
                )
                found.append((lead.pk, created))
        except Exception as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker, args=(n,)) for n in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failed
    assert len({pk for pk, _created in found}) == 1
    assert sum(created for _pk, created in found) == 1
