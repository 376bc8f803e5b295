from django.apps import AppConfig


class WebhooksOutboxConfig(AppConfig):
    name = "apps.webhooks_outbox"
    label = "webhooks_outbox"

    def ready(self) -> None:
        from apps.organizations import audit

        from . import events, models  # noqa: F401  events: the catalog lists them

        audit.register(models.Endpoint, exclude=["failing_since", "slow_until", "strikes"])
