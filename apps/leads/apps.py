from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "apps.leads"
    label = "leads"

    def ready(self) -> None:
        from apps.organizations import audit

        from . import models

        # Leads themselves have a timeline of their own.
        audit.register(models.Form, exclude=["key", "created_at"])
