"""Endpoints that sign with the installation's one secret get their organization's own; the old one signs too for 30 days."""

from datetime import timedelta

from django.conf import settings
from django.db import migrations

from apps.jobs import clock
from apps.webhooks_outbox.adapters import signing

OVERLAP = timedelta(days=30)


def give_each_its_own(apps, schema_editor):
    if not settings.WEBHOOK_SIGNING_SECRET:
        return
    shared = signing.secret_from(settings.WEBHOOK_SIGNING_SECRET)
    own = signing.derived(settings.WEBHOOK_SIGNING_SECRET, schema_editor.connection.schema_name)
    for endpoint in apps.get_model("webhooks_outbox", "Endpoint").objects.all():
        if endpoint.secrets and endpoint.secrets[0]["secret"] == shared:
            until = (clock.now() + OVERLAP).isoformat()
            endpoint.secrets = [{"secret": own, "until": None}, {"secret": shared, "until": until}]
            endpoint.save(update_fields=["secrets"])


class Migration(migrations.Migration):
    dependencies = [
        ("webhooks_outbox", "0004_catcher"),
    ]

    operations = [migrations.RunPython(give_each_its_own, migrations.RunPython.noop)]
