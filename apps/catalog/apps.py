from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "apps.catalog"
    label = "catalog"

    def ready(self) -> None:
        from apps.organizations import audit

        from . import models

        audit.register(models.Category, exclude=["position"])
        # Stock moves with every sale, and the journal has a fact for each move.
        audit.register(models.Item, exclude=["stock", "search", "created_at", "updated_at"])
