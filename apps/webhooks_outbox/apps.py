from django.apps import AppConfig


class WebhooksOutboxConfig(AppConfig):
    name = "apps.webhooks_outbox"
    label = "webhooks_outbox"
