from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"
    label = "integrations"

    def ready(self) -> None:
        from apps.organizations import audit

        from . import models

        audit.register(
            models.ConnectedAccount,
            exclude=["credentials", "checked_at", "last_received_at", "waiting_since", "connected_by", "created_at"],
        )
